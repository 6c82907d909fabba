"""What the end-to-end suites share: a gateway in a directory of its own, and clients for it."""

import copy
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.parse
from datetime import datetime, timedelta, timezone

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.environ.get("HATIRLAT_SOURCE_DIR", os.path.join(HERE, "..", ".."))
BUILD = os.environ.get("HATIRLAT_BUILD_DIR", os.path.join(SOURCE, "build", "dev"))
PROGRAM = os.path.join(BUILD, "hatirlat")

JSON = "application/json"
CLOUD = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
NDJSON = "application/x-ndjson"
ALL_SCOPES = "events:write messages:read messages:write metrics:read admin"

# A sanitized build on a busy machine is slow; nothing here waits that long when all is well.
PATIENCE = 20

CONFIG = {
    "office": {
        "province": "Örnekil", "unit": "Bilgi İşlem", "phone": "0312 000 00 00",
        "guide_url": "https://ornekil.meb.gov.tr/e-imza",
        "guide_short": "ornekil.meb.gov.tr/e-imza",
        "privacy_url": "https://ornekil.meb.gov.tr/aydinlatma",
        "stop_note": "bilgi@ornek.test",
    },
    "mail": {"from": "e-imza@ornek.test", "reply_to": "bilgi@ornek.test"},
    "listen": {"http": "127.0.0.1:0"},
    "database": {"path": "hatirlat.db"},
    "log": {"level": "info", "format": "json"},
    "templates": os.path.join(SOURCE, "config", "templates"),
    "recipes": os.path.join(SOURCE, "config", "recipes"),
    "providers": {"s": {"kind": "sink"}, "e": {"kind": "sink"}},
    "routes": {"sms": ["s"], "email": ["e"]},
    "trial": True,  # tests run at any hour
    "campaigns": [{"name": "e-imza", "marks": [90, 60, 30, 15, 7, 3, 1],
                   "channels": ["sms", "email"]}],
    "limits": {"disk_reserve_bytes": 0},
    "shutdown_timeout": "10s",
}


def config(**changes):
    """The settings with changes: dictionaries are merged, anything else replaces."""
    def merge(into, what):
        for key, value in what.items():
            if isinstance(value, dict) and isinstance(into.get(key), dict) and key != "providers":
                merge(into[key], value)
            else:
                into[key] = value
        return into
    return merge(copy.deepcopy(CONFIG), changes)


def sinks(**both):
    return {"s": {"kind": "sink", **both}, "e": {"kind": "sink", **both}}


def until(condition, what, patience=PATIENCE, pause=0.02):
    """The first true value of condition()."""
    end = time.monotonic() + patience
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, f"not within {patience} s: {what}"
        time.sleep(pause)


# Taken once: the same event made twice has to be the same to the last second.
STARTED = datetime.now(timezone.utc)


def days_ahead(days):
    return (STARTED + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


def person(number, **changes):
    return {"ref": f"sicil-{number}", "name": "Şükran Işık", "phone": f"0532 000 {number:04d}"[:13],
            "email": f"kisi{number}@ornek.test", **changes}


def data(number=1, days=88, **holder):
    return {"certificate": {"ref": f"cert-{number}", "not_after": days_ahead(days)},
            "holder": person(number, **holder)}


def event(number=1, kind="certificate.expiring", id=None, **changes):
    """A CloudEvent about the certificate and the person of this number."""
    return {"specversion": "1.0", "id": id or f"{kind}-{number}", "source": "urn:ornek:takip",
            "type": f"tr.eimza.{kind}.v1", "time": "2026-01-05T06:00:00Z",
            "datacontenttype": "application/json",
            "data": changes.pop("data", None) or data(number), **changes}


class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def lines(self):
        return [json.loads(line) for line in self.body.splitlines()]

    def __repr__(self):
        return f"<{self.status} {dict(self.headers)} {self.body[:2000]!r}>"


def is_problem(answer, status, code=None, lang=None):
    """RFC 9457, the shape of every error."""
    assert answer.status == status, answer
    assert answer.headers["Content-Type"] == "application/problem+json", answer
    p = answer.json
    assert p["status"] == status and p["title"] and p["detail"], p
    assert p["type"] == "urn:hatirlat:problem:" + p["code"], p
    assert p["instance"].startswith("urn:request:"), p
    if code is not None:
        assert p["code"] == code, p
    if lang is not None:
        assert answer.headers["Content-Language"] == lang, answer
    return p


def parse_raw(raw):
    """The first answer in the bytes of a connection."""
    head, _, body = raw.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    assert lines[0].startswith("HTTP/1.1 "), raw[:300]
    headers = http.client.HTTPMessage()
    for line in lines[1:]:
        name, _, value = line.partition(":")
        headers[name] = value.strip()
    return Answer(int(lines[0].split()[1]), headers, body)


def run(*args, config=None, env=None, **options):
    """The program with these arguments; in English, so that words can be compared."""
    options.setdefault("timeout", 60)
    command = [PROGRAM, *args] + (["--config", config] if config else [])
    return subprocess.run(command, capture_output=True, text=True,
                          env={**os.environ, "HATIRLAT_LANG": "en", **(env or {})}, **options)


class Gateway:
    """A running `hatirlat serve`; use it in a with statement."""

    wrapper = ()  # the words of a command that ends by becoming the program

    def __init__(self, directory=None, env=None, start=True, expect_exit=0, **changes):
        self.own_dir = directory is None
        self.dir = directory or tempfile.mkdtemp(prefix="hatirlat-e2e-")
        self.env = env or {}
        self.config_path = os.path.join(self.dir, "hatirlat.jsonc")
        self.log_path = os.path.join(self.dir, "log.jsonl")
        self.settings = config(**changes)
        self.expect_exit = expect_exit
        self.process = None
        self.key = None
        self.port = None
        self.host = None
        self.connection = None
        self.write_config()
        if start:
            self.start()

    def write_config(self, text=None):
        with open(self.config_path, "w", encoding="utf-8") as f:
            f.write(text if text is not None else json.dumps(self.settings, ensure_ascii=False))

    def make_key(self, name="e2e", scopes=ALL_SCOPES):
        made = run("key", "create", name, "--scope", scopes, config=self.config_path)
        assert made.returncode == 0, made
        return made.stdout.strip()

    def start(self):
        if self.key is None:
            self.key = self.make_key()
        mark = os.path.getsize(self.log_path) if os.path.exists(self.log_path) else 0
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [*self.wrapper, PROGRAM, "serve", "--config", self.config_path],
                stderr=log, stdin=subprocess.DEVNULL, env={**os.environ, **self.env})
        ready = until(lambda: self.process.poll() is not None or self.logged("ready", mark),
                      "ready")
        assert ready is not True, self.log()
        url = urllib.parse.urlsplit(ready[0]["url"])
        self.host, self.port = url.hostname, url.port
        return self

    def log(self, mark=0):
        with open(self.log_path, encoding="utf-8") as f:
            f.seek(mark)
            return f.read()

    def logged(self, name, mark=0):
        """The log's lines about an event."""
        out = []
        for line in self.log(mark).splitlines():
            try:
                entry = json.loads(line)
            except ValueError:
                continue
            if entry.get("event") == name:
                out.append(entry)
        return out

    def signal(self, number):
        self.process.send_signal(number)

    def hang_up(self):
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    def wait(self, patience=PATIENCE):
        """The exit status."""
        self.hang_up()
        return self.process.wait(patience)

    def stop(self):
        self.signal(signal.SIGTERM)
        assert self.wait() == self.expect_exit, self.log()
        self.process = None

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        try:
            self.hang_up()
            if self.process is not None:
                status = self.process.poll()
                if status is None:
                    self.signal(signal.SIGTERM)
                    status = self.wait()
                if kind is None:
                    assert status == self.expect_exit, self.log()
            if kind is None and os.path.exists(self.log_path):
                assert "Sanitizer" not in self.log() and "runtime error" not in self.log(), \
                    self.log()
        finally:
            if self.process is not None and self.process.poll() is None:
                self.process.kill()
                self.process.wait()
            if kind is not None and os.path.exists(self.log_path):
                print(self.log()[-8000:])
            if self.own_dir:
                shutil.rmtree(self.dir, ignore_errors=True)

    # ---- clients ----

    def client(self):
        """One more client of this gateway, with a connection of its own: for another thread."""
        other = copy.copy(self)
        other.connection = None
        return other

    def request(self, method, path, body=None, headers=None, key="", timeout=PATIENCE):
        """One exchange on the kept connection; key None sends none."""
        fields = {"Accept-Language": "tr", **(headers or {})}
        if key is not None:
            fields["Authorization"] = "Bearer " + (key or self.key)
        for fresh in (False, True):
            if fresh or self.connection is None:
                self.hang_up()
                self.connection = http.client.HTTPConnection(self.host, self.port,
                                                             timeout=timeout)
            try:
                self.connection.request(method, path, body=body, headers=fields)
                r = self.connection.getresponse()
                return Answer(r.status, r.headers, r.read())
            except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
                self.hang_up()  # the kept connection had been closed meanwhile
                if fresh:
                    raise
        return None

    def get(self, path, **options):
        return self.request("GET", path, **options)

    def post(self, body, media=CLOUD, headers=None, **options):
        if not isinstance(body, (bytes, str)):
            body = json.dumps(body, ensure_ascii=False)
        if isinstance(body, str):
            body = body.encode()
        return self.request("POST", "/v1/events", body, {"Content-Type": media, **(headers or {})},
                            **options)

    def accept(self, body, media=CLOUD):
        answer = self.post(body, media)
        assert answer.status == 202, answer
        return answer.json

    def raw(self, data, timeout=PATIENCE):
        """Sends bytes, returns all that comes until the other side closes."""
        with socket.create_connection((self.host, self.port), timeout) as s:
            s.sendall(data)
            return read_all(s)

    def messages(self, **query):
        answer = self.get("/v1/messages?" + urllib.parse.urlencode({"limit": 200, **query}))
        assert answer.status == 200, answer
        return answer.json["items"]

    def message(self, id):
        answer = self.get(f"/v1/messages/{id}")
        assert answer.status == 200, answer
        return answer.json

    def audited(self):
        """What the audit log has, newest first, without the key that these tests ask with."""
        return [e for e in self.get("/v1/audit").json["items"] if e["detail"].get("key") != "e2e"]

    def metric(self, line):
        """The value behind a sample's name and labels; None when there is none."""
        for text in self.get("/metrics").body.decode().splitlines():
            if text.startswith(line + " "):
                return float(text.rsplit(" ", 1)[1])
        return None


def read_all(s):
    out = b""
    try:
        while True:
            part = s.recv(65536)
            if not part:
                return out
            out += part
    except ConnectionResetError:
        return out
