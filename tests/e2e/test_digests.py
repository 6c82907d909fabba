"""Digests from facts to the mailbox of the institution, each once."""

import json
from datetime import timedelta

import pytest

from gateway_support import Gateway, STARTED, data, event, until

SCHOOL = {"ref": "123456", "name": "Örnek Ortaokulu", "email": "123456@meb.k12.tr",
          "address_form": "Örnek Ortaokulu Müdürlüğüne"}
LYCEE = {"ref": "654321", "name": "Deneme Lisesi", "email": "mudur@posta.example"}


def told(number, institution=SCHOOL, days=20, **holder):
    what = data(number, days=days, **holder)
    what["institution"] = institution
    return event(number, data=what)


def happened(number, kind, days_ago):
    when = (STARTED - timedelta(days=days_ago)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return event(number, kind, time=when)


def digests(g, template=None):
    found = [g.message(m["id"]) for m in g.messages(campaign="digest")]
    return [m for m in found if template in (None, m["template"])]


def content(message):
    attempts = [e for e in message["timeline"] if e["kind"] == "attempt"]
    return attempts[-1].get("content", "")


def restart(g, **changes):
    g.stop()
    g.settings.update(changes)
    g.write_config()
    g.start()


@pytest.fixture(scope="module")
def gateway():
    """Facts first, the kinds of digests afterwards: so they are all in the first ones."""
    with Gateway() as g:
        g.accept(told(1, name="Zehra Çelik"))
        g.accept(told(2, name="Ali Şen", days=10))
        g.accept(told(3, days=25))
        g.accept(told(4, institution=LYCEE, name="Lale Ak"))
        g.accept(told(5, name="Uzak Kişi", days=70))
        g.accept(told(6, name="Giden Kişi", days=5))
        g.accept(happened(3, "application.submitted", 8))
        g.accept(event(6, "duty.ended"))
        until(lambda: g.messages(holder="sicil-5"), "the plan")
        assert digests(g) == [], "nothing was asked for"
        restart(g, digests={"kinds": ["k1", "k2", "bi"]})
        until(lambda: len(g.messages(campaign="digest", status="accepted")) == 3, "three digests")
        yield g


def test_each_institution_gets_what_is_its_own(gateway):
    weekly, = digests(gateway, "k1")
    words = content(weekly)
    assert "3 kişi" in words, words
    assert all(n in words for n in ("Ali ŞEN", "Zehra ÇELİK", "Şükran IŞIK")), words
    assert words.index("Ali ŞEN") < words.index("Zehra ÇELİK") < words.index("Şükran IŞIK")
    assert "talep yazısı bekleniyor" in words
    for nobody in ("Lale", "Uzak", "Giden"):
        assert nobody not in words
    letters, = digests(gateway, "k2")
    assert "Şükran IŞIK" in content(letters) and "Ali" not in content(letters)
    daily, = digests(gateway, "bi")
    assert "Yazısı beklenen başvuru: 1" in content(daily)


def test_the_heartbeat_and_what_was_left_out_are_told(gateway):
    line = 'hatirlat_digest_last_run_timestamp_seconds{kind="%s"}'
    assert all(gateway.metric(line % kind) > 1e9 for kind in ("k1", "k2", "bi"))
    made = gateway.logged("digest_made")
    assert {m["kind"]: m["private_mailbox"] for m in made} == {"k1": 1, "k2": 0, "bi": 0}


def test_none_is_made_twice(gateway):
    restart(gateway)
    until(lambda: gateway.metric('hatirlat_digest_last_run_timestamp_seconds{kind="bi"}'), "a look")
    assert len(digests(gateway)) == 3


def test_none_is_made_twice_after_a_crash():
    """Killed as soon as the first digest is told of; the others are made by the next run."""
    with Gateway() as g:
        g.accept(told(1))
        g.accept(told(3))
        g.accept(happened(3, "application.submitted", 8))
        until(lambda: g.messages(holder="sicil-3"), "the plan")
        restart(g, digests={"kinds": ["k1", "k2", "bi"]})
        until(lambda: g.logged("digest_made"), "the first")
        g.hang_up()
        g.process.kill()
        g.process.wait()
        g.start()
        until(lambda: len(digests(g)) == 3, "three digests")
        restart(g)
        until(lambda: g.metric('hatirlat_digest_last_run_timestamp_seconds{kind="bi"}'), "a look")
        assert sorted(m["template"] for m in digests(g)) == ["bi", "k1", "k2"]


def test_an_erased_person_is_in_no_digest(gateway):
    answer = gateway.request("POST", "/v1/person:erase",
                             json.dumps({"ref": "sicil-3", "confirm": "sicil-3"}),
                             {"Content-Type": "application/json"})
    assert answer.status == 200, answer
    assert answer.json["digest_rows"] == 3
    everything = json.dumps([content(m) for m in digests(gateway)], ensure_ascii=False)
    assert "IŞIK" not in everything
