"""What is held about a person: nothing that was not asked for, and nothing for longer than wanted."""

import json
import os

import pytest

from gateway_support import Gateway, data, event, is_problem, person, run, sinks, until

INSTITUTION = {"ref": "123456", "name": "Örnek Ortaokulu", "email": "123456@meb.k12.tr",
               "address_form": "Örnek Ortaokulu Müdürlüğüne"}


def told(number, days=20, **holder):
    what = data(number, days=days, **holder)
    what["institution"] = INSTITUTION
    return event(number, data=what)


@pytest.fixture
def gateway():
    with Gateway() as g:
        yield g


def ask(g, *args, **options):
    return run(*args, config=g.config_path, **options)


def settled(g, number):
    return until(lambda: len(g.messages(holder=f"sicil-{number}", status="accepted")) == 2,
                 "both reminders")


def files_hold(g, words):
    """Whether the bytes are in any file of the database."""
    for name in os.listdir(g.dir):
        if name.startswith("hatirlat.db"):
            path = os.path.join(g.dir, name)
            if os.path.isfile(path) and words.encode() in open(path, "rb").read():
                return name
    return None


# ---- suppression ----

def test_a_suppressed_address_gets_nothing(gateway):
    added = ask(gateway, "suppression", "add", "0532 000 0001", "--reason", "request",
                "--note", "dilekçe 14", "--json")
    assert added.returncode == 0, added
    entry = json.loads(added.stdout)["suppression"]
    assert entry["channel"] == "sms" and "0001" not in entry["address"], entry
    gateway.accept(told(1))
    until(lambda: gateway.messages(holder="sicil-1", status="suppressed"), "the SMS is stopped")
    until(lambda: gateway.messages(holder="sicil-1", status="accepted"), "the mail goes")
    listed = gateway.get("/v1/suppressions").json["suppressions"]
    assert [e["stopped_messages"] for e in listed] == [1]
    assert listed[0]["note"] == "dilekçe 14" and listed[0]["actor"].startswith("uid:")
    assert "person asked" in ask(gateway, "suppression", "list").stdout
    removed = ask(gateway, "suppression", "remove", "05320000001")
    assert removed.returncode == 0 and "stopped meanwhile: 1" in removed.stdout, removed
    assert gateway.messages(holder="sicil-1", status="suppressed"), "nothing is sent silently"
    assert ask(gateway, "suppression", "remove", entry["id"]).returncode == 4


def test_the_plan_knows_who_is_suppressed(gateway):
    gateway.accept(told(1, days=55))  # the mark of 60 goes at once, at whatever hour
    until(lambda: gateway.messages(holder="sicil-1", channel="sms", status="accepted"), "the first")
    assert ask(gateway, "suppression", "add", "05320000001", "--reason", "bounce").returncode == 0
    plan = ask(gateway, "plan", "--json")
    assert plan.returncode == 0, plan
    left_out = {e["reason"]: e["count"] for e in json.loads(plan.stdout)["excluded"]}
    assert left_out == {"suppressed_bounce": 1}, "the one SMS of the next month"


def test_suppressions_are_checked(gateway):
    assert ask(gateway, "suppression", "add", "0312 000 00 00").returncode == 2
    assert ask(gateway, "suppression", "add", "kisi@ornek.test", "--reason", "x").returncode == 2
    assert ask(gateway, "suppression", "add", "kisi@ornek.test", "--days", "0").returncode == 2
    answer = gateway.request("GET", "/v1/suppressions", key=None)
    is_problem(answer, 401)


# ---- digests ----

def test_digests_are_seen_before_they_are_sent(gateway):
    gateway.accept(told(1, days=20, name="Zehra Çelik"))
    gateway.accept(told(2, days=10, name="Ali Şen"))
    gateway.accept(told(3, days=60, name="Uzak Kişi"))
    until(lambda: gateway.messages(holder="sicil-3"), "the plan")
    shown = ask(gateway, "digest", "preview", "--kind", "k1")
    assert shown.returncode == 0, shown
    assert "123456@meb.k12.tr" in shown.stdout and "2 kişi" in shown.stdout
    assert shown.stdout.index("Ali ŞEN") < shown.stdout.index("Zehra ÇELİK")
    assert "KİŞİ" not in shown.stdout
    one = json.loads(ask(gateway, "digest", "preview", "--kind", "k1", "--institution", "123456",
                         "--json").stdout)
    assert one["count"] == 1 and one["digests"][0]["verdict"] == "send"
    assert json.loads(ask(gateway, "digest", "preview", "--kind", "k1", "--institution", "x",
                          "--json").stdout)["count"] == 0
    unit = json.loads(ask(gateway, "digest", "preview", "--kind", "bi", "--json").stdout)
    assert unit["digests"][0]["to"] == "bilgi@ornek.test"
    assert "süresi dolacak, başvurusuz personel: 1" in unit["digests"][0]["text"]
    assert ask(gateway, "digest", "preview", "--kind", "k9").returncode == 2
    assert not gateway.messages(campaign="digest"), "a preview sends nothing"


def test_a_private_mailbox_is_told_and_not_used(gateway):
    fact = told(1)
    fact["data"]["institution"] = {**INSTITUTION, "email": "okul@posta.example"}
    gateway.accept(fact)
    until(lambda: gateway.messages(holder="sicil-1"), "the plan")
    shown = ask(gateway, "digest", "preview", "--kind", "k1")
    assert "NOT SENT: no mailbox of an institution" in shown.stdout


# ---- retention ----

def test_what_is_due_is_counted_then_destroyed(gateway):
    gateway.accept(told(1))
    settled(gateway, 1)
    dry = ask(gateway, "retention", "run", "--dry-run")
    assert dry.returncode == 0 and "nothing was destroyed" in dry.stderr, dry
    assert "words of messages" in dry.stdout
    done = ask(gateway, "retention", "run", "--json")
    assert done.returncode == 0, done
    answer = json.loads(done.stdout)
    assert answer["finished"] and "record" not in answer
    assert {c["class"]: c["count"] for c in answer["classes"]}["content"] == 0


# ---- one person ----

def test_a_person_is_exported_and_erased(gateway):
    gateway.accept(told(1, name="Işıl Çiğdemoğlu"))
    gateway.accept(told(2, name="Kalıcı Kişi"))
    settled(gateway, 1)
    settled(gateway, 2)
    export = ask(gateway, "person", "export", "sicil-1")
    assert export.returncode == 0, export
    held = json.loads(export.stdout)
    assert held["cases"][0]["certificate"] == "cert-1"
    assert len(held["events"]) == 1 and held["events"][0]["fact"]["holder"]["ref"] == "sicil-1"
    assert len(held["inbox"]) == 2 and "Çiğdemoğlu".upper() not in export.stdout.lower()
    assert any("timeline" in m and m["timeline"] for m in held["messages"])
    assert "sicil-2" not in export.stdout
    assert ask(gateway, "person", "erase", "sicil-1").returncode == 5, "nobody was there to ask"
    assert ask(gateway, "person", "erase", "sicil-1", "--yes=sicil-2").returncode == 2
    assert files_hold(gateway, "sicil-1\""), "not erased yet"
    erased = ask(gateway, "person", "erase", "sicil-1", "--yes=sicil-1")
    assert erased.returncode == 0, erased
    assert gateway.messages(holder="sicil-1") == []
    assert gateway.get("/v1/messages?certificate=cert-1").json["items"] == []
    for words in ("sicil-1\"", "Çiğdemoğlu", "ÇİĞDEMOĞLU", "kisi1@ornek.test", "5320000001"):
        assert until(lambda: files_hold(gateway, words) is None, f"{words} leaves the files")
    assert files_hold(gateway, "sicil-2\""), "others stay"
    assert ask(gateway, "person", "export", "sicil-1").returncode == 4

    # The next list does not bring the person back.
    gateway.accept({**told(1, name="Işıl Çiğdemoğlu"), "id": "again"})
    until(lambda: gateway.metric("hatirlat_erased_person_events_total") == 1, "it is refused")
    assert gateway.messages(holder="sicil-1") == []
    assert files_hold(gateway, "Çiğdemoğlu") is None
    back = ask(gateway, "person", "readmit", "sicil-1")
    assert back.returncode == 0 and "refused since the erasure: 1" in back.stdout, back
    assert ask(gateway, "person", "readmit", "sicil-1").returncode == 4
    gateway.accept({**told(1, name="Işıl Çiğdemoğlu"), "id": "third"})
    until(lambda: gateway.messages(holder="sicil-1"), "now knowingly")


def test_nothing_is_erased_without_the_reference(gateway):
    gateway.accept(told(1))
    settled(gateway, 1)
    answer = gateway.request("POST", "/v1/person:erase",
                             json.dumps({"ref": "sicil-1", "confirm": "sicil"}),
                             {"Content-Type": "application/json"})
    assert answer.status in (400, 422), answer
    assert gateway.messages(holder="sicil-1")
    answer = gateway.request("POST", "/v1/person:erase",
                             json.dumps({"ref": "nobody", "confirm": "nobody"}),
                             {"Content-Type": "application/json"})
    is_problem(answer, 404)


def test_nobody_is_erased_while_a_message_is_on_its_way():
    with Gateway(providers=sinks(delay="3s")) as g:
        g.accept(told(1))
        until(lambda: g.messages(holder="sicil-1", status="sending"), "on its way")
        refused = ask(g, "person", "erase", "sicil-1", "--yes=sicil-1")
        assert refused.returncode == 5 and "on its way" in refused.stderr, refused
        assert g.messages(holder="sicil-1")


# ---- fields that nobody asked for ----

EXTRA = [
    ("/data/holder/tckn", {"tckn": "10000000146"}),
    ("/data/holder/birth_date", {"birth_date": "1980-05-17"}),
    ("/data/holder/sicil", {"sicil": "GIZLI-SICIL-77"}),
    ("/data/holder/mother", {"mother": "Gizlianne"}),
]


@pytest.mark.parametrize("pointer,extra", EXTRA, ids=lambda v: v if isinstance(v, str) else "")
def test_fields_that_nobody_asked_for_are_refused_and_not_kept(gateway, pointer, extra):
    fact = told(1)
    fact["data"]["holder"] = person(1, **extra)
    answer = gateway.post(json.dumps(fact) if not isinstance(fact, dict) else fact)
    is_problem(answer, 422)
    assert any(f["pointer"] == "#" + pointer for f in answer.json["errors"]), answer
    gateway.accept(told(2))
    settled(gateway, 2)
    for value in extra.values():
        assert files_hold(gateway, value) is None
        assert value not in open(gateway.log_path, encoding="utf-8").read()


def import_list(g, *rows):
    return g.request("POST", "/v1/imports", ("\n".join(rows) + "\n").encode(),
                     {"Content-Type": "text/csv"})


def test_columns_that_nobody_asked_for_are_not_kept(gateway):
    head = "kişi kodu;ad soyad;cep telefonu;e-posta;bitiş tarihi;"
    row = "k-77;Işıl Öztürk;0532 000 00 77;kisi77@ornek.test;01.02.2027;"
    # An identity number is no column to be passed over: such a list is refused as a whole.
    refused = import_list(gateway, head + "T.C. Kimlik No", row + "10000000146")
    assert refused.status == 422, refused
    taken = import_list(gateway, head + "Doğum Tarihi;Baba Adı", row + "17.05.1980;Gizlibaba")
    assert taken.status in (200, 201), taken
    until(lambda: gateway.get("/v1/explain?holder=k-77").status == 200, "the list is taken")
    assert files_hold(gateway, "k-77") is not None
    for words in ("10000000146", "17.05.1980", "1980-05-17", "Gizlibaba"):
        assert files_hold(gateway, words) is None, words
