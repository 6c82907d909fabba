"""Measured figures, one JSON line each: value, spread, goal and the peer of the same run.

All programs share the machine, so only ratios measured side by side travel to another one: ratios
are taken per repetition, and the median of those is the figure.
"""

import argparse
import concurrent.futures
import datetime
import json
import os
import pathlib
import random
import re
import shutil
import socket
import sqlite3
import statistics
import subprocess
import sys
import time
import urllib.parse

from world import (ROOT, SMPP_CENTRE, Failed, Gateway, HttpSink, Kannel, Postgres, SmppSink, SmtpSink,
                   free_port, head, smtp_source, temporary, wrk)

SERIES = 1_000_000
SMALL = 10_000
ROSTER_ROWS = 100_000
CHECK_SECONDS = 10  # a large file is checked in the background after the start


class Bench:
    def __init__(self, args):
        self.build = pathlib.Path(args.build).resolve()
        self.reps = args.reps or (3 if args.quick else 5)
        self.seconds = 1 if args.quick else 2
        self.ok = True

    def tell(self, figure, values, unit, goal=None, at_most=False, command="", peer=None):
        """Prints one figure; a goal is a lower bound unless at_most."""
        value = statistics.median(values)
        ok = None if goal is None else value <= goal if at_most else value >= goal
        self.ok = self.ok and ok is not False
        print(json.dumps({"figure": figure, "value": round(value, 3), "unit": unit, "goal": goal,
                          "ok": ok, "spread": [round(min(values), 3), round(max(values), 3)],
                          "n": len(values), "command": command, "peer": peer},
                         ensure_ascii=False), flush=True)

    def fill(self, gateway, count):
        tool = next(self.build.rglob("bench_fill"), None)
        if tool is None:
            raise Failed("bench_fill is not built")
        subprocess.run([str(tool), str(gateway.database), str(count)], check=True)
        os.sync()


def days_ahead(days):
    return (datetime.date.today() + datetime.timedelta(days=days)).isoformat()


PHONE = ("phone", "+90532NNNNNNN")
MAIL = ("email", "kisi-NNNNNNN@ornek.test")


def no_failures(bad):
    if bad:
        raise Failed(f"{bad} requests were refused")


# ---- accepting ----

def accept_single(bench, connections, goal):
    """Single-event POSTs answered after the commit, against durable INSERTs of PostgreSQL."""
    ours, theirs = [], []
    with temporary() as directory, Postgres(directory) as pg:
        gateway = Gateway(bench.build, directory)
        gateway.configure()
        gateway.start()
        try:
            for rep in range(bench.reps):
                rate, bad = wrk("post.lua", gateway.url(), connections, bench.seconds, gateway.key,
                                days_ahead(400), *PHONE, rep * 1000 + connections)
                no_failures(bad)
                gateway.wait(lambda: gateway.backlog() == 0)
                ours.append(rate)
                theirs.append(pg.insert_rate(connections, bench.seconds))
        finally:
            gateway.stop()
    command = f"wrk -t1 -c{connections} -d{bench.seconds} -s post.lua"
    peer = f"pgbench -M prepared -c{connections} -j1, one INSERT, synchronous_commit=on"
    bench.tell(f"accept_{connections}_per_s", ours, "events/s", command=command)
    bench.tell(f"accept_{connections}_postgresql_per_s", theirs, "rows/s", command=peer)
    bench.tell(f"accept_{connections}_vs_postgresql", [a / b for a, b in zip(ours, theirs)],
               "ratio", goal, command=command, peer=peer)


def event_lines(count, days):
    end = days_ahead(days)
    for _ in range(count):
        ref = random.randbytes(12).hex("-", 3)
        yield ('{"specversion":"1.0","type":"tr.eimza.certificate.expiring.v1",'
               f'"source":"urn:ornek:bench","id":"{ref}","data":{{"certificate":{{"ref":"{ref}",'
               f'"not_after":"{end}"}},"holder":{{"name":"Şükran Işık",'
               f'"phone":"+90532{random.randrange(10_000_000):07d}"}},"eonay":"active"}}}}\n')


def post_all(gateway, bodies):
    """Posts every body over one connection, the next after the answer to the last."""
    with socket.create_connection(("127.0.0.1", gateway.port), 60) as s:
        for body in bodies:
            s.sendall(body)
            answer = b""
            while b"\r\n\r\n" not in answer:
                answer += s.recv(1 << 18)
            top, _, rest = answer.partition(b"\r\n\r\n")
            length = int(top.lower().split(b"content-length:")[1].split(b"\r\n")[0])
            got = len(rest)
            while got < length:
                got += len(s.recv(1 << 18))
            if not top.startswith(b"HTTP/1.1 202"):
                raise Failed(f"bulk: {top[:60]!r}")


def accept_bulk(bench):
    """NDJSON of 2,000 events per POST on four connections; the bodies are made before."""
    rates = []
    lines, posts, connections = 2000, 10, 4
    with temporary() as directory:
        gateway = Gateway(bench.build, directory)
        gateway.configure()
        gateway.start()
        try:
            for _ in range(bench.reps):
                work = []
                for _ in range(connections):
                    bodies = ["".join(event_lines(lines, 400)).encode() for _ in range(posts)]
                    work.append([head(gateway.key, "POST", "/v1/events", len(b),
                                      "application/x-ndjson") + b for b in bodies])
                before = gateway.accepted()
                start = time.monotonic()
                with concurrent.futures.ThreadPoolExecutor(connections) as pool:
                    list(pool.map(lambda bodies: post_all(gateway, bodies), work))
                took = time.monotonic() - start
                if gateway.accepted() - before != lines * posts * connections:
                    raise Failed("not every event was new")
                rates.append(lines * posts * connections / took)
                gateway.wait(lambda: gateway.backlog() == 0)
        finally:
            gateway.stop()
    bench.tell("accept_ndjson_per_s", rates, "events/s", 100_000,
               command=f"{connections} connections, {lines} lines per POST, {posts} POSTs each")


# ---- the whole path ----

def sms_provider(sink):
    return {"sms": {"kind": "http-sms", "recipe": "bench", "user": "bench", "password": {"env": "HOME"},
                    "base_url": f"http://127.0.0.1:{sink.port}", "allow_private": True}}


def sms_round(gateway, bench, seed):
    """POST → commit → claim → vendor → settled: (messages/s, CPU µs per message)."""
    settled, accepted = gateway.settled(), gateway.accepted()
    cpu, start = gateway.process.cpu_seconds(), time.monotonic()
    _, bad = wrk("post.lua", gateway.url(), 16, bench.seconds, gateway.key, days_ahead(60), *PHONE,
                 seed)
    no_failures(bad)
    count = gateway.accepted() - accepted
    gateway.wait(lambda: gateway.settled() - settled >= count)
    took = time.monotonic() - start
    return count / took, (gateway.process.cpu_seconds() - cpu) / count * 1e6


def kannel_round(kannel, sink, bench):
    before, start = sink.count(), time.monotonic()
    rate, bad = wrk("get.lua", kannel.url(), 16, bench.seconds)
    no_failures(bad)
    count, last, idle = sink.count(), time.monotonic(), 0
    while idle < 50:
        time.sleep(0.02)
        now = sink.count()
        idle = 0 if now > count else idle + 1
        last = time.monotonic() if now > count else last
        count = now
    if count - before < rate * bench.seconds * 0.95:
        raise Failed("Kannel did not send what it took")
    return (count - before) / (last - start)


def sms_end_to_end(bench):
    """The same job by Kannel with store=file, which does not fsync."""
    ours, theirs = [], []
    with temporary() as directory, HttpSink(bench.build) as sink:
        gateway = Gateway(bench.build, directory)
        gateway.configure(sms_provider(sink), {"sms": ["sms"]})
        gateway.start()
        try:
            with Kannel(directory, sink.port) as kannel:
                for rep in range(bench.reps):
                    ours.append(sms_round(gateway, bench, rep)[0])
                    theirs.append(kannel_round(kannel, sink, bench))
        finally:
            gateway.stop()
    command = f"wrk -t1 -c16 -d{bench.seconds} -s post.lua until the last message is settled"
    peer = "Kannel store=file, smsc=http, max-pending-submits 64, same load and sink"
    bench.tell("sms_end_to_end_per_s", ours, "messages/s", command=command)
    bench.tell("sms_end_to_end_kannel_per_s", theirs, "messages/s", command=peer)
    bench.tell("sms_end_to_end_vs_kannel", [a / b for a, b in zip(ours, theirs)], "ratio", 3,
               command=command, peer=peer)


def post_lines(gateway, count, days, channel):
    field = '"phone":"+90532' if channel == "sms" else '"email":"kisi-'
    lines = []
    for i, line in enumerate(event_lines(count, days)):
        value = f"{i:07d}" if channel == "sms" else f"{i:07d}@ornek.test"
        lines.append(line.split('"phone":')[0] + field + value + '"},"eonay":"active"}}\n')
    for at in range(0, count, 2000):
        status, body = gateway.request("POST", "/v1/events",
                                       "".join(lines[at:at + 2000]).encode(),
                                       "application/x-ndjson")
        if status != 202:
            raise Failed(f"bulk: {status} {body[:200]!r}")
    gateway.wait(lambda: gateway.backlog() == 0)


# Asking costs milliseconds of the processors that the drain needs, and nobody asks the peer meanwhile.
LOOK_S = 0.2


def drain_rate(gateway, messages):
    """Queued messages, a started gateway: messages/s between the first tenth and the last."""
    looks = []
    gateway.start()

    def all_are_gone():
        looks.append((time.monotonic(), gateway.settled()))
        return looks[-1][1] >= messages - 1

    gateway.wait(all_are_gone, pause=LOOK_S)
    gateway.stop()
    under_way = [look for look in looks[:-1] if look[1] >= messages // 10]
    if len(under_way) < 2:
        raise Failed(f"{messages} messages are too few to measure their rate")
    (start, before), (end, after) = under_way[0], under_way[-1]
    return (after - before) / (end - start)


def kept_mail_size(gateway):
    """Bytes of the mail that the waiting sink took: the peer is to send as much."""
    with sqlite3.connect(f"file:{gateway.database}?mode=ro", uri=True) as database:
        return database.execute("SELECT max(length(content)) FROM inbox").fetchone()[0]


# kind, its word for two sessions, and the least ratio: smtp-curl has no threads of its own, it
# shares the loop with rendering and everything else.
MAIL_BACK_ENDS = {"smtp": ("smtp", {"workers": 2}, 1.0),
                  "smtp_curl": ("smtp-curl", {"connections": 2}, 0.4)}


def mail_drain(bench, name):
    """Mails that are due, through two sessions, against smtp-source with as many of their size."""
    ours, theirs = [], []
    messages, size = 6000, 2048
    kind, sessions, goal = MAIL_BACK_ENDS[name]
    for _ in range(bench.reps):
        with temporary() as directory, SmtpSink() as sink:
            gateway = Gateway(bench.build, directory)
            waiting = {"posta": {"kind": "sink", "pace": "1/h"}}
            sending = {"posta": {"kind": kind, "host": "127.0.0.1", "port": sink.port,
                                 "tls": "none", **sessions,
                                 "envelope_from": "hatirlatma@ornek.test"}}
            routes = {"email": ["posta"]}
            gateway.configure(waiting, routes, ["email"])
            gateway.start()
            post_lines(gateway, messages, 60, "email")
            gateway.stop()
            size = kept_mail_size(gateway)
            gateway.configure(sending, routes, ["email"])
            try:
                ours.append(drain_rate(gateway, messages))
            finally:
                gateway.stop()
            theirs.append(smtp_source(sink.port, 2, messages * 2, size))
    command = f"{messages} mails due, provider {kind}, 2 sessions, to smtp-sink"
    peer = f"smtp-source -d -s 2 -l {size}"
    bench.tell(f"{name}_drain_per_s", ours, "mails/s", command=command)
    bench.tell(f"{name}_drain_smtp_source_per_s", theirs, "mails/s", command=peer)
    bench.tell(f"{name}_drain_vs_smtp_source", [a / b for a, b in zip(ours, theirs)], "ratio", goal,
               command=command, peer=peer)


def smtp_drain(bench):
    mail_drain(bench, "smtp")


def smtp_curl_drain(bench):
    mail_drain(bench, "smtp_curl")


# ---- every engine of recipes against what the wire and the sink can do ----

# Shape: recipe and messages per request (0: as shipped).
RECIPES = {"netgsm": ("netgsm", 1), "netgsm_batch": ("netgsm", 0), "twilio": ("twilio", 1),
           "mutlucell": ("mutlucell", 1)}
RECIPE_GOALS = {4: 0.25, 16: 0.20}
DRAINED = 40_000  # messages per second of a run; more would not change the rate


def shipped_recipe(directory, recipe, batch, concurrent):
    """A shipped recipe whose vendor takes so many requests at once, and as fast as they come."""
    text = (ROOT / "config" / "recipes" / f"{recipe}.json").read_text()
    content = json.loads(re.sub(r"^\s*//.*$", "", text, flags=re.M))
    content["limits"] = {"in_flight": concurrent}
    content.pop("senders", None)  # the sink knows no titles
    if batch:
        content["send"]["batch"] = batch
    directory.mkdir(exist_ok=True)
    (directory / f"{recipe}.json").write_text(json.dumps(content, ensure_ascii=False))
    return directory


def recipe_provider(sink, recipe):
    return {"sms": {"kind": "http-sms", "recipe": recipe, "user": "bench",
                    "password": {"env": "HOME"}, "sender": "BENCH",
                    "base_url": f"http://127.0.0.1:{sink.port}", "allow_private": True}}


def wrk_again(directory, sink, request, concurrent, seconds):
    """The same request as often as wrk can post it on so many connections: requests/s."""
    path, headers, body = request
    kept = [f"{name}: {value}" for name, value in headers.items()
            if name.lower() in ("authorization", "content-type", "accept", "user-agent")]
    (directory / "body").write_bytes(body)
    rate, bad = wrk("again.lua", f"http://127.0.0.1:{sink.port}{path}", concurrent, seconds,
                    directory / "body", *kept)
    no_failures(bad)
    return rate


def recipe_drain(bench, gateway, sink, name, concurrent, loaded):
    """Messages that are due, drained through a recipe, against wrk posting one of them."""
    recipe, batch = RECIPES[name]
    ours, theirs, request = [], [], None
    recipes = shipped_recipe(gateway.dir / f"recipes-{name}-{concurrent}", recipe, batch, concurrent)
    gateway.configure(recipe_provider(sink, recipe), {"sms": ["sms"]}, recipes=recipes)
    for _ in range(bench.reps):
        shutil.copy(loaded, gateway.database)
        try:
            ours.append(drain_rate(gateway, DRAINED * bench.seconds))
        finally:
            gateway.stop()
        request = sink.single if batch == 0 else sink.last_request()
        sink.single = request
        theirs.append(wrk_again(gateway.dir, sink, request, concurrent, bench.seconds))
    command = (f"{DRAINED * bench.seconds} SMS due, recipe {recipe}, "
               f"{batch or 'as many as shipped'} per request, {concurrent} requests at once")
    peer = f"wrk -t1 -c{concurrent} -d{bench.seconds}, the recipe's own request of one message"
    figure = f"sms_drain_{name}_{concurrent}"
    bench.tell(f"{figure}_per_s", ours, "messages/s", command=command)
    bench.tell(f"{figure}_wrk_per_s", theirs, "requests/s", command=peer)
    bench.tell(f"{figure}_vs_wrk", [a / b for a, b in zip(ours, theirs)], "ratio",
               RECIPE_GOALS[concurrent], command=command, peer=peer)


def sms_drain(bench):
    with temporary() as directory, HttpSink(bench.build) as sink:
        gateway = Gateway(bench.build, directory)
        # The same name, else every case is planned anew for the changed route.
        gateway.configure({"sms": {"kind": "sink", "pace": "1/h"}}, {"sms": ["sms"]})
        gateway.start()
        try:
            post_lines(gateway, DRAINED * bench.seconds, 60, "sms")
        finally:
            gateway.stop()
        loaded = shutil.copy(gateway.database, gateway.dir / "loaded.db")
        for name in RECIPES:
            for concurrent in RECIPE_GOALS:
                recipe_drain(bench, gateway, sink, name, concurrent, loaded)


# ---- delivery reports ----

def kannel_provider(sink):
    return {"sms": {"kind": "http-sms", "recipe": "kannel", "user": "bench",
                    "password": {"env": "HOME"}, "sender": "BENCH",
                    "base_url": f"http://127.0.0.1:{sink.port}", "allow_private": True}}


def message_names(gateway):
    """The names of all messages, as the API lists them."""
    names, cursor = [], ""
    while True:
        status, body = gateway.request("GET", f"/v1/messages?limit=200{cursor}")
        if status != 200:
            raise Failed(f"/v1/messages answered {status}: {body[:200]!r}")
        page = json.loads(body)
        names += [message["id"] for message in page["items"]]
        if page["next_cursor"] is None:
            return names
        cursor = f"&cursor={page['next_cursor']}"


def reports(bench):
    """Reports pushed one by one, each answered when it is stored: matched, and told once more."""
    fresh, twice = [], []
    count = 15_000 * bench.seconds
    with temporary() as directory, HttpSink(bench.build) as sink:
        gateway = Gateway(bench.build, directory)
        gateway.configure(kannel_provider(sink), {"sms": ["sms"]}, recipes=ROOT / "config" / "recipes")
        gateway.start()
        try:
            post_lines(gateway, count, 60, "sms")
            gateway.wait(lambda: gateway.settled() >= count)
            (gateway.dir / "names").write_text("\n".join(message_names(gateway)) + "\n")
            url = urllib.parse.parse_qs(sink.last_request()[0].partition("?")[2])["dlr-url"][0]
            path = urllib.parse.urlsplit(url).path + "?state=1&detail=ok"
        finally:
            gateway.stop()
        loaded = shutil.copy(gateway.database, gateway.dir / "loaded.db")
        for _ in range(bench.reps):
            shutil.copy(loaded, gateway.database)
            gateway.start()
            try:
                for rates in (fresh, twice):
                    known = gateway.total("hatirlat_dlr_total", 'result="matched"')
                    rate, bad = wrk("report.lua", gateway.url(""), 64, bench.seconds, path,
                                    gateway.dir / "names")
                    no_failures(bad)
                    rates.append(rate)
                    known = gateway.total("hatirlat_dlr_total", 'result="matched"') - known
                    if rates is fresh and known < min(count, 0.9 * rate * bench.seconds):
                        raise Failed(f"only {known:.0f} reports found their message")
            finally:
                gateway.stop()
    command = f"wrk -t1 -c64 -d{bench.seconds} -s report.lua, {count} messages wait, recipe kannel"
    bench.tell("reports_per_s", fresh, "reports/s", 10_000, command=command)
    bench.tell("reports_repeated_per_s", twice, "reports/s", 10_000, command=command)


def smpp_provider(sink):
    return {"sms": {"kind": "smpp", "host": "127.0.0.1", "port": sink.port, "tls": "off",
                    "system_id": "bench", "password": {"env": "SMPP_PASSWORD"}, "sender": "BENCH",
                    "window": 100}}


def smpp_send_rate(bench, sink, count):
    """Submits per second of the back end alone."""
    tool = next(bench.build.rglob("bench_smpp_send"), None)
    if tool is None:
        raise Failed("bench_smpp_send is not built")
    done = subprocess.run([str(tool), str(sink.port), str(count)], check=False,
                          capture_output=True, text=True)
    if done.returncode != 0:
        raise Failed(done.stderr.strip())
    return float(done.stdout)


def smpp(bench):
    """By SMPP: the back end alone, POST to settled, and the same job by Kannel, which does not
    fsync; the window is the same."""
    alone, ours, theirs = [], [], []
    count = 20_000 * bench.seconds
    os.environ["SMPP_PASSWORD"] = "bench"
    with temporary() as directory, SmppSink(bench.build) as sink:
        gateway = Gateway(bench.build, directory)
        gateway.configure(smpp_provider(sink), {"sms": ["sms"]})
        gateway.start()
        try:
            with Kannel(directory, sink.port, SMPP_CENTRE) as kannel:
                for rep in range(bench.reps):
                    alone.append(smpp_send_rate(bench, sink, count))
                    ours.append(sms_round(gateway, bench, rep)[0])
                    theirs.append(kannel_round(kannel, sink, bench))
        finally:
            gateway.stop()
    submits = f"bench_smpp_send, {count} submit_sm, window 100"
    command = f"wrk -t1 -c16 -d{bench.seconds} -s post.lua until settled, provider smpp, window 100"
    peer = "Kannel store=file, smsc=smpp, max-pending-submits 100, same load and sink"
    bench.tell("smpp_submits_per_s", alone, "submit_sm/s", command=submits)
    bench.tell("smpp_end_to_end_per_s", ours, "messages/s", command=command)
    bench.tell("smpp_end_to_end_kannel_per_s", theirs, "messages/s", command=peer)
    bench.tell("smpp_submits_vs_kannel", [a / b for a, b in zip(alone, theirs)], "ratio", 3,
               command=submits, peer=peer)
    bench.tell("smpp_end_to_end_vs_kannel", [a / b for a, b in zip(ours, theirs)], "ratio",
               command=command, peer=peer)


# ---- a roster ----

def roster_file(path, count):
    """A list as a personnel office has it: Windows' semicolons, Turkish titles and dates."""
    end = (datetime.date.today() + datetime.timedelta(days=60)).strftime("%d.%m.%Y")
    with open(path, "w", encoding="utf-8-sig") as f:
        f.write("Adı Soyadı;Sicil No;Cep Telefonu;E-posta;Kurum;Sertifika No;Sertifika Bitiş Tarihi\r\n")
        for i in range(count):
            f.write(f"Şükran Işık;{i};0532 {i // 10000:03d} {i // 100 % 100:02d} {i % 100:02d};"
                    f"kisi-{i}@ornek.test;Örnek Lisesi;s-{i};{end}\r\n")
    return path


def import_once(bench, count, *options):
    """(seconds, peak MiB) of hatirlat import into an empty store."""
    with temporary() as directory, open(os.devnull, "wb") as silence:
        gateway = Gateway(bench.build, directory)
        gateway.configure()
        roster = roster_file(gateway.dir / "roster.csv", count)
        start = time.monotonic()
        run = subprocess.Popen(gateway.program("import", str(roster), *options, "--quiet"),
                               stdout=silence)
        _, status, used = os.wait4(run.pid, 0)
        took = time.monotonic() - start
        run.returncode = os.waitstatus_to_exitcode(status)
        if run.returncode != 0:
            raise Failed(f"hatirlat import ended with {run.returncode}")
        return took, used.ru_maxrss / 1024


def roster_import(bench):
    """A hundred thousand rows looked at and taken, and the memory that ten times as many take."""
    looked, taken, grown = [], [], []
    for _ in range(bench.reps):
        looked.append(import_once(bench, ROSTER_ROWS, "--dry-run")[0])
        took, peak = import_once(bench, ROSTER_ROWS, "--yes")
        taken.append(took)
        grown.append(peak / import_once(bench, ROSTER_ROWS // 10, "--yes")[1])
    command = f"hatirlat import roster.csv, {ROSTER_ROWS} rows"
    bench.tell("roster_dry_run_s", looked, "s", 10, at_most=True, command=f"{command} --dry-run")
    bench.tell("roster_import_s", taken, "s", 10, at_most=True, command=f"{command} --yes")
    bench.tell("roster_memory_100k_vs_10k", grown, "ratio", 3, at_most=True, command=command)


# ---- with a million messages ----

def first_accept_ms(gateway):
    """From the start of the program to the first 202."""
    body = next(event_lines(1, 400)).encode()
    request = head(gateway.key, "POST", "/v1/events", len(body),
                   "application/cloudevents+json") + body
    start = time.monotonic()
    gateway.start()
    with socket.create_connection(("127.0.0.1", gateway.port), 60) as s:
        s.sendall(request)
        answer = s.recv(4096)
    took = (time.monotonic() - start) * 1000
    if not answer.startswith(b"HTTP/1.1 202"):
        raise Failed(f"the first answer was {answer[:40]!r}")
    return took


def large_queue(bench):
    """Start, memory and cost per message with a million messages queued."""
    starts, sizes = [], []
    with temporary() as directory, temporary() as small_directory, HttpSink(bench.build) as sink:
        large = Gateway(bench.build, directory)
        small = Gateway(bench.build, small_directory)
        for gateway, count in ((large, SERIES), (small, SMALL)):
            gateway.configure(sms_provider(sink), {"sms": ["sms"]})
            bench.fill(gateway, count)
        for rep in range(bench.reps):
            try:
                starts.append(first_accept_ms(large))
                wrk("post.lua", large.url(), 16, 1, large.key, days_ahead(400), *PHONE, rep)
                sizes.append(large.process.rss_mib())
            finally:
                large.stop()
        bench.tell("first_202_at_1m_ms", starts, "ms", 100, at_most=True,
                   command="hatirlat serve with 1,000,000 queued, poll, POST")
        bench.tell("rss_at_1m_mib", sizes, "MiB", 64, at_most=True,
                   command="VmRSS after 1 s of wrk -c16, 1,000,000 queued")
        cost_per_message(bench, large, small)


def cost_per_message(bench, large, small):
    wall, cpu = [], []
    try:
        small.start()
        large.start()
        time.sleep(CHECK_SECONDS)
        for rep in range(bench.reps):
            few = sms_round(small, bench, rep)
            many = sms_round(large, bench, 100 + rep)
            wall.append(few[0] / many[0])
            cpu.append(many[1] / few[1])
    finally:
        large.stop()
        small.stop()
    command = "POST to settled, random ids; 1,000,000 stored against 10,000, by turns"
    bench.tell("cost_at_1m_vs_10k", wall, "ratio", 1.2, at_most=True, command=command)
    bench.tell("cpu_at_1m_vs_10k", cpu, "ratio", command=command)


# ---- the words of one message ----

def text_cost(bench):
    """Rendering, encoding, composing: measured by a program of its own, in processor time."""
    tool = next(bench.build.rglob("bench_text"), None)
    if tool is None:
        raise Failed("bench_text is not built")
    done = subprocess.run([str(tool)], check=True, capture_output=True, text=True)
    for line in done.stdout.splitlines():
        figure = {**json.loads(line), "command": "bench_text", "peer": None}
        bench.ok = bench.ok and figure["ok"] is not False
        print(json.dumps(figure), flush=True)


FIGURES = {
    "text": text_cost,
    "accept_1": lambda b: accept_single(b, 1, 0.85),
    "accept_16": lambda b: accept_single(b, 16, 1.5),
    "accept_64": lambda b: accept_single(b, 64, 3.5),
    "accept_ndjson": accept_bulk,
    "sms_end_to_end": sms_end_to_end,
    "sms_drain": sms_drain,
    "reports": reports,
    "smpp": smpp,
    "smtp_drain": smtp_drain,
    "smtp_curl_drain": smtp_curl_drain,
    "roster_import": roster_import,
    "large_queue": large_queue,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default="build/release")
    parser.add_argument("--only", choices=FIGURES, action="append")
    parser.add_argument("--quick", action="store_true", help="shorter and fewer repetitions")
    parser.add_argument("--reps", type=int)
    bench = Bench(parser.parse_args())
    for name in parser.parse_args().only or FIGURES:
        try:
            FIGURES[name](bench)
        except Failed as e:
            bench.ok = False
            print(json.dumps({"figure": name, "ok": False, "error": str(e)}), flush=True)
    sys.exit(0 if bench.ok else 1)


if __name__ == "__main__":
    main()
