"""Nothing goes to someone who is done, nobody is told twice, and nobody's data leaks."""

import os
import re
import signal
import sqlite3
import time
from datetime import datetime, timedelta, timezone

import pytest

from gateway_support import (BATCH, JSON, Gateway, data, days_ahead, event, person, sinks, until)


def inbox(gateway):
    """What the sinks hold: (recipient, content) in the order of arrival."""
    with sqlite3.connect(os.path.join(gateway.dir, "hatirlat.db")) as shell:
        rows = shell.execute("select recipient, content from inbox order by id").fetchall()
    shell.close()
    return rows


def sms_of(gateway, number):
    return [m for m in gateway.messages(certificate=f"cert-{number}", channel="sms")
            if m["campaign"] == "e-imza"]


def faster(gateway):
    """Lifts the brake: whatever is still to be sent goes out now."""
    for provider in gateway.settings["providers"].values():
        provider["pace"] = "1000/s"
    gateway.write_config()
    mark = os.path.getsize(gateway.log_path)
    gateway.signal(signal.SIGHUP)
    until(lambda: gateway.logged("reloaded", mark), "reloaded")


ENDS = {
    "certificate.renewed": lambda n: data(n, days=1000),
    "certificate.revoked": lambda n: {"certificate": {"ref": f"cert-{n}"}},
    "certificate.suspended": lambda n: {"certificate": {"ref": f"cert-{n}"}},
    "application.submitted": lambda n: {"certificate": {"ref": f"cert-{n}"}},
    "duty.ended": lambda n: {"holder": {"ref": f"sicil-{n}"}},
}


def test_what_waits_is_stopped_by_every_end():
    brake = {"kind": "sink", "pace": "1/h"}
    with Gateway(providers={"s": dict(brake), "e": dict(brake)}) as g:
        g.accept(event(1))  # takes the one place there is
        until(lambda: inbox(g) and len(inbox(g)) == 2, "the first")
        for n, kind in enumerate(ENDS, 10):
            g.accept(event(n))
        g.accept(event(30))
        until(lambda: sms_of(g, 30), "planned")
        assert len(inbox(g)) == 2
        for n, kind in enumerate(ENDS, 10):
            g.accept(event(n, kind, data=ENDS[kind](n), time=days_ahead(0)))
        for n, kind in enumerate(ENDS, 10):
            old = until(lambda: all(m["status"] == "cancelled" for m in sms_of(g, n)
                                    if m["planned_at"] < days_ahead(89)) and sms_of(g, n), kind)
            stopped = [m for m in old if m["status"] == "cancelled"]
            assert len(stopped) == 7 and all(m["reason"] for m in stopped), kind
            last = g.message(stopped[0]["id"])["timeline"][-1]
            assert last["to"] == "cancelled" and last["reason"]
        faster(g)
        until(lambda: [r for r, _ in inbox(g) if "0030" in r], "the one who is not done")
        time.sleep(0.3)
        told = inbox(g)
        for n, kind in enumerate(ENDS, 10):
            reminded = [c for r, c in told if r.endswith(f"{n:04d}") and "doluyor" in c]
            assert reminded == [], kind


def test_an_end_that_comes_first_keeps_silent():
    with Gateway() as g:
        g.accept(event(1, "duty.ended", data={"holder": {"ref": "sicil-1"}}))
        g.accept(event(2, "certificate.revoked", data={"certificate": {"ref": "cert-2"}}))
        for n in (1, 2, 3):
            g.accept(event(n))
        until(lambda: len(inbox(g)) == 2, "the third")
        time.sleep(0.2)
        assert {r for r, _ in inbox(g)} == {"+905320000003", "kisi3@ornek.test"}


def test_the_same_reminder_goes_out_once_whatever_arrives():
    with Gateway() as g:
        g.accept(event(1))
        until(lambda: len(inbox(g)) == 2, "sent")
        for i in range(5):
            g.accept(event(1, id=f"again-{i}"))
            g.accept(event(1, id=f"again-{i}", source=f"urn:ornek:{i}"))
        g.accept([event(1, id=f"batch-{i}") for i in range(20)], BATCH)
        g.accept({"type": "certificate.expiring", **data(1)}, JSON)
        g.accept(event(1, id="new-phone", data=data(1, phone="0532 000 99 99")))
        g.accept(event(2))
        until(lambda: len(inbox(g)) == 4, "the marker")
        time.sleep(0.2)
        assert len(inbox(g)) == 4
        g.stop()
        g.start()
        time.sleep(0.3)
        assert len(inbox(g)) == 4


def test_one_message_at_a_time_for_a_number():
    with Gateway(providers=sinks(delay="150ms")) as g:
        g.accept([event(n, data={**data(n), "holder": {**person(1), "ref": f"sicil-{n}"}})
                  for n in (1, 2)] + [event(3)], BATCH)
        until(lambda: len([m for m in g.messages(status="accepted", channel="email")]) == 3,
              "all sent")
        spans = []
        for n in (1, 2):
            m = g.messages(status="accepted", channel="email", holder=f"sicil-{n}")[0]
            attempt = next(e for e in g.message(m["id"])["timeline"] if e["kind"] == "attempt")
            spans.append((attempt["at"], attempt["settled_at"]))
        spans.sort()
        assert len(spans) == 2 and spans[0][1] <= spans[1][0], spans


def test_one_certificate_under_two_references_speaks_once():
    with Gateway() as g:
        same = {"not_after": days_ahead(88)}
        g.accept([event(n, data={"certificate": {"ref": f"cert-{n}", **same},
                                 "holder": person(1)}) for n in (1, 2)] + [event(3)], BATCH)
        until(lambda: len(inbox(g)) == 4, "sent")
        time.sleep(0.2)
        assert sorted(r for r, _ in inbox(g)) == ["+905320000001", "+905320000003",
                                                  "kisi1@ornek.test", "kisi3@ornek.test"]


def closed_window():
    """Hours of sending that do not include this one, wherever the day stands in Istanbul."""
    hour = (datetime.now(timezone.utc) + timedelta(hours=3)).hour
    return ("09:00", "10:00") if hour >= 11 else ("16:00", "17:00")


def test_nothing_leaves_outside_the_hours_of_sending():
    start, end = closed_window()
    with Gateway(send_window={"start": start, "end": end, "half_day_end": end}) as g:
        plan = g.accept(event(1)).get("planned")
        until(lambda: sms_of(g, 1), "planned")
        time.sleep(0.3)
        assert inbox(g) == []
        due = [m for m in sms_of(g, 1) if m["mark"] == 90]
        at = datetime.strptime(due[0]["due_at"][:16], "%Y-%m-%dT%H:%M") + timedelta(hours=3)
        assert start <= at.strftime("%H:%M") <= end, (due, plan)
        assert at.weekday() < 5


# ---- nobody's data ----

CANARY = {"name": "Kanarya Gizlisoyad", "phone": "0532 987 65 43",
          "email": "kanarya.gizli@ornek.test"}
TRACES = ("kanarya", "gizlisoyad", "5329876543", "9876543")


def traces(text):
    """Which of the canary's traces are in the text, however the digits are grouped."""
    found = text.lower().replace("ı", "i")
    digits = re.sub(r"(?<=\d)[ ()./-]+(?=\d)", "", found)
    return [t for t in TRACES if t in found or t in digits]


def test_the_canary_would_be_seen():
    assert traces("0532 987 65 43") and traces("KANARYA.gizli@x") and not traces("sicil-7 e***@x")


@pytest.mark.parametrize("fate", [[], ["rejected"], ["retry"], ["down"], ["account"], ["unknown"],
                                  ["throttled:30s"]])
def test_no_personal_data_in_logs_and_metrics(fate):
    with Gateway(providers=sinks(fail=fate, report="undelivered"), log={"level": "debug"}) as g:
        g.accept(event(1, data=data(1, **CANARY)))
        wrong = {**CANARY, "phone": "0532 987 65 4", "email": "kanarya.gizli@", "lang": "xxx"}
        answers = [g.post(event(2, data=data(2, **wrong))),
                   g.post('{"holder": "Kanarya Gizlisoyad'),
                   g.post('{"type":"x","Kanarya":1,"0532 987 65 43":2}', JSON),
                   g.get("/v1/messages?holder=Kanarya&status=0532%20987%2065%2043"),
                   g.get("/kanarya/05329876543"),
                   g.get("/v1/messages", key="ht_kanarya_" + "x" * 43)]
        g.accept(event(1, "duty.ended", data={"holder": {"ref": "sicil-1"}}))
        until(lambda: g.metric('hatirlat_events_total{result="accepted"}') == 2, "applied")
        time.sleep(0.2)
        metrics = g.get("/metrics").body.decode()
        ready = g.get("/readyz").body.decode()
        key = g.key
        g.stop()
        del answers[2]  # its pointers hold the names of the members that are not known
        for answer in answers:
            assert answer.status >= 400 and traces(answer.body.decode()) == [], answer
        assert traces(metrics) == [] and "sicil-1" not in metrics and "cert-1" not in metrics
        assert traces(ready) == []
        assert traces(g.log()) == [], g.log()
        assert key.split("_", 2)[2] not in g.log()
        assert all(line.startswith("{") for line in g.log().splitlines())
