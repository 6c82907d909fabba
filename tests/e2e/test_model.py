"""The rules against a model of them: random facts in any order, late and twice, with time passing.

The model below says what the rules say in words, from the facts alone; tests/peers/rules_drive.c
plays the same facts through the program's cases, plan and claims. Both have to send the same
messages at the same instants. HATIRLAT_SEQUENCES says how many worlds are played (1500; 50000 for
the whole), HATIRLAT_SEED where they begin.
"""

import bisect
import calendar
import json
import os
import random
import subprocess
from datetime import date, datetime, timezone

import pytest

from gateway_support import SOURCE, config

BUILD = os.environ.get("HATIRLAT_BUILD_DIR") or os.path.join(SOURCE, "build", "dev")
SEQUENCES = int(os.environ.get("HATIRLAT_SEQUENCES", "1500"))
SEED = int(os.environ.get("HATIRLAT_SEED", "1"))
CHUNK = 250

MINUTE = 60_000
DAY = 24 * 60 * MINUTE
EPOCH = date(1970, 1, 1).toordinal()


# ---- days in Türkiye, from the holiday file ----

def day_of(ms):
    return (ms + 180 * MINUTE) // DAY


def instant(day, minute):
    return day * DAY + (minute - 180) * MINUTE


def load_holidays():
    with open(os.path.join(SOURCE, "config", "holidays-tr.json"), encoding="utf-8") as f:
        days = json.load(f)["days"]
    number = {d["date"]: date.fromisoformat(d["date"]).toordinal() - EPOCH for d in days}
    return ({number[d["date"]] for d in days if d["portion"] == "full"},
            {number[d["date"]] for d in days if d["portion"] == "half_pm"})


FULL, HALF = load_holidays()


def works(day):
    return day not in FULL and date.fromordinal(day + EPOCH).weekday() < 5


def closes(day):
    return 12 * 60 + 30 if day in HALF else 17 * 60


def next_open(ms):
    day = day_of(ms)
    if works(day) and instant(day, 540) <= ms < instant(day, closes(day)):
        return ms
    while not works(day) or instant(day, 540) <= ms:
        day += 1
    return instant(day, 540)


# ---- the plan of one certificate ----

MARKS = (90, 60, 30, 15, 7, 3, 1)


def window_opens(end_day):
    d = date.fromordinal(end_day + EPOCH)
    year, month = (d.year, d.month - 3) if d.month > 3 else (d.year - 1, d.month + 9)
    return date(year, month, min(d.day, calendar.monthrange(year, month)[1])).toordinal() - EPOCH


def plan(end, now):
    """Per mark: None (not sent) or (time, deadline, due at once)."""
    end_day = day_of(end)
    earliest = window_opens(end_day)
    days, taken = {}, None
    for mark in reversed(MARKS):  # the smallest keeps its day
        day = max(end_day - mark, earliest)
        while not works(day):
            day += 1 if mark > 7 else -1
        if instant(day, 540) < end and (taken is None or day < taken):
            days[mark] = taken = day
    times = {mark: instant(day, 540) for mark, day in days.items()}
    past = [mark for mark, at in times.items() if at <= now]
    out = {mark: (at, False) for mark, at in times.items() if at > now}
    if past:
        at = next_open(now)
        later = [days[m] for m in out]
        if at < end and (not later or day_of(at) < min(later)):
            out[min(past)] = (at, True)
    result, deadline = {}, end
    for mark in sorted(out):
        at, due = out[mark]
        result[mark] = (at, deadline, due)
        deadline = at
    return result


# ---- words ----

SERIES = {"active": {90: "a90", 60: "a60", 30: "a30", 15: "a15", 7: "a7", 3: "a3", 1: "a1"},
          "absent": {90: "e1", 60: "e1", 30: "e1", 15: "e2", 7: "e2", 3: "e3", 1: "e3"},
          None: {90: "n1", 60: "n1", 30: "n1", 15: "n2", 7: "n2", 3: "n2", 1: "n2"}}


def words(eonay, mark, channel):
    return "n" if eonay is None and channel == "email" else SERIES[eonay][mark]


# ---- the model ----

ENDINGS = ("certificate.renewed", "replaced", "certificate.revoked", "certificate.suspended",
           "duty.ended")
STEPS = ("card.delivered", "approval.given", "letter.received", "application.submitted")
PERSONAL = ("eonay.activated", "login.blocked", "login.unblocked", "duty.ended")
NOTICES = {"blocked": "b", "application.submitted": "s", "card.delivered": "t", "expired": "x"}


class Message:
    def __init__(self, world, cert, what, channel, at, deadline):
        self.cert, self.what, self.channel = cert, what, channel
        self.planned = self.due = at
        self.deadline = deadline
        self.state = "waiting"
        self.order = world.count = world.count + 1

    def stop(self):
        if self.state in ("waiting", "paused"):
            self.state = "gone"


class Person:
    def __init__(self):
        self.certs, self.facts = [], []  # facts: (time, kind)
        self.eonays = []                 # (time, value)

    def newest(self, kind):
        return max((t for t, k in self.facts if k == kind), default=0)


class Cert:
    def __init__(self, ref):
        self.ref, self.person = ref, None
        self.facts, self.ends = [], []  # (time, kind); (time, end, generation, renewed)
        self.phone = self.email = False
        self.state, self.generation = "watching", None
        self.cycle = 0                  # certificates before it, if only told of by a renewal
        self.reminders, self.notices = {}, {}
        self.said, self.told_block = 0, 0

    def newest(self, kind):
        mine = max((t for t, k in self.facts if k == kind), default=0)
        return max(mine, self.person.newest(kind)) if self.person and kind in PERSONAL else mine

    def end(self):
        """(end, generation, since when it is told of, if there was a certificate before it)"""
        now, first, since = None, 0, None
        for time, end, generation, renewed in sorted(self.ends):
            if now is None:
                first = time
            elif end - now[0] >= 60 * DAY:
                first = since = time
            elif now[0] - end >= 60 * DAY:
                if since is not None:
                    continue  # the old certificate's, told once more
                first = time  # the far end was a mistake
            if renewed and end - time >= 180 * DAY and since is None:
                since = first  # what else would have been renewed
            now = (end, generation)
        return (*now, since) if now else (None, None, None)

    def first_told(self):
        """When the certificate at hand was first told of."""
        end = self.end()[0]
        return min((t for t, e, *_ in self.ends if abs(e - end) < 60 * DAY), default=0)


class World:
    def __init__(self, now):
        self.now, self.count = now, 0
        self.people, self.certs, self.ids = {}, {}, set()
        self.sms_days, self.sent = {}, []

    # -- what is known --

    def state_of(self, c):
        end, _, since = c.end()

        def counts(kind):
            time = c.newest(kind)
            if kind == "duty.ended" and end and end - 1096 * DAY > time and time <= c.first_told():
                return 0  # it was issued after that duty
            if kind == "certificate.renewed" and since is not None and end - time >= 180 * DAY:
                return 0  # nobody can renew so early: it was the one before
            return 0 if since is not None and time <= since else time

        if any(counts(kind) for kind in ENDINGS):
            return "ended"
        if end and c.person:
            for other in c.person.certs:
                theirs = other.end()[0]
                if other is not c and theirs and (theirs, other.ref) > (end, c.ref):
                    return "ended"
        for kind in STEPS:
            # an application long before the end brought this certificate, and is over by then
            over = end and end - c.newest(kind) >= 180 * DAY > end - self.now
            if counts(kind) and not over:
                return kind
        if end and day_of(end) < day_of(self.now):
            return "expired"
        let_in = max(c.newest("login.unblocked"), c.newest("application.submitted"))
        return "blocked" if c.newest("login.blocked") > let_in else "watching"

    def eonay(self, c):
        known = sorted(e for e in (c.person.eonays if c.person else c.eonays))
        return known[-1][1] if known else None

    # -- what follows --

    def channels(self, c):
        return [ch for ch, there in (("sms", c.phone), ("email", c.email)) if there]

    def look(self, c):
        """Something about the certificate may have changed."""
        before, c.state = c.state, self.state_of(c)
        end, generation, since = c.end()
        succeeds = c.generation is not None and generation > c.generation
        if succeeds if c.state in ("blocked", "watching") else c.state != before:
            self.stop(c)  # else it is as true as before and still to be said
        if succeeds or (c.generation is None and since is not None):
            c.cycle += 1
        c.generation = generation
        if c.state == "blocked" and before == "watching":
            for m in c.reminders.values():
                m.state = "paused" if m.state == "waiting" else m.state
        if c.state == "watching":
            if before == "blocked":
                self.unblock(c)
            if end:
                self.follow_plan(c, end, generation)
        self.notice(c, before)

    @staticmethod
    def stop(c):
        for m in [*c.reminders.values(), *c.notices.values()]:
            m.stop()

    def unblock(self, c):
        waiting = [m for (k, *_), m in c.notices.items() if k == "blocked" and m.state == "waiting"]
        for m in waiting:
            m.stop()
        if waiting and not any(m.state == "sent" and m.said == c.said
                               for (k, *_), m in c.notices.items() if k == "blocked"):
            c.said = 0
        for m in c.reminders.values():
            if m.state == "paused":
                m.state = "gone" if m.deadline <= self.now else "waiting"
                m.due = max(m.planned, self.now)

    def follow_plan(self, c, end, generation):
        wished = plan(end, self.now)
        for channel in self.channels(c):
            mine = {k[1]: m for k, m in c.reminders.items()
                    if k[0] == generation and k[2] == channel}
            for mark, m in mine.items():  # nobody wishes it any more
                nearer = any(due and near < mark and near in mine and mine[near].state == "waiting"
                             for near, (_, _, due) in wished.items())
                if m.state == "waiting" and mark not in wished and (m.planned > self.now or nearer):
                    m.state = "dropped"
            for mark, (at, deadline, due) in wished.items():
                told = any(m.planned <= self.now and m.state in ("sent", "waiting")
                           for k, m in mine.items() if k != mark)
                self.wish(c, (generation, mark, channel), mine.get(mark), at, deadline, due, told)
            for m in mine.values():
                m.state = "gone" if m.state == "dropped" else m.state

    def wish(self, c, key, m, at, deadline, due, told):
        if m is None or m.state == "gone":
            if not (due and told):
                new = Message(self, c, key[1], key[2], at, deadline)
                new.order = m.order if m else new.order
                c.reminders[key] = new
        elif m.state == "waiting" and not due and (m.planned, m.deadline) != (at, deadline):
            m.planned, m.due, m.deadline = at, at, deadline
        elif m.state == "waiting" and due and m.planned > max(at, self.now):
            m.planned, m.due, m.deadline = at, at, deadline

    def notice(self, c, before):
        kind, round_ = c.state, 0
        if kind == "blocked":
            told = c.newest("login.blocked")
            news = before != "blocked" or c.said == 0 or told > c.told_block
            c.told_block = max(told, c.told_block)
            if not news or not self.channels(c) or (c.said and self.now - c.said < 14 * DAY):
                return
            c.said = round_ = self.now
        elif kind not in NOTICES or kind == before:
            return
        elif kind == "expired" and self.now - c.end()[0] > 28 * DAY:
            return
        elif kind == "card.delivered" and c.end()[0] and c.end()[0] - c.newest(kind) >= 180 * DAY:
            return  # the card of this certificate, not the next one's
        at = next_open(self.now)
        for channel in self.channels(c):
            key = (kind, c.cycle, round_, channel)
            while key in c.notices and self.was_of_the_one_before(c, c.notices[key]):
                key = (kind, c.cycle, key[2] + 1, channel)
            old = c.notices.get(key)
            if old is None or old.state == "gone":
                m = c.notices[key] = Message(self, c, NOTICES[kind], channel, at, at + 7 * DAY)
                m.order, m.made = (old.order, old.made) if old else (m.order, self.now)
                m.kind, m.said = kind, c.said

    def was_of_the_one_before(self, c, m):
        """It told of the application that brought this certificate, and now one can renew it."""
        end = c.end()[0] or 0
        return end - m.made >= 180 * DAY > end - self.now

    # -- facts --

    def belongs(self, c, person):
        """What the holder was told about another certificate is not told again."""
        c.person = person
        person.certs.append(c)
        said = max(o.said for o in person.certs)
        for o in person.certs:
            o.said = said
        person.eonays += c.eonays
        person.facts += [x for x in c.facts if x[1] in PERSONAL]
        if c.generation is None and not c.facts:  # it is new
            c.told_block = c.newest("login.blocked")
            c.state = "blocked" if c.told_block > c.newest("login.unblocked") else "watching"
        else:
            self.look(c)

    def fact(self, id_, f):
        if id_ in self.ids:
            return
        self.ids.add(id_)
        kind, time = f["kind"], f["time"]
        person = self.people.setdefault(f["holder"], Person()) if f.get("holder") else None
        c = None
        if f.get("cert"):
            c = self.certs.get(f["cert"])
            if c is None:
                c = self.certs[f["cert"]] = Cert(f["cert"])
                c.eonays = []
            if person and c.person is None:
                self.belongs(c, person)
            person = person or c.person
            c.phone, c.email = c.phone or f["phone"], c.email or f["email"]
            if f.get("end"):
                c.ends.append((time, f["end"], f["generation"],
                               kind == "certificate.renewed" and not f.get("replaces")))
            if not (kind == "certificate.renewed" and f.get("replaces")):
                c.facts.append((time, kind))
        if f.get("replaces"):
            old = self.certs.get(f["replaces"])
            if old is None:
                old = self.certs[f["replaces"]] = Cert(f["replaces"])
                old.eonays = []
            if person and old.person is None:
                self.belongs(old, person)
            old.facts.append((time, "replaced"))
        if kind in PERSONAL and person:
            person.facts.append((time, kind))
        eonay = "active" if kind == "eonay.activated" else f.get("eonay")
        if eonay:
            (person.eonays if person else c.eonays).append((time, eonay))
        touched = [c] if c else []
        touched += [o for o in self.certs.values()
                    if o is not c
                    and (o.ref == f.get("replaces") or (person and o.person is person))]
        for one in touched:
            self.look(one)
        self.send()

    # -- time --

    def messages(self):
        return (m for c in self.certs.values()
                for m in [*c.reminders.values(), *c.notices.values()] if m.state == "waiting")

    def advance(self, until):
        while self.now < until:
            midnight = instant(day_of(self.now) + 1, 0)
            soonest = min((m.due for m in self.messages()), default=until)
            last, self.now = self.now, min(midnight, max(soonest, self.now), until)
            if day_of(self.now) != day_of(last):
                for c in self.certs.values():
                    now = self.state_of(c)
                    if (now == "expired" and c.state in ("watching", "blocked")
                            or now != c.state and c.state in STEPS):
                        self.look(c)
            self.send()

    def send(self):
        for channel in ("sms", "email"):
            while True:
                due = [m for m in self.messages() if m.channel == channel and m.due <= self.now]
                if not due:
                    break
                self.try_one(min(due, key=lambda m: (isinstance(m.what, int), m.due, m.order)))

    def try_one(self, m):
        c = m.cert
        wanted = "watching" if isinstance(m.what, int) else m.kind
        if c.state != wanted or m.deadline <= self.now:
            m.state = "gone"
        elif next_open(self.now) > self.now:
            m.due = next_open(self.now)
        elif m.channel == "sms" and self.sms_days.setdefault(
                (day_of(self.now), number_of(c.ref)), m) is not m:
            m.due = next_open(instant(day_of(self.now) + 1, 0))
        else:
            m.state = "sent"
            self.sent.append((self.now, c.ref, m.channel, m.what if isinstance(m.what, str)
                              else words(self.eonay(c), m.what, m.channel)))


# ---- worlds ----

def number_of(ref):
    """Of the person whose telephone is told with this certificate."""
    return int(ref[1:].rstrip("abx"))


def told(rng, person, cert, kind, receipt, used, **more):
    time = receipt - rng.choice((0, 0, 0, 1, 60, 3600, 86400, 86400 * rng.randint(1, 25))) * 1000
    time -= time % 1000
    while time in used:
        time -= 1000
    used.add(time)
    f = {"kind": kind, "time": time, "phone": rng.random() < .9, "email": rng.random() < .8, **more}
    if cert:
        f["cert"] = cert
    if not cert or rng.random() < .85 or kind == "certificate.expiring" or more.get("replaces"):
        f["holder"] = person
    return f


def random_end(rng, start, low, high):
    day = day_of(start) + rng.randint(low, high)
    minute = 24 * 60 if rng.random() < .6 else rng.randint(0, 24 * 60 - 1)
    return instant(day, minute) - 1000


def random_events(rng, start, number):
    """[(receipt, id, fact)] of one person."""
    person, used, out = f"h{number}", set(), []
    certs = [f"c{number}a", f"c{number}b"][:1 if rng.random() < .6 else 2]
    ends = [random_end(rng, start, -40, 130)]
    ends.append(ends[0] if rng.random() < .2 else ends[0] + rng.choice((-300, 200, 1096)) * DAY)
    horizon = 150

    def at():
        return start + int(rng.random() ** 1.5 * horizon * DAY)

    def expiring(i, receipt, end=None, generation=0):
        out.append((receipt, told(rng, person, certs[i], "certificate.expiring", receipt, used,
                                  end=end or ends[i], generation=generation,
                                  eonay=rng.choice((None, None, "active", "absent")))))

    for i in range(len(certs)):
        expiring(i, start + rng.randint(0, 3) * DAY + rng.randint(0, DAY) if rng.random() < .8
                 else at())
    for _ in range(rng.randint(0, 7)):
        receipt, i = at(), rng.randrange(len(certs))
        what = rng.random()
        if what < .12:
            expiring(i, receipt)
        elif what < .22 and len(certs) == 1:
            expiring(i, receipt, ends[i] + rng.randint(-12, 12) * DAY)
        elif what < .30 and len(certs) == 1:
            expiring(i, receipt, ends[i] + 1096 * DAY, 1)
        elif what < .34 and len(certs) == 1:
            out.append((receipt, told(rng, person, certs[0] + "x", "certificate.renewed", receipt,
                                      used, replaces=certs[0], end=ends[0] + 1096 * DAY,
                                      generation=0)))
        elif what < .40:
            more = {"end": ends[i] + 1096 * DAY, "generation": 1} \
                if len(certs) == 1 and rng.random() < .4 else {}
            out.append((receipt, told(rng, person, certs[i], "certificate.renewed", receipt, used,
                                      **more)))
        elif what < .62:
            kind = rng.choice(PERSONAL if rng.random() < .4 else PERSONAL[:3])
            out.append((receipt, told(rng, person, rng.choice((None, certs[i])), kind, receipt,
                                      used)))
        else:
            kind = rng.choice(("login.blocked", "login.unblocked") * 2 + STEPS +
                              ("certificate.revoked", "certificate.suspended"))
            out.append((receipt, told(rng, person, certs[i], kind, receipt, used)))
    events = []
    for n, (receipt, f) in enumerate(out):
        events.append((receipt, f"e{number}-{n}", f))
        if rng.random() < .15:  # again, as it was or under another name
            events.append((receipt + rng.randint(1, 30 * DAY),
                           f"e{number}-{n}" + rng.choice(("", "-again")), f))
    return events


def stamp(ms):
    return datetime.fromtimestamp(ms / 1000, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def as_json(f):
    out = {"type": f["kind"], "time": stamp(f["time"])}
    if f.get("cert"):
        out["certificate"] = {"ref": f["cert"]}
        if f.get("end"):
            out["certificate"]["not_after"] = stamp(f["end"])
        if f.get("replaces"):
            out["certificate"]["replaces"] = f["replaces"]
    if f.get("eonay"):
        out["eonay"] = f["eonay"]
    holder = {"ref": f["holder"]} if f.get("holder") else {}
    if f["phone"] and f.get("cert"):
        holder["phone"] = "+90532000%04d" % (number_of(f["cert"]) + 1)
    if f["email"] and f.get("cert"):
        holder["email"] = "kisi@ornek.test"
    if holder:
        out["holder"] = holder
    return json.dumps(out)


def make_world(seed):
    rng = random.Random(seed)
    start = instant(rng.randint(20454, 21400), rng.randint(0, 1439))
    events = []
    for number in range(1 if rng.random() < .8 else 2):
        events += random_events(rng, start, number)
    # what ended more than a month ago is refused at the door
    events = [e for e in events if not e[2].get("end") or e[2]["end"] > e[0] - 29 * DAY]
    events.sort(key=lambda e: e[0])
    return start, events


def script(start, events):
    lines = [f"S {start}"]
    for receipt, id_, f in events:
        lines += [f"T {receipt}", f"E {id_} {as_json(f)}"]
    return lines + [f"T {start + 200 * DAY}", "Q"]


def model(start, events):
    world = World(start)
    for receipt, id_, f in events:
        world.advance(receipt)
        world.fact(id_, f)
    world.advance(start + 200 * DAY)
    return sorted(world.sent)


# ---- the program ----

@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "hatirlat.jsonc"
    text = config(trial=False, send_window={},
                  holidays=os.path.join(SOURCE, "config", "holidays-tr.json"),
                  campaigns=[{"name": "e-imza", "marks": list(MARKS)}])
    path.write_text(json.dumps(text), encoding="utf-8")
    return str(path)


def play(settings, worlds):
    lines = [line for start, events in worlds for line in script(start, events)]
    ran = subprocess.run([os.path.join(BUILD, "tests", "rules_drive"), settings],
                         input="\n".join(lines) + "\n", capture_output=True, text=True, timeout=280)
    assert ran.returncode == 0, ran.stderr[-2000:]
    results, sent = [], []
    for line in ran.stdout.splitlines():
        if line == "end":
            results.append(sorted(sent))
            sent = []
            continue
        _, ms, ref, _, _, channel, template = line.split()
        sent.append((int(ms), ref, channel, template))
    assert len(results) == len(worlds)
    return results


def tell(start, events, want, got):
    lines = [f"start {stamp(start)}"]
    lines += [f"  {stamp(r)} {i}: {as_json(f)}" for r, i, f in events]
    for ms, ref, channel, template in sorted(set(want) ^ set(got)):
        who = "model" if (ms, ref, channel, template) in want else "program"
        lines.append(f"only the {who}: {stamp(ms)} {ref} {channel} {template}")
    return "\n".join(lines)


def keep_the_promises(sent):
    seen = set()
    for ms, ref, channel, template in sent:
        assert next_open(ms) == ms, "outside the window"
        if template != "b" and not template.startswith(("e", "n")):
            assert (ref, channel, template) not in seen or template in "stx", "told twice"
            seen.add((ref, channel, template))
    days = [(day_of(ms), number_of(ref)) for ms, ref, channel, _ in sent if channel == "sms"]
    assert len(days) == len(set(days)), "two SMS on one day"


def test_the_program_does_what_the_rules_say(settings):
    played = told_count = 0
    while played < SEQUENCES:
        seeds = range(SEED * 10**9 + played, SEED * 10**9 + min(played + CHUNK, SEQUENCES))
        worlds = [make_world(seed) for seed in seeds]
        for seed, (start, events), got in zip(seeds, worlds, play(settings, worlds)):
            want = model(start, events)
            assert want == got, f"world {seed}\n" + tell(start, events, want, got)
            keep_the_promises(got)
            told_count += len(got)
        played += len(worlds)
    assert told_count > 3 * SEQUENCES  # the worlds are no silent ones
