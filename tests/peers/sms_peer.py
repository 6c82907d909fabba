"""An SMS gateway that answers like Kannel's sendsms and reports deliveries, with a ledger.

    python3 sms_peer.py --ledger sms.ndjson [--delay 0.05] [--lie forget:50]

Every message taken is appended to the ledger as one JSON line and synced to disk before the answer
leaves; so is every delivery report that its receiver acknowledged. Each message is reported as
delivered a moment later; a receiver that is away is tried again. It can lie about every n-th
message, so that a test can see its own checks fail: "forget" takes the message without a line,
"double" writes its line twice, "invent" writes a line about somebody who was never written to.
"""

import argparse
import http.client
import json
import os
import queue
import random
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

REPORT_TRIES = 40
REPORT_PAUSE = 0.25


class Ledger:
    def __init__(self, path):
        self.file = open(path, "a", encoding="utf-8")
        self.lock = threading.Lock()

    def write(self, **entry):
        with self.lock:
            self.file.write(json.dumps(entry) + "\n")
            self.file.flush()
            os.fsync(self.file.fileno())


class SmsPeer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, address, ledger, delay, lie):
        super().__init__(address, Handler)
        self.ledger = Ledger(ledger)
        self.delay = delay
        self.lie, _, every = lie.partition(":")
        self.every = int(every or 50)
        self.taken = 0
        self.count_lock = threading.Lock()
        self.reports = queue.Queue()
        for _ in range(3):
            threading.Thread(target=self.report, daemon=True).start()

    def take(self, ref, to):
        with self.count_lock:
            self.taken += 1
            lies = self.taken % self.every == 0
        if not (lies and self.lie == "forget"):
            self.ledger.write(message=ref, to=to, at=time.time())
        if lies and self.lie == "double":
            self.ledger.write(message=ref, to=to, at=time.time())
        if lies and self.lie == "invent":
            self.ledger.write(message="m_zzzzzzz-00000000-1", to="905000000000", at=time.time())

    def report(self):
        while True:
            ref, url, tries = self.reports.get()
            if push(url):
                self.ledger.write(reported=ref)
            elif tries < REPORT_TRIES:
                time.sleep(REPORT_PAUSE)
                self.reports.put((ref, url, tries + 1))


def push(url):
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=10)
    try:
        connection.request("GET", f"{parts.path}?{parts.query}")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self):
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
        to = query["to"][0].lstrip("+")
        report_url = query.get("dlr-url", [""])[0]
        ref = urllib.parse.parse_qs(urllib.parse.urlsplit(report_url).query)["ref"][0]
        self.server.take(ref, to)
        time.sleep(random.uniform(0, 2 * self.server.delay))
        self.server.reports.put((ref, report_url.replace("%d", "1").replace("%A", "ok"), 1))
        body = b"0: Accepted for delivery"
        self.send_response(202)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args):
        pass

    def handle(self):
        try:
            super().handle()
        except OSError:
            pass  # the other side was killed


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--ledger", required=True)
    parser.add_argument("--delay", type=float, default=0.0, help="mean seconds before the answer")
    parser.add_argument("--lie", default="", metavar="forget:N|double:N|invent:N")
    args = parser.parse_args()
    peer = SmsPeer(("127.0.0.1", args.port), args.ledger, args.delay, args.lie)
    print(peer.server_address[1], flush=True)
    peer.serve_forever()


if __name__ == "__main__":
    main()
