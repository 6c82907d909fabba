"""What the crash test demands of the ledgers and of what the gateway says about its messages."""

import collections
import json
import re

NOT_SENT = {"cancelled", "expired", "failed", "suppressed", "undelivered", "held"}
SENT = {"accepted", "delivered"}
MESSAGE_ID = re.compile(r"^Message-ID: <(m_[^-]+-[^-@]+)@", re.I | re.M)


def read_ledger(path):
    """Whole lines only: the last one may have been cut off by the end of its writer."""
    with open(path, encoding="utf-8") as f:
        return [json.loads(line) for line in f if line.endswith("\n")]


def row_of(name):
    """The part that a message and its attempts share: m_<row>-<mark>[-<attempt>]."""
    return name.split("-")[0]


class Sent:
    """What the peers took: message row → attempts, None where the peer cannot see which."""

    def __init__(self, sms_ledger, mail_ledger):
        self.copies = collections.defaultdict(list)
        self.people = set()
        self.reported = set()
        for line in read_ledger(sms_ledger):
            if "reported" in line:
                self.reported.add(row_of(line["reported"]))
            else:
                self.copies[row_of(line["message"])].append(int(line["message"].split("-")[2]))
                self.people.add(line["to"])
        for line in read_ledger(mail_ledger):
            if "message" in line:
                name = MESSAGE_ID.search(line["text"]).group(1)
                self.copies[row_of(name)].append(None)
                self.people.update(line["to"])


class Posted:
    """What was posted, and what was acknowledged."""

    def __init__(self, ledger):
        self.events, self.acked, self.people = {}, set(), set()
        self.stored_unanswered = set()  # their repetition was told so
        for line in read_ledger(ledger):
            for event in line.get("events", []):
                self.events[event["id"]] = event
                self.people.update((event["phone"], event["email"]))
            self.acked.update(i for i, result in line.get("results", {}).items()
                              if result in ("accepted", "duplicate"))
            self.stored_unanswered.update(i for i, result in line.get("results", {}).items()
                                          if result == "duplicate")


class Verdict:
    def __init__(self, posted, sent, messages, timeline):
        self.posted, self.sent, self.messages = posted, sent, messages
        self.timeline = timeline  # message id → its attempts, as the gateway tells them
        self.by_row = {row_of(m["id"]): m for m in messages}
        self.by_fact = {(m.get("certificate"), m["channel"]): m for m in messages
                        if m.get("mark") == 30}
        self.renewed = {e["replaces"] for i, e in posted.events.items()
                        if e["kind"] == "renewed" and i in posted.acked}

    def lost(self):
        """Acknowledged, but neither with a peer nor in a state that says why not."""
        for i in sorted(self.posted.acked):
            event = self.posted.events[i]
            for channel in ("sms", "email"):
                message = self.by_fact.get((event["cert"], channel))
                if message is None:
                    yield f"{i}: no {channel} message"
                elif event["kind"] != "due":
                    continue
                elif message["status"] in SENT and row_of(message["id"]) not in self.sent.copies:
                    yield f"{i}: {message['id']} is {message['status']}, its peer never saw it"
                elif message["status"] not in SENT | NOT_SENT:
                    yield f"{i}: {message['id']} is still {message['status']}"

    def phantom(self):
        """With a peer, but nobody asked for it or the gateway does not know of it."""
        for person in sorted(self.sent.people - self.posted.people):
            yield f"{person} was never posted"
        for row in self.sent.copies:
            if row not in self.by_row:
                yield f"{row} is unknown to the gateway"

    def dropped(self):
        """Given up although nothing stood in the way."""
        for i in sorted(self.posted.acked):
            event = self.posted.events[i]
            for channel in ("sms", "email"):
                message = self.by_fact.get((event["cert"], channel))
                if (message and event["kind"] == "due" and event["cert"] not in self.renewed and
                        message["status"] in NOT_SENT - {"held"}):
                    yield f"{i}: {message['id']} {message['status']} {message.get('reason')}"

    def nagged(self):
        """Planned for later, renewed before that day, and not called off."""
        for event in self.posted.events.values():
            if event["kind"] != "later":
                continue
            for channel in ("sms", "email"):
                message = self.by_fact.get((event["cert"], channel))
                if message and row_of(message["id"]) in self.sent.copies:
                    yield f"{message['id']} went out before its day"
                elif message and event["cert"] in self.renewed and message["status"] != "cancelled":
                    yield f"{message['id']} is {message['status']} after the renewal"

    def duplicates(self):
        return {row: copies for row, copies in self.sent.copies.items() if len(copies) > 1}

    def unflagged(self):
        for row in self.duplicates():
            message = self.by_row.get(row)
            if message is not None and not message["possible_duplicate"]:
                yield f"{message['id']} was sent more than once and is not flagged"

    def unexplained(self):
        """More copies than doubts: each one beyond the first needs an earlier attempt in doubt."""
        for row, copies in self.duplicates().items():
            message = self.by_row.get(row)
            if message is None:
                continue
            attempts = self.timeline(message["id"])
            doubtful = {a["number"] for a in attempts if a["outcome"] == "unknown"}
            numbers = [n for n in copies if n is not None]
            if len(set(numbers)) != len(numbers):
                yield f"{message['id']}: one attempt was submitted twice"
            elif len(copies) - 1 > len(doubtful):
                yield f"{message['id']}: {len(copies)} copies, doubts {sorted(doubtful)}"

    def unclaimed(self):
        """With a peer before the attempt was written down."""
        for row, copies in self.sent.copies.items():
            message = self.by_row.get(row)
            numbers = [n for n in copies if n is not None]
            if message and (message["attempts"] < max(numbers, default=1) or
                            message["status"] in ("planned", "queued")):
                yield f"{message['id']}: attempts {numbers}, known {message['attempts']}"

    def report_lost(self):
        """A delivery report was acknowledged and is gone."""
        for row in sorted(self.sent.reported):
            message = self.by_row.get(row)
            if message and message["status"] != "delivered":
                yield f"{message['id']} was reported delivered, is {message['status']}"
