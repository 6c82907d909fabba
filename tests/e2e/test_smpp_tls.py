"""SMPP over TLS against a message centre of Python's own TLS: who is trusted, what leaves first."""

import contextlib
import json
import os
import socket
import ssl
import subprocess
import threading

import pytest

from smpp_support import centre
from smtp_support import BUILD, Authority

DRIVE = os.path.join(BUILD, "tests", "provider_drive")
JOB = {"id": 1, "to": "+905320000067", "text": "Sn. Çiğdem IŞIK", "mode": "tr_single"}


def server_context(chain, key, **limits):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    for name, value in limits.items():
        setattr(context, name, value)
    return context


def drive(port, ca_file, host="127.0.0.1", jobs=(JOB,), **more):
    options = {"host": host, "port": port, "system_id": "hatirlat", "sender": "BATMANMEM",
               "password": {"env": "SMPP_PASSWORD"}, "timeouts": {"connect": "5s"}, **more}
    if ca_file:
        options["ca_file"] = str(ca_file)
    done = subprocess.run([DRIVE, "smpp", json.dumps(options)], text=True, capture_output=True,
                          input=json.dumps(list(jobs)) + "\n", timeout=60,
                          env={**os.environ, "SMPP_PASSWORD": "gizli"})
    assert done.returncode == 0 and "Sanitizer" not in done.stderr, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return ([line for line in lines if "outcome" in line],
            [line for line in lines if "health" in line])


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="module")
def good(authority):
    return authority.issue("merkez", "IP:127.0.0.1,DNS:localhost")


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
@pytest.mark.parametrize("chunk", [1, 65536], ids=["drip", "whole"])
def test_a_trusted_centre(authority, good, version, host, chunk):
    context = server_context(*good, minimum_version=version, maximum_version=version)
    with centre(context, chunk=chunk) as c:
        (outcome,), health = drive(c.port, authority.file, host)
    assert (outcome["outcome"], outcome["provider_ref"]) == ("sent", "id-1")
    assert health[0]["health"] == "healthy"
    assert c.commands() == [9, 4, 6]
    assert c.units[0][1].startswith(b"hatirlat\0gizli\0")


def test_many_messages_share_the_session(authority, good):
    jobs = [{**JOB, "id": i, "text": "Uzun " * 200} for i in range(1, 101)]
    with centre(server_context(*good)) as c:
        outcomes, _ = drive(c.port, authority.file, jobs=jobs)
    assert {outcome["outcome"] for outcome in outcomes} == {"sent"}
    assert c.commands().count(9) == 1
    assert c.commands().count(4) == 700


@pytest.mark.parametrize("san, days", [("DNS:baska.ornek.test", "2"), ("IP:127.0.0.2", "2"),
                                       ("IP:127.0.0.1", "-1")], ids=["name", "address", "expired"])
def test_a_wrong_certificate_gets_nothing(authority, san, days):
    chain, key = authority.issue("yanlis", san, days)
    with centre(server_context(chain, key)) as c:
        (outcome,), health = drive(c.port, authority.file)
    assert (outcome["outcome"], outcome["code"]) == ("down", "tls")
    assert health[0]["health"] == "broken"
    assert c.units == [], "not even the bind left"


def test_an_authority_nobody_knows(good):
    with centre(server_context(*good)) as c:
        (outcome,), _ = drive(c.port, None)
    assert (outcome["outcome"], outcome["code"]) == ("down", "tls")
    assert c.units == []


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_an_old_protocol(authority, good):
    context = server_context(*good, minimum_version=ssl.TLSVersion.TLSv1,
                             maximum_version=ssl.TLSVersion.TLSv1_1)
    context.set_ciphers("ALL:@SECLEVEL=0")
    with centre(context) as c:
        (outcome,), _ = drive(c.port, authority.file)
    assert outcome["outcome"] == "down"
    assert c.units == []


def test_a_missing_authority_file_is_no_crash(good, tmp_path):
    with centre(server_context(*good)) as c:
        (outcome,), health = drive(c.port, tmp_path / "yok.pem")
    assert (outcome["outcome"], outcome["code"]) == ("down", "tls")
    assert "yok.pem" in health[0]["sentence"]


def test_a_centre_that_speaks_no_tls(authority):
    listener = socket.create_server(("127.0.0.1", 0))

    def run():
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                connection.recv(4096)
                connection.sendall(b"\0\0\0\x10\x80\0\0\x09\0\0\0\0\0\0\0\x01")
                connection.close()

    threading.Thread(target=run, daemon=True).start()
    (outcome,), _ = drive(listener.getsockname()[1], authority.file)
    listener.close()
    assert outcome["outcome"] == "down"
