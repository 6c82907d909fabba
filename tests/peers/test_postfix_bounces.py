"""A real Postfix takes our mail, cannot deliver it, and sends it back: by LMTP or into a Maildir."""

import os
import smtplib

import pytest

import mta
import support
from smtp_peer import SmtpPeer

DOMAIN = "ornekil.example"


@pytest.fixture(scope="module")
def school():
    """The next hop: it knows nobody called yok, and is not ready for bekle."""
    peer = SmtpPeer(recipients={
        "yok@okul.ornek.test": "550 5.1.1 <yok@okul.ornek.test>: User unknown",
        "dolu@okul.ornek.test": "552 5.2.2 mailbox full",
        "bekle@okul.ornek.test": "450 4.2.0 greylisted"}).start()
    yield peer
    peer.stop()


@pytest.fixture(scope="module")
def listener():
    return support.free_ports(1)[0]


@pytest.fixture(scope="module")
def server(school, listener):
    # What the next hop delays beyond three seconds is given up.
    more = f"""
relay_domains = okul.ornek.test, {DOMAIN}
transport_maps = inline:{{ {{ okul.ornek.test = smtp:[127.0.0.1]:{school.port} }},
 {{ {DOMAIN} = lmtp:inet:127.0.0.1:{listener} }} }}
recipient_delimiter = +
minimal_backoff_time = 1s
maximal_backoff_time = 1s
queue_run_delay = 1s
maximal_queue_lifetime = 3s
bounce_queue_lifetime = 30s
"""
    with mta.postfix(boxes=["iade@ornek.test"], more=more) as running:
        yield running


def gateway(folder, server, kind, bounces):
    return support.gateway(
        folder, providers={"posta": {"kind": kind, "host": "127.0.0.1", "port": server.port,
                                     "envelope_from": support.SENDER, "tls": "none"}},
        routes={"email": ["posta"]}, trial=True,
        mail={"from": support.SENDER, "bounces": bounces},
        campaigns=[{"name": "e-imza", "marks": [15, 7, 3, 1], "channels": ["email"]}])


def ways(server, listener):
    return {"lmtp": {"address": f"iade@{DOMAIN}", "listen": f"127.0.0.1:{listener}"},
            "maildir": {"address": "iade@ornek.test", "maildir": str(server.home / "mail" / "iade")}}


@pytest.fixture
def boxes(server):
    """The Maildir belongs to nobody: Postfix has to be able to write what we made."""
    folder = server.home / "mail" / "iade"
    for name in ("", "tmp", "new", "cur"):
        (folder / name).mkdir(exist_ok=True)
        stat = os.stat(server.home / "mail")
        os.chown(folder / name, stat.st_uid, stat.st_gid)


@pytest.mark.parametrize("kind", ["smtp", "smtp-curl"])
@pytest.mark.parametrize("way", ["lmtp", "maildir"])
def test_what_cannot_be_delivered_comes_back(tmp_path, server, boxes, listener, school, way, kind):
    with gateway(tmp_path, server, kind, ways(server, listener)[way]) as g:
        g.post(support.fact("yok-1", email="yok@okul.ornek.test"),
               support.fact("var-1", email="var@okul.ornek.test"),
               support.fact("dolu-1", email="dolu@okul.ornek.test"))
        gone = g.settled("yok-1", "undelivered")
        full = g.settled("dolu-1", "undelivered")
        assert g.settled("var-1", "accepted")
        told = next(e for e in gone["timeline"] if e["kind"] == "report")
        assert told["code"] == "550 5.1.1" and "User unknown" in told["detail"]
        assert "yok@" not in told["detail"]
        assert next(e for e in full["timeline"] if e["kind"] == "report")["code"] == "552 5.2.2"

        # The next mail to the address that is gone is not sent, to the full one it is.
        before = len(school.commands)
        g.post(support.fact("yok-2", email="yok@okul.ornek.test"),
               support.fact("dolu-2", email="dolu@okul.ornek.test"))
        stopped = g.settled("yok-2", "suppressed")
        g.settled("dolu-2", "accepted", "undelivered")
        assert stopped["reason"] == "suppressed_bounce"
        assert not any("yok@" in line for _, _, line in school.commands[before:])


def test_a_delay_is_not_an_end_but_giving_up_is(tmp_path, server, boxes, listener):
    with gateway(tmp_path, server, "smtp-curl", ways(server, listener)["lmtp"]) as g:
        g.post(support.fact("bekle-1", email="bekle@okul.ornek.test"))
        g.settled("bekle-1", "accepted")
        given_up = g.settled("bekle-1", "undelivered", limit=40)
        told = next(e for e in given_up["timeline"] if e["kind"] == "report")
        assert told["code"] == "450 4.2.0" and told["state"] == "undelivered"
        g.post(support.fact("bekle-2", email="bekle@okul.ornek.test"))
        g.settled("bekle-2", "accepted", "undelivered")  # a 4.x.x suppresses nobody


def test_a_success_report_is_a_delivery(tmp_path, server, boxes, listener, school):
    """We do not ask for them, but some systems tell of every delivery."""
    with gateway(tmp_path, server, "smtp-curl", ways(server, listener)["lmtp"]) as g:
        before = len(school.messages)
        g.post(support.fact("var-2", email="var@okul.ornek.test"))
        g.settled("var-2", "accepted")
        support.wait_for("it goes on", lambda: len(school.messages) > before)
        ours = school.messages[-1]["from"]
        with smtplib.SMTP("127.0.0.1", server.port) as client:
            client.sendmail(ours, ["isil@ornek.test"], "Subject: x\n\nx\n",
                            rcpt_options=["NOTIFY=SUCCESS"])
        g.settled("var-2", "delivered")
