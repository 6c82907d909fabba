"""What an operator sees and does: lists, timelines, cancel and resend, health and metrics."""

import json
import os
import re
import urllib.parse

import pytest

from gateway_support import (BATCH, JSON, Gateway, data, event, is_problem, run, sinks, until)

FINAL = {"delivered", "undelivered", "failed", "expired", "cancelled", "suppressed"}


@pytest.fixture(scope="module")
def gateway():
    with Gateway(providers=sinks(report="delivered", report_delay="20ms", delay="10ms")) as g:
        yield g


def first_of(gateway, certificate, channel="sms"):
    """The message of a certificate that went out (or is to go) first."""
    return until(lambda: gateway.messages(certificate=certificate, channel=channel),
                 "applied")[-1]


def reaches(gateway, id, *states):
    return until(lambda: (m := gateway.message(id))["status"] in states and m, states)


# ---- timeline ----

def test_a_timeline_tells_everything(gateway):
    gateway.accept(event(1))
    m = reaches(gateway, first_of(gateway, "cert-1")["id"], "delivered")
    assert (m["certificate"], m["holder"], m["campaign"], m["mark"]) == (
        "cert-1", "sicil-1", "e-imza", 90)
    assert m["attempts"] == 1 and not m["possible_duplicate"] and not m["resent"]
    kinds = [e["kind"] for e in m["timeline"]]
    assert kinds.count("attempt") == 1 and kinds.count("report") == 1
    attempt = next(e for e in m["timeline"] if e["kind"] == "attempt")
    assert attempt["outcome"] == "sent" and attempt["provider"] == "s" and attempt["provider_ref"]
    assert "e-imza" in attempt["content"].lower() and "ornekil.meb" in attempt["content"]
    report = next(e for e in m["timeline"] if e["kind"] == "report")
    assert report["state"] == "delivered"
    assert [e["at"] for e in m["timeline"]] == sorted(e["at"] for e in m["timeline"])
    mail = reaches(gateway, first_of(gateway, "cert-1", "email")["id"], "accepted", "delivered")
    content = next(e for e in mail["timeline"] if e["kind"] == "attempt")["content"]
    assert content.startswith("E-imza") and "Sayın Şükran" in content


def test_recipients_are_masked_and_sentences_translated(gateway):
    gateway.accept(event(2))
    answer = gateway.get("/v1/messages?certificate=cert-2")
    sms = next(m for m in answer.json["items"] if m["channel"] == "sms")
    assert sms["recipient"] != "+905320000002" and "*" in sms["recipient"]
    for raw in (b"5320000002", b"532 000 0002", b"kisi2@ornek.test", "Şükran".encode()):
        assert raw not in answer.body
    turkish = gateway.message(sms["id"])["status_text"]
    english = gateway.get(f"/v1/messages/{sms['id']}",
                          headers={"Accept-Language": "en"}).json["status_text"]
    assert turkish and english and turkish != english


@pytest.mark.parametrize("rule, state, outcome", [
    ("rejected", "failed", "rejected"), ("retry", "queued", "retry")])
def test_failures_tell_their_reason(rule, state, outcome):
    with Gateway(providers=sinks(fail=[rule]), log={"level": "debug"},
                 retry={"sms": {"base": "30m"}}) as g:  # no second attempt in this test
        g.accept(event(3))
        m = until(lambda: (m := g.message(first_of(g, "cert-3")["id"]))["attempts"] == 1
                  and m["status"] == state and m, state)
        attempt = next(e for e in m["timeline"] if e["kind"] == "attempt")
        assert attempt["outcome"] == outcome and attempt["detail"]
        assert [e["outcome"] for e in g.logged("attempt") if e["message"] == m["id"]] == [outcome]
        if state == "queued":
            assert m["due_at"] > attempt["settled_at"]
            assert m["deadline_at"] > m["due_at"]
        else:
            assert m["reason"], m


# ---- lists ----

def test_lists_are_filtered(gateway):
    gateway.accept([event(n) for n in (10, 11)], BATCH)
    until(lambda: gateway.messages(certificate="cert-11"), "applied")
    assert {m["certificate"] for m in gateway.messages(certificate="cert-10")} == {"cert-10"}
    assert {m["holder"] for m in gateway.messages(holder="sicil-11")} == {"sicil-11"}
    assert {m["channel"] for m in gateway.messages(channel="email")} == {"email"}
    assert {m["status"] for m in gateway.messages(status="planned")} == {"planned"}
    assert gateway.messages(campaign="e-imza") and gateway.messages(campaign="baska") == []
    assert gateway.messages(since="2099-01-01T00:00:00Z") == []
    both = gateway.messages(certificate="cert-10", channel="sms", status="planned")
    assert {(m["certificate"], m["channel"]) for m in both} == {("cert-10", "sms")}
    assert gateway.messages(certificate="%") == [] and gateway.messages(holder="' OR 1=1") == []


def test_wrong_parameters_are_all_named(gateway):
    answer = gateway.get("/v1/messages?status=gitti&channel=posta&limit=0&since=dun&cursor=x")
    p = is_problem(answer, 400, "invalid_parameter")
    assert {f["pointer"] for f in p["errors"]} == {"#/status", "#/channel", "#/limit", "#/since",
                                                   "#/cursor"}
    for query in ("limit=201", "limit=-1", "limit=1e2", "cursor=m_1-aaaaaaaa", "status=",
                  "cursor=%ff"):
        is_problem(gateway.get("/v1/messages?" + query), 400, "invalid_parameter")


def test_pages_stay_whole_while_messages_are_added(gateway):
    gateway.accept([event(n) for n in range(20, 26)], BATCH)
    until(lambda: gateway.messages(certificate="cert-25"), "applied")
    before = [m["id"] for m in gateway.messages()]
    assert len(before) > 60
    seen, path, number = [], "/v1/messages?limit=7&campaign=e-imza", 500
    while path:
        answer = gateway.get(path)
        page = answer.json
        assert len(page["items"]) <= 7
        seen += [m["id"] for m in page["items"]]
        link = answer.headers["Link"]
        assert bool(link) == bool(page["next_cursor"])
        path = link and re.fullmatch(r'<([^>]*)>; rel="next"', link)[1]
        if path:
            query = urllib.parse.parse_qs(urllib.parse.urlsplit(path).query)
            assert query == {"limit": ["7"], "campaign": ["e-imza"],
                             "cursor": [page["next_cursor"]]}
            gateway.accept(event(number))
            number += 1
    assert seen == before
    assert len(gateway.messages()) > len(before)


def test_only_true_ids_are_known(gateway):
    gateway.accept(event(40))
    id = first_of(gateway, "cert-40")["id"]
    assert gateway.get(f"/v1/messages/{id}").status == 200
    number = id.split("_")[1].split("-")[0]
    for wrong in ("m_" + number, f"m_{number}-00000000", number, "m_" + "9" * 30, "%00"):
        is_problem(gateway.get(f"/v1/messages/{wrong}"), 404, "not_found")


# ---- operating ----

def operate(gateway, id, what, form="/", **options):
    return gateway.request("POST", f"/v1/messages/{id}{form}{what}", b"", **options)


@pytest.mark.parametrize("form", ["/", ":"])
def test_a_planned_message_can_be_cancelled_and_sent_after_all(gateway, form):
    number = 50 if form == "/" else 51
    gateway.accept(event(number))
    reaches(gateway, first_of(gateway, f"cert-{number}")["id"], "delivered")
    id = gateway.messages(certificate=f"cert-{number}", status="planned", channel="sms")[0]["id"]
    is_problem(operate(gateway, id, "resend", form), 409, "wrong_state")
    cancelled = operate(gateway, id, "cancel", form)
    assert cancelled.status == 200 and cancelled.json["status"] == "cancelled"
    is_problem(operate(gateway, id, "cancel", form), 409, "wrong_state")
    resent = operate(gateway, id, "resend", form)
    assert resent.status == 200 and resent.json["status"] == "queued"
    m = reaches(gateway, id, "delivered")
    assert m["resent"] is True
    acts = [(e["to"], e["actor"]) for e in m["timeline"]
            if e["kind"] == "status" and "actor" in e and e["actor"].startswith("key:")]
    assert acts == [("cancelled", "key:e2e"), ("queued", "key:e2e")]


def test_the_command_cancels_and_sends_again_and_the_audit_log_tells(gateway):
    gateway.accept(event(53))
    reaches(gateway, first_of(gateway, "cert-53")["id"], "delivered")
    id = gateway.messages(certificate="cert-53", status="planned", channel="sms")[0]["id"]
    for command, status in (("cancel", "cancelled"), ("resend", "queued")):
        done = run("message", command, id, "--json", config=gateway.config_path)
        assert done.returncode == 0, done
        assert json.loads(done.stdout)["status"] == status
    reaches(gateway, id, "delivered")
    again = run("message", "cancel", id, config=gateway.config_path)
    assert again.returncode == 5 and "does not allow this: " in again.stderr
    assert run("message", "cancel", "m_1-00000000", config=gateway.config_path).returncode == 4
    by = f"uid:{os.getuid()}"
    entries = [e for e in gateway.get("/v1/audit").json["items"]
               if e["action"].startswith("message.") and e["detail"]["message"] == id]
    assert [(e["action"], e["detail"]["was"], e["actor"]) for e in reversed(entries)] == [
        ("message.cancel", "planned", by), ("message.resend", "cancelled", by)]


def test_nothing_is_sent_again_on_a_word_nobody_knows(gateway):
    gateway.accept(event(54))
    id = gateway.messages(certificate="cert-54", status="planned", channel="sms")[0]["id"]
    path = f"/v1/messages/{id}:resend"
    problem = is_problem(gateway.request("POST", path, '{"bogus": 1}'), 422, "validation_failed")
    assert problem["errors"][0]["pointer"] == "#/bogus"
    is_problem(gateway.request("POST", path, "[]"), 422, "not_an_object")
    is_problem(gateway.request("POST", path, "{"), 400, "invalid_json")
    assert gateway.get(f"/v1/messages/{id}").json["status"] == "planned"


def test_a_cancel_is_a_cancel_whatever_its_body(gateway):
    gateway.accept(event(55))
    id = gateway.messages(certificate="cert-55", status="planned", channel="sms")[0]["id"]
    done = gateway.request("POST", f"/v1/messages/{id}:cancel", '{"neden": "istendi"')
    assert done.status == 200 and gateway.message(id)["status"] == "cancelled", done


def test_what_may_have_gone_is_not_called_unsent():
    """Stopping a message in doubt is told with the doubt, and a copy of it is flagged."""
    doubt = {"kind": "sink", "fail": ["unknown"], "on_doubt": "park"}
    with Gateway(providers={"s": doubt, "e": {"kind": "sink"}},
                 routes={"sms": ["s"], "email": ["e"]}) as g:
        g.accept(event(1))
        parked = until(lambda: g.messages(status="held", channel="sms"), "in doubt")[0]["id"]
        waiting = g.messages(status="planned", channel="sms")[0]["id"]
        sure = run("message", "cancel", waiting, config=g.config_path)
        assert sure.returncode == 0 and "arrive" not in sure.stdout + sure.stderr, sure
        done = run("message", "cancel", parked, config=g.config_path)
        assert done.returncode == 0 and "will not be sent" not in done.stdout, done
        assert "WARNING: Nobody knows" in done.stderr and "reached the person" in done.stderr
        stopped = g.message(parked)
        assert stopped["status"] == "cancelled" and stopped["reason"] == "operator"
        assert "needed" not in stopped["status_text"] and "Gerek" not in stopped["status_text"]
        assert stopped["possible_duplicate"] is False
        again = operate(g, parked, "resend")
        assert [w["code"] for w in again.json["warnings"]] == ["may_have_arrived"]
        assert "bilinmiyor" in again.json["warnings"][0]["detail"]
        m = until(lambda: (lambda m: m["attempts"] == 2 and m)(g.message(parked)), "sent again")
        assert m["possible_duplicate"] is True and m["resent"] is True


def test_the_story_of_a_doubt():
    """A second copy is marked as one, and nobody is called while nothing is to be decided."""
    lost = {"kind": "sink", "fail": ["unknown"]}
    with Gateway(providers={"s": {**lost, "on_doubt": "resend"},
                            "e": {**lost, "on_doubt": "ask", "report": "delivered"}},
                 routes={"sms": ["s"], "email": ["e"]},
                 retry={"sms": {"base": "1s", "cap": "1s"}}) as g:
        g.accept(event(1))
        for channel, status in (("sms", "held"), ("email", "unknown")):
            id = until(lambda: g.messages(channel=channel, status=status), status)[0]["id"]
        said = run("explain", "--message", id, config=g.config_path).stdout.splitlines()
        sms, mail = ["\n".join(said[n:n + 3]) for n, line in enumerate(said) if " at 90 " in line]
        assert "somebody has to decide. Why: nobody knows whether it went." in sms, sms
        assert "attempt 1, s: nobody knows" in sms
        assert "attempt 2, s (possibly a duplicate): nobody knows" in sms, sms
        mail = mail.split("Reminder at 60")[0]
        assert "Nobody knows whether the provider took it; it may have been sent." in mail, mail
        assert "decide" not in mail and "connection" not in mail and "duplicate" not in mail, mail
        story = json.loads(run("explain", "--holder", "sicil-1", "--lang", "tr", "--json",
                               config=g.config_path).stdout)["cases"][0]["messages"]
        assert [m["channel"] for m in story if m["possible_duplicate"]] == ["sms"]
        assert "(yinelenmiş olabilir)" in story[0]["story"][1]["text"], story[0]
        assert "karar" not in story[1]["text"] and "alıp almadığı bilinmiyor" in story[1]["text"]


def test_operating_needs_its_scope_and_a_message(gateway):
    gateway.accept(event(52))
    id = first_of(gateway, "cert-52")["id"]
    key = gateway.request("POST", "/v1/keys",
                          '{"name":"izleyen","scopes":["messages:read"]}').json["key"]
    for what in ("cancel", "resend"):
        is_problem(operate(gateway, id, what, key=key), 403, "forbidden")
        is_problem(operate(gateway, "m_1-00000000", what), 404, "not_found")
    is_problem(operate(gateway, id, "destroy"), 404, "not_found")
    answer = gateway.get(f"/v1/messages/{id}/cancel")
    is_problem(answer, 405)
    assert answer.headers["Allow"] == "POST"


# ---- health ----

def test_ready_says_what_is_well(gateway):
    assert gateway.get("/healthz", key=None).json == {"status": "ok"}
    ready = gateway.get("/readyz")
    assert ready.status == 200 and ready.headers["Content-Type"] == JSON
    assert ready.json["status"] == "ready"
    assert {c["name"] for c in ready.json["checks"]} >= {"loop", "store", "disk", "provider:s",
                                                         "provider:e"}


def test_an_account_problem_is_told_everywhere_and_burns_nothing():
    with Gateway(providers={"s": {"kind": "sink", "fail": ["account"]}, "e": {"kind": "sink"}},
                 ) as g:
        g.accept([event(n) for n in range(1, 6)], BATCH)
        held = until(lambda: (r := g.get("/readyz").json)["status"] == "degraded" and r, "held")
        check = next(c for c in held["checks"] if c["name"] == "provider:s")
        assert check["status"] == "warn" and check["detail"]
        assert g.metric('hatirlat_provider_held{provider="s"}') == 1
        assert g.metric('hatirlat_provider_held{provider="e"}') == 0
        told = g.logged("provider_held")
        assert len(told) == 1 and told[0]["level"] == "error" and told[0]["provider"] == "s"
        # Mail goes on, events stay welcome, and no message lost its chance.
        until(lambda: g.metric('hatirlat_attempts_total{provider="e",result="sent"}') == 5, "mail")
        g.accept(event(6))
        assert g.metric('hatirlat_attempts_total{provider="s",result="account"}') <= 5
        due = until(lambda: len(x := [m for m in g.messages(channel="sms") if m["mark"] == 90])
                    == 6 and x, "applied")
        assert not FINAL & {m["status"] for m in due}


# ---- metrics ----

SAMPLE = re.compile(r'([a-z_:][a-z0-9_:]*)(?:\{((?:[a-z_]+="[^"\\\n]*",?)*)\})? (\S+)')


def test_metrics_are_well_formed(gateway):
    answer = gateway.get("/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    families, seen = {}, set()
    for line in answer.body.decode().splitlines():
        if line.startswith("# "):
            _, word, name, text = line.split(" ", 3)
            families.setdefault(name, {})[word] = text
            continue
        match = SAMPLE.fullmatch(line)
        assert match, line
        float(match[3])
        assert (match[1], match[2]) not in seen, f"told twice: {line}"
        seen.add((match[1], match[2]))
        family = re.sub(r"_(bucket|sum|count)$", "", match[1])
        family = family if family in families else match[1]
        assert set(families[family]) == {"HELP", "TYPE"}, line
        if families[family]["TYPE"] == "counter":
            assert family.endswith("_total"), line
    assert all(set(f) == {"HELP", "TYPE"} and f["HELP"].strip() for f in families.values())
    for wanted in ("hatirlat_build_info", "hatirlat_messages_total", "hatirlat_attempts_total",
                   "hatirlat_queue_messages", "hatirlat_events_total",
                   "hatirlat_oldest_due_message_age_seconds", "process_start_time_seconds"):
        assert wanted in families


def test_metrics_follow_what_happens():
    with Gateway() as g:
        g.accept(event(1))
        g.post(event(1))
        g.post(event(2, data=data(2, phone="1")))
        assert g.metric('hatirlat_events_total{result="accepted"}') == 1
        assert g.metric('hatirlat_events_total{result="duplicate"}') == 1
        assert g.metric('hatirlat_events_total{result="refused"}') == 1
        until(lambda: g.metric('hatirlat_queue_messages{channel="sms",state="planned"}') == 6,
              "counted")
        until(lambda: g.metric('hatirlat_queue_messages{channel="sms",state="accepted"}') == 1,
              "counted")
        assert g.metric('hatirlat_attempts_total{provider="s",result="sent"}') == 1
