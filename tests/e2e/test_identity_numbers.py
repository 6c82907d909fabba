"""T.C. identity numbers: refused, or known by a keyed hash; nowhere kept, logged or told."""

import email
import email.policy
import json
import os
import secrets
import sqlite3
from datetime import datetime, timedelta

import pytest

from gateway_support import (NDJSON, Gateway, data, event, is_problem, run, sinks, until)

NUMBER = "10000000146"  # check digits fit; nobody's
OTHER = "12345678950"


def with_number(n=1, number=NUMBER):
    d = data(n)
    d["holder"]["ref"] = number
    d["certificate"]["ref"] = f"nes/{number}/1"
    return d


def kept(gateway):
    """Every byte of the gateway's directory but for its secrets."""
    out = b""
    for name in os.listdir(gateway.dir):
        if name.endswith(".sock"):
            continue
        with open(os.path.join(gateway.dir, name), "rb") as f:
            out += f.read()
    return out


def mails(gateway):
    """What the sink of e-mail took."""
    with sqlite3.connect(f"file:{gateway.dir}/hatirlat.db?mode=ro", uri=True) as db:
        rows = db.execute("SELECT content FROM inbox").fetchall()
    return [email.message_from_string(content, policy=email.policy.default)
            for content, in rows if "MIME-Version" in content]


@pytest.fixture
def key_file(tmp_path):
    path = tmp_path / "kimlik.key"
    path.write_text(secrets.token_hex(32) + "\n")
    path.chmod(0o600)
    return str(path)


PLACES = [
    {"holder": {"ref": NUMBER}}, {"holder": {"name": f"Ali {NUMBER}"}},
    {"holder": {"email": f"{NUMBER}@ornek.test"}}, {"certificate": {"ref": f"a-{NUMBER}-b"}},
    {"holder": {"unit": NUMBER}}, {"institution": {"name": f"Okul {NUMBER}"}},
]


def changed(place):
    d = data(1)
    for group, members in place.items():
        d.setdefault(group, {}).update(members)
    return d


def test_refused_everywhere_with_advice():
    with Gateway() as g:
        for place in PLACES:
            p = is_problem(g.post(event(data=changed(place))), 422)
            assert "tckn_refused" in json.dumps(p) and "anahtar" in json.dumps(p), (place, p)
            assert NUMBER not in json.dumps(p), place
        for body in (event(id=NUMBER), event(source=f"urn:{NUMBER}"), event(subject=NUMBER)):
            answer = g.post(body)
            is_problem(answer, 422)
            assert NUMBER.encode() not in answer.body
        unknown = data(1)
        unknown["holder"][NUMBER] = 1
        assert NUMBER.encode() not in g.post(event(data=unknown)).body
        assert not g.messages()
        assert NUMBER.encode() not in kept(g)


def test_a_reference_becomes_a_hash(key_file):
    intake = {"identity_numbers": "hmac", "identity_key": {"file": key_file}}
    with Gateway(intake=intake, providers=sinks(report="delivered", report_delay="20ms")) as g:
        first = g.accept(event(data=with_number()))
        again = g.post(event(data=with_number()))
        assert again.status == 200, again
        lines = g.post(json.dumps({"type": "certificate.expiring", "source": "urn:x",
                                   **with_number(2, OTHER)}) + "\n", NDJSON)
        assert lines.status in (200, 202) and OTHER.encode() not in lines.body, lines
        assert NUMBER not in json.dumps(first)
        found = until(lambda: g.messages(holder=NUMBER), "found by the number")
        assert found[0]["holder"].startswith("kn-") and len(found[0]["holder"]) == 35, found[0]
        assert found[0]["certificate"] == f"nes/{found[0]['holder']}/1"
        assert [m["id"] for m in g.messages(holder=found[0]["holder"])] == \
            [m["id"] for m in g.messages(certificate=f"nes/{NUMBER}/1")]
        until(lambda: {m["holder"] for m in g.messages()} > {found[0]["holder"]}, "the other one")
        for place in PLACES[1:3] + PLACES[4:]:
            is_problem(g.post(event(id="n", data=changed(place))), 422)
        until(lambda: mails(g), "sent")
        everything = kept(g)
        assert NUMBER.encode() not in everything and OTHER.encode() not in everything
        metrics = g.get("/metrics").body
        assert NUMBER.encode() not in metrics


def test_the_key_is_asked_for(tmp_path):
    with Gateway(start=False, intake={"identity_numbers": "hmac"}) as g:
        checked = run("check", config=g.config_path)
        assert checked.returncode == 78 and "CFG-104" in checked.stdout + checked.stderr, checked
    short = tmp_path / "kisa.key"
    short.write_text("kisa")
    short.chmod(0o600)
    with Gateway(start=False, intake={"identity_numbers": "hmac",
                                      "identity_key": {"file": str(short)}}) as g:
        checked = run("check", config=g.config_path)
        assert checked.returncode == 78 and "CFG-105" in checked.stdout + checked.stderr, checked


@pytest.mark.parametrize("wanted", [True, False])
def test_the_end_date_as_a_calendar_file(wanted):
    with Gateway(mail={"calendar": wanted}) as g:
        g.accept(event(data=data(1, days=28)))
        mail = until(lambda: mails(g), "a mail")[0]
        parts = [p for p in mail.walk() if p.get_content_type() == "text/calendar"]
        assert len(parts) == (1 if wanted else 0)
        if wanted:
            text = parts[0].get_content()
            end = until(lambda: g.messages(), "messages")[0]["not_after"]
            day = datetime.fromisoformat(end.replace("Z", "+00:00")) + timedelta(hours=3)
            assert parts[0].get_filename() == "e-imza.ics"
            assert f"DTSTART;VALUE=DATE:{day:%Y%m%d}" in text, text
            assert "SUMMARY:E-imzanın son geçerlilik günü" in text and "UID:case-" in text
