"""kill -9 under load, again and again; then nothing may be lost, invented, or doubled unflagged.

    ./run crash --cycles 50 [--seed N] [--rate 100] [--control forget|double|invent]

A gateway with a database of its own sends over an SMS and a mail peer that are other processes with
ledgers on disk. Facts are posted over several connections. Each cycle ends with SIGKILL, at a random
moment or at a named point (base/crash.h); now and then with SIGTERM, after which nothing may be in
doubt, or with a SIGKILL into the middle of that. After the last one, posts without a reply are repeated
with the same ids, everything settles, and the ledgers are compared with what the gateway says. A
--control lets the SMS peer lie in its ledger: the run must then fail.
"""

import argparse
import collections
import http.client
import json
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

from load import Poster
from verdict import Posted, Sent, Verdict

HERE = os.path.dirname(os.path.abspath(__file__))
PEERS = os.path.join(HERE, "..", "peers")
SHARE = os.path.join(HERE, "..", "..", "config")

# Point → the latest passing to end at; rare ones at their first.
EXTRA_CYCLES = 12  # for named points that the planned cycles only passed by
POINTS = {
    "before_accept_commit": 40, "after_accept_commit": 40, "before_apply_commit": 4,
    "after_apply_commit": 4, "before_claim_commit": 40, "after_claim_commit": 30,
    "after_submit": 30, "after_outcome": 60, "before_settle_commit": 40, "after_settle_commit": 40,
    "before_report_commit": 30, "after_report_commit": 30, "in_doubt": 2,
}
SMS_IN_FLIGHT, MAIL_IN_FLIGHT = 16, 40
NAMED_PATIENCE = 4.0
SETTLE_PATIENCE = 180.0
READY_PATIENCE = 30.0
# What may stand in the log with level "error" although all is well.
EXPECTED_ERRORS = set()


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def start_peer(name, *args):
    peer = subprocess.Popen([sys.executable, os.path.join(PEERS, name), *args],
                            stdout=subprocess.PIPE, text=True)
    return peer, int(peer.stdout.readline())


class Gateway:
    """The program under test, through many lives."""

    def __init__(self, program, directory, sms_port, mail_port):
        self.program, self.directory = program, directory
        self.port = free_port()
        self.database = os.path.join(directory, "crash.db")
        self.config = os.path.join(directory, "crash.jsonc")
        self.process = None
        self.ready = threading.Event()
        self.ready_seconds = []
        self.in_doubt = []  # per life: attempts that the last one left open
        self.log = collections.deque(maxlen=200)
        self.errors = collections.Counter()
        self.deaths = []  # lives that ended of their own accord
        with open(os.path.join(directory, "password"), "w", encoding="ascii") as f:
            f.write("kanarya")
        os.chmod(f.name, 0o600)
        with open(self.config, "w", encoding="utf-8") as f:
            json.dump(self.settings(sms_port, mail_port), f)

    def settings(self, sms_port, mail_port):
        retry = {"base": "1s", "cap": "2s", "max_age": "1d"}
        return {
            "office": {"province": "Örnekil", "phone": "0312 000 00 00",
                       "guide_url": "https://ornekil.meb.gov.tr/e-imza",
                       "guide_short": "ornekil.meb.gov.tr/e-imza",
                       "privacy_url": "https://ornekil.meb.gov.tr/aydinlatma",
                       "stop_note": "bilgiislem@ornekil.example adresine e-posta"},
            "mail": {"from": "hatirlatma@ornek.test"},
            "listen": {"http": f"127.0.0.1:{self.port}",
                       "public_url": f"http://127.0.0.1:{self.port}"},
            "database": {"path": self.database},
            "log": {"level": "info", "format": "json"},
            "templates": os.path.join(SHARE, "templates"),
            "recipes": os.path.join(SHARE, "recipes"),
            "retry": {"sms": retry, "email": retry},
            "providers": {
                "kisa": {"kind": "http-sms", "recipe": "kannel", "user": "deneme",
                         "base_url": f"http://127.0.0.1:{sms_port}", "sender": "ORNEK",
                         "password": {"file": os.path.join(self.directory, "password")},
                         "allow_private": True, "in_flight": SMS_IN_FLIGHT, "on_doubt": "resend"},
                "posta": {"kind": "smtp", "host": "127.0.0.1", "port": mail_port, "tls": "none",
                          "envelope_from": "hatirlatma@ornek.test", "batch": 20,
                          "in_flight": MAIL_IN_FLIGHT, "on_doubt": "resend"}},
            "routes": {"sms": ["kisa"], "email": ["posta"]},
            "trial": True, "campaigns": [{"name": "bitis", "marks": [30], "channels": ["sms", "email"]}],
        }

    def make_key(self):
        out = subprocess.run(
            [self.program, "key", "create", "deneme", "--json", "--config", self.config, "--scope",
             "events:write messages:read metrics:read"],
            check=True, capture_output=True, text=True).stdout
        answer = json.loads(out)
        return answer.get("key") or answer.get("token")

    def start(self, crash_at=None):
        environment = dict(os.environ)
        if crash_at:
            environment["HATIRLAT_CRASH_AT"] = crash_at
        self.ready.clear()
        self.in_doubt.append(0)
        began = time.monotonic()
        self.process = subprocess.Popen([self.program, "serve", "--config", self.config],
                                        stderr=subprocess.PIPE, text=True, env=environment)
        self.reader = threading.Thread(target=self.read_log, args=(self.process, began))
        self.reader.start()

    def read_log(self, process, began):
        for line in process.stderr:
            self.log.append(line)
            try:
                entry = json.loads(line)
            except ValueError:
                if "CFG-304" in line or line.startswith("0 "):
                    continue  # the settings are for a trial, and `serve` says so
                self.errors["not a log line: " + line.strip()[:150]] += 1
                continue
            if entry["event"] == "ready":
                self.ready_seconds.append(time.monotonic() - began)
                self.ready.set()
            elif entry["event"] == "attempt_in_doubt":
                self.in_doubt[-1] += 1
            elif entry["level"] == "error" and entry["event"] not in EXPECTED_ERRORS:
                self.errors[f"{entry['event']}: {entry.get('error', '')[:150]}"] += 1
        self.ready.set()  # nobody waits for the dead

    def wait_ready(self):
        self.ready.wait(READY_PATIENCE)
        return self.process.poll() is None

    def wait_death(self, seconds):
        """True when the process ended by SIGKILL without our doing."""
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        if status != -signal.SIGKILL:
            self.deaths.append(f"status {status}: {''.join(list(self.log)[-3:])}")
        return status == -signal.SIGKILL

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.reader.join()

    def stop(self):
        self.process.terminate()
        try:
            return self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return "no end within 30 s"
        finally:
            self.process.wait()
            self.reader.join()


class Reader:
    """What the gateway says about its messages."""

    def __init__(self, port, token):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.headers = {"Authorization": "Bearer " + token}

    def get(self, path):
        self.connection.request("GET", path, headers=self.headers)
        response = self.connection.getresponse()
        body = response.read().decode()
        if response.status != 200:
            raise RuntimeError(f"GET {path}: {response.status} {body[:300]}")
        return body

    def messages(self, query=""):
        found, cursor = [], ""
        while cursor is not None:
            page = json.loads(self.get(f"/v1/messages?limit=200{query}" +
                                       (f"&cursor={cursor}" if cursor else "")))
            found += page["items"]
            cursor = page["next_cursor"]
        return found

    def some(self, status):
        return len(json.loads(self.get(f"/v1/messages?limit=1&status={status}"))["items"])

    def backlog(self):
        for line in self.get("/metrics").splitlines():
            if line.startswith("hatirlat_events_backlog "):
                return float(line.split()[1])
        raise RuntimeError("no hatirlat_events_backlog in /metrics")

    def settled(self):
        return self.backlog() == 0 and not any(map(self.some, ("queued", "sending", "unknown")))

    def attempts(self, message):
        timeline = json.loads(self.get("/v1/messages/" + message))["timeline"]
        return [entry for entry in timeline if "number" in entry]


class Crash:
    def __init__(self, args, directory):
        self.args = args
        self.rng = random.Random(args.seed)
        self.sms_ledger = os.path.join(directory, "sms.ndjson")
        self.mail_ledger = os.path.join(directory, "mail.ndjson")
        self.post_ledger = os.path.join(directory, "posts.ndjson")
        lie = ["--lie", f"{args.control}:50"] if args.control else []
        self.sms_peer, sms_port = start_peer("sms_peer.py", "--ledger", self.sms_ledger, "--delay",
                                             "0.02", *lie)
        self.mail_peer, mail_port = start_peer("smtp_peer.py", "--lean", "--ledger",
                                               self.mail_ledger)
        open(self.mail_ledger, "a", encoding="utf-8").close()
        self.gateway = Gateway(os.path.abspath(args.program), directory, sms_port, mail_port)
        self.reached = collections.Counter()
        self.missed = collections.Counter()
        self.stops = {}  # polite ends: number of the next life → exit status
        self.checks = []
        self.poster = None
        self.told_at = 0.0

    def say(self, text):
        print(text, flush=True)

    # ---- the cycles ----

    def crash_migration(self):
        self.gateway.start("during_migrate")
        if self.gateway.wait_death(NAMED_PATIENCE):
            self.reached["during_migrate"] += 1
        self.gateway.kill()

    def pick_point(self, cycle):
        """Every other cycle ends at a named point, each of them in turn; what was passed by without
        an end (nothing was in doubt, say) comes again first."""
        if not self.args.points or cycle % 2 == 0:
            return None
        again = self.unreached()
        if again:
            return again[0], 1
        name = list(POINTS)[cycle // 2 % len(POINTS)]
        return name, self.rng.randint(1, POINTS[name])

    def unreached(self):
        return [name for name in self.missed if not self.reached[name]]

    def end_at_point(self, name):
        if self.gateway.wait_death(NAMED_PATIENCE):
            self.reached[name] += 1
        else:
            self.missed[name] += 1

    def end_at_random(self, number):
        """Half of the random ends are kills; some are polite, some change their mind."""
        if self.gateway.wait_death(self.rng.uniform(0.2, 3.0)):
            self.gateway.deaths.append("killed by nobody")
        elif number % 10 == 4:
            status = self.gateway.stop()
            self.stops[len(self.gateway.in_doubt)] = status
        elif number % 10 == 8:
            self.gateway.process.terminate()
            time.sleep(self.rng.uniform(0, 0.1))

    def cycle(self, number):
        point = self.pick_point(number)
        self.gateway.start(f"{point[0]}:{point[1]}" if point else None)
        if self.gateway.wait_ready():
            self.poster.begin()
        if point:
            self.end_at_point(point[0])
        else:
            self.end_at_random(number)
        self.gateway.kill()
        self.poster.end()
        if self.gateway.process.returncode not in (0, -signal.SIGKILL):
            self.gateway.deaths.append(f"status {self.gateway.process.returncode}")
        if time.monotonic() - self.told_at > self.args.every:
            self.told_at = time.monotonic()
            self.say(f"cycle {number + 1}/{self.args.cycles}: acked {self.poster.acked}, "
                     f"unanswered {len(self.poster.unanswered)}, in doubt "
                     f"{sum(self.gateway.in_doubt)}, "
                     f"{point[0] + ':' + str(point[1]) if point else 'random'}")

    def settle(self, reader):
        deadline = time.monotonic() + SETTLE_PATIENCE
        quiet = 0
        while quiet < 3 and time.monotonic() < deadline:
            quiet = quiet + 1 if reader.settled() else 0
            time.sleep(0.3)
        time.sleep(2 * 0.5)  # the last delivery reports
        return quiet == 3

    def run(self):
        if self.args.points:
            self.crash_migration()
        token = self.gateway.make_key()
        self.poster = Poster(self.gateway.port, token, self.post_ledger, self.args.rate, self.rng)
        began = time.monotonic()
        number = 0
        while number < self.args.cycles or (self.unreached() and
                                            number < self.args.cycles + EXTRA_CYCLES):
            self.cycle(number)
            number += 1
        self.gateway.start()
        self.check("ready", [] if self.gateway.wait_ready() else ["the last start failed"])
        repeated = self.poster.repeat_unanswered()
        self.say(f"repeated {repeated} posts without a reply; waiting for everything to settle")
        reader = Reader(self.gateway.port, token)
        settled = self.settle(reader)
        self.judge(reader, settled)
        return self.finish(time.monotonic() - began)

    # ---- the verdict ----

    def check(self, name, problems):
        problems = list(problems)
        self.checks.append((name, len(problems)))
        self.say(f"{'ok  ' if not problems else 'FAIL'} {name}" +
                 (f": {len(problems)}" if problems else ""))
        for problem in problems[:5]:
            self.say("       " + problem)

    def judge(self, reader, settled):
        messages = reader.messages()
        self.verdict = Verdict(Posted(self.post_ledger), Sent(self.sms_ledger, self.mail_ledger),
                               messages, reader.attempts)
        v = self.verdict
        self.states = collections.Counter(m["status"] for m in messages)
        self.check("settled", [] if settled else [f"states {dict(self.states)}"])
        for name in ("lost", "phantom", "dropped", "nagged", "unflagged", "unexplained",
                     "unclaimed", "report_lost"):
            self.check(name, getattr(v, name)())
        self.check("all_posts_answered", self.poster.faults)
        most = SMS_IN_FLIGHT + MAIL_IN_FLIGHT
        self.check("in_doubt_per_crash", (f"{n} attempts in doubt after one crash, at most {most} "
                                          "can be in flight" for n in self.gateway.in_doubt
                                          if n > most))
        copies = sum(len(c) - 1 for c in v.duplicates().values())
        doubts = sum(self.gateway.in_doubt)
        self.check("duplicates_within_doubts",
                   [f"{copies} > {doubts}"] if copies > doubts else [])
        self.check("no_other_end", self.gateway.deaths)
        self.check("no_errors_logged", (f"{n} x {e}" for e, n in self.gateway.errors.items()))
        self.check("points_reached", (f"{p} was passed {self.missed[p]} times and never ended it"
                                      for p in self.unreached()))
        self.stops["last"] = self.gateway.stop()
        self.check("clean_stop", (f"ended with {s}" for s in self.stops.values() if s != 0))
        self.check("nothing_in_doubt_after_a_stop",
                   (f"{self.gateway.in_doubt[n]} in doubt in life {n}" for n in self.stops
                    if n != "last" and self.gateway.in_doubt[n]))
        with sqlite3.connect(f"file:{self.gateway.database}?mode=ro", uri=True) as db:
            found = db.execute("PRAGMA integrity_check").fetchone()[0]
        self.check("database", [] if found == "ok" else [found])

    def finish(self, seconds):
        v = self.verdict
        ready = sorted(self.gateway.ready_seconds)
        counts = dict(self.checks)
        summary = {
            "test": "crash", "seed": self.args.seed, "cycles": self.args.cycles,
            "seconds": round(seconds, 1), "posts": self.poster.posts,
            "events_acked": len(v.posted.acked),
            "stored_unanswered": len(v.posted.stored_unanswered),
            "messages": len(v.messages),
            "states": dict(self.states), "ledger_entries": sum(map(len, v.sent.copies.values())),
            "reports": len(v.sent.reported), "lost": counts["lost"], "phantom": counts["phantom"],
            "duplicates": sum(len(c) - 1 for c in v.duplicates().values()),
            "duplicates_unflagged": counts["unflagged"],
            "flagged": sum(m["possible_duplicate"] for m in v.messages),
            "in_doubt": sum(self.gateway.in_doubt),
            "in_doubt_max_per_crash": max(self.gateway.in_doubt),
            "ready_ms_p50": round(1000 * quantile(ready, 0.5), 1),
            "ready_ms_p99": round(1000 * quantile(ready, 0.99), 1),
            "points": dict(self.reached),
        }
        failed = sum(1 for _, n in self.checks if n)
        self.say(json.dumps(summary))
        self.say(f"{len(self.checks) - failed} passed, {failed} failed")
        return failed == 0

    def close(self):
        if self.gateway.process and self.gateway.process.poll() is None:
            self.gateway.kill()
        for peer in (self.sms_peer, self.mail_peer):
            peer.kill()
            peer.wait()


def quantile(values, q):
    return values[min(len(values) - 1, int(q * len(values)))] if values else 0.0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", default=os.path.join(HERE, "../../build/crash/hatirlat"))
    parser.add_argument("--cycles", type=int, default=50)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--rate", type=float, default=100.0, help="facts per second")
    parser.add_argument("--every", type=float, default=10.0, help="seconds between progress lines")
    parser.add_argument("--control", choices=("forget", "double", "invent"), default="",
                        help="the SMS peer lies about every 50th message; the run must fail")
    parser.add_argument("--no-points", dest="points", action="store_false",
                        help="only random moments; for a program built without named points")
    parser.add_argument("--keep", action="store_true", help="leave database and ledgers behind")
    args = parser.parse_args()
    args.seed = random.SystemRandom().randrange(1 << 32) if args.seed is None else args.seed
    print(f"seed {args.seed}", flush=True)
    directory = tempfile.mkdtemp(prefix="hatirlat-crash-")
    crash = Crash(args, directory)
    good = False
    try:
        good = crash.run()
    finally:
        crash.close()
        if good and not args.keep:
            for name in os.listdir(directory):
                os.unlink(os.path.join(directory, name))
            os.rmdir(directory)
        else:
            print(f"kept {directory}", flush=True)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
