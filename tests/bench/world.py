"""The gateway and its peers, started on loopback in temporary directories and stopped afterwards."""

import json
import os
import pathlib
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TICK = os.sysconf("SC_CLK_TCK")


class Failed(Exception):
    """A figure could not be measured; the text says why."""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for_port(port, seconds=10, process=None):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process is not None and process.poll() is not None:
            raise Failed(f"{process.args[0]} ended with {process.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.01)
    raise Failed(f"nothing listens on port {port}")


def need(program):
    found = shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if found is None:
        raise Failed(f"{program} is not installed")
    return found


class Process:
    """A program that lives as long as the with block."""

    def __init__(self, argv, cwd=None, env=None, log=None):
        self.log = open(log, "ab") if log else subprocess.DEVNULL
        self.process = subprocess.Popen(argv, cwd=cwd, env=env, stdin=subprocess.DEVNULL,
                                        stdout=self.log, stderr=self.log)

    def cpu_seconds(self):
        stat = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(stat[11]) + int(stat[12])) / TICK

    def rss_mib(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024

    def stop(self, how=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(how)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.log is not subprocess.DEVNULL:
            self.log.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


# ---- the gateway ----

OFFICE = {"province": "Örnekil", "phone": "0312 000 00 00",
          "guide_url": "https://bilgiislem.ornek.test/e-onay", "guide_short": "ornek.test/e-onay",
          "link_hosts": ["ornek.test"], "privacy_url": "https://bilgiislem.ornek.test/kvkk",
          "stop_note": "bilgiislem@ornek.test adresine e-posta"}


class Gateway:
    """One data directory; may be started several times with other providers."""

    def __init__(self, build, directory):
        self.build = pathlib.Path(build)
        self.dir = pathlib.Path(directory)
        self.port = free_port()
        self.database = self.dir / "bench.db"
        self.process = None
        self.key = None

    def configure(self, providers=None, routes=None, channels=("sms",), marks=(90,), recipes=None):
        conf = {"office": OFFICE, "mail": {"from": "hatirlatma@ornek.test"},
                "listen": {"http": f"127.0.0.1:{self.port}", "public_url": self.url("")},
                "database": {"path": str(self.database)},
                "templates": str(ROOT / "config" / "templates"), "recipes": str(recipes or HERE / "recipes"),
                "providers": providers or {"p": {"kind": "sink", "pace": "1/h"}},
                "routes": routes or {channel: ["p"] for channel in channels},
                "trial": True, "campaigns": [{"name": "bitis", "marks": list(marks), "channels": list(channels)}]}
        (self.dir / "bench.jsonc").write_text(json.dumps(conf, ensure_ascii=False))
        if self.key is None:
            self.key = self.make_key()

    def program(self, *args):
        return [str(self.build / "hatirlat"), *args, "--config", str(self.dir / "bench.jsonc")]

    def make_key(self):
        scope = "events:write messages:read metrics:read"
        made = subprocess.run(self.program("key", "create", "bench", "--scope", scope, "--json"),
                              capture_output=True, text=True, check=False)
        if made.returncode != 0:
            raise Failed(f"no key: {made.stderr.strip()}")
        return json.loads(made.stdout)["key"]

    def start(self):
        self.process = Process(self.program("serve"), log=self.dir / "gateway.log")
        try:
            wait_for_port(self.port, process=self.process.process)
        except Failed as e:
            tail = (self.dir / "gateway.log").read_text()[-500:]
            raise Failed(f"the gateway did not start: {e}: {tail}") from e

    def stop(self):
        if self.process is not None:
            self.process.stop()
            self.process = None

    def url(self, path="/v1/events"):
        return f"http://127.0.0.1:{self.port}{path}"

    def request(self, method, path, body=b"", content_type="application/json"):
        """(status, body) over a connection of its own."""
        with socket.create_connection(("127.0.0.1", self.port), 60) as s:
            s.sendall(head(self.key, method, path, len(body), content_type, "close") + body)
            answer = b""
            while chunk := s.recv(1 << 16):
                answer += chunk
        top, _, rest = answer.partition(b"\r\n\r\n")
        return int(top.split(b" ", 2)[1]), rest

    def metrics(self):
        status, body = self.request("GET", "/metrics")
        if status != 200:
            raise Failed(f"/metrics answered {status}")
        return body.decode()

    def total(self, name, label=""):
        found = re.findall(rf"^{name}(?:{{([^}}]*)}})? (\S+)$", self.metrics(), re.M)
        return sum(float(value) for labels, value in found if label in labels)

    def accepted(self):
        return self.total("hatirlat_events_total", 'result="accepted"')

    def backlog(self):
        return self.total("hatirlat_events_backlog")

    def settled(self):
        return self.total("hatirlat_messages_total")

    def wait(self, what, seconds=120, pause=0.02):
        end = time.monotonic() + seconds
        while not what():
            if time.monotonic() > end:
                raise Failed(f"waited {seconds} s in vain")
            if self.process.process.poll() is not None:
                raise Failed("the gateway ended")
            time.sleep(pause)


def head(key, method, path, length, content_type, connection="keep-alive"):
    return (f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\n"
            f"Content-Type: {content_type}\r\nContent-Length: {length}\r\n"
            f"Connection: {connection}\r\n\r\n").encode()


# ---- load ----

def wrk(script, url, connections, seconds, *args):
    """(requests per second, answers that were no success)."""
    argv = [need("wrk"), "-t1", f"-c{connections}", f"-d{seconds}", "-s", str(HERE / script), url,
            "--", *map(str, args)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
    if rate is None:
        raise Failed(f"wrk: {done.stderr.strip() or done.stdout.strip()}")
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", done.stdout)
    return float(rate[1]), int(bad[1]) if bad else 0


# ---- peers ----

class Postgres:
    """A cluster of its own, durable, reached by its socket."""

    TABLE = """CREATE TABLE job (id bigserial PRIMARY KEY, ikey text NOT NULL, due_at bigint NOT NULL,
        state int NOT NULL, attempt int NOT NULL DEFAULT 0, sent_at bigint, payload bytea NOT NULL);
        CREATE UNIQUE INDEX job_ikey ON job (ikey);
        CREATE INDEX job_due ON job (due_at) WHERE state = 0;"""

    def __init__(self, directory):
        self.dir = pathlib.Path(directory) / "pg"
        found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/postgres"))
        if not found:
            raise Failed("postgresql is not installed")
        self.bin = found[-1].parent
        self.user = pwd.getpwnam("postgres") if os.getuid() == 0 else None

    def run(self, *argv, **more):
        if self.user is not None:
            more |= {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": []}
        done = subprocess.run([str(a) for a in argv], capture_output=True, text=True, check=False,
                              cwd="/", **more)
        if done.returncode != 0:
            raise Failed(f"{argv[0]}: {done.stderr.strip()[-300:]}")
        return done.stdout

    def __enter__(self):
        self.dir.mkdir()
        if self.user is not None:
            os.chmod(self.dir.parent, 0o755)
            os.chown(self.dir, self.user.pw_uid, self.user.pw_gid)
        self.run(self.bin / "initdb", "-D", self.dir / "data", "-A", "trust", "-U", "bench")
        options = (f"-c listen_addresses= -c unix_socket_directories={self.dir} "
                   "-c synchronous_commit=on -c shared_buffers=256MB")
        self.run(self.bin / "pg_ctl", "-D", self.dir / "data", "-w", "-l", self.dir / "log", "-o",
                 options, "start")
        self.run(self.bin / "psql", "-h", self.dir, "-U", "bench", "-d", "postgres", "-c", self.TABLE)
        script = self.dir / "insert.sql"
        script.write_text("\\set due random(1, 1000000)\nINSERT INTO job (ikey, due_at, state, payload)"
                          " VALUES (gen_random_uuid()::text, :due, 0, '" + "x" * 500 +
                          "') ON CONFLICT DO NOTHING;\n")
        return self

    def insert_rate(self, connections, seconds):
        out = self.run(self.bin / "pgbench", "-n", "-f", self.dir / "insert.sql", "-M", "prepared",
                       "-c", connections, "-j", 1, "-T", seconds, "-h", self.dir, "-U", "bench",
                       "postgres")
        return float(re.search(r"tps = ([\d.]+)", out)[1])

    def __exit__(self, *_):
        self.run(self.bin / "pg_ctl", "-D", self.dir / "data", "-m", "immediate", "stop")


class HttpSink(Process):
    """Takes every SMS and counts (bench_sink.c)."""

    program = "bench_sink"

    def __init__(self, build):
        self.port = free_port()
        found = next(pathlib.Path(build).rglob(self.program), None)
        if found is None:
            raise Failed(f"{self.program} is not built")
        super().__init__([str(found), str(self.port)])
        wait_for_port(self.port, process=self.process)

    def get(self, path):
        with socket.create_connection(("127.0.0.1", self.port), 10) as s:
            s.sendall(f"GET {path} HTTP/1.1\r\n\r\n".encode())
            answer = b""
            while b"\r\n\r\n" not in answer:
                answer += s.recv(1 << 17)
            top, _, body = answer.partition(b"\r\n\r\n")
            length = int(top.lower().split(b"content-length:")[1].split(b"\r\n")[0])
            while len(body) < length:
                body += s.recv(1 << 17)
            return body

    def count(self):
        return int(self.get("/count"))

    def last_request(self):
        """The last request that was taken: (path, headers, body)."""
        top, _, body = self.get("/last").partition(b"\r\n\r\n")
        first, *lines = top.decode().split("\r\n")
        return first.split(" ")[1], dict(line.split(": ", 1) for line in lines), body


class SmppSink(HttpSink):
    """The same by SMPP 3.4 (bench_smpp.c)."""

    program = "bench_smpp"


HTTP_CENTRE = """smsc = http
smsc-id = bench
system-type = generic
send-url = "http://127.0.0.1:{sink}/send?to=%p&text=%b"
status-success-regex = "202"
max-pending-submits = 64
port = {port}"""

SMPP_CENTRE = """smsc = smpp
smsc-id = bench
host = 127.0.0.1
port = {sink}
transceiver-mode = true
smsc-username = bench
smsc-password = bench
system-type = ""
max-pending-submits = 100"""


class Kannel:
    """bearerbox with store=file and smsbox; sends by HTTP or SMPP to a sink."""

    def __init__(self, directory, sink_port, centre=HTTP_CENTRE):
        self.dir = pathlib.Path(directory) / "kannel"
        self.dir.mkdir()
        admin, box, self.port = free_port(), free_port(), free_port()
        conf = f"""
group = core
admin-port = {admin}
admin-password = bench
smsbox-port = {box}
log-file = {self.dir}/bearerbox.log
log-level = 3
box-deny-ip = "*.*.*.*"
box-allow-ip = "127.0.0.1"
store-type = file
store-location = {self.dir}/store

group = smsc
{centre.format(sink=sink_port, port=free_port())}

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {self.port}
global-sender = 8888
log-file = {self.dir}/smsbox.log
log-level = 3

group = sendsms-user
username = bench
password = bench
max-messages = 3
"""
        (self.dir / "kannel.conf").write_text(conf)
        self.boxes = []

    def __enter__(self):
        for name in ("bearerbox", "smsbox"):
            argv = [need(name), "-v", "4", str(self.dir / "kannel.conf")]
            self.boxes.append(Process(argv, cwd=self.dir, log=self.dir / f"{name}.out"))
            time.sleep(0.7)
        wait_for_port(self.port, process=self.boxes[-1].process)
        return self

    def url(self):
        return (f"http://127.0.0.1:{self.port}/cgi-bin/sendsms?username=bench&password=bench"
                "&to=905320000067&text=Sertifikanizin+suresi+60+gun+sonra+doluyor.+Lutfen+yenileyiniz.")

    def __exit__(self, *_):
        for box in reversed(self.boxes):
            box.stop()


class SmtpSink(Process):
    def __init__(self):
        self.port = free_port()
        user = ["-u", "nobody"] if os.getuid() == 0 else []
        super().__init__([need("smtp-sink"), *user, f"127.0.0.1:{self.port}", "1024"])
        wait_for_port(self.port, process=self.process)


def smtp_source(port, sessions, messages, size):
    """Messages per second."""
    start = time.monotonic()
    done = subprocess.run([need("smtp-source"), "-d", "-s", str(sessions), "-m", str(messages), "-l",
                           str(size), "-f", "hatirlatma@ornek.test", "-t", "sukran@ornek.test",
                           f"127.0.0.1:{port}"], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failed(f"smtp-source: {done.stderr.strip()}")
    return messages / (time.monotonic() - start)


def temporary():
    return tempfile.TemporaryDirectory(prefix="hatirlat-bench-")
