"""Releases, pauses, cancellations and the audit log: over the command line, HTTP, with and without a service."""

import json
import os
import sqlite3

import pytest

from gateway_support import Gateway, data, days_ahead, event, is_problem, run, until

CAMPAIGN = {"name": "e-imza", "marks": [90, 60, 30, 15, 7, 3, 1], "channels": ["sms", "email"]}


def gateway_with(**changes):
    return Gateway(
                   campaigns=[{**CAMPAIGN, **changes}])


def command(gateway, *args, status=0, **options):
    done = run(*args, config=gateway.config_path, cwd=gateway.dir, **options)
    assert done.returncode == status, done
    return done


def answer(gateway, *args):
    return json.loads(command(gateway, *args, "--json").stdout)


def post(gateway, path, status=200, **members):
    got = gateway.request("POST", path, json.dumps(members), {"Content-Type": "application/json"})
    assert got.status == status, got
    return got.json


def expire(gateway, number, days=29):
    gateway.accept(event(number, data=data(number, days=days)))


def in_state(gateway, state, count, **query):
    def look():
        found = [m for m in gateway.messages(**query) if m["status"] == state]
        return found if len(found) == count else None
    return until(look, f"{count} messages {state}")


def show(gateway, name="e-imza"):
    return gateway.get(f"/v1/campaigns/{name}").json


def test_a_campaign_from_draft_to_done():
    with gateway_with(release="each", marks=[30]) as g:
        assert show(g)["state"] == "draft"
        expire(g, 1)
        held = in_state(g, "held", 2)
        assert {m["reason"] for m in held} == {"awaiting_release"}
        assert show(g)["state"] == "awaiting_release"
        assert show(g)["held_for"] == {"awaiting_release": 2}
        until(lambda: g.metric('hatirlat_held_messages{channel="sms",reason="awaiting_release"}') == 1,
              "the metric", patience=30)
        assert [e["campaign"] for e in g.logged("campaign_awaits_release")] == ["e-imza"]
        refused = command(g, "campaign", "release", "e-imza", status=2)
        assert "--by" in refused.stderr
        done = command(g, "campaign", "release", "e-imza", "--by", "İrem Çağlar", "--reference", "2027/114")
        assert "recorded" in done.stdout
        in_state(g, "accepted", 2)
        assert show(g)["state"] == "done"
        release, = show(g)["releases"]
        assert release["by"] == "İrem Çağlar" and release["reference"] == "2027/114"
        expire(g, 2)
        in_state(g, "held", 2)
        assert show(g)["state"] == "awaiting_release"


def test_the_plan_says_what_keeps_it_from_going():
    with gateway_with(release="each", marks=[30, 15]) as g:
        expire(g, 1, days=40)
        until(lambda: g.get("/v1/plan").json["total"]["messages"] == 4, "the plan")

        def stopped():
            return {k: n for k, n in g.get("/v1/plan").json["stopped_by"].items() if n}
        assert stopped() == {"awaiting_release": 4}
        assert "4 of them await a release" in command(g, "plan").stdout
        command(g, "campaign", "release", "e-imza", "--by", "İrem Çağlar", "--for", "15d")
        assert stopped() == {"awaiting_release": 2}
        command(g, "campaign", "release", "e-imza", "--by", "İrem Çağlar")
        assert stopped() == {}
        command(g, "pause", "sms", "--for", "15d")
        assert stopped() == {"paused": 1}
        command(g, "campaign", "pause", "e-imza")
        assert stopped() == {"paused": 4}


def test_a_standing_release_over_http():
    with gateway_with(release="standing", marks=[30]) as g:
        problem = post(g, "/v1/campaigns/e-imza:release", status=422, by="İrem Çağlar")
        assert problem["errors"][0]["pointer"] == "#/until", problem
        is_problem(g.request("POST", "/v1/campaigns/e-imza/release", "{}"), 422)
        made = post(g, "/v1/campaigns/e-imza/release", **{"by": "İrem Çağlar", "for": "30d"})
        assert made["release"]["release"] == "standing"
        expire(g, 1)
        in_state(g, "accepted", 2)


def test_pause_and_resume():
    with gateway_with(marks=[30]) as g:
        command(g, "campaign", "pause", "e-imza", "--for", "2h", "--note", "liste denetleniyor")
        listed, = answer(g, "campaign", "list")["items"]
        assert listed["paused"] and listed["control"]["note"] == "liste denetleniyor"
        expire(g, 1)
        assert {m["reason"] for m in in_state(g, "held", 2)} == {"paused"}
        assert "PAUSED" in command(g, "campaign", "list").stdout
        command(g, "campaign", "resume", "e-imza")
        in_state(g, "accepted", 2)
        command(g, "campaign", "resume", "e-imza", status=5)
        command(g, "campaign", "pause", "yok", status=4)
        actions = [e["action"] for e in answer(g, "audit", "show")["items"]]
        assert actions == ["campaign.resume", "campaign.pause", "key.create"]


def test_everything_stands_still():
    with gateway_with(marks=[30]) as g:
        command(g, "pause", "all", "--note", "deneme")
        expire(g, 1)
        in_state(g, "queued", 2)
        assert [c["subject"] for c in answer(g, "controls")["items"]] == ["all"]
        assert "all" in command(g, "controls").stdout
        assert g.get("/readyz").json["status"] == "degraded"
        command(g, "resume", "all")
        in_state(g, "accepted", 2)
        assert g.get("/readyz").json["status"] == "ready"
        post(g, "/v1/controls:pause", subject="channel:sms", note="x")
        post(g, "/v1/controls:pause", status=422, subject="channel:faks")
        expire(g, 2)
        in_state(g, "accepted", 3)
        in_state(g, "queued", 1)
        post(g, "/v1/controls/resume", subject="channel:sms")
        in_state(g, "accepted", 4)


def test_no_release_that_would_stop_the_sending():
    """What cannot be kept in memory is refused: it would stop everything for everybody."""
    with gateway_with(release="standing", marks=[30]) as g:
        def day(n):
            return days_ahead(n)[:10]
        for n in range(1, 257):
            post(g, "/v1/campaigns/e-imza:release", **{"by": "x", "from": day(2 * n), "until": day(2 * n)})
        refused = post(g, "/v1/campaigns/e-imza:release", status=409,
                       **{"by": "x", "from": day(600), "until": day(600)})
        assert refused["errors"][0]["code"] == "too_many_in_force", refused
        command(g, "campaign", "pause", "e-imza")
        assert show(g)["state"] != "done"
        assert not g.logged("controls_unreadable")


def test_cancel_asks_for_the_name_and_shows_numbers():
    with gateway_with() as g:
        expire(g, 1)
        in_state(g, "accepted", 2)
        asked = command(g, "campaign", "cancel", "e-imza", status=5, input="baska\n")
        assert "8 messages" in asked.stderr, asked
        command(g, "campaign", "cancel", "e-imza", "--yes", "yanlis", status=5)
        assert show(g)["state"] == "sending"
        post(g, "/v1/campaigns/e-imza:cancel", status=422, confirm="yanlis")
        command(g, "campaign", "cancel", "e-imza", input="e-imza\n")
        stopped = in_state(g, "cancelled", 8)
        assert {m["reason"] for m in stopped} == {"campaign_cancelled"}
        assert show(g)["state"] == "cancelled"
        until(lambda: g.logged("cancelled"), "the log")
        expire(g, 2)
        in_state(g, "cancelled", 8 + 2)


def test_a_channel_or_everything_is_cancelled():
    """What waits is stopped for good; what comes later waits until somebody says resume."""
    with gateway_with() as g:
        expire(g, 1)
        in_state(g, "accepted", 2)
        command(g, "cancel", "sms", status=5, input="all\n")
        post(g, "/v1/controls:cancel", status=422, subject="channel:sms")
        command(g, "cancel", "sms", input="sms\n")
        stopped = in_state(g, "cancelled", 4)
        assert {(m["channel"], m["reason"]) for m in stopped} == {("sms", "sending_cancelled")}
        until(lambda: g.logged("cancelled"), "the log")
        expire(g, 2)
        in_state(g, "accepted", 2 + 1)
        command(g, "resume", "sms")
        in_state(g, "accepted", 2 + 2)
        post(g, "/v1/controls:cancel", subject="all", confirm="all")
        in_state(g, "cancelled", 4 + 4 + 8)
        command(g, "pause", "all")
        command(g, "resume", "all")
        expire(g, 3)
        in_state(g, "accepted", 4 + 2)


def test_a_cancelled_channel_stays_cancelled_under_another_word():
    """Without a service nobody has stopped anything yet when a pause takes the cancellation's place."""
    for word in ("pause", "resume"):
        with gateway_with() as g:
            command(g, "pause", "all")
            expire(g, 1)
            in_state(g, "planned", 8)
            g.stop()
            command(g, "cancel", "sms", "--yes", "sms")
            command(g, word, "sms")
            command(g, "resume", "all")
            g.start()
            stopped = in_state(g, "cancelled", 5)
            assert {(m["channel"], m["reason"]) for m in stopped} == {("sms", "sending_cancelled")}
            in_state(g, "accepted", 1)


def test_what_was_cancelled_stays_away_when_the_cancellation_ends_at_once():
    """Without a service nobody has stopped anything yet when the campaign goes on again."""
    with gateway_with() as g:
        command(g, "campaign", "pause", "e-imza")
        expire(g, 1)
        in_state(g, "held", 2)
        g.stop()
        command(g, "campaign", "resume", "e-imza")
        command(g, "campaign", "cancel", "e-imza", "--yes", "e-imza")
        command(g, "campaign", "resume", "e-imza")
        g.start()
        stopped = in_state(g, "cancelled", 10)
        assert {m["reason"] for m in stopped} == {"campaign_cancelled"}
        expire(g, 2)
        in_state(g, "accepted", 2)


def test_the_guard_stops_and_a_person_goes_on():
    with gateway_with(marks=[30], daily_limit=1) as g:
        expire(g, 1)
        in_state(g, "held", 1)
        control = show(g)["control"]
        assert control["by"] == "guard" and control["value"] == "daily_limit", control
        assert g.logged("campaign_stopped_by_guard")
        assert g.metric('hatirlat_guard_stops_total{reason="daily_limit"}') == 1
        assert "note" in command(g, "campaign", "resume", "e-imza", status=2).stderr
        command(g, "campaign", "resume", "e-imza", "--note", "bilerek")
        in_state(g, "accepted", 2)
        expire(g, 2)
        in_state(g, "accepted", 4)


def test_without_a_service_and_after_a_restart():
    with gateway_with(marks=[30]) as g:
        g.stop()
        command(g, "campaign", "pause", "e-imza", "--note", "hizmet kapalıyken")
        g.start()
        expire(g, 1)
        in_state(g, "held", 2)
        g.stop()
        command(g, "campaign", "resume", "e-imza")
        assert "good" in command(g, "audit", "verify").stdout
        g.start()
        in_state(g, "accepted", 2)


def test_a_member_of_no_use_changes_nothing_without_a_service_either():
    with gateway_with(release="each") as g:
        g.stop()
        refused = command(g, "campaign", "release", "e-imza", "--by", "x",
                          "--from", days_ahead(1)[:10], status=2)
        assert '"from" is not used here' in refused.stderr
        g.start()
        assert show(g)["releases"] == [] and g.audited() == []


def test_the_audit_log_tells_of_tampering():
    with gateway_with() as g:
        for _ in range(3):  # behind the entry about the key
            command(g, "campaign", "pause", "e-imza")
            command(g, "campaign", "resume", "e-imza")
        whole = g.get("/v1/audit/verify").json
        assert whole["whole"] and whole["checked"] == 7
        first = g.get("/v1/audit?limit=2").json
        assert [e["seq"] for e in first["items"]] == [7, 6] and first["next_before"] == 6
        g.stop()
        with sqlite3.connect(os.path.join(g.dir, "hatirlat.db")) as db:
            db.execute("UPDATE record SET body = replace(body, 'pause', 'PAUSE') "
                       "WHERE kind = 7 AND key = '000000000004'")
        broken = command(g, "audit", "verify", status=1)
        assert "entry 4" in broken.stderr
        g.start()


def test_scopes():
    with gateway_with() as g:
        g.stop()
        reader = g.make_key("okur", "campaigns:read")
        g.start()
        assert g.get("/v1/campaigns", key=reader).status == 200
        assert g.get("/v1/controls", key=reader).status == 200
        is_problem(g.request("POST", "/v1/campaigns/e-imza:pause", "{}", key=reader), 403)
        is_problem(g.request("POST", "/v1/controls:pause", '{"subject":"all"}', key=reader), 403)
        is_problem(g.get("/v1/audit", key=reader), 403)


@pytest.mark.parametrize("body", [
    {"for": "2x"}, {"for": "400d"}, {"until": "2020-01-01"}, {"until": "dün"},
    {"for": "1h", "until": "2099-01-01"}, {"note": "x" * 401}, {"untill": "2099-01-01"},
    {"for": ""}, {"until": ""}, {"untill": ""}, {"note": "a\x1b[2Jb"}, {"note": "a\nb"},
    {"note": "a\x9bb"}])
def test_bad_members_change_nothing(body):
    with gateway_with() as g:
        post(g, "/v1/campaigns/e-imza:pause", status=422, **body)
        assert g.get("/v1/controls").json["items"] == []
        assert g.audited() == []


@pytest.mark.parametrize("running", [True, False])
def test_an_empty_variable_makes_no_pause_without_an_end(running):
    with gateway_with(release="each") as g:
        if not running:
            g.stop()
        for words in (("campaign", "pause", "e-imza", "--for", ""),
                      ("campaign", "pause", "e-imza", "--until", ""),
                      ("campaign", "release", "e-imza", "--by", "İrem Çağlar", "--until", ""),
                      ("pause", "sms", "--for", ""), ("provider", "pause", "s", "--until", ""),
                      ("provider", "drain", "s", "--for", ""),
                      ("provider", "pin", "s", "--for", ""),
                      ("provider", "pin", "s", "--channel", "")):
            assert "is empty" in command(g, *words, status=2).stderr, words
        if not running:
            g.start()
        assert g.get("/v1/controls").json["items"] == [] and g.audited() == []


@pytest.mark.parametrize("running", [True, False])
def test_no_word_of_the_desk_commands_a_terminal(running):
    with gateway_with(release="each") as g:
        if not running:
            g.stop()
        for words in (("campaign", "pause", "e-imza", "--note", "a\x1b[2J"),
                      ("campaign", "release", "e-imza", "--by", "a\tb"),
                      ("campaign", "release", "e-imza", "--by", "a", "--reference", "1\n2"),
                      ("suppression", "add", "05320000067", "--note", "\x07")):
            assert "control characters" in command(g, *words, status=2).stderr, words
        if not running:
            g.start()
        assert g.audited() == []


def test_what_ends_has_no_end_of_its_own():
    with gateway_with() as g:
        post(g, "/v1/campaigns/e-imza:pause")
        post(g, "/v1/controls:pause", subject="all")
        post(g, "/v1/providers/s:pause")
        before = g.audited()
        for path, more in (("campaigns/e-imza:resume", {}), ("controls:resume", {"subject": "all"}),
                           ("providers/s:resume", {}),
                           ("campaigns/e-imza:cancel", {"confirm": "e-imza"}),
                           ("controls:cancel", {"subject": "all", "confirm": "all"})):
            for end in ({"for": "1h"}, {"until": "2099-01-01"}):
                problem = post(g, f"/v1/{path}", status=422, **more, **end)
                assert [e["code"] for e in problem["errors"]] == ["unknown_member"], problem
                assert problem["errors"][0]["pointer"] == f"#/{list(end)[0]}"
        assert len(g.get("/v1/controls").json["items"]) == 3 and g.audited() == before


def test_the_approver_is_warned_first():
    office = {"approver": {"holder_ref": "sicil-7"}}
    with Gateway(office=office,
                 campaigns=[{**CAMPAIGN, "marks": [30], "release": "each"}]) as g:
        for number in (1, 2, 7):
            expire(g, number)
        in_state(g, "held", 6)
        urgency = {m["holder"]: m["urgency"] for m in g.messages()}
        assert urgency == {"sicil-1": "campaign", "sicil-2": "campaign", "sicil-7": "event"}
        done = command(g, "campaign", "release", "e-imza", "--by", "İrem Çağlar")
        assert "WARNING" in done.stderr and "own certificate" in done.stderr
        in_state(g, "accepted", 6)
        assert "WARNING" in command(g, "campaign", "show", "e-imza").stderr
        assert "own certificate ends" in run("check", g.config_path).stdout
