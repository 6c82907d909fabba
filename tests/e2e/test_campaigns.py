"""Campaigns side by side: who, in which words, to whom else; and what changed settings change."""

import json
import os
import signal
import sqlite3
import time

from gateway_support import BATCH, Gateway, data, days_ahead, event, run, until


def inbox(gateway):
    with sqlite3.connect(os.path.join(gateway.dir, "hatirlat.db")) as shell:
        rows = shell.execute("select recipient, content from inbox order by id").fetchall()
    shell.close()
    return rows


def holder(number, **institution):
    facts = data(number)
    facts["institution"] = {"ref": f"k-{number}", "name": "Örnek Ortaokulu",
                            "address_form": "Örnek Ortaokulu Müdürlüğüne",
                            "email": f"kurum{number}@ornek.test", **institution}
    return facts


def reload(gateway, **changes):
    until(lambda: gateway.logged("replanned"), "the walk of the first start")
    gateway.settings.update(changes)
    gateway.write_config()
    mark = os.path.getsize(gateway.log_path)
    gateway.signal(signal.SIGHUP)
    until(lambda: gateway.logged("replanned", mark), "planned anew")
    lines = [json.loads(line) for line in gateway.log()[mark:].splitlines()]
    return next(line for line in lines if line["event"] == "replanned")


def test_each_campaign_reaches_its_own_people_in_its_own_words():
    campaigns = [
        {"name": "genel", "marks": [90, 30], "channels": ["sms"], "who": {"exclude": ["sicil-2"]}},
        {"name": "kurumlu", "channels": ["email"], "who": {"institutions": ["k-2"]},
         "marks": [{"days": 90, "template": "a60", "escalate": True}, 7]},
    ]
    with Gateway(campaigns=campaigns) as g:
        g.accept([event(n, data=holder(n)) for n in (1, 2)], BATCH)
        until(lambda: len(inbox(g)) == 3, "sent")
        time.sleep(0.2)
        got = dict(inbox(g))
        assert set(got) == {"+905320000001", "kisi2@ornek.test", "kurum2@ornek.test"}
        assert len(inbox(g)) == 3
        assert "Örnek Ortaokulu" in mail_text(got["kurum2@ornek.test"])
        assert "Şükran IŞIK" in mail_text(got["kurum2@ornek.test"])


def mail_text(raw):
    import email
    import email.policy
    message = email.message_from_string(raw, policy=email.policy.default)
    return str(message["subject"]) + str(message["to"]) + \
        message.get_body(("plain",)).get_content()


def test_a_campaign_may_have_providers_of_its_own():
    campaigns = [{"name": "bir", "marks": [90], "channels": ["sms"], "who": {"units": ["bir"]}},
                 {"name": "iki", "marks": [90], "channels": ["sms"], "who": {"units": ["iki"]},
                  "routes": {"sms": ["bozuk", "s2"]}}]
    providers = {"s": {"kind": "sink"}, "s2": {"kind": "sink"}, "e": {"kind": "sink"},
                 "bozuk": {"kind": "sink", "fail": ["account"]}}
    with Gateway(campaigns=campaigns, providers=providers) as g:
        for n, unit in enumerate(("bir", "iki", "iki"), 1):
            g.accept(event(n, data=data(n, unit=unit)))
        sent = until(lambda: len(g.messages(status="accepted")) == 3 and
                     g.messages(status="accepted"), "sent")
        assert {(m["campaign"], m["provider"]) for m in sent} == {("bir", "s"), ("iki", "s2")}


def test_an_escalation_stops_with_its_case():
    marks = [{"days": 60, "escalate": True}]
    with Gateway(campaigns=[{"name": "k", "marks": marks, "channels": ["sms"]}]) as g:
        g.accept(event(1, data=holder(1)))
        until(lambda: len(g.messages(status="planned")) == 2, "planned")
        g.accept(event(1, "application.submitted", data={"certificate": {"ref": "cert-1"}},
                       time=days_ahead(0)))
        until(lambda: len(g.messages(status="cancelled")) == 2, "stopped")


def test_changed_settings_plan_anew_only_what_is_not_sent():
    with Gateway() as g:
        g.accept([event(n) for n in (1, 2)], BATCH)
        until(lambda: len(inbox(g)) == 4, "the first mark")
        told = reload(g, campaigns=[{"name": "e-imza", "marks": [90, 30]}])
        # of each person and channel: 60, 15, 7, 3 and 1 go, 30 lasts longer
        assert (told["stopped"], told["moved"], told["added"]) == (20, 4, 0), told
        gone = g.messages(status="cancelled")
        assert {m["reason"] for m in gone} == {"plan_changed"} and len(gone) == 20
        told = reload(g, campaigns=[{"name": "e-imza", "marks": [90, 60, 30, 15, 7, 3, 1]}])
        assert (told["returned"], told["moved"]) == (20, 4), told
        assert not g.messages(status="cancelled")
        time.sleep(0.2)
        assert len(inbox(g)) == 4  # the mark of 90 is not said again


def test_changed_settings_are_found_at_the_next_start():
    with Gateway() as g:
        g.accept(event(1))
        until(lambda: len(inbox(g)) == 2, "the first mark")
        g.stop()
        g.settings["campaigns"] = [{"name": "baska", "marks": [30], "channels": ["sms"]}]
        g.write_config()
        g.start()
        until(lambda: g.messages(campaign="baska"), "planned")
        assert len(g.messages(campaign="baska")) == 1
        until(lambda: not g.messages(campaign="e-imza", status="planned"), "stopped")
        g.stop()
        mark = os.path.getsize(g.log_path)
        g.start()
        until(lambda: g.logged("ready", mark), "ready")
        time.sleep(0.3)
        assert not g.logged("replanned", mark)  # nothing has changed since


def test_holidays_are_read_again(tmp_path):
    calendar = tmp_path / "tatil.json"
    calendar.write_text('{"days": []}')
    with Gateway(holidays=str(calendar), send_window={}) as g:
        g.accept(event(1))
        until(lambda: g.messages(status="planned"), "planned")
        day = next(m for m in g.messages(channel="sms") if m["mark"] == 30)["due_at"][:10]
        calendar.write_text(json.dumps({"days": [
            {"date": day, "name": "Köprü günü", "portion": "full"}]}))
        told = reload(g)
        assert told["moved"] >= 2
        moved = next(m for m in g.messages(channel="sms") if m["mark"] == 30)
        assert moved["due_at"][:10] > day


def test_a_template_that_is_not_there_is_a_fault_of_the_file():
    with Gateway() as g:
        g.settings["campaigns"] = [{"name": "e-imza", "marks": [{"days": 30, "template": "yok"}]}]
        g.write_config()
        mark = os.path.getsize(g.log_path)
        g.signal(signal.SIGHUP)
        until(lambda: g.logged("reload_refused", mark), "refused")
        fault = next(json.loads(line) for line in g.log()[mark:].splitlines()
                     if "config_fault" in line)
        assert fault["code"] == "CFG-217" and fault["line"] > 0
        checked = run("check", config=g.config_path)
        assert checked.returncode == 78 and "CFG-217" in checked.stdout + checked.stderr, checked


def test_what_is_past_due_waits_for_a_person():
    with Gateway(campaigns=[{"name": "e-imza", "marks": [90, 30], "past_due": "ask"}]) as g:
        g.accept(event(1))
        held = until(lambda: g.messages(status="held"), "held")
        assert {m["reason"] for m in held} == {"past_due"} and len(held) == 2
        assert inbox(g) == []


def decide(g, *args, status=0):
    done = run("campaign", "past-due", "e-imza", *args, config=g.config_path, cwd=g.dir)
    assert done.returncode == status, done
    return done


def test_a_person_decides_about_what_is_past_due():
    with Gateway(campaigns=[{"name": "e-imza", "marks": [90, 30], "past_due": "ask"}]) as g:
        decide(g, "--send", status=5)
        g.accept(event(1))
        until(lambda: len(g.messages(status="held")) == 2, "held")
        decide(g, status=2)
        decide(g, "--send", "--skip", status=2)
        assert "2 messages" in decide(g, "--send").stdout
        until(lambda: len(inbox(g)) == 2, "sent")
        decide(g, "--send", status=5)
        g.accept(event(2))
        until(lambda: len(g.messages(status="held")) == 2, "held")
        assert "2 messages" in decide(g, "--skip").stdout
        assert {m["reason"] for m in g.messages(status="cancelled")} == {"operator"}
        g.accept(event(2, id="again"))
        actions = [(e["action"], e["detail"]["decision"]) for e in g.audited()]
        assert actions == [("campaign.past_due", "skip"), ("campaign.past_due", "send")]
        assert len(inbox(g)) == 2 and not g.messages(status="held")


def test_the_difference_is_shown_before_it_is_made():
    with Gateway() as g:
        g.accept([event(n) for n in (1, 2)], BATCH)
        until(lambda: len(inbox(g)) == 4, "the first mark")
        g.reader = g.request("POST", "/v1/keys", json.dumps(
            {"name": "plan", "scopes": ["campaigns:read"]}).encode(),
            headers={"Content-Type": "application/json"}).json["key"]
        less = [{"name": "e-imza", "marks": [90, 30]}]
        shown = diff(g, json.dumps(less))
        assert (shown["stopped"], shown["moved"], shown["cases"]) == (20, 4, 2), shown
        assert shown["campaigns"][0]["name"] == "e-imza"
        assert sum(day["goes"] for day in shown["days"]) == shown["next_30"]["goes"] == 4
        assert diff(g)["stopped"] == 0  # nothing has been edited yet
        assert not g.messages(status="cancelled")
        gone = diff(g, json.dumps({"campaigns": []}))
        assert gone["campaigns"] == [{"name": None, "added": 0, "moved": 0, "stopped": 24,
                                      "returned": 0}]
        g.settings["campaigns"] = less
        g.write_config()
        assert (diff(g)["stopped"], diff(g)["moved"]) == (20, 4)
        assert "20 stopped" in shown_by_cli(g)
        told = reload(g)
        assert (told["stopped"], told["moved"]) == (20, 4)
        assert "does not change" in shown_by_cli(g)
        bad = g.request("POST", "/v1/campaigns:diff", body=b'[{"name": "a", "marks": ["x"]}]',
                        key=g.reader)
        assert bad.status in (400, 422) and "/campaigns/0/marks/0" in bad.body.decode(), bad
        g.stop()
        assert "does not change" in shown_by_cli(g)  # without a service, on the store itself


def diff(gateway, campaigns=None):
    key = gateway.reader
    if campaigns is None:
        answer = gateway.get("/v1/campaigns:diff", key=key)
    else:
        answer = gateway.request("POST", "/v1/campaigns:diff", body=campaigns.encode(), key=key)
    assert answer.status == 200, answer
    return json.loads(answer.body)


def shown_by_cli(gateway, *args):
    ran = run("campaign", "diff", *args, config=gateway.config_path)
    assert ran.returncode == 0, ran
    return ran.stdout
