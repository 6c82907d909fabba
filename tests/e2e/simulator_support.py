"""A simulated vendor and a driven provider, for the suites about recipes."""

import contextlib
import http.client
import http.server
import json
import os
import queue
import re
import signal
import subprocess
import threading
import urllib.error
import urllib.request

from gateway_support import BUILD, PROGRAM, SOURCE, until

RECIPES = os.path.join(SOURCE, "config", "recipes")
DESCRIPTIONS = os.path.join(SOURCE, "config", "simulators")
PATIENCE = 20


def uncommented(path):
    """A JSONC file of ours: whole-line comments only."""
    with open(path, encoding="utf-8") as f:
        return json.loads("".join(line for line in f if not line.lstrip().startswith("//")))


def vendors():
    return sorted(name[:-5] for name in os.listdir(DESCRIPTIONS) if name.endswith(".json"))


def description(vendor):
    return uncommented(os.path.join(DESCRIPTIONS, vendor + ".json"))


def has_recipe(vendor):
    return os.path.exists(os.path.join(RECIPES, vendor + ".json"))


def special(code=0, state=0):
    """The number that makes a simulated vendor answer with this code, end in this state."""
    return f"+90500{code:05d}{state:02d}"


def number_of(table, name):
    """What number asks for an entry of a description's table."""
    entry = table[name]
    return entry["number"] if "number" in entry else int(name)


class Simulator:
    def __init__(self, vendor, *options):
        self.vendor = vendor
        self.process = subprocess.Popen(
            [PROGRAM, "simulate", vendor, "--json", "--report-after", "50ms", *options],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        first = self.process.stdout.readline()
        assert first, self.process.stderr.read()
        self.url = json.loads(first)["url"]
        # Nobody reads what it says about each request: a thread keeps the pipe empty.
        self.events = []
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            self.events.append(json.loads(line))

    def request(self, path, data=None, method=None, headers=None):
        """(status, text); status 0 when there was no answer."""
        request = urllib.request.Request(self.url + path, data=data, method=method,
                                         headers=headers or {})
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read().decode()
        except (OSError, http.client.HTTPException):
            return 0, ""

    def faults(self, *specs):
        status, text = self.request("/_sim/fault", "\n".join(specs).encode())
        assert status == 200, text

    def ledger(self):
        return json.loads(self.request("/_sim/messages")[1])["messages"]

    def clear(self):
        self.faults()
        self.request("/_sim/messages", method="DELETE")

    def requests(self):
        return json.loads(self.request("/_sim/requests")[1])["requests"]

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(PATIENCE)
        said = self.process.stderr.read()
        self.reader.join(5)
        self.process.stdout.close()
        self.process.stderr.close()
        assert code == 0 and "Sanitizer" not in said and "runtime error" not in said, said


@contextlib.contextmanager
def simulator(vendor, *options):
    s = Simulator(vendor, *options)
    try:
        yield s
    except BaseException:
        s.process.kill()
        s.process.wait()
        raise
    s.stop()


class Drive:
    """One provider of kind http-sms; what it says is sorted as it comes."""

    def __init__(self, report_url="", **settings):
        env = {**os.environ, "HATIRLAT_RECIPES": RECIPES, "HATIRLAT_REPORT_URL": report_url,
               "SIR": "gizli-parola", "YANLIS": "yanlis", "RAPOR_SIRRI": "rapor-sirri-1"}
        self.child = subprocess.Popen(
            [os.path.join(BUILD, "tests", "provider_drive"), "http-sms", json.dumps(settings)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=env)
        self.outcomes = {}
        self.reports = []
        self.said = queue.Queue()
        self.next_id = 1
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.child.stdout:
            value = json.loads(line)
            if "outcome" in value:
                self.outcomes.setdefault(value["id"], []).append(value)
            elif "report" in value:
                self.reports.append(value)
            else:
                self.said.put(value)

    def tell(self, value):
        self.child.stdin.write(json.dumps(value) + "\n")
        self.child.stdin.flush()

    def submit(self, *jobs):
        """Jobs in one call: their ids. A job is a dictionary with at least "to"."""
        ids = []
        for job in jobs:
            ids.append(self.next_id)
            job.update(id=self.next_id)
            job.setdefault("text", f"Sn. Çiğdem IŞIK, {self.next_id} gün kaldı.")
            job.setdefault("ref", f"m{self.next_id}-a1")
            self.next_id += 1
        self.tell(list(jobs))
        return ids

    def outcome(self, ident, limit=PATIENCE):
        got = until(lambda: self.outcomes.get(ident) or self.child.poll() is not None,
                    f"the outcome of {ident}", limit)
        assert got is not True, self.child.stderr.read()
        return got[0]

    def send(self, *jobs):
        return [self.outcome(i) for i in self.submit(*jobs)]

    def one(self, to="+905320000067", **job):
        return self.send({"to": to, **job})[0]

    def hear(self, key, limit=PATIENCE):
        """The next thing said that has this key."""
        while True:
            value = self.said.get(timeout=limit)
            if key in value:
                return value

    def stop(self):
        self.child.stdin.close()
        code = self.child.wait(PATIENCE)
        said = self.child.stderr.read()
        assert code == 0 and "Sanitizer" not in said and "runtime error" not in said, said
        for ident, list_ in self.outcomes.items():
            assert len(list_) == 1, f"job {ident} was completed {len(list_)} times"


@contextlib.contextmanager
def drive(*args, **settings):
    d = Drive(*args, **settings)
    try:
        yield d
    except BaseException:
        d.child.kill()
        print(d.child.communicate()[1])
        raise
    d.stop()


class Catcher:
    """Takes what a vendor pushes."""

    def __init__(self):
        catcher = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def take(self):
                length = int(self.headers.get("Content-Length") or 0)
                path, _, query = self.path.partition("?")
                catcher.caught.append({
                    "method": self.command, "path": path, "query": query,
                    "content_type": self.headers.get("Content-Type") or "",
                    "body": self.rfile.read(length).decode(), "headers": dict(self.headers)})
                self.send_response(catcher.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_GET = do_POST = take

            def log_message(self, *args):
                pass

        self.status = 200
        self.caught = []
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/reports/x"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@contextlib.contextmanager
def catcher():
    c = Catcher()
    try:
        yield c
    finally:
        c.close()


def matches(pattern, text):
    return re.fullmatch(pattern, text) is not None
