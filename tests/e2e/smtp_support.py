"""What the SMTP suites share: certificates, the driver of a provider, mails."""

import json
import os
import subprocess
import sys
import time

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "peers"))

from smtp_peer import SmtpPeer  # noqa: E402,F401 (re-exported)

BUILD = os.environ.get("HATIRLAT_BUILD_DIR", os.path.join(HERE, "..", "..", "build", "dev"))
DRIVE = os.path.join(BUILD, "tests", "provider_drive")

# Short enough for tests, long enough for a sanitized build on a busy machine.
TIMEOUTS = {"connect": "1s", "greeting": "1s", "envelope": "1s", "data": "1s", "transfer": "1s",
            "final": "1s", "drain": "1s"}


def mail(number=1, body="Merhaba\r\n", **headers):
    fields = {"From": "Bilgi Islem <bilgi@ornek.test>", "To": f"kisi{number}@ornek.test",
              "Subject": "e-imza", "Date": "Mon, 05 Jan 2026 09:00:00 +0300",
              "Message-ID": f"<{number}.1@ornek.test>", "MIME-Version": "1.0",
              "Content-Type": "text/plain; charset=utf-8", "Auto-Submitted": "auto-generated"}
    fields.update(headers)
    return "".join(f"{k}: {v}\r\n" for k, v in fields.items()) + "\r\n" + body


def jobs(count, first=1, **fields):
    return [{"id": i, "to": f"kisi{i}@ornek.test", "mail": mail(i), **fields}
            for i in range(first, first + count)]


class Kind:
    """The back end under test; the suites run once for each."""
    name = "smtp"


@pytest.fixture(params=["smtp", "smtp-curl"], autouse=True)
def kind(request):
    Kind.name = request.param
    yield request.param
    Kind.name = "smtp"


def spell(options):
    """The same settings in the words of smtp-curl."""
    options = dict(options)
    options["connections"] = options.pop("workers", 1)
    if "tls_max" in options:
        options.pop("tls_max")
    if options.get("tls") == "require":
        options["tls"] = "starttls"
    return options


def settings(peer, **more):
    base = {"host": "127.0.0.1", "port": getattr(peer, "port", peer), "tls": "none", "workers": 1,
            "envelope_from": "gonderen@ornek.test", "timeouts": TIMEOUTS}
    timeouts = {**TIMEOUTS, **more.pop("timeouts", {})}
    options = {**base, **more, "timeouts": timeouts}
    return spell(options) if Kind.name == "smtp-curl" else options


class Result:
    def __init__(self, process, seconds, stdout, stderr):
        self.code = process.returncode
        self.seconds = seconds
        self.stderr = stderr
        self.lines = [json.loads(line) for line in stdout.splitlines()]
        self.by_id = {}
        for line in self.lines:
            if "outcome" in line:
                assert line["id"] not in self.by_id, f"completed twice: {line}"
                self.by_id[line["id"]] = line

    def outcomes(self):
        return [self.by_id[i]["outcome"] for i in sorted(self.by_id)]

    def health(self):
        return [line["health"] for line in self.lines if "health" in line]


def drive(options, *lines, env=None, limit=60):
    """Runs the driver over these input lines (lists are batches) until it has drained."""
    text = "".join(json.dumps(line) + "\n" for line in lines)
    started = time.monotonic()
    process = subprocess.Popen([DRIVE, Kind.name, json.dumps(options)], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               env={**os.environ, **(env or {})})
    try:
        stdout, stderr = process.communicate(text, timeout=limit)
    finally:
        process.kill()
    result = Result(process, time.monotonic() - started, stdout, stderr)
    assert "Sanitizer" not in stderr and "runtime error" not in stderr, stderr
    return result


class Driven:
    """A driver that is talked to batch by batch."""

    def __init__(self, options):
        self.process = subprocess.Popen([DRIVE, Kind.name, json.dumps(options)], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def outcome(self, batch):
        self.process.stdin.write(json.dumps(batch) + "\n")
        self.process.stdin.flush()
        while True:
            line = json.loads(self.process.stdout.readline())
            if "outcome" in line:
                return line["outcome"]

    def end(self):
        self.process.stdin.close()
        assert self.process.wait(30) == 0


def openssl(*args):
    subprocess.run(["openssl", *args], check=True, capture_output=True)


class Authority:
    """A certificate authority of our own, made for one run of the tests."""

    def __init__(self, directory):
        self.directory = str(directory)
        self.key = self.path("ca.key")
        self.file = self.path("ca.pem")
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                "-nodes", "-keyout", self.key, "-out", self.file, "-days", "2", "-subj",
                "/CN=Deneme Kok")

    def path(self, name):
        return os.path.join(self.directory, name)

    def issue(self, name, san, days="2"):
        key, request, chain = (self.path(f"{name}.{x}") for x in ("key", "csr", "pem"))
        extensions = self.path(f"{name}.ext")
        with open(extensions, "w", encoding="ascii") as f:
            f.write(f"subjectAltName={san}\n")
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                "-keyout", key, "-out", request, "-subj", f"/CN={name}")
        openssl("x509", "-req", "-in", request, "-CA", self.file, "-CAkey", self.key,
                "-CAcreateserial", "-out", chain, "-days", days, "-extfile", extensions)
        return chain, key
