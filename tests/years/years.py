#!/usr/bin/python3
"""Three years of an office, told in advance.

Invents holders, says from the rules alone what each of them must be sent on which day, lets the
gateway live through the years (years.c) and compares, message by message: nothing more, nothing
less, nothing on another day.
"""
import argparse
import datetime
import json
import os
import subprocess
import sys
import tempfile
import time

SOURCE = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
FIRST = datetime.date(2027, 1, 4)
DAYS = 1095
MARKS = [90, 60, 30, 15, 7, 3, 1]
TOLD_BEFORE = 120  # days before the end, when the facts come in time
LATE_BEFORE = 50   # and when they come late
OPENING, CLOSING = 9 * 60, 17 * 60
BLOCKED, SUBMITTED, EXPIRED = 1, 2, 4  # notices
DAY = datetime.timedelta(days=1)


def load_days_off():
    with open(os.path.join(SOURCE, "config", "holidays-tr.json"), encoding="utf-8") as f:
        days = json.load(f)["days"]
    return {datetime.date.fromisoformat(d["date"]) for d in days if d["portion"] == "full"}


DAYS_OFF = load_days_off()


def works(day):
    """Half days count: their morning is enough."""
    return day.weekday() < 5 and day not in DAYS_OFF


def forward(day):
    while not works(day):
        day += DAY
    return day


def backward(day):
    while not works(day):
        day -= DAY
    return day


def three_months_before(day):
    month = day.month - 3
    year = day.year if month >= 1 else day.year - 1
    month = month if month >= 1 else month + 12
    last = (datetime.date(year + month // 12, month % 12 + 1, 1) - DAY).day
    return datetime.date(year, month, min(day.day, last))


def plan(end, told):
    """{mark: day} of a certificate whose end is told on the morning of a day."""
    opens = three_months_before(end)
    chosen, taken = {}, datetime.date.max
    for mark in sorted(MARKS):
        target = max(end - mark * DAY, opens)
        day = forward(target) if mark > 7 else backward(target)
        if day < taken:  # on a clash the smaller mark stays
            chosen[mark] = taken = day
    past = sorted(mark for mark, day in chosen.items() if day < told)
    for mark in past[1:]:
        del chosen[mark]  # its time had passed; a smaller mark speaks for it
    if past:
        later = [day for mark, day in chosen.items() if mark < past[0]]
        chosen[past[0]] = forward(told)
        if later and chosen[past[0]] >= min(later) or forward(told) > end:
            del chosen[past[0]]
    return chosen


class Holder:
    """One person, one certificate, one way to deal with it."""

    def __init__(self, number):
        self.number = number
        self.ref = f"nes-{number:06d}"
        self.end = FIRST + (130 + number * 7919 % (DAYS - 150)) * DAY
        self.told = self.end - (LATE_BEFORE if number % 10 == 7 else TOLD_BEFORE) * DAY
        self.phone = number % 11 != 3
        self.email = number % 13 != 5
        self.fate = number % 5
        self.acts = self.end - [45, 20, 5, 1][number // 5 % 4] * DAY

    def facts(self):
        yield self.told, "certificate.expiring", {}
        if self.fate in (0, 1):
            yield self.acts, "certificate.renewed", {}
        elif self.fate == 2:
            yield self.acts, "application.submitted", {}
        elif self.fate == 3 and self.number % 2 == 0:
            yield self.acts, "duty.ended", {}
        elif self.fate == 3:
            yield self.end - 32 * DAY, "login.blocked", {}
            yield self.end - 27 * DAY, "login.unblocked", {}

    def fact(self, kind, day):
        holder = {"ref": f"p-{self.number:06d}", "name": "Işıl Öztürk"}
        if self.phone:
            holder["phone"] = f"+905320{self.number:06d}"
        if self.email:
            holder["email"] = f"kisi{self.number}@ornek.test"
        certificate = {"ref": self.ref}
        if kind == "certificate.expiring":
            certificate["not_after"] = str(self.end)
        return {"type": kind, "id": f"{kind}-{self.number}", "time": f"{day}T05:00:00+03:00",
                "certificate": certificate, "holder": holder, "eonay": "active"}

    def channels(self):
        return (["sms"] if self.phone else []) + (["email"] if self.email else [])

    def reminders(self):
        """{mark: day} of what is really sent."""
        days = plan(self.end, self.told)
        if self.fate in (0, 1, 2) or (self.fate == 3 and self.number % 2 == 0):
            return {mark: day for mark, day in days.items() if day < self.acts}
        if self.fate == 3:
            return self.reminders_around_the_block(days)
        return days

    def reminders_around_the_block(self, days):
        """What falls into the block waits; of that, the nearest mark speaks afterwards."""
        blocked, opened = self.end - 32 * DAY, self.end - 27 * DAY
        before = {mark: day for mark, day in days.items() if day < blocked}
        if self.told > blocked:
            return days
        held = sorted(mark for mark, day in days.items() if blocked <= day < opened)
        after = {mark: day for mark, day in days.items() if day >= opened}
        if held and forward(opened) < min(after.values(), default=datetime.date.max):
            after[held[0]] = forward(opened)
        return {**before, **after}

    def notices(self):
        """{notice: first day on which it can go out}; that of the end goes when a round finds it."""
        if self.fate == 2:
            return {SUBMITTED: forward(self.acts)}
        if self.fate == 3 and self.number % 2 == 1:
            out = {EXPIRED: forward(self.end + DAY)}
            if self.told <= self.end - 32 * DAY and \
                    forward(self.end - 32 * DAY) < self.end - 27 * DAY:
                out[BLOCKED] = forward(self.end - 32 * DAY)
            return out
        return {EXPIRED: forward(self.end + DAY)} if self.fate == 4 else {}


def write_config(folder):
    path = os.path.join(folder, "years.jsonc")
    with open(path, "w", encoding="utf-8") as f:
        json.dump({
            "office": {"province": "Örnekil", "phone": "0312 000 00 00",
                       "guide_url": "https://ornekil.meb.gov.tr/e-imza",
                       "guide_short": "ornekil.meb.gov.tr/e-imza",
                       "privacy_url": "https://ornekil.meb.gov.tr/aydinlatma",
                       "stop_note": "bilgi@ornek.test"},
            "mail": {"from": "e-imza@ornek.test"},
            "database": {"path": os.path.join(folder, "years.db")},
            "templates": os.path.join(SOURCE, "config", "templates"),
            "recipes": os.path.join(SOURCE, "config", "recipes"),
            "holidays": os.path.join(SOURCE, "config", "holidays-tr.json"),
            "send_window": {"start": "09:00", "end": "17:00", "half_day_end": "12:30"},
            "retention": {"content": "3650d", "delivery": "3650d", "cases": "3650d",
                          "events": "3650d"},
            "providers": {"s": {"kind": "sink", "inbox": False},
                          "m": {"kind": "sink", "inbox": False}},
            "routes": {"sms": ["s"], "email": ["m"]},
            "campaigns": [{"name": "e-imza", "marks": MARKS, "channels": ["sms", "email"]}],
            "limits": {"disk_reserve_bytes": 0}}, f, ensure_ascii=False)
    return path


def write_schedule(folder, holders):
    facts = []
    for holder in holders:
        for day, kind, _ in holder.facts():
            facts.append(((day - FIRST).days, holder.number, kind, day, holder))
    facts.sort(key=lambda f: (f[0], f[3], f[1]))
    path = os.path.join(folder, "schedule.ndjson")
    with open(path, "w", encoding="utf-8") as f:
        for number, _, kind, day, holder in facts:
            f.write(json.dumps({"day": number, "fact": holder.fact(kind, day)},
                               ensure_ascii=False) + "\n")
    return path, len(facts)


def expected_of(holders):
    """What must be sent: {(certificate, campaign, step, channel): day}."""
    out = {}
    for holder in holders:
        for channel in holder.channels():
            for mark, day in holder.reminders().items():
                out[holder.ref, "e-imza", mark, channel] = (day - FIRST).days
            for notice, day in holder.notices().items():
                out[holder.ref, "notice", notice, channel] = (day - FIRST).days
    return out


def read_ledger(path):
    with open(path, encoding="utf-8") as f:
        for line in f:
            certificate, campaign, step, channel, state, reason, taken = line.rstrip("\n").split(";")
            yield (certificate, campaign, int(step), channel), state, reason, \
                [tuple(map(int, t.split("."))) for t in taken.split()]


def compare(expected, ledger, horizon):
    """Every difference, as a sentence."""
    sent = {}
    for key, state, reason, taken in ledger:
        if len(taken) > 1:
            yield f"{key} went out {len(taken)} times"
        for day, minute in taken:
            if not OPENING <= minute < CLOSING or not works(FIRST + day * DAY):
                yield f"{key} went out on {FIRST + day * DAY} at minute {minute}"
            sent[key] = day
        if not taken and state not in ("cancelled", "expired"):
            yield f"{key} is {state} [{reason}] at the end"
    for key, day in expected.items():
        late = 30 if key[1:3] == ("notice", EXPIRED) else 0  # found by the next round
        if day + late >= horizon:
            continue
        if key not in sent:
            yield f"{key} was not sent; it was due on {FIRST + day * DAY}"
        elif not day <= sent[key] <= day + late:
            yield f"{key} was sent on {FIRST + sent[key] * DAY} instead of {FIRST + day * DAY}"
    for key in sent.keys() - expected.keys():
        yield f"{key} was sent on {FIRST + sent[key] * DAY}, which no rule asks for"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default=os.path.join(SOURCE, "build", "release"))
    parser.add_argument("--holders", type=int, default=100000)
    options = parser.parse_args()
    holders = [Holder(n) for n in range(options.holders)]
    expected = expected_of(holders)
    with tempfile.TemporaryDirectory(prefix="hatirlat-years-") as folder:
        config = write_config(folder)
        schedule, facts = write_schedule(folder, holders)
        ledger = os.path.join(folder, "ledger")
        began = time.monotonic()
        subprocess.run([os.path.join(options.build, "tests", "years"), config, schedule, ledger,
                        str(FIRST), str(DAYS)], check=True)
        took = time.monotonic() - began
        differences = list(compare(expected, read_ledger(ledger), DAYS - 1))
    print(f"{options.holders} holders, {facts} facts, {DAYS} days in {took:.0f} s: "
          f"{len(expected)} messages expected, {len(differences)} differences")
    for line in differences[:20]:
        print("  " + line)
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
