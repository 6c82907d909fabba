"""
The contract of every recipe: the real engine against a simulated vendor, for each code of the
vendor's table and each way an answer can go wrong. What the vendor took is compared with what the
engine says. The meanings stand here once more, from the vendors' documents and not from the
recipes. Only the pace is changed: nobody waits a minute for a test.
"""

import collections
import json
import urllib.parse

import pytest
from gateway_support import until
from simulator_support import (RECIPES, catcher, description, drive, has_recipe, number_of,
                               simulator, special, uncommented, vendors)

DELIVERED, UNDELIVERED, EXPIRED, PENDING = range(4)
ACCOUNT = "AC" + "0" * 31 + "1"
EITHER = ("rejected", "account")  # the one request that could be our mistake or the number's

# Codes by what they mean for a single message; "balance" is an account without credit.
CODES = {
    "netgsm": {
        "rejected": "20 52", "account": "30 40 41 50 51", "balance": "60", EITHER: "70",
        "throttled": "80 85", "retry": "100 101 5000"},
    "iletimerkezi": {
        "account": "400 401 404 450 457 458 459 460 461 462 463 464 465 467 468 469 470 471 472"
                   " 473",
        "balance": "402", EITHER: "422", "duplicate": "451", "rejected": "452 453 454 466",
        "throttled": "429", "retry": "503", ("rejected", "retry"): "455 456"},
    "verimor": {
        "account": "UNAUTHORIZED IP FORBIDDEN TOO_LARGE UNPROCESSABLE INVALID_SOURCE_ADDRESS "
                   "NUMERIC_SOURCE_ADDRESS_NOT_ALLOWED INVALID_PERIOD INVALID_DELIVERY_TIME "
                   "INVALID_DATACODING INVALID_UTF8 INVALID_JSON MESSAGE_COUNT_LIMIT_EXCEEDED "
                   "MISSING_IYS_BRAND_CODE AHS_AUTHORIZATION_ERROR NO_AHS_BRAND_ERROR "
                   "COMMERCIAL_SENDING_ERROR_UNDER_150K INVALID_IYS_RECIPIENT_TYPE "
                   "INVALID_CONSENT_DATE MISSING_CONSENT MISSING_CONSENT_DATE",
        "balance": "INSUFFICIENT_CREDITS", "duplicate": "MUKERRER_RAPORLAMA",
        "rejected": "MISSING_MESSAGE MESSAGE_TOO_LONG FORBIDDEN_MESSAGE "
                    "MISSING_DESTINATION_ADDRESS INVALID_DESTINATION_ADDRESS INVALID_RECIPIENT",
        "throttled": "TOO_MANY_REQUESTS", "retry": "SERVER UNAVAILABLE NOT_FOUND"},
    "mutlucell": {
        "account": "20 21 23 30", "balance": "22", ("throttled", "retry"): "24", "retry": "25 99"},
    "vatansms": {
        "account": "401 403", ("retry", "rejected", "account"): "400 422 no",
        "throttled": "429", ("retry", "unknown"): "500", "retry": "503"},
    "jetsms": {
        "account": "401 -5", ("account", "rejected"): "-6 -7 -8 -9", ("account", "retry"): "400",
        "rejected": "-1 -2", "throttled": "429", ("retry", "unknown"): "500 -15 -99",
        "retry": "503"},
    "jetsms-legacy": {
        "account": "-5", ("account", "rejected"): "-6 -7 -8 -9", "rejected": "-1 -2",
        "throttled": "429", "retry": "-15 -99"},
    "twilio": {
        "account": "20003 20404 10001 21408 21606 21608 21609 21612 30002 30034",
        "rejected": "21211 21610 21614 21617", ("rejected", "account", "retry"): "20001 21602 21604",
        "throttled": "20429 21611 30001", "retry": "20503", ("unknown",): "20500"},
    "vonage": {
        "account": "4 8 11 14 15 22 23 29 32", ("account", "rejected"): "2 3", "balance": "9",
        "throttled": "1 10", "retry": "5", "rejected": "6 7 12 33"},
    "kannel": {"account": "400 403 404", "retry": "503"},
}

# Vendors that would refuse or drop a repeat, so that an HTTP 5xx may be tried again.
GUARDED = {"netgsm", "iletimerkezi", "verimor"}

STATES = {
    "netgsm": {DELIVERED: "1", EXPIRED: "2", UNDELIVERED: "3 4 11 12 13 14 15 16 17 22 103",
               PENDING: "0"},
    "iletimerkezi": {DELIVERED: "111", UNDELIVERED: "112", PENDING: "110"},
    "verimor": {DELIVERED: "DELIVERED", EXPIRED: "EXPIRED", PENDING: "SENDING WAITING SENT",
                UNDELIVERED: "NOT_DELIVERED SEND_ERROR INVALID_DESTINATION_ADDRESS REJECTED "
                             "BLACKLISTED_DESTINATION_ADDRESS NOT_ALLOWED_BY_IYS "
                             "DOUBLE_SEND_ERROR MISSING_TARIFF ROUTE_NOT_AVAILABLE "
                             "NETWORK_NOTCOVERED INTERNATIONAL_DENIED"},
    "mutlucell": {DELIVERED: "3", EXPIRED: "5", PENDING: "1 2 4",
                  UNDELIVERED: "0 6 7 11 12 13 15 16 17 18 19 20 21 22"},
    "jetsms": {DELIVERED: "1", UNDELIVERED: "3 4 9", PENDING: "0 2 6 7 8"},
    "jetsms-legacy": {DELIVERED: "1", UNDELIVERED: "3 4 9", PENDING: "0 2 6 7 8"},
    "twilio": {DELIVERED: "delivered read", PENDING: "queued sent", EXPIRED: "undelivered-30036",
               UNDELIVERED: "undelivered undelivered-30004 undelivered-30008 failed canceled"},
    "vonage": {DELIVERED: "delivered", EXPIRED: "expired", UNDELIVERED: "failed rejected",
               PENDING: "accepted buffered unknown"},
    "kannel": {DELIVERED: "1", UNDELIVERED: "2 16", PENDING: "4 8 32"},
}

READY = [v for v in vendors() if has_recipe(v)]


def hurried(recipe):
    """The recipe without its pace."""
    poll = recipe.get("reports", {}).get("poll")
    if poll:
        poll["rate"] = "100/s"
        poll["first_after"] = "0s"
        poll.pop("every", None)
    if "recover" in recipe:
        recipe["recover"]["again"] = "50ms"
    recipe.setdefault("limits", {}).update(rate="1000/s")
    return recipe


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """The recipes as these tests use them."""
    path = tmp_path_factory.mktemp("tarifler")
    for vendor in READY:
        recipe = hurried(uncommented(f"{RECIPES}/{vendor}.json"))
        (path / f"{vendor}.json").write_text(json.dumps(recipe), encoding="utf-8")
    return path


def settings(vendor, url, folder, **more):
    base = urllib.parse.urlparse(uncommented(f"{RECIPES}/{vendor}.json")["base_url"]).path
    user = ACCOUNT if vendor == "twilio" else "8505550000"
    return {"recipe": str(folder / f"{vendor}.json"), "user": user, "password": {"env": "SIR"},
            "sender": "BATMANMEM", "base_url": url + base.rstrip("/"), "timeout": "2s", **more}


class World:
    def __init__(self, sim, driven, vendor):
        self.sim, self.drive, self.vendor = sim, driven, vendor
        self.model = description(vendor)

    def sends(self):
        return [r for r in self.sim.requests() if r["kind"] == "send"]


@pytest.fixture(scope="module", params=READY)
def vendor(request):
    return request.param


@pytest.fixture(scope="module")
def running(vendor, folder):
    with simulator(vendor) as sim, drive(**settings(vendor, sim.url, folder)) as driven:
        yield World(sim, driven, vendor)


@pytest.fixture
def world(running):
    running.sim.clear()
    return running


def means(outcome):
    balance = outcome["outcome"] == "account" and outcome["code"].startswith("balance")
    return "balance" if balance else outcome["outcome"]


def taken(sim):
    """How often each text reached the vendor."""
    return collections.Counter(m["text"] for m in sim.ledger())


def names_of(ledger):
    """What a message of the ledger can be asked for by: its id, its request's, our reference."""
    return {m.get(key) for m in ledger for key in ("id", "job", "ref")}


def test_every_vendor_has_a_recipe():
    assert set(READY) == set(vendors()) == set(CODES)


def test_what_was_asked_is_what_was_taken(world):
    """All the letters, each message once, to the number it was for."""
    jobs = [{"to": f"+9053200{i:05d}", "text": f"Sn. Çiğdem IŞIK \"{i}\": <ğüşıöç & ĞÜŞİÖÇ> %41+%%"}
            for i in range(7)]
    outcomes = world.drive.send(*[dict(job) for job in jobs])
    assert [o["outcome"] for o in outcomes] == ["sent"] * 7, outcomes
    ledger = sorted(world.sim.ledger(), key=lambda m: m["to"])
    assert [(m["to"], m["text"]) for m in ledger] == [(j["to"][1:], j["text"]) for j in jobs]
    assert {m["sender"] for m in ledger} == {"BATMANMEM"}
    for outcome in outcomes:
        assert outcome["provider_ref"] in names_of(ledger) or world.vendor == "kannel", outcome


def test_a_text_of_several_parts(world):
    text = "Sn. Çiğdem IŞIK, e-imzanızın süresi doluyor; ne yapacağınız şudur. " * 4
    outcome = world.drive.one(text=text.strip())
    assert outcome["outcome"] == "sent", outcome
    (message,) = world.sim.ledger()
    assert message["text"] == text.strip() and message["parts"] > 1
    assert outcome["provider_ref"] in names_of([message]) or world.vendor == "kannel"


def test_every_code(world):
    expected = {code: meaning for meaning, codes in CODES[world.vendor].items()
                for code in codes.split()}
    assert set(expected) == set(world.model["codes"]), "the table of codes and this one differ"
    wrong = []
    for code, meaning in expected.items():
        outcome = world.drive.one(special(number_of(world.model["codes"], code)))
        allowed = meaning if isinstance(meaning, tuple) else (meaning,)
        if means(outcome) not in allowed:
            wrong.append((code, allowed, outcome))
        assert world.sim.ledger() == [], code
    assert not wrong, wrong


# What it comes to, and how many copies the vendor has.
ANSWERS = [
    ("lost-reply", "unknown", 1), ("reset", "unknown", 0), ("reset,accept", "unknown", 1),
    ("truncated", "unknown", 1), ("empty", "unknown", 1), ("huge:400000", "unknown", 1),
    ("redirect:http://127.0.0.1:1/", "unknown", 0), ("redirect:file:///etc/passwd", "unknown", 0),
    ("status:401", "account", 0), ("status:403", "account", 0), ("status:429", "throttled", 0),
    ("status:503", "retry", 0), ("status:500", "5xx", 0), ("status:504", "5xx", 0),
    ("html502", "5xx", 0), ("html502,accept", "5xx", 1), ("slow:100ms", "sent", 1),
]


@pytest.mark.parametrize("fault,meaning,copies", ANSWERS)
def test_every_fault_of_an_answer(world, fault, meaning, copies):
    """F28-F31: a lost answer is never taken for a refusal, and nothing is sent twice."""
    before = world.drive.one()  # the connection is in use by then
    assert before["outcome"] == "sent"
    world.sim.faults(fault + ",n=1")
    seen = len(world.sends())
    outcome = world.drive.one()
    expected = ("retry" if world.vendor in GUARDED else "unknown") if meaning == "5xx" else meaning
    if fault.startswith("empty") and world.vendor == "mutlucell":
        expected = "unknown"
    assert outcome["outcome"] == expected, outcome
    assert len(world.sends()) == seen + 1, "one request per attempt"
    assert len(world.sim.ledger()) == 1 + copies
    assert world.drive.one()["outcome"] == "sent"


def test_half_an_answer(world):
    """A complete HTTP answer with half of its body."""
    world.sim.faults("half,n=1")
    outcome = world.drive.one()
    if world.vendor not in ("kannel", "verimor"):  # half of their words is a whole answer
        assert outcome["outcome"] == "unknown", outcome


def test_asked_to_wait(world):
    world.sim.faults("throttle:7,n=1")
    outcome = world.drive.one()
    assert outcome["outcome"] in ("throttled", "retry")
    if outcome["outcome"] == "throttled":
        assert outcome["wait_ms"] == 7000, outcome
    assert world.drive.one()["outcome"] == "sent"


def test_other_shapes_of_success(world):
    """The shapes that the vendor's own documents disagree about."""
    shapes = {name for endpoint in world.model["endpoints"] if endpoint["kind"] == "send"
              for name in endpoint.get("replies", {})}
    for shape in shapes - {"nothing"}:
        world.sim.faults(f"shape:{shape},n=1")
        outcome = world.drive.one()
        assert outcome["outcome"] == "sent", (shape, outcome)
        known = names_of(world.sim.ledger())
        assert outcome["provider_ref"] in known or world.vendor == "kannel"


def test_nothing_was_sent(world):
    """Mutlucell: an id, but no credit was used."""
    if world.vendor != "mutlucell":
        pytest.skip("only this vendor says so")
    world.sim.faults("shape:nothing,n=1")
    assert world.drive.one()["outcome"] == "rejected"


def test_one_bad_number_spoils_nobody_else(world):
    """Refused batches are taken apart until the culprit stands alone."""
    culprit = {"netgsm": "70", "iletimerkezi": "452", "verimor": "INVALID_DESTINATION_ADDRESS",
               "jetsms": "-1", "jetsms-legacy": "-1", "twilio": "21211", "vonage": "7"}.get(world.vendor)
    if culprit is None:
        pytest.skip("no code of this vendor concerns one number")
    jobs = [{"to": f"+9053200{i:05d}"} for i in range(12)]
    jobs[5]["to"] = special(number_of(world.model["codes"], culprit))
    outcomes = [o["outcome"] for o in world.drive.send(*jobs)]
    assert outcomes == ["sent"] * 5 + ["rejected"] + ["sent"] * 6
    assert set(taken(world.sim).values()) == {1} and len(world.sim.ledger()) == 11


def test_many_at_once(world):
    """A storm of faults: every job is completed once, what is sent was taken once."""
    world.sim.faults("lost-reply,p=0.1", "reset,p=0.1", "throttle,p=0.1", "html502,p=0.1")
    jobs = [{"to": f"+9053200{i:05d}"} for i in range(60)]
    outcomes = world.drive.send(*jobs)
    world.sim.faults()
    copies = taken(world.sim)
    for job, outcome in zip(jobs, outcomes):
        if outcome["outcome"] == "sent":
            assert copies[job["text"]] == 1, outcome
        elif outcome["outcome"] not in ("unknown",):
            assert copies[job["text"]] == 0, outcome
        assert copies[job["text"]] <= 1


def test_wrong_credentials(vendor, folder):
    with simulator(vendor) as sim:
        wrong = settings(vendor, sim.url, folder, password={"env": "YANLIS"})
        with drive(**wrong) as driven:
            outcome = driven.one()
            assert outcome["outcome"] == "account" and not sim.ledger(), outcome
            assert "yanlis" not in json.dumps(outcome)


def test_nobody_there(vendor, folder):
    """F33: what was surely not sent is known as such."""
    with drive(**settings(vendor, "http://127.0.0.1:1", folder)) as driven:
        assert driven.one()["outcome"] == "down"


def test_too_late(vendor, folder):
    """F28: the answer comes after the time that the engine waits."""
    with simulator(vendor, "--fault", "late:5s,n=1") as sim:
        with drive(**settings(vendor, sim.url, folder, timeout="300ms")) as driven:
            assert driven.one()["outcome"] == "unknown"
            assert len(sim.ledger()) == 1


def test_balance(world):
    if "balance" not in uncommented(f"{RECIPES}/{world.vendor}.json"):
        pytest.skip("the recipe asks for no balance")
    world.drive.tell({"op": "balance"})
    said = world.drive.hear("balance")
    assert float(said["balance"]) == float(world.model.get("balance", "1500").replace(",", ".")), said
    assert not said["empty"] and not said.get("error"), said


# What can be said of an attempt that the vendor never saw.
ABSENT = {"verimor": "retry", "jetsms": "unknown"}


def test_asking_what_became_of_an_attempt(world):
    """By our reference: found, or surely absent, or it cannot be known."""
    if "request" not in uncommented(f"{RECIPES}/{world.vendor}.json").get("recover", {}):
        assert world.vendor not in ABSENT
        pytest.skip("this vendor cannot be asked")
    world.sim.faults("lost-reply,n=1")
    lost = world.drive.one(ref="kayip-a1")
    world.sim.faults("reset,n=1")
    never = world.drive.one(ref="hic-a1")
    assert lost["outcome"] == never["outcome"] == "unknown"
    for ref, expected in [("kayip-a1", "sent"), ("hic-a1", ABSENT[world.vendor])]:
        ident = world.drive.next_id
        world.drive.next_id += 1
        world.drive.tell({"op": "ask", "id": ident, "ref": ref, "to": "+905320000067",
                          "text": "x"})
        outcome = world.drive.outcome(ident)
        assert outcome["outcome"] == expected, (ref, outcome)
        if expected == "sent":
            assert outcome["provider_ref"] in names_of(world.sim.ledger())
    assert len(world.sim.ledger()) == 1, "asking sends nothing"


# ---- reports ----

def state_jobs(world):
    """A job for every state of the vendor, and what its report has to say."""
    expected = {}
    jobs = []
    for meaning, names in STATES[world.vendor].items():
        for name in names.split():
            to = special(0, number_of(world.model["states"], name))
            expected[to] = (meaning, name)
            jobs.append({"to": to})
    assert {name for _, name in expected.values()} == set(world.model["states"])
    return jobs, expected


def settled(world):
    def look():
        ledger = world.sim.ledger()
        return ledger and all(m["over"] or m["state"] == m["end"] for m in ledger)
    until(look, "the end of all messages")


def number_in(world, report, outcomes, jobs):
    """Whom a report is about: by its number, our reference, or the vendor's."""
    if report.get("to"):
        return report["to"]
    for job, outcome in zip(jobs, outcomes):
        if report.get("ref") == job["ref"] or report.get("provider_ref") == outcome["provider_ref"]:
            return job["to"]
    return None


def last_states(world, jobs, outcomes, reports):
    got = {}
    for report in reports:
        to = number_in(world, report, outcomes, jobs)
        if got.get(to, PENDING) == PENDING:
            got[to] = report["state"]
    return got


def polls(vendor):
    return "poll" in uncommented(f"{RECIPES}/{vendor}.json").get("reports", {})


def hooks(vendor):
    return "hook" in uncommented(f"{RECIPES}/{vendor}.json").get("reports", {})


def test_every_state_is_polled(world):
    if not polls(world.vendor) or world.vendor not in STATES:
        pytest.skip("the recipe polls no reports, or the states are not known")
    jobs, expected = state_jobs(world)
    outcomes = world.drive.send(*jobs)
    assert {o["outcome"] for o in outcomes} == {"sent"}, outcomes
    settled(world)
    world.drive.reports.clear()
    asked = [{"provider_ref": o["provider_ref"], "ref": j["ref"], "to": j["to"]}
             for j, o in zip(jobs, outcomes)]
    world.drive.tell({"op": "fetch", "list": asked})
    until(lambda: len(world.drive.reports) >= len(jobs), "the reports")
    got = last_states(world, jobs, outcomes, world.drive.reports)
    assert got == {to: meaning for to, (meaning, _) in expected.items()}


@pytest.mark.parametrize("fault", ["dup-report", "unknown-report", "out-of-order"])
def test_reports_are_polled_in_disorder(world, fault):
    """F35: repeated, strange and disordered rows say nothing false about ours."""
    if not polls(world.vendor):
        pytest.skip("the recipe polls no reports")
    if world.vendor == "jetsms-legacy":
        pytest.skip("its answer names nobody: one state for the one id that was asked")
    world.sim.faults(fault)
    jobs = [{"to": f"+9053200{i:05d}"} for i in range(3)]
    outcomes = world.drive.send(*jobs)
    settled(world)
    world.drive.reports.clear()
    world.drive.tell({"op": "fetch", "list": [
        {"provider_ref": o["provider_ref"], "ref": j["ref"], "to": j["to"]}
        for j, o in zip(jobs, outcomes)]})
    def complete():
        got = last_states(world, jobs, outcomes, list(world.drive.reports))
        return {got.get(j["to"]) for j in jobs} == {DELIVERED}
    until(complete, "a report for each")


@pytest.fixture(scope="module")
def pushed(vendor, folder):
    """A vendor that pushes to an address whose catch is handed to the provider."""
    if not hooks(vendor):
        pytest.skip("the recipe takes no pushed reports")
    # Twilio signs with the account's token, which is the password.
    secret = {} if vendor == "twilio" else {"report_secret": {"env": "RAPOR_SIRRI"}}
    with catcher() as caught:
        with simulator(vendor, "--report-url", caught.url) as sim, \
                drive(caught.url, **settings(vendor, sim.url, folder, **secret)) as driven:
            yield World(sim, driven, vendor), caught


def hand_over(world, push):
    headers = push["headers"]
    world.drive.tell({"op": "hook", **push, "headers": headers})
    return world.drive.hear("hook")


def drain_pushes(world, caught, least):
    """Hands everything caught to the provider; how many it refused."""
    until(lambda: len(caught.caught) >= least, f"{least} pushes")
    refused = 0
    while caught.caught:
        refused += hand_over(world, caught.caught.pop(0))["hook"] != 0
    return refused


def test_every_state_is_pushed(pushed):
    world, caught = pushed
    world.sim.clear()
    caught.caught.clear()
    jobs, expected = state_jobs(world)
    outcomes = world.drive.send(*jobs)
    assert {o["outcome"] for o in outcomes} == {"sent"}, outcomes
    path = len(world.model.get("state_path", []))
    world.drive.reports.clear()
    assert drain_pushes(world, caught, len(jobs) * (1 + path)) == 0
    got = last_states(world, jobs, outcomes, world.drive.reports)
    assert got == {to: meaning for to, (meaning, _) in expected.items()}


@pytest.mark.parametrize("fault", ["dup-report", "unknown-report", "out-of-order", "early-report"])
def test_pushed_in_disorder(pushed, fault):
    """F35, and the report that is here before the answer."""
    world, caught = pushed
    world.sim.clear()
    caught.caught.clear()
    world.drive.reports.clear()
    world.sim.faults(fault)
    jobs = [{"to": f"+9053200{i:05d}"} for i in range(3)]
    outcomes = world.drive.send(*jobs)
    assert {o["outcome"] for o in outcomes} == {"sent"}, outcomes
    drain_pushes(world, caught, 3)
    def complete():
        drain_pushes(world, caught, 0)
        got = last_states(world, jobs, outcomes, list(world.drive.reports))
        return {got.get(j["to"]) for j in jobs} == {DELIVERED}
    until(complete, "a report for each")


def test_the_form_of_a_push_is_a_setting_of_the_account(pushed):
    """Vonage pushes as a form, as JSON or as a query, whatever the account says."""
    world, caught = pushed
    if world.vendor != "vonage":
        pytest.skip("this vendor pushes in one form")
    world.sim.clear()
    caught.caught.clear()
    world.drive.send({"to": "+905320000067"})
    until(lambda: len(caught.caught) == 2, "the pushes")
    form = [p for p in caught.caught if "delivered" in p["body"]][0]
    caught.caught.clear()
    fields = dict(urllib.parse.parse_qsl(form["body"], keep_blank_values=True))
    forms = [form,
             {**form, "content_type": "application/json", "body": json.dumps(fields)},
             {**form, "content_type": "", "method": "GET", "body": "",
              "query": "&".join(q for q in (form["query"], form["body"]) if q)}]
    world.drive.reports.clear()
    for push in forms:
        assert hand_over(world, push)["hook"] == 0, push
    assert [r["state"] for r in world.drive.reports] == [DELIVERED] * 3
    assert len({r["provider_ref"] for r in world.drive.reports}) == 1


def test_forged_reports(pushed):
    """F35: who does not know the secret, or cannot sign, is not believed."""
    world, caught = pushed
    world.sim.clear()
    caught.caught.clear()
    world.drive.send({"to": "+905320000067"})
    until(lambda: caught.caught, "a push")
    push = dict(caught.caught[0])
    recipe = uncommented(f"{RECIPES}/{world.vendor}.json")["reports"]["hook"]
    if "secret" not in recipe and "signature" not in recipe:
        pytest.skip("the address itself is the secret")
    world.drive.reports.clear()
    push["query"] = push["query"].replace("rapor-sirri-1", "rapor-sirri-2")
    push["body"] = push["body"].replace("delivered", "undelivered").replace("sent", "failed")
    push["headers"] = {k: v for k, v in push["headers"].items() if "ignature" not in k}
    assert hand_over(world, push)["hook"] != 0
    assert hand_over(world, {**push, "query": "", "body": "[]"})["hook"] != 0
    assert world.drive.reports == []


def test_nonsense_pushed(pushed):
    world, _ = pushed
    world.drive.reports.clear()
    for body in ["", "{", "[]", "null", "[[[[", "a=b&c", "%", "%00", "{\"report\":7}", "x" * 9000]:
        for kind in ["application/json", "application/x-www-form-urlencoded", ""]:
            hand_over(world, {"method": "POST", "query": "state=1", "content_type": kind,
                              "body": body, "headers": {}})
    assert all(r["ref"] is None for r in world.drive.reports if "ref" in r)
    assert world.drive.one()["outcome"] == "sent"
