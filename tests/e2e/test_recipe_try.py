"""`recipe check` and `recipe try`, and a gateway whose vendor misbehaves: the whole way."""

import collections
import json
import os
import re
import socket
import time

import pytest
from gateway_support import BATCH, Gateway, data, event, run, until
from simulator_support import RECIPES, simulator, special, uncommented, vendors
from test_recipes import hurried

README = os.path.join(os.path.dirname(RECIPES), "..", "README.md")
SECRET = "çok&gizli \"parola\"<1>"


def attempt(*args, **options):
    return run("recipe", "try", *args, timeout=60, **options)


def test_every_shipped_recipe_is_good():
    names = [name[:-5] for name in os.listdir(RECIPES) if not name.startswith("recipe.")]
    out = run("recipe", "check", *names)
    assert out.returncode == 0 and out.stdout.count("is good") == len(names), out


@pytest.mark.parametrize("change,place", [
    (lambda r: r.update(nmae="x"), "/nmae"), (lambda r: r["send"].pop("request"), "/send"),
    (lambda r: r["send"]["answer"].update(ok={"match": ["regex:ok"]}), "/send/answer/ok")])
def test_a_wrong_recipe_has_a_place(tmp_path, change, place):
    recipe = uncommented(f"{RECIPES}/netgsm.json")
    change(recipe)
    path = tmp_path / "bozuk.json"
    path.write_text(json.dumps(recipe, indent=1), encoding="utf-8")
    out = run("recipe", "check", str(path))
    assert out.returncode == 78, out
    assert any(part.isdigit() for part in out.stdout.split(f"{path}:")[1].split(":")[:1]), out
    listed = json.loads(run("recipe", "check", "--json", str(path)).stdout)
    assert place in json.dumps(listed), listed


def test_a_recipe_may_come_from_the_shell():
    with open(f"{RECIPES}/netgsm.json", encoding="utf-8") as f:
        out = run("recipe", "check", "/dev/stdin", input=f.read())
    assert out.returncode == 0 and "is good" in out.stdout, out


@pytest.mark.parametrize("args,status", [
    (["yok-boyle"], 4), ([], 2), (["/yok/boyle.json"], 4)])
def test_check_without_a_recipe(args, status):
    assert run("recipe", "check", *args).returncode == status


@pytest.mark.parametrize("vendor", vendors())
def test_one_message_and_its_report(vendor):
    out = attempt(vendor, "--json", "--text", "Çiğdem için deneme")
    assert out.returncode == 0, out
    told = json.loads(out.stdout)
    assert told["outcome"] == "sent" and told["really"] is False
    assert told["requests"][-1]["status"] in (200, 201, 202)
    if vendor != "vatansms":  # its states are not known
        assert told["report"] == "delivered", told
    assert "deneme-sirri" not in out.stdout


@pytest.mark.parametrize("vendor", [v for v in vendors()
                                    if "senders" in uncommented(f"{RECIPES}/{v}.json")])
def test_the_simulator_knows_the_title_of_the_example(vendor):
    with open(README, encoding="utf-8") as f:
        title = f.read().split('"sender": "')[1].split('"')[0]
    out = attempt(vendor, "--set", f"sender={title}")
    assert out.returncode == 0 and out.stderr == "", out
    out = attempt(vendor, "--set", "sender=BASKABIR")
    assert "BASKABIR" in out.stderr, out


@pytest.mark.parametrize("fault,status,outcome", [
    ("code:30", 5, "account"), ("code:20", 5, "rejected"), ("code:80", 75, "throttled"),
    ("lost-reply", 1, "unknown"), ("state:3", 1, "sent")])
def test_the_exit_says_what_came_of_it(fault, status, outcome):
    out = attempt("netgsm", "--json", "--fault", fault)
    assert out.returncode == status and json.loads(out.stdout)["outcome"] == outcome, out


@pytest.mark.parametrize("vendor", vendors())
def test_secrets_stay_hidden(vendor, tmp_path):
    """However a request carries them: in a query, a form, JSON, XML or a header."""
    path = tmp_path / "parola"
    path.write_text(SECRET, encoding="utf-8")
    path.chmod(0o600)
    out = attempt(vendor, "--set-file", f"password={path}")
    assert "***" in out.stdout, out
    for form in ("gizli", "%20%22parola", "+%22parola", "&amp;gizli"):
        assert form not in out.stdout + out.stderr, form


@pytest.mark.parametrize("vendor", ["iletimerkezi", "kannel", "mutlucell", "netgsm", "vonage"])
@pytest.mark.parametrize("secret", ["m", "7", "&"])
def test_a_short_secret_hides_its_own_field_alone(vendor, secret, tmp_path):
    path = tmp_path / "parola"
    path.write_text(secret, encoding="utf-8")
    path.chmod(0o600)
    asked = ("--text", "Umutlu 7 mum abcd", "--json")
    short, usual = (json.loads(attempt(vendor, *asked, *more).stdout)["requests"] for more in
                    (["--set-file", f"password={path}"], []))
    for one, other in zip(short, usual):
        for part in ("url", "body"):
            assert re.sub("[0-9]+", "0", one[part]) == re.sub("[0-9]+", "0", other[part]), one


def test_secrets_are_not_taken_as_arguments():
    out = attempt("netgsm", "--set", "password=gizli")
    assert out.returncode == 2 and "--set-file" in out.stderr, out


@pytest.mark.parametrize("args", [
    ["--set", "user"], ["--set", "=x"], ["--set-file", "password"], ["--to", "0312"],
    ["--wait", "uzun"], ["--fault", "yok"], ["--fault", "code:zz"], ["--text", "x" * 2000], ["--really"],
    ["--really", "--yes", "--to", "05320000067", "--fault", "reset"]])
def test_wrong_arguments(args):
    out = attempt("netgsm", *args)
    assert out.returncode in (1, 2) and out.stderr, out


@pytest.mark.parametrize("language,said", [("tr", "olanlar: 20 30"), ("en", "there are: 20 30")])
def test_a_wrong_fault_is_told_in_the_language_of_the_asker(language, said):
    out = attempt("netgsm", "--fault", "code:zz", "--lang", language)
    assert out.returncode == 1 and f"--fault code:zz: " in out.stderr and said in out.stderr, out


def test_a_vendor_without_a_simulator_is_told_once(tmp_path):
    recipe = uncommented(f"{RECIPES}/netgsm.json")
    recipe["name"] = "baskabir"
    (tmp_path / "baskabir.json").write_text(json.dumps(recipe), encoding="utf-8")
    out = attempt("baskabir.json", cwd=tmp_path)
    assert out.returncode == 4 and out.stderr.count("baskabir") == 2, out
    assert "./baskabir.sim.json" in out.stderr, out


def test_unknown_settings_have_a_name():
    out = attempt("netgsm", "--set", "usr=x")
    assert out.returncode == 78 and "usr" in out.stderr, out


def test_settings_reach_the_request():
    out = attempt("netgsm", "--json", "--set", "sender=ORNEKMEM", "--set", "user=8505550000",
                  "--set", "parameters.appname=bizim-ad", "--to", "0532 000 00 99")
    body = json.loads(out.stdout)["requests"][-2]["body"]
    assert '"msgheader":"ORNEKMEM"' in body and "bizim-ad" in body and "5320000099" in body


def test_the_real_vendor_is_never_reached_unasked():
    with simulator("kannel") as s:
        real = ["kannel", "--really", "--to", "05320000067", "--set", f"base_url={s.url}",
                "--set", "sender=ORNEKIL", "--set", "user=u"]
        refused = attempt(*real, stdin=-3)
        assert refused.returncode == 5 and "--yes" in refused.stderr, refused
        assert s.ledger() == []
        path = "/dev/null"
        assert attempt(*real, "--yes", "--set-file", f"password={path}").returncode != 0
        assert s.ledger() == []


def test_the_real_vendor_when_asked(tmp_path):
    path = tmp_path / "parola"
    path.write_text("gizli-1", encoding="utf-8")
    path.chmod(0o600)
    with simulator("netgsm") as s:
        out = attempt("netgsm", "--really", "--yes", "--json", "--to", "05320000067",
                      "--set", f"base_url={s.url}", "--set", "sender=BATMANMEM",
                      "--set", "user=850", "--set-file", f"password={path}")
        assert out.returncode == 0, out
        assert [m["to"] for m in s.ledger()] == ["905320000067"]
        assert json.loads(out.stdout)["really"] is True


OWN = {"name": "bulut", "title": "Bulut SMS", "base_url": "https://api.bulut.ornek.test", "number_form": "905x",
       "send": {"request": {"method": "POST", "url": "/v1/messages", "auth": "basic", "content_type": "application/json",
                            "body": "{\"from\":\"${sender|json}\",\"to\":\"${to|json}\",\"text\":\"${text|json}\"}"},
                "answer": {"ok": {"http": [200], "match": ["json:/status == \"OK\""]}, "id": ["json:/id"],
                           "error": {"code": ["json:/code", "http"], "codes": {"12": "rejected", "30": "account"}}}}}
OWN_SIMULATOR = {
    "name": "bulut", "title": "Bulut SMS",
    "codes": {"12": {"http": 400}, "29": {"http": 429}, "30": {"http": 401}, "99": {"http": 400}},
    "on": {"auth": "30", "malformed": "99", "missing": "99", "number": "12", "throttled": "29"},
    "refusal": {"json": {"status": "ERR", "code": "${code}"}},
    "states": {"P": {"number": 90, "final": False}, "D": {"number": 1}}, "state_start": "P", "state_good": "D",
    "endpoints": [{"kind": "send", "method": "POST", "path": "/v1/messages", "body": "json", "user": "/auth/user",
                   "password": "/auth/password", "sender": "/body/from", "to": "/body/to", "text": "/body/text",
                   "reply": {"json": {"status": "OK", "id": "${job}"}}}]}


def test_a_recipe_of_ones_own_with_its_own_simulator(tmp_path):
    (tmp_path / "bulut.json").write_text(json.dumps(OWN), encoding="utf-8")
    out = attempt("bulut.json", cwd=tmp_path)
    assert out.returncode != 0 and "bulut.sim.json" in out.stderr, out
    (tmp_path / "bulut.sim.json").write_text(json.dumps(OWN_SIMULATOR), encoding="utf-8")
    for name in "bulut.json", str(tmp_path / "bulut.json"):
        out = attempt(name, "--json", cwd=tmp_path)
        assert out.returncode == 0 and json.loads(out.stdout)["outcome"] == "sent", out
    out = attempt("bulut.json", "--json", "--fault", "code:12", cwd=tmp_path)
    assert json.loads(out.stdout)["outcome"] == "rejected", out


# ---- the whole way: events, a gateway, a vendor that misbehaves ----

STORM = ["lost-reply,p=0.12", "reset,p=0.1", "throttle:1,p=0.1", "html502,p=0.1", "slow:50ms,p=0.2",
         "accepted-silent,p=0.1", "dup-report,p=0.3", "out-of-order,p=0.2", "unknown-report,p=0.2"]
COUNT = 40


def office(sim, vendor, folder, on_doubt):
    recipe = hurried(uncommented(f"{RECIPES}/{vendor}.json"))
    recipe["send"]["batch"] = min(recipe["send"].get("batch", 1), 3)
    path = os.path.join(folder, f"{vendor}.json")
    with open(path, "w", encoding="utf-8") as f:
        json.dump(recipe, f)
    base = sim.url + "/" + recipe["base_url"].split("/", 3)[3] if \
        recipe["base_url"].count("/") > 2 else sim.url
    secret = os.path.join(folder, "parola")
    with open(os.open(secret, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="utf-8") as f:
        f.write("gizli-parola")
    sms = {"kind": "http-sms", "recipe": str(path), "user": "8505550000",
           "password": {"file": secret}, "sender": "BATMANMEM", "base_url": base,
           "timeout": "2s", "on_doubt": on_doubt, "retry_share": 100,
           "breaker": {"failures": 1000}}
    return {"providers": {"s": sms, "e": {"kind": "sink"}}, "routes": {"sms": ["s"]},
            "campaigns": [{"name": "e-imza", "marks": [90], "channels": ["sms"]}],
            "retry": {"sms": {"base": "1s", "cap": "2s"}}}


@pytest.mark.parametrize("vendor,on_doubt", [
    ("netgsm", "ask"), ("netgsm", "resend"), ("verimor", "ask"), ("kannel", "park"),
    ("mutlucell", "resend")])
def test_never_lost_never_twice(vendor, on_doubt, tmp_path):
    """What the vendor's ledger holds is what the gateway says, whatever happens to answers."""
    options = [o for spec in STORM for o in ("--fault", spec)]
    with simulator(vendor, "--seed", "11", *options) as sim:
        with Gateway(**office(sim, vendor, tmp_path, on_doubt)) as gateway:
            gateway.accept([event(n) for n in range(1, COUNT + 1)], BATCH)

            def due():
                return [m for m in gateway.messages(channel="sms") if m["status"] != "planned"]

            def calm():
                busy = {"queued", "sending"}
                return len(due()) == COUNT and not [m for m in due() if m["status"] in busy]
            until(calm, f"{COUNT} settled messages", 40, 0.2)
            messages = [gateway.message(m["id"]) for m in due()]
            copies = collections.Counter(m["to"][-2:] for m in sim.ledger())
    taken = sum(copies.values())
    for m in messages:
        number = copies[m["recipient"][-2:]]  # the rest is masked
        if m["status"] in ("accepted", "delivered", "undelivered"):
            assert number >= 1, m
        elif m["status"] not in ("unknown", "held"):
            assert number == 0, m
        assert number <= 1 or m["possible_duplicate"], m
    assert taken >= COUNT * 0.7


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@pytest.mark.parametrize("vendor,undelivered", [("kannel", 2), ("twilio", 4), ("vonage", 2)])
def test_pushed_reports_in_disorder(vendor, undelivered, tmp_path):
    """F35 on the whole way: twice, the last one first, before the answer, about strangers."""
    faults = ["dup-report,p=0.3", "out-of-order,p=0.3", "early-report,p=0.3",
              "unknown-report,p=0.2"]
    options = [o for spec in faults for o in ("--fault", spec)]
    port = free_port()
    with simulator(vendor, "--seed", "3", *options) as sim:
        settings = office(sim, vendor, tmp_path, "ask")
        settings["listen"] = {"http": f"127.0.0.1:{port}",
                              "public_url": f"http://127.0.0.1:{port}"}
        if vendor == "twilio":
            settings["providers"]["s"]["user"] = "AC" + "0" * 31 + "1"
        with Gateway(**settings) as gateway:
            good = [event(n) for n in range(1, COUNT + 1)]
            bad = [event(COUNT + 1, data=data(COUNT + 1, phone=special(0, undelivered)))]
            gateway.accept(good + bad, BATCH)

            def over():
                return [m["status"] for m in gateway.messages(channel="sms")
                        if m["status"] in ("delivered", "undelivered")]
            until(lambda: len(over()) == COUNT + 1, "every report", 40, 0.2)
            assert over().count("undelivered") == 1
            assert len(sim.ledger()) == COUNT + 1
            time.sleep(0.3)  # what comes later changes nothing
            assert over().count("undelivered") == 1 and len(over()) == COUNT + 1
