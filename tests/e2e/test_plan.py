"""Seeing first: the plan with its reasons and cost, before anything is sent."""

import csv
import io
import json
import os
from datetime import datetime, timedelta, timezone

import pytest

from gateway_support import Gateway, SOURCE, data, days_ahead, event, is_problem, run, until

ISTANBUL = timezone(timedelta(hours=3))
MARKS = [90, 60, 30, 15]  # too far apart to fall on one day, whatever the holidays


def today():
    return datetime.now(ISTANBUL).date()


@pytest.fixture(scope="module")
def gateway():
    """Three people 120 days ahead, one of them renewed, one without a phone."""
    with Gateway(providers={"s": {"kind": "sink", "price_kurus": 21}, "e": {"kind": "sink"}},
                 holidays=os.path.join(SOURCE, "config", "holidays-tr.json"),
                 campaigns=[{"name": "e-imza", "marks": MARKS, "channels": ["sms", "email"]},
                            {"name": "kisa", "marks": [20], "channels": ["email"]}]) as g:
        g.accept(event(1, data=data(1, days=120)))
        g.accept(event(2, data=data(2, days=120, phone=None)))
        g.accept(event(3, data=data(3, days=120)))
        g.accept(event(3, kind="certificate.renewed", id="r3", time="2026-01-06T06:00:00Z",
                       data={"certificate": {"ref": "cert-3"}, "holder": {"ref": "sicil-3"}}))
        until(lambda: len(g.messages(status="cancelled")) == 9, "the renewal")
        yield g


def plan(g, *args, **options):
    return run("plan", *args, config=g.config_path, **options)


def document(g, *args):
    told = plan(g, "--json", *args)
    assert told.returncode == 0, told
    return json.loads(told.stdout)


def year(*args):
    return ("--from", str(today()), "--to", str(today() + timedelta(days=130)), *args)


def test_counts_segments_and_cost(gateway):
    doc = document(gateway, *year())
    # Two people by mail at every mark of both campaigns; one of them by SMS.
    assert doc["total"] == {"messages": 14, "sms": 4, "email": 10,
                            "segments": doc["total"]["segments"],
                            "kurus": doc["total"]["segments"] * 21}
    assert doc["total"]["segments"] >= 4
    assert sum(d["messages"] for d in doc["days"]) == 14
    assert len(doc["days"]) == 131
    by_step = {(s["campaign"], s["mark"], s["channel"]): s["people"] for s in doc["steps"]}
    assert by_step == {**{("e-imza", m, "sms"): 1 for m in MARKS},
                       **{("e-imza", m, "email"): 2 for m in MARKS}, ("kisa", 20, "email"): 2}


def test_a_card_of_today_does_not_exclude_the_marks_of_next_year():
    with Gateway(campaigns=[{"name": "e-imza", "marks": MARKS, "channels": ["sms"]}]) as g:
        g.accept(event(1, data=data(1, days=400), time=days_ahead(-1)))
        g.accept(event(1, "card.delivered", data={"certificate": {"ref": "cert-1"}},
                       time=days_ahead(0)))
        until(lambda: len(g.messages(status="cancelled")) == len(MARKS), "the delivery")
        doc = document(g, "--from", str(today() + timedelta(days=280)),
                       "--to", str(today() + timedelta(days=400)))
        assert doc["total"]["sms"] == len(MARKS), doc


def test_exclusions_have_reasons(gateway):
    doc = document(gateway, *year("--explain"))
    reasons = {e["reason"]: e["count"] for e in doc["excluded"]}
    assert reasons == {"renewed": 9, "no_phone": 4}
    items = doc["items"]
    assert len(items) == 14 + 13 and doc["items_left_off"] == 0
    assert {i["holder"] for i in items if i.get("excluded") == "renewed"} == {"sicil-3"}
    assert {i["holder"] for i in items if i.get("excluded") == "no_phone"} == {"sicil-2"}
    assert all(i["text"] for i in items if "excluded" in i)


def test_one_campaign_and_one_day(gateway):
    only = document(gateway, *year("--campaign", "kisa"))
    assert only["total"]["messages"] == 2
    day = next(d["date"] for d in only["days"] if d["messages"])
    one = document(gateway, "--day", day, "--campaign", "kisa")
    assert one["total"]["messages"] == 2 and len(one["days"]) == 1


def test_nothing_lies_on_days_off(gateway):
    for d in document(gateway, *year())["days"]:
        assert d["kind"] in ("working", "half") or d["messages"] == 0, d


def test_csv_and_calendar_file(gateway):
    told = plan(gateway, *year("--csv"))
    rows = list(csv.DictReader(io.StringIO(told.stdout.lstrip("\ufeff"))))
    assert len([r for r in rows if not r["excluded"]]) == 14
    assert len([r for r in rows if r["excluded"] == "renewed"]) == 9
    ics = plan(gateway, *year("--ics")).stdout
    days = [d for d in document(gateway, *year())["days"] if d["messages"]]
    assert ics.count("BEGIN:VEVENT") == len(days)
    assert all(len(line) <= 75 for line in ics.splitlines())


def test_words_for_people(gateway):
    told = plan(gateway, *year("--cost", "--calendar", "--explain", "--lang", "tr")).stdout
    for words in ("KAMPANYA", "PARÇA", "GÖNDERİLMEYECEK", "telefonu yok", "Hiçbir şey gönderilmedi",
                  "Pzt", "TL"):
        assert words in told, (words, told)
    empty = plan(gateway, "--day", str(today() + timedelta(days=400))).stdout
    assert "nothing to be sent" in empty


def test_what_if(gateway, tmp_path):
    changed = json.loads(json.dumps(gateway.settings))
    changed["campaigns"] = [{"name": "e-imza", "marks": [60, 30], "channels": ["sms", "email"]}]
    path = tmp_path / "yeni.jsonc"
    path.write_text(json.dumps(changed))
    doc = document(gateway, *year("--with", str(path)))
    assert doc["now"]["total"]["messages"] == 14
    assert doc["with"]["total"]["messages"] == 6
    told = plan(gateway, *year("--with", str(path), "--lang", "tr")).stdout
    assert "Yeni ayarlarla" in told and "-8" in told
    # Looking changes nothing.
    assert document(gateway, *year())["total"]["messages"] == 14


def test_what_if_with_the_same_settings_is_the_same(gateway):
    doc = document(gateway, *year("--with", gateway.config_path))
    assert doc["now"]["total"] == doc["with"]["total"]
    assert doc["now"]["days"] == doc["with"]["days"]


def test_faults_of_a_candidate_have_places(gateway, tmp_path):
    path = tmp_path / "kotu.jsonc"
    path.write_text('{\n  "ofice": {}\n}')
    told = plan(gateway, "--with", str(path))
    assert told.returncode == 2, told
    assert "2:3:" in told.stderr, told


def test_wrong_requests(gateway):
    assert plan(gateway, "--campaign", "yok").returncode == 2
    assert plan(gateway, "--day", "dün").returncode == 2
    assert plan(gateway, "--from", "2027-01-02", "--to", "2027-01-01").returncode == 2
    assert plan(gateway, "--from", "2027-01-01", "--to", "2031-01-01").returncode == 2
    is_problem(gateway.get("/v1/plan?format=pdf"), 422)


def test_the_same_over_http_and_without_a_service(gateway):
    path = f"/v1/plan?from={today()}&to={today() + timedelta(days=130)}"
    over_http = gateway.get(path, headers={"Accept-Language": "en"}).json
    assert over_http == document(gateway, *year())


def test_what_is_late_goes_now():
    """A provider that is paused leaves messages behind; a plan that begins later still has them."""
    with Gateway(providers={"s": {"kind": "sink"}, "e": {"kind": "sink"}},
                 campaigns=[{"name": "e-imza", "marks": [90], "channels": ["sms"]}]) as g:
        assert run("provider", "pause", "s", config=g.config_path).returncode == 0
        g.accept(event(1, data=data(1, days=88)))
        until(lambda: g.messages(), "the message is planned")
        late = datetime.now(timezone.utc) + timedelta(seconds=1)
        until(lambda: datetime.now(timezone.utc) > late, "its time passes")
        begin = late.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        doc = document(g, "--from", begin, "--explain")
        assert (doc["total"]["messages"], doc["late"]) == (1, 1)
        assert [i["at"] >= begin for i in doc["items"] if "excluded" not in i] == [True]
        told = plan(g, "--from", begin)
        assert "1 of them late" in told.stdout
        tomorrow = document(g, "--day", str(today() + timedelta(days=1)))
        assert (tomorrow["total"]["messages"], tomorrow["late"]) == (0, 0)


@pytest.mark.parametrize("mode,segments", [("tr_single", 1), ("ascii", 1), ("ucs2", 3)])
def test_segments_are_those_of_the_coding_that_the_office_chose(mode, segments):
    """UCS-2 is for a centre that takes nothing else: no shift tables in its place."""
    with Gateway(providers={"s": {"kind": "sink", "sms_mode": mode}, "e": {"kind": "sink"}},
                 campaigns=[{"name": "e-imza", "marks": [30], "channels": ["sms"]}]) as g:
        g.accept(event(1, data=data(1, days=50)))
        until(g.messages, "planned")
        assert json.loads(plan(g, "--json").stdout)["total"]["segments"] == segments
