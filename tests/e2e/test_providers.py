"""What an operator does with providers: pause, drain, pin, resume, test, balance; and what stays in sight."""

import json
import os
import time

import pytest

from gateway_support import Gateway, data, event, is_problem, run, until
from simulator_support import simulator

CAMPAIGN = {"name": "e-imza", "marks": [30], "channels": ["sms"]}
TWO = {"a": {"kind": "sink"}, "b": {"kind": "sink"}, "e": {"kind": "sink"}}


def two(**changes):
    return Gateway(**{"providers": TWO, "routes": {"sms": ["a", "b"], "email": ["e"]},
                      "campaigns": [CAMPAIGN], **changes})


def command(gateway, *args, status=0, **options):
    done = run(*args, config=gateway.config_path, **options)
    assert done.returncode == status, done
    return done


def provider(gateway, name):
    return json.loads(command(gateway, "provider", "show", name, "--json").stdout)


def send(gateway, number):
    """A message for this person; the provider that took it."""
    gateway.accept(event(number, data=data(number, days=29)))

    def taken():
        found = [m for m in gateway.messages(holder=f"sicil-{number}") if m["status"] in
                 ("accepted", "delivered")]
        return found and found[0]["provider"]
    return until(taken, f"message {number} sent")


def vendor_at(folder, sim, user="u", **more):
    secret = folder / "parola"
    secret.touch(0o600)
    secret.write_text("gizli-parola")
    return {"kind": "http-sms", "recipe": sim.vendor, "base_url": sim.url, "allow_private": True,
            "user": user, "password": {"file": str(secret)}, "sender": "BATMANMEM", **more}


def checks(gateway):
    return {c["name"]: c for c in gateway.get("/readyz").json["checks"]}


def test_a_paused_provider_is_passed_by_and_that_stays_in_sight():
    with two() as g:
        assert send(g, 1) == "a"
        command(g, "provider", "pause", "a", "--for", "2h", "--note", "bakım")
        assert send(g, 2) == "b"
        assert "paused" in command(g, "provider", "list").stdout
        shown = provider(g, "a")
        assert shown["state"] == "paused" and shown["control"]["note"] == "bakım"
        assert shown["control"]["until"]
        assert g.metric('hatirlat_failover_active{channel="sms"}') == 1
        assert g.metric('hatirlat_provider_paused{provider="a"}') == 1
        assert g.get("/readyz").json["status"] == "degraded"
        assert "goes by b" in checks(g)["channel:sms"]["detail"]
        assert "bakım" in checks(g)["provider:a"]["detail"]
        assert g.logged("failover")[-1]["to"] == "b"
        command(g, "provider", "resume", "a")
        assert send(g, 3) == "a"
        assert g.metric('hatirlat_failover_active{channel="sms"}') == 0
        assert g.logged("failover_ended")


@pytest.mark.parametrize("lead", ["", "x"])
def test_a_long_note_is_cut_between_characters(lead):
    with two() as g:
        command(g, "provider", "pause", "a", "--note", lead + "ğ" * 190)
        told = until(lambda: checks(g)["provider:a"].get("detail"), "the note in the health page")
        assert lead + "ğ" * 20 in told and "\ufffd" not in told


def test_nobody_left():
    with two() as g:
        for name in ("a", "b"):
            command(g, "provider", "pause", name)
        g.accept(event(1, data=data(1, days=29)))
        until(lambda: [m for m in g.messages() if m["status"] == "queued"], "it waits")
        assert "no provider" in checks(g)["channel:sms"]["detail"]
        command(g, "provider", "resume", "b")
        assert send(g, 2) == "b"


def test_drain_finishes_what_is_in_flight():
    slow = {**TWO, "a": {"kind": "sink", "delay": "1500ms"}}
    with two(providers=slow) as g:
        g.accept(event(1, data=data(1, days=29)))
        until(lambda: provider(g, "a")["in_flight"] == 1, "in flight")
        command(g, "provider", "drain", "a")
        assert provider(g, "a")["state"] == "draining"
        assert send(g, 2) == "b"
        until(lambda: provider(g, "a")["state"] == "drained", "drained")
        assert g.logged("provider_drained")
        assert [m["provider"] for m in g.messages(holder="sicil-1") if m["provider"]] == ["a"]


def test_a_pin_holds_against_the_automation():
    broken = {**TWO, "b": {"kind": "sink", "fail": ["down"]}}
    with two(providers=broken) as g:
        command(g, "provider", "pin", "b", "--for", "1h")
        g.accept(event(1, data=data(1, days=29)))
        until(lambda: provider(g, "b")["attempts"].get("down"), "tried")
        assert provider(g, "b")["pinned"] == ["sms"]
        assert not provider(g, "a")["attempts"]
        assert g.metric('hatirlat_failover_active{channel="sms"}') == 1
        command(g, "provider", "unpin", "a", status=5)
        command(g, "provider", "unpin", "b")
        assert send(g, 2) == "a"
        command(g, "provider", "pin", "e", "--channel", "sms")
        assert send(g, 3) == "e"
        command(g, "provider", "pin", "yok", status=4)


def test_a_pin_without_a_route_needs_a_channel():
    with two(providers={**TWO, "x": {"kind": "sink"}}) as g:
        assert "channel" in command(g, "provider", "pin", "x", status=2).stderr
        assert g.audited() == []
        command(g, "provider", "pin", "x", "--channel", "email")
        assert provider(g, "x")["pinned"] == ["email"]


def test_a_pin_of_two_channels_ends_as_a_whole():
    with two(routes={"sms": ["a", "b"], "email": ["a", "e"]}) as g:
        command(g, "provider", "pin", "a")
        done = command(g, "provider", "unpin", "a", "--note", "hat geldi")
        assert "route sms" in done.stdout and "route email" in done.stdout, done
        assert g.get("/v1/controls").json["items"] == []
        assert [(e["detail"]["subject"], e["detail"]["note"]) for e in g.audited()[:2]] == [
            ("route:email", "hat geldi"), ("route:sms", "hat geldi")]
        command(g, "provider", "unpin", "a", status=5)


def test_a_pause_survives_success_reload_and_restart():
    with two() as g:
        command(g, "provider", "pause", "a")
        g.signal(1)
        until(lambda: g.logged("reloaded"), "reloaded")
        assert send(g, 1) == "b"
        assert provider(g, "a")["state"] == "paused"
        g.stop()
        g.start()
        assert send(g, 2) == "b"


def test_resume_lifts_an_account_hold():
    with two(providers={**TWO, "a": {"kind": "sink", "fail": ["account"]}}) as g:
        assert send(g, 1) == "b"
        held = provider(g, "a")
        assert held["state"] == "held" and held["held_for"] and held["tries_again"]
        before = held["attempts"]["account"]
        command(g, "provider", "resume", "a", "--note", "bakiye yüklendi")
        assert send(g, 2) == "b"  # asked a again, and was sent on
        assert provider(g, "a")["attempts"]["account"] == before + 1


def test_only_what_stands_still_is_resumed():
    with two() as g:
        for running in (True, False):
            assert "neither paused" in command(g, "provider", "resume", "a", status=5).stderr
            for order in ("pause", "drain"):
                command(g, "provider", order, "a")
                command(g, "provider", "resume", "a")
                command(g, "provider", "resume", "a", status=5)
            if running:
                g.stop()
        g.start()
        assert [e["action"] for e in g.audited()].count("provider.resume") == 4
        command(g, "provider", "pause", "a", "--for", "1s")
        until(lambda: provider(g, "a")["state"] == "ready", "it has run out")
        assert "neither paused" in command(g, "provider", "resume", "a", status=5).stderr


def test_a_name_is_never_empty():
    with two() as g:
        for words in (("provider", "pause"), ("provider", "show"), ("campaign", "pause"),
                      ("message", "cancel"), ("key", "revoke")):
            done = command(g, *words, "", status=2)
            assert "must not be empty" in done.stderr and f"{' '.join(words)} -h" in done.stderr
        for odd in ("a/b", "a?b", "a#b", "a:b"):
            assert "no such provider" in command(g, "provider", "pause", odd, status=4).stderr
            assert "no message of this id" in command(g, "message", "cancel", odd, status=4).stderr
            assert "No access key" in command(g, "key", "revoke", odd, status=4).stderr


def test_a_warning_about_the_settings_is_given_once():
    with two() as g:
        with open(g.config_path, encoding="utf-8") as file:
            settings = json.load(file)
        del settings["campaigns"]
        path = os.path.join(g.dir, "dizisiz.jsonc")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(settings, file)
        done = run("provider", "test", "a", "--to", "05320000067", config=path)
        assert done.returncode == 0, done
        assert done.stderr.count("CFG-301") == 1, done


def test_one_message_through_exactly_this_provider():
    with two() as g:
        command(g, "provider", "pause", "b")
        done = command(g, "provider", "test", "b", "--to", "0532 000 00 67")
        assert "sent" in done.stdout, done
        tested, = g.messages()
        assert tested["provider"] == "b"
        assert provider(g, "b")["state"] == "paused"
        assert provider(g, "b")["attempts"] == {"sent": 1}
        mail = command(g, "provider", "test", "e", "--to", "deneme@ornek.test", "--json")
        assert json.loads(mail.stdout)["provider"] == "e"
        command(g, "provider", "test", "a", "--to", "12", status=2)
        command(g, "provider", "test", "yok", "--to", "05320000067", status=4)
        assert [e["action"] for e in g.get("/v1/audit").json["items"]].count("provider.test") == 2


def test_a_test_names_what_it_does_not_know():
    with two() as g:
        for members, pointer in (({"bogus": 1}, "#/bogus"), ({"templat": "a30"}, "#/templat"),
                                 ({"template": "yok"}, "#/template"),
                                 ({"template": "../a30"}, "#/template")):
            body = json.dumps({"to": "05320000067", **members})
            problem = is_problem(g.request("POST", "/v1/providers/a:test", body), 422)
            assert [e["pointer"] for e in problem["errors"]] == [pointer], problem
        refused = command(g, "provider", "test", "a", "--to", "05320000067", "--template", "yok",
                          status=2)
        assert "hatirlat template list" in refused.stderr
        assert g.messages() == []
        command(g, "provider", "test", "a", "--to", "05320000067", "--template", "a7")


def test_a_failing_test_is_told_and_tried_once():
    with two(providers={**TWO, "a": {"kind": "sink", "fail": ["account"]}}) as g:
        done = command(g, "provider", "test", "a", "--to", "05320000067", status=1)
        assert "account" in done.stdout
        tested, = g.messages()
        assert tested["status"] == "failed" and tested["attempts"] == 1
        assert not provider(g, "b")["attempts"]


@pytest.mark.parametrize("fault, outcome", [("throttle:1", "throttled"), ("status:503", "retry")])
def test_a_failed_test_blames_nobody(fault, outcome, tmp_path):
    with simulator("netgsm", "--fault", fault) as s, \
            two(providers={**TWO, "v": vendor_at(tmp_path, s)}) as g:
        done = command(g, "provider", "test", "v", "--to", "05320000067", status=1)
        assert "refused" not in done.stdout and outcome in done.stdout, done
        assert g.messages()[0]["status"] == "failed"


def test_a_test_in_doubt_is_not_sent_again(tmp_path):
    with simulator("netgsm") as s, \
            two(providers={**TWO, "v": vendor_at(tmp_path, s, on_doubt="resend")},
                retry={"sms": {"base": "1s", "cap": "1s"}}) as g:
        s.faults("lost-reply,n=1")
        done = command(g, "provider", "test", "v", "--to", "05320000067", status=1)
        assert "in_doubt" in done.stdout and "refused" not in done.stdout, done
        tested, = g.messages()
        assert (tested["status"], tested["reason"]) == ("held", "in_doubt"), tested
        assert not tested["possible_duplicate"]
        # Nor after a crash under it.
        s.clear()
        s.faults("slow:2s,n=1")
        asked = g.request("POST", "/v1/providers/v:test", json.dumps({"to": "05320000068"}))
        until(s.ledger, "the vendor has it")
        g.process.kill()
        g.wait()
        g.start()
        lost = until(lambda: (lambda m: m["status"] != "sending" and m)(
            g.message(asked.json["message"])), "it was looked at")
        assert (lost["status"], lost["reason"]) == ("held", "in_doubt"), lost
        time.sleep(1.5)
        assert len(s.ledger()) == 1


def test_the_balance_of_a_vendor(tmp_path):
    with simulator("netgsm") as s:
        with two(providers={**TWO, "v": vendor_at(tmp_path, s)}) as g:
            told = command(g, "provider", "balance", "v")
            assert told.stdout.strip(), told
            assert provider(g, "v")["tells_balance"]
            command(g, "provider", "balance", "a", status=5)


# ---- pushed reports ----


def tried(gateway, name, sim):
    """A test message through the provider; its name, and where its report is awaited."""
    done = command(gateway, "provider", "test", name, "--to", "05320000067", "--json")
    return json.loads(done.stdout)["id"], sim.ledger()[-1]["callback"].split("example", 1)[1]


def test_a_report_that_nobody_vouches_for(tmp_path):
    with simulator("twilio", "--fault", "accepted-silent") as t, \
            simulator("kannel", "--fault", "accepted-silent") as k, \
            two(providers={**TWO, "t": vendor_at(tmp_path, t, "AC" + "0" * 31 + "1"),
                           "k": vendor_at(tmp_path, k)},
                listen={"public_url": "https://hatirlat.example"}) as g:
        message, path = tried(g, "t", t)
        other, knock = tried(g, "k", k)
        form = "MessageSid=SM1&MessageStatus=undelivered"
        for signature in ({}, {"X-Twilio-Signature": "AAAA"}, {"X-Twilio-Signature": ""}):
            refused = g.request("POST", path, form, {
                "Content-Type": "application/x-www-form-urlencoded", **signature}, key=None)
            is_problem(refused, 403, "report_denied", "tr")
            assert "imza" in refused.json["detail"] and "Retry-After" not in refused.headers
        line, = g.logged("report_refused")  # of three: nobody fills the log by knocking
        assert line["level"] == "warning" and line["provider"] == "t" and line["count"] == 1
        assert "signature" in line["error"] and line["public_url"] == "https://hatirlat.example"
        assert "listen.public_url" in line["remedy"]
        assert g.metric('hatirlat_dlr_total{provider="t",result="refused"}') == 3
        # Nor does another vendor's address help, which nobody has to sign for.
        ref = knock.split("ref=", 1)[1].split("&")[0]
        knock = knock.replace("%d", "2").replace("%A", "").replace("%%", "%")
        forged = path.split("ref=", 1)[1]
        assert g.get(knock.replace(ref, forged), key=None).status == 200
        assert g.message(message)["status"] == "accepted"
        assert g.get(knock, key=None).status == 200
        assert g.message(other)["status"] == "undelivered"


def test_live_facts_need_the_service():
    with two() as g:
        g.stop()
        for words in (("list",), ("show", "a"), ("balance", "a"), ("test", "a", "--to", "05320000067")):
            command(g, "provider", *words, status=69)
        command(g, "provider", "pause", "a", "--note", "kapalıyken")
        g.start()
        assert send(g, 1) == "b"


def test_scopes_and_paths():
    with two() as g:
        g.stop()
        reader = g.make_key("okur", "campaigns:read")
        g.start()
        assert [p["name"] for p in g.get("/v1/providers", key=reader).json["items"]] == ["a", "b", "e"]
        is_problem(g.request("POST", "/v1/providers/a:pause", "{}", key=reader), 403)
        is_problem(g.request("POST", "/v1/providers/a/test", '{"to":"05320000067"}', key=reader), 403)
        assert g.request("POST", "/v1/providers/a/pause", "{}").status == 200
        is_problem(g.get("/v1/providers/yok"), 404)
        is_problem(g.request("POST", "/v1/providers/yok:pause", "{}"), 404)
        is_problem(g.request("POST", "/v1/providers/a:test", "[]"), 422)
