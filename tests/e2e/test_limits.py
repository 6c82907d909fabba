"""Limits at their edges, clients that trickle, and what the HTTP parser itself refuses."""

import json
import socket
import threading
import time
from contextlib import ExitStack

import pytest

from gateway_support import (BATCH, CLOUD, JSON, NDJSON, Gateway, data, event, is_problem,
                             parse_raw, read_all, until)

MIB = 1 << 20
HEADER_BYTES = 16 * 1024


@pytest.fixture(scope="module")
def gateway():
    with Gateway() as g:
        yield g


@pytest.fixture(scope="module")
def hasty():
    """Deadlines a test can wait for."""
    with Gateway(limits={"header_timeout": "1s", "body_timeout": "2s",
                         "request_timeout": "3s"}) as g:
        yield g


# ---- sizes ----

def padded(body, size):
    text = json.dumps(body).encode()
    return text + b" " * (size - len(text))


def test_a_body_may_fill_its_limit_and_no_more(gateway):
    assert gateway.post(padded(event(1), MIB)).status == 202
    is_problem(gateway.post(padded(event(2), MIB + 1)), 413, "body_too_large")
    assert gateway.messages(certificate="cert-2") == []


def chunked(path_and_headers, body):
    return (path_and_headers + b"Transfer-Encoding: chunked\r\n\r\n" + b"%x\r\n" % len(body) + body
            + b"\r\n0\r\n\r\n")


def head(gateway, media=CLOUD, line="POST /v1/events HTTP/1.1", more=""):
    return (f"{line}\r\nHost: ornek.test\r\nConnection: close\r\nContent-Type: {media}\r\n"
            f"Authorization: Bearer {gateway.key}\r\n{more}").encode()


def test_a_chunked_body_has_the_same_limit(gateway):
    assert parse_raw(gateway.raw(chunked(head(gateway), padded(event(3), MIB)))).status == 202
    with socket.create_connection((gateway.host, gateway.port)) as s:
        s.settimeout(20)
        try:
            s.sendall(chunked(head(gateway), padded(event(4), MIB + 1)))
        except (BrokenPipeError, ConnectionResetError):
            pass  # answered before all was sent
        is_problem(parse_raw(read_all(s)), 413, "body_too_large")


def test_a_batch_may_have_a_thousand_events(gateway):
    def slim(n):
        return {"specversion": "1.0", "id": f"b{n}", "source": "u:b", "type": "duty.ended",
                "data": {"holder": {"ref": f"b{n}"}}}

    full = [slim(n) for n in range(1000)]
    answer = gateway.post(full, BATCH)
    assert answer.status == 202 and answer.json["accepted"] == 1000
    is_problem(gateway.post(full + [slim(1000)], BATCH), 413, "too_many_events")
    is_problem(gateway.post(full + [slim(1000)], JSON), 413, "too_many_events")


def test_json_may_nest_32_deep(gateway):
    english = {"Accept-Language": "en"}

    def nested(depth):
        return '{"specversion":' + "[" * (depth - 1) + "]" * (depth - 1) + "}"

    allowed = is_problem(gateway.post(nested(32), headers=english), 422, "validation_failed")
    refused = is_problem(gateway.post(nested(33), headers=english), 422, "validation_failed")
    assert "errors" in allowed and "errors" not in refused
    assert "deep" in refused["detail"] and "column" in refused["detail"]
    is_problem(gateway.post("[" * 100000 + "]" * 100000), 422, "validation_failed")
    is_problem(gateway.post(json.dumps({str(n): 1 for n in range(257)})), 422)


def test_ndjson_may_be_larger_than_other_bodies(gateway):
    line = padded({"type": "duty.ended", "holder": {"ref": "n1"}}, 2000) + b"\n"
    body = line * (2 * MIB // len(line))
    answer = gateway.post(body, NDJSON)
    assert answer.status == 202, answer
    assert len(answer.lines) == len(body) // len(line)
    is_problem(gateway.post(body, NDJSON, key="ht_e2e_" + "A" * 43), 413, "body_too_large")


def test_ndjson_has_its_own_limits():
    with Gateway(limits={"bulk_body_bytes": "2MiB", "bulk_lines": 50}) as g:
        line = b'{"type":"duty.ended","holder":{"ref":"n1"}}\n'
        is_problem(g.post(line * 51, NDJSON), 413, "too_many_events")
        assert len(g.post(line * 50 + b"\n" * 100, NDJSON).lines) == 50
        full = line * 49
        full += b" " * (2 * MIB - len(full))
        assert g.post(full, NDJSON).status in (200, 202)
        is_problem(g.post(full + b" ", NDJSON), 413, "body_too_large")


def test_headers_and_targets_are_bounded(gateway):
    def with_head_of(size):
        rest = b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-Fill: \r\n\r\n"
        return rest.replace(b"X-Fill: ", b"X-Fill: " + b"a" * (size - len(rest)))

    assert parse_raw(gateway.raw(with_head_of(HEADER_BYTES - 64))).status == 200
    is_problem(parse_raw(gateway.raw(with_head_of(HEADER_BYTES + 64))), 431, "headers_too_large")
    many = b"GET /healthz HTTP/1.1\r\nHost: a\r\n" + b"A: b\r\n" * 101 + b"\r\n"
    is_problem(parse_raw(gateway.raw(many)), 431, "headers_too_large")
    long = b"GET /" + b"a" * 5000 + b" HTTP/1.1\r\nHost: a\r\n\r\n"
    is_problem(parse_raw(gateway.raw(long)), 414, "target_too_long")


# ---- connections ----

def test_connections_are_counted_and_freed():
    limits = {"connections": 8, "connections_per_address": 2}
    with Gateway(limits=limits) as g, ExitStack() as open_:
        for _ in range(8):  # loopback is where a proxy sits: no limit per address
            s = open_.enter_context(socket.create_connection((g.host, g.port)))
            s.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
            assert s.recv(4096).startswith(b"HTTP/1.1 200")
        is_problem(parse_raw(g.raw(b"")), 503, "too_many_connections")
        open_.pop_all().close()
        until(lambda: g.get("/healthz", key=None).status == 200, "room again")


def own_address():
    """An address of this machine that is no loopback address; no packet is sent."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.connect(("192.0.2.1", 9))
            return s.getsockname()[0]
    except OSError:
        return None


@pytest.mark.skipif(own_address() is None, reason="this machine has no address but loopback")
def test_one_address_cannot_take_all_connections():
    with Gateway(listen={"http": own_address() + ":0"},
                 limits={"connections_per_address": 3}) as g, ExitStack() as open_:
        for _ in range(3):
            s = open_.enter_context(socket.create_connection((g.host, g.port)))
            s.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
            assert s.recv(4096).startswith(b"HTTP/1.1 200")
        answer = parse_raw(g.raw(b""))
        is_problem(answer, 503, "too_many_connections")
        assert answer.headers["Retry-After"]
        open_.pop_all().close()
        until(lambda: g.get("/healthz", key=None).status == 200, "room again")


def test_overload_is_told_and_what_was_accepted_is_kept():
    with Gateway(limits={"queue_messages": 16}) as g:
        results, lines = {}, 3000

        def load(n):
            body = b"".join(b'{"type":"duty.ended","holder":{"ref":"p%d-%d"}}\n' % (n, i)
                            for i in range(lines))
            results[n] = g.client().post(body, NDJSON)

        crowd = [threading.Thread(target=load, args=(n,)) for n in range(8)]
        for t in crowd:
            t.start()
        for t in crowd:
            t.join()
        refused = [a for a in results.values() if a.status != 202]
        assert 0 < len(refused) < len(crowd)
        for answer in refused:
            is_problem(answer, 503, "overloaded")
            assert int(answer.headers["Retry-After"]) > 0
        for answer in results.values():
            if answer.status == 202:
                assert [r["result"] for r in answer.lines] == ["accepted"] * lines
        until(lambda: g.post(event(1)).status in (200, 202), "room again")
        accepted = g.metric('hatirlat_events_total{result="accepted"}')
        assert accepted == lines * (len(crowd) - len(refused)) + 1


def test_hostile_json_is_answered_soon(gateway):
    hostile = {
        "many keys": "{" + ",".join(f'"{n}":0' for n in range(70000)) + "}",
        "long string": json.dumps({"type": "x" * 900000}),
        "long number": '{"specversion":' + "9" * 900000 + "}",
        "large exponent": '{"specversion":1e999999999}',
        "lone surrogate": '{"type":"\\ud800"}',
        "NUL": '{"type":"\\u0000"}',
        "many arrays": "[" + ",".join(["[]"] * 300000) + "]",
    }
    for name, body in hostile.items():
        began = time.monotonic()
        answer = gateway.post(body, JSON)
        assert answer.status in (400, 413, 422), (name, answer.status)
        is_problem(answer, answer.status)
        assert len(answer.body) < 100000, name
        assert time.monotonic() - began < 3, name


def test_a_length_that_lies_stores_nothing(hasty):
    body = json.dumps(event(800)).encode()
    with socket.create_connection((hasty.host, hasty.port)) as s:
        s.settimeout(10)
        s.sendall(head(hasty) + b"Content-Length: %d\r\n\r\n" % (len(body) + 10) + body)
        s.shutdown(socket.SHUT_WR)
        read_all(s)
    assert hasty.messages(certificate="cert-800") == []


# ---- time ----

class Trickler(threading.Thread):
    """Sends the rest byte by byte until it is cut; `seconds` tells when."""

    def __init__(self, gateway, at_once, rest):
        super().__init__(daemon=True)
        self.gateway, self.at_once, self.rest = gateway, at_once, rest
        self.seconds = None
        self.answer = b""

    def run(self):
        began = time.monotonic()
        with socket.create_connection((self.gateway.host, self.gateway.port)) as s:
            s.settimeout(0.1)
            try:
                s.sendall(self.at_once)
                for byte in self.rest:
                    s.sendall(bytes([byte]))
                    try:
                        part = s.recv(4096)
                        self.answer += part
                        if not part:
                            break
                    except socket.timeout:
                        pass
            except (BrokenPipeError, ConnectionResetError):
                pass
        self.seconds = time.monotonic() - began


def test_tricklers_are_cut_while_others_are_served(hasty):
    in_head = b"GET /healthz HTTP/1.1\r\nHost: a\r\nX-A: "
    in_body = head(hasty) + b"Content-Length: 1000\r\n\r\n{"
    in_chunks = head(hasty) + b"Transfer-Encoding: chunked\r\n\r\n"
    crowd = ([Trickler(hasty, b"", b"G" * 400) for _ in range(5)]
             + [Trickler(hasty, in_head, b"a" * 400) for _ in range(10)]
             + [Trickler(hasty, in_body, b" " * 400) for _ in range(10)]
             + [Trickler(hasty, in_chunks, b"1\r\n \r\n" * 70) for _ in range(5)])
    for t in crowd:
        t.start()
    waits = []
    while any(t.is_alive() for t in crowd):
        began = time.monotonic()
        assert hasty.post(event(len(waits) + 1)).status == 202
        waits.append(time.monotonic() - began)
        time.sleep(0.02)
        assert time.monotonic() - began < 20
    waits.sort()
    assert len(waits) >= 5
    assert waits[len(waits) // 2] < 0.5 and waits[-1] < 3, waits[-5:]
    for t in crowd:
        allowed = 1 if t.at_once in (b"", in_head) else 2
        assert allowed * 0.8 < t.seconds < allowed + 4, (t.at_once[:40], t.seconds)
    for t in crowd[5:]:
        is_problem(parse_raw(t.answer), 408, "request_timeout")


def test_a_silent_connection_is_closed(hasty):
    began = time.monotonic()
    with socket.create_connection((hasty.host, hasty.port)) as s:
        s.settimeout(10)
        read_all(s)
    assert time.monotonic() - began < 5


# ---- the parser's own errors ----

LINE = b"POST /v1/events HTTP/1.1\r\n"
HOST = b"Host: ornek.test\r\n"
TYPE = b"Content-Type: application/json\r\n"
MALFORMED = {
    "tls": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(50) + b"\r\n\r\n", 400),
    "noise": (b"\xff\xfe\xfd\r\n\r\n", 400),
    "one word": (b"MERHABA\r\n\r\n", 400),
    "no version": (b"GET /healthz\r\n" + HOST + b"\r\n", 400),
    "smtp": (b"EHLO ornek.test\r\n\r\n", 400),
    "version 2.0": (b"GET /healthz HTTP/2.0\r\n" + HOST + b"\r\n", 505),
    "preface of HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", (400, 501, 505)),
    "unknown method": (b"BREW /pot HTTP/1.1\r\n" + HOST + b"\r\n", 501),
    "no host": (b"GET /healthz HTTP/1.1\r\n\r\n", 400),
    "two hosts": (b"GET /healthz HTTP/1.1\r\n" + HOST + HOST + b"\r\n", 400),
    "blank before colon": (b"GET /healthz HTTP/1.1\r\n" + HOST + b"X-A : b\r\n\r\n", 400),
    "folded line": (b"GET /healthz HTTP/1.1\r\n" + HOST + b"X-A: b\r\n c\r\n\r\n", 400),
    "bare line feed": (b"GET /healthz HTTP/1.1\n" + HOST + b"\n", 400),
    "NUL in a field": (b"GET /healthz HTTP/1.1\r\n" + HOST + b"X-A: b\x00c\r\n\r\n", 400),
    "length and chunks": (LINE + HOST + TYPE + b"Content-Length: 2\r\n"
                          b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", 400),
    "two lengths": (LINE + HOST + TYPE + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", 400),
    "negative length": (LINE + HOST + TYPE + b"Content-Length: -1\r\n\r\n", 400),
    "signed length": (LINE + HOST + TYPE + b"Content-Length: +2\r\n\r\n{}", 400),
    "huge length": (LINE + HOST + TYPE + b"Content-Length: 99999999999999999999\r\n\r\n",
                    (400, 413)),
    "unknown coding": (LINE + HOST + TYPE + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
                       501),
    "bad chunk": (LINE + HOST + TYPE + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n{}\r\n0\r\n\r\n",
                  400),
    "chunk too long": (LINE + HOST + TYPE + b"Transfer-Encoding: chunked\r\n\r\n"
                       b"FFFFFFFFFFFFFFFFF\r\n{}\r\n0\r\n\r\n", (400, 413)),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_what_is_no_http_is_answered_with_a_problem(gateway, name):
    data, wanted = MALFORMED[name]
    answer = parse_raw(gateway.raw(data))
    assert answer.status in (wanted if isinstance(wanted, tuple) else (wanted,)), answer
    is_problem(answer, answer.status)
    assert gateway.get("/healthz", key=None).status == 200


def test_nothing_is_read_out_of_a_refused_body(gateway):
    """What follows a message of unclear length must not be served as the next request."""
    smuggled = b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
    raw = gateway.raw(LINE + HOST + TYPE + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n"
                      b"\r\n0\r\n\r\n" + smuggled)
    assert raw.count(b"HTTP/1.1 ") == 1, raw


def test_expect_continue_is_answered_before_the_body(gateway):
    with socket.create_connection((gateway.host, gateway.port)) as s:
        s.settimeout(10)
        body = json.dumps(event(900, data=data(900))).encode()
        s.sendall(head(gateway) + b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(body))
        assert s.recv(4096).startswith(b"HTTP/1.1 100 ")
        s.sendall(body)
        assert parse_raw(read_all(s)).status == 202
    with socket.create_connection((gateway.host, gateway.port)) as s:
        s.settimeout(10)
        s.sendall(head(gateway) + b"Expect: 100-continue\r\nContent-Length: 99999999\r\n\r\n")
        is_problem(parse_raw(read_all(s)), 413, "body_too_large")


def test_head_has_no_body(gateway):
    raw = gateway.raw(b"HEAD /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    assert raw.startswith(b"HTTP/1.1 200") and raw.endswith(b"\r\n\r\n")
