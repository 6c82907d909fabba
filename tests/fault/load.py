"""The poster of the crash test: facts under load, and an fsynced ledger of posts and replies."""

import http.client
import json
import os
import random
import threading
import time

CONNECTIONS = 6
BATCH, LINES = 5, 20
EVENTS_PER_POST = 0.85 + 0.10 * BATCH + 0.05 * LINES
SOURCE = "urn:ornek:crash"


class Ledger:
    """One JSON line per entry, on the disk when write() returns."""

    def __init__(self, path):
        self.file = open(path, "a", encoding="utf-8")
        self.lock = threading.Lock()

    def write(self, **entry):
        with self.lock:
            self.file.write(json.dumps(entry) + "\n")
            self.file.flush()
            os.fsync(self.file.fileno())


def day(offset):
    return time.strftime("%Y-%m-%dT12:00:00Z", time.gmtime(time.time() + offset * 86400))


class Facts:
    """Invents people whose certificates end, and lets some of them renew."""

    def __init__(self, rng):
        self.rng = rng
        self.lock = threading.Lock()
        self.count = 0
        self.told = []  # acknowledged and not yet renewed

    def next(self):
        with self.lock:
            if self.told and self.rng.random() < 0.12:
                i = self.rng.randrange(len(self.told))
                self.told[i], self.told[-1] = self.told[-1], self.told[i]
                return renewal(self.told.pop())
            self.count += 1
            return expiring(self.count, "later" if self.rng.random() < 0.1 else "due")

    def acknowledged(self, event):
        if event["kind"] != "renewed":
            with self.lock:
                self.told.append(event)


def expiring(number, kind):
    return {"id": f"e-{number}", "kind": kind, "cert": f"S-{number}", "holder": f"K-{number}",
            "phone": f"90532{number:07d}", "email": f"kisi{number}@ornek.test",
            "until": day(20 if kind == "due" else 70)}


def renewal(old):
    return dict(old, id=old["id"] + "-r", kind="renewed", cert=old["cert"] + "-r",
                replaces=old["cert"], until=day(1100))


def cloud_event(event):
    certificate = {"ref": event["cert"], "not_after": event["until"]}
    if event["kind"] == "renewed":
        certificate["replaces"] = event["replaces"]
    number = event["holder"][2:]
    return {"specversion": "1.0", "id": event["id"], "source": SOURCE,
            "type": "tr.eimza.certificate." + ("renewed" if event["kind"] == "renewed" else
                                               "expiring") + ".v1",
            "subject": event["cert"],
            "data": {"certificate": certificate,
                     "holder": {"ref": event["holder"], "name": f"Deneme Kişi {number}",
                                "phone": "+" + event["phone"], "email": event["email"]}}}


def make_post(number, events, form):
    texts = [json.dumps(cloud_event(e), ensure_ascii=False) for e in events]
    if form == "batch":
        kind, body = "application/cloudevents-batch+json", "[" + ",".join(texts) + "]"
    elif form == "lines":
        kind, body = "application/x-ndjson", "\n".join(texts) + "\n"
    else:
        kind, body = "application/cloudevents+json", texts[0]
    return {"number": number, "events": events, "type": kind, "body": body.encode()}


def results_of(post, status, text):
    """What became of each event: id → accepted, duplicate, …; empty for a refusal of them all."""
    if status not in (200, 202):
        return {}
    if post["type"].endswith("ndjson"):
        items = [json.loads(line) for line in text.splitlines()]
    else:
        answer = json.loads(text)
        items = answer.get("items", [answer])
    return {item["event"]: item["result"] for item in items}


class Poster:
    def __init__(self, port, token, ledger, rate, rng):
        self.port, self.token = port, token
        self.ledger = Ledger(ledger)
        self.pause = CONNECTIONS * EVENTS_PER_POST / rate
        self.rng = rng
        self.facts = Facts(rng)
        self.lock = threading.Lock()
        self.posts = 0
        self.acked = 0
        self.faults = []  # answers that must not be
        self.unanswered = []
        self.running = threading.Event()
        self.threads = []

    # ---- one post ----

    def connect(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)

    def send(self, connection, post):
        """Status and text, or None without a reply."""
        headers = {"Authorization": "Bearer " + self.token, "Content-Type": post["type"]}
        try:
            connection.request("POST", "/v1/events", post["body"], headers)
            response = connection.getresponse()
            return response.status, response.read().decode()
        except (OSError, http.client.HTTPException):
            connection.close()
            return None

    def post(self, connection, post):
        """Posts and notes the reply; False when there was none or it asks to come again."""
        self.ledger.write(post=post["number"], events=post["events"])
        reply = self.send(connection, post)
        if reply is None or reply[0] == 503:
            with self.lock:
                self.unanswered.append(post)
            return False
        results = results_of(post, *reply)
        self.ledger.write(reply=post["number"], status=reply[0], results=results)
        for event in post["events"]:
            result = results.get(event["id"], f"status {reply[0]}")
            if result in ("accepted", "duplicate"):
                self.facts.acknowledged(event)
            else:
                self.faults.append(f"{event['id']}: {result} {reply[1][:200]}")
        with self.lock:
            self.acked += len(results)
        return True

    # ---- under load ----

    def next_post(self):
        with self.lock:
            if self.unanswered and self.rng.random() < 0.05:
                return self.unanswered.pop(self.rng.randrange(len(self.unanswered)))
            dice = self.rng.random()
            self.posts += 1
            number = self.posts
        form, count = (("single", 1) if dice < 0.85 else
                       ("batch", BATCH) if dice < 0.95 else ("lines", LINES))
        return make_post(number, [self.facts.next() for _ in range(count)], form)

    def work(self):
        connection = self.connect()
        while self.running.is_set():
            if not self.post(connection, self.next_post()):
                break  # the gateway is gone; the next cycle brings it back
            time.sleep(self.pause * random.uniform(0.2, 1.8))
        connection.close()

    def begin(self):
        self.running.set()
        self.threads = [threading.Thread(target=self.work) for _ in range(CONNECTIONS)]
        for thread in self.threads:
            thread.start()

    def end(self):
        self.running.clear()
        for thread in self.threads:
            thread.join()

    def repeat_unanswered(self):
        connection = self.connect()
        again, self.unanswered = self.unanswered, []
        for post in again:
            for _ in range(50):
                if self.post(connection, post):
                    break
                self.unanswered.remove(post)
                time.sleep(0.1)
            else:
                self.faults.append(f"post {post['number']} was never answered")
        return len(again)
