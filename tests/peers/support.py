"""What the suites with real peers share: programs, ports, a gateway that serves."""

import contextlib
import json
import os
import pathlib
import shutil
import socket
import subprocess
import tarfile
import tempfile
import time
import urllib.error
import urllib.request
from datetime import datetime, timedelta, timezone

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("HATIRLAT_BUILD_DIR", ROOT / "build" / "release"))
PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])
OFFICE = {"province": "Örnekil", "phone": "0000 000 00 00", "link_hosts": ["ornek.test"],
          "guide_url": "https://bilgiislem.ornek.test/e-onay", "guide_short": "ornek.test/e-onay",
          "privacy_url": "https://bilgiislem.ornek.test/kvkk",
          "stop_note": "bilgiislem@ornek.test adresine e-posta"}
SENDER = "hatirlatma@ornek.test"


def missing(sentence):
    """A peer that is not there: an error in CI, a skipped test on a desk."""
    (pytest.fail if os.environ.get("CI") else pytest.skip)(sentence)


def program(name, package):
    """The full path of a peer's program."""
    found = name if os.access(name, os.X_OK) else shutil.which(name, path=PATH)
    return found or missing(f"{name} is not installed (package {package})")


def npm(package, command, *options):
    """Runs an npm command that fetches a package ("name@version"); the test is skipped where it
    cannot be fetched."""
    program = shutil.which("npm")
    if program is None or shutil.which("node") is None:
        pytest.skip(f"npm is not installed: what {package} would check is left out")
    try:
        done = subprocess.run([program, command, *options, package], capture_output=True, text=True,
                              timeout=300)
    except subprocess.TimeoutExpired:
        pytest.skip(f"npm could not fetch {package} in 300 s")
    if done.returncode != 0:
        pytest.skip(f"npm could not fetch {package} (offline?): "
                    f"{(done.stderr.strip().splitlines() or ['no reason given'])[-1]}")


def npm_folder(package):
    """Where what npm has fetched of a package is kept."""
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")
    folder = cache / "hatirlat-peers" / package.replace("/", "-")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def npm_package(package, proof):
    """
    The directory where npm has put a package; fetched once and kept. proof is a path below it that
    is there when the package is.
    """
    folder = npm_folder(package)
    if not (folder / proof).exists():
        npm(package, "install", "--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund")
    return folder


def npm_file(package, path):
    """One file of a package; fetched once and kept, without the rest of the package."""
    kept = npm_folder(package) / pathlib.Path(path).name
    if not kept.exists():
        with scratch("npm") as folder:
            npm(package, "pack", "--pack-destination", folder)
            (archive,) = folder.glob("*.tgz")
            with tarfile.open(archive) as packed:
                content = packed.extractfile(f"package/{path}").read()
        part = kept.with_name(kept.name + ".part")
        part.write_bytes(content)
        part.rename(kept)
    return kept


def wait_for(what, condition, limit=20.0):
    """Polls until condition() is true; returns its value."""
    end = time.monotonic() + limit
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, f"waited {limit:g} s in vain: {what}"
        time.sleep(0.02)


def free_ports(count):
    """Ports nobody listens on, all different."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for s in sockets:
            s.bind(("127.0.0.1", 0))
        return [s.getsockname()[1] for s in sockets]


def answers(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


@contextlib.contextmanager
def scratch(name):
    """A directory that other users may enter: peers give up root."""
    path = pathlib.Path(tempfile.mkdtemp(prefix=f"hatirlat-{name}-"))
    path.chmod(0o755)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


class Process:
    """A program in the background; what it says goes to a file."""

    def __init__(self, log, *command, **options):
        self.log = pathlib.Path(log)
        with open(self.log, "ab") as out:
            self.child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out,
                                          stderr=subprocess.STDOUT, **options)

    def said(self):
        return self.log.read_bytes() if self.log.exists() else b""

    def wait_until(self, what, condition, limit=20.0):
        def now():
            assert self.child.poll() is None, f"{self.child.args[0]} ended:\n{self.tail()}"
            return condition()
        return wait_for(what, now, limit)

    def tail(self):
        return self.said()[-4000:].decode("utf-8", "replace")

    def stop(self, limit=10.0):
        """Asks it to end; its exit status."""
        if self.child.poll() is None:
            self.child.terminate()
            try:
                self.child.wait(limit)
            except subprocess.TimeoutExpired:
                self.child.kill()
        return self.child.wait()


class Gateway:
    """hatirlat serve with one provider per channel, and a client of its HTTP interface."""

    def __init__(self, folder, port, **config):
        self.folder, self.port, self.process = pathlib.Path(folder), port, None
        self.file = self.folder / "hatirlat.jsonc"
        base = {"office": OFFICE, "mail": {"from": SENDER, "reply_to": "bilgiislem@ornek.test"},
                "listen": {"http": f"127.0.0.1:{port}",
                           "public_url": f"http://127.0.0.1:{port}"},
                "database": {"path": str(self.folder / "hatirlat.db")},
                "templates": str(ROOT / "config" / "templates"),
                "recipes": str(ROOT / "config" / "recipes"), "log": {"format": "json"},
                "trial": True}  # the suites run at night too
        self.file.write_text(json.dumps({**base, **config}), encoding="utf-8")

    def run(self, *args):
        done = subprocess.run([BUILD / "hatirlat", *args, "--config", self.file],
                              capture_output=True, text=True, timeout=30)
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stdout

    def start(self):
        scopes = "events:write messages:read messages:write metrics:read"
        self.key = self.run("key", "create", "test", "--scope", scopes).split()[0]
        self.process = Process(self.folder / "gateway.log", BUILD / "hatirlat", "serve",
                               "--config", self.file)
        self.process.wait_until("the gateway listens", lambda: answers(self.port))
        return self

    def request(self, path, data=None, method=None, kind="application/json"):
        """(status, text) of one request."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", method=method, data=data,
            headers={"Authorization": f"Bearer {self.key}", "Content-Type": kind})
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read().decode()

    def call(self, path, body=None, method=None):
        return self.request(path, None if body is None else json.dumps(body).encode(), method)

    def bulk(self, *facts):
        """Posts facts as one NDJSON load: one transaction."""
        lines = "".join(json.dumps(fact) + "\n" for fact in facts)
        return self.request("/v1/events", lines.encode(), kind="application/x-ndjson")

    def get(self, path):
        status, text = self.call(path)
        assert status == 200, text
        return json.loads(text)

    def post(self, *facts):
        """Posts facts one by one; each must be taken."""
        for fact in facts:
            status, text = self.call("/v1/events", fact)
            assert status == 202, text

    def messages(self):
        return self.get("/v1/messages?limit=200")["items"]

    def of(self, certificate):
        """The message of this certificate that was sent or is about to be, with its timeline."""
        for item in self.messages():
            if item["certificate"] == certificate and item["status"] != "planned":
                return self.get(f"/v1/messages/{item['id']}")
        return None

    def settled(self, certificate, *statuses, limit=20.0):
        """Waits until the message of this certificate is in one of these states."""
        def look():
            message = self.of(certificate)
            return message if message and message["status"] in statuses else None
        try:
            return self.process.wait_until(f"{certificate} {statuses}", look, limit)
        except AssertionError as e:
            raise AssertionError(f"{e}\n{self.of(certificate)}\n{self.process.tail()}") from None

    def stop(self):
        if self.process is None:
            return
        code = self.process.stop()
        said = self.process.tail()
        assert code == 0 and "Sanitizer" not in said and "runtime error" not in said, said


@contextlib.contextmanager
def gateway(folder, port=None, **config):
    g = Gateway(folder, port or free_ports(1)[0], **config)
    try:
        yield g.start()
    except BaseException:
        if g.process is not None:
            g.process.child.kill()
            g.process.child.wait()
            print(g.process.tail())
        raise
    g.stop()


def attempt(message):
    """The last attempt in a message's timeline."""
    return [entry for entry in message["timeline"] if entry["kind"] == "attempt"][-1]


def fact(ref, days=12, given="Işıl Gökçe", family="Şağlamöz", **contact):
    """A certificate that ends soon: one reminder is due at once."""
    end = datetime.now(timezone.utc) + timedelta(days=days)
    return {"type": "certificate.expiring",
            "certificate": {"ref": ref, "not_after": end.strftime("%Y-%m-%dT%H:%M:%SZ")},
            "holder": {"ref": f"p-{ref}", "name": f"{given} {family}", **contact}}
