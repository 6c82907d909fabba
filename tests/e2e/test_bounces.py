"""Mail that comes back: by LMTP, by SMTP, into a Maildir; what it changes and what it does not."""

import os
import smtplib
import socket
import sys
import time

import pytest

from gateway_support import Gateway, data, event, run, until

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "peers"))
from smtp_peer import SmtpPeer  # noqa: E402

BASE = "iade@ornekil.example"


def report(to, action="failed", status="5.1.1", diagnostic="550 5.1.1 yok", message_id=None,
           envelope_id=None):
    per_message = f"Original-Envelope-Id: {envelope_id}\n" if envelope_id else ""
    returned = f"Message-ID: <{message_id}>\n" if message_id else ""
    return (f"From: MAILER-DAEMON@mx.ornek.test\nTo: {to}\nSubject: Undelivered\n"
            "MIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status;"
            ' boundary="s"\n\n--s\n\nolmadi\n--s\nContent-Type: message/delivery-status\n\n'
            f"Reporting-MTA: dns; mx.ornek.test\n{per_message}\n"
            f"Final-Recipient: rfc822; kisi@ornek.test\nAction: {action}\nStatus: {status}\n"
            f"Diagnostic-Code: smtp; {diagnostic}\n\n--s\nContent-Type: text/rfc822-headers\n\n"
            f"{returned}\n--s--\n")


class Office:
    """A gateway that sends through a relay and reads what comes back."""

    def __init__(self, **bounces):
        self.relay = SmtpPeer(extensions=["PIPELINING", "DSN"]).start()
        self.gateway = Gateway(
            providers={"s": {"kind": "sink"},
                       "e": {"kind": "smtp-curl", "host": "127.0.0.1", "port": self.relay.port,
                             "tls": "none", "envelope_from": "gonderen@ornekil.example"}},
            mail={"bounces": {"address": BASE, "listen": "127.0.0.1:0", "maildir": "iade",
                              **bounces}})
        self.port = self.gateway.logged("returned_mail_awaited")[0]["port"]
        self.maildir = os.path.join(self.gateway.dir, "iade")

    def __enter__(self):
        self.gateway.__enter__()
        return self

    def __exit__(self, *what):
        self.gateway.__exit__(*what)
        self.relay.stop()

    def send(self, number=1, days=88, email="kisi@ornek.test"):
        """Sends one reminder; the message's id, and its envelope as the relay saw it."""
        before = len(self.relay.messages)
        self.gateway.accept(event(number, data=data(number, days, email=email)))
        until(lambda: len(self.relay.messages) > before, "the mail was sent")
        mail = until(lambda: self.gateway.messages(status="accepted", channel="email",
                                                   certificate=f"cert-{number}"), "accepted")[0]
        return mail["id"], self.relay.messages[-1]

    def lmtp(self, to, text, sender=""):
        with smtplib.LMTP("127.0.0.1", self.port, timeout=20) as client:
            return client.sendmail(sender, [to] if isinstance(to, str) else to, text)

    def drop(self, text, name="1.1.mx"):
        """Into the Maildir, as a mail system does it."""
        path = os.path.join(self.maildir, "tmp", name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        os.rename(path, os.path.join(self.maildir, "new", name))

    def becomes(self, id, state):
        return until(lambda: (m := self.gateway.message(id))["status"] == state and m, state)


@pytest.fixture(scope="module")
def office():
    with Office() as o:
        yield o


def test_an_unknown_address_is_undelivered_and_suppressed():
    with Office() as o:
        id, mail = o.send()
        assert mail["from"].startswith("iade+m_") and mail["from"].endswith("@ornekil.example")
        assert o.lmtp(mail["from"], report(mail["from"])) == {}
        m = o.becomes(id, "undelivered")
        told = next(e for e in m["timeline"] if e["kind"] == "report")
        assert told["code"] == "550 5.1.1" and "yok" in told["detail"]
        # The next message to that address is not sent, and says why.
        o.gateway.accept(event(2, data=data(2, 88, email="Kisi@ornek.test")))
        stopped = until(lambda: o.gateway.messages(status="suppressed", channel="email"), "stopped")
        assert stopped[0]["reason"] == "suppressed_bounce" and len(o.relay.messages) == 1


CASES = [
    # action, status, diagnostic, state, is the address suppressed?
    ("failed", "5.2.2", "552 5.2.2 kutu dolu", "undelivered", False),
    ("failed", "4.4.1", "zaman asimi", "undelivered", False),
    ("failed", "5.2.1", "550 5.2.1 hesap kapali", "undelivered", True),
    ("failed", "5.1.8", "550 5.1.8 gonderen", "undelivered", False),
    ("delayed", "4.4.1", "zaman asimi", "accepted", False),
    ("relayed", "2.0.0", "250 2.0.0 ok", "accepted", False),
    ("delivered", "2.0.0", "250 2.0.0 ok", "delivered", False),
]


@pytest.mark.parametrize("number", range(len(CASES)), ids=[f"{c[0]}-{c[1]}" for c in CASES])
def test_what_a_report_changes(office, number):
    action, status, diagnostic, state, suppressed = CASES[number]
    email = f"durum{number}@ornek.test"
    id, mail = office.send(100 + number, email=email)
    office.lmtp(mail["from"], report(mail["from"], action, status, diagnostic))
    office.becomes(id, state)
    # Another certificate of the same person.
    office.gateway.accept(event(200 + number, data=data(200 + number, 88, email=email)))
    later = until(lambda: [m for m in office.gateway.messages(
        channel="email", certificate=f"cert-{200 + number}")
        if m["status"] in ("accepted", "suppressed")], "the next message")
    assert later[0]["status"] == ("suppressed" if suppressed else "accepted")


def test_a_corrected_address_does_not_pay_for_the_old_one(office):
    id, mail = office.send(320, email="eski@ornek.test")
    office.gateway.accept(event(320, id="duzeltme", data=data(320, 88, email="yeni@ornek.test")))
    office.lmtp(mail["from"], report(mail["from"]))
    office.becomes(id, "undelivered")
    # Another certificate of the same person.
    _, mail = office.send(321, email="yeni@ornek.test")
    assert mail["to"] == ["yeni@ornek.test"]


def test_the_same_report_again_changes_nothing(office):
    id, mail = office.send(10, email="iki@ornek.test")
    for _ in range(3):
        assert office.lmtp(mail["from"], report(mail["from"])) == {}
    m = office.becomes(id, "undelivered")
    assert sum(e["kind"] == "report" for e in m["timeline"]) == 1


def test_a_maildir_is_read_and_emptied(office):
    id, mail = office.send(11, email="klasor@ornek.test")
    office.drop(f"Return-Path: <>\nDelivered-To: {mail['from']}\n" + report(BASE), "11.mx")
    office.becomes(id, "undelivered")
    until(lambda: os.listdir(os.path.join(office.maildir, "cur")) == ["11.mx:2,S"], "moved")
    assert os.listdir(os.path.join(office.maildir, "new")) == []


@pytest.mark.parametrize("by", ["envelope", "headers"])
def test_without_a_return_path_of_its_own(office, by):
    # The report came to the plain address; what it returns names the message.
    id, mail = office.send(12 + (by == "headers"), email=f"{by}@ornek.test")
    head = mail["bytes"].decode().split("Message-ID: <")[1].split(">")[0]
    ref = mail["from"].split("+")[1].split("@")[0]
    more = {"envelope_id": ref} if by == "envelope" else {"message_id": head}
    office.lmtp(BASE, report(BASE, **more))
    office.becomes(id, "undelivered")


def test_forged_reports_find_nothing(office):
    id, mail = office.send(15, email="sahte@ornek.test")
    ref = mail["from"].split("+")[1].split("@")[0]
    row, mark, attempt = ref.split("-")
    forged = f"{row}-{'0' * len(mark)}-{attempt}"
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        office.lmtp(f"iade+{forged}@ornekil.example", report(BASE))
    assert list(refused.value.recipients.values())[0][0] == 550
    office.lmtp(BASE, report(BASE, envelope_id=forged, message_id=f"{row}-{'0' * 8}@x"))
    time.sleep(0.3)
    assert office.gateway.message(id)["status"] == "accepted"
    assert office.gateway.logged("returned_mail_unknown")


@pytest.mark.parametrize("address", ["baska@ornekil.example", "iade@baska.example", "postmaster",
                                     "iade+x@ornekil.example", ""])
def test_only_our_own_addresses_are_taken(office, address):
    with smtplib.SMTP("127.0.0.1", office.port, timeout=20) as client:
        client.ehlo()
        client.mail("")
        assert client.rcpt(address)[0] in (501, 550)
        assert client.docmd("DATA")[0] == 503


def test_a_letter_and_an_absence_notice_change_nothing(office):
    id, mail = office.send(16, email="mektup@ornek.test")
    office.lmtp(mail["from"], "From: kisi@ornek.test\nSubject: Izindeyim\n\nYokum. 550 5.1.1\n",
                sender="kisi@ornek.test")
    until(lambda: office.gateway.logged("returned_mail_no_report"), "logged")
    assert office.gateway.message(id)["status"] == "accepted"


def test_smtp_is_understood_too(office):
    id, mail = office.send(17, email="smtp@ornek.test")
    with smtplib.SMTP("127.0.0.1", office.port, timeout=20) as client:
        assert client.sendmail("", [mail["from"].upper()], report(mail["from"])) == {}
    office.becomes(id, "undelivered")


def test_many_on_one_connection(office):
    sent = [office.send(20 + i, email=f"cok{i}@ornek.test") for i in range(5)]
    with smtplib.LMTP("127.0.0.1", office.port, timeout=20) as client:
        for _, mail in sent:
            assert client.sendmail("", [mail["from"]], report(mail["from"])) == {}
    for id, _ in sent:
        office.becomes(id, "undelivered")


def test_a_report_after_a_crash_is_read_again():
    with Office() as o:
        id, mail = o.send()
        o.gateway.process.kill()
        o.gateway.process.wait()
        o.drop(f"Delivered-To: {mail['from']}\n" + report(BASE))
        o.gateway.start()
        o.becomes(id, "undelivered")
        # Handled, but not moved: as after a crash between the two.
        os.rename(os.path.join(o.maildir, "cur", os.listdir(os.path.join(o.maildir, "cur"))[0]),
                  os.path.join(o.maildir, "new", "again"))
        until(lambda: os.listdir(os.path.join(o.maildir, "new")) == [], "moved again")
        m = o.gateway.message(id)
        assert m["status"] == "undelivered"
        assert sum(e["kind"] == "report" for e in m["timeline"]) == 1


def test_slow_and_idle_peers_do_not_fill_the_server(office):
    idle = [socket.create_connection(("127.0.0.1", office.port)) for _ in range(16)]
    for s in idle:
        assert s.recv(100).startswith(b"220 ")
    with socket.create_connection(("127.0.0.1", office.port)) as s:
        assert s.recv(100).startswith(b"421 ")
    for s in idle:
        s.close()
    time.sleep(0.2)
    with socket.create_connection(("127.0.0.1", office.port)) as s:
        assert s.recv(100).startswith(b"220 ")


def test_shutdown_with_a_session_open():
    with Office() as o:
        s = socket.create_connection(("127.0.0.1", o.port))
        assert s.recv(100).startswith(b"220 ")
        started = time.monotonic()
        o.gateway.stop()
        assert time.monotonic() - started < 5
        s.close()


def test_without_verp_the_envelope_is_the_plain_address():
    with Office(verp=False) as o:
        id, mail = o.send()
        assert mail["from"] == BASE
        head = mail["bytes"].decode().split("Message-ID: <")[1].split(">")[0]
        o.lmtp(BASE, report(BASE, message_id=head))
        o.becomes(id, "undelivered")


def test_a_message_of_its_own_suppresses_its_address_too():
    with Office() as o:
        asked = o.gateway.request("POST", "/v1/providers/e:test", '{"to":"ozel@ornek.test"}',
                                  {"Content-Type": "application/json"})
        assert asked.status in (200, 202), asked
        until(lambda: o.relay.messages, "sent")
        mail = o.relay.messages[-1]
        o.lmtp(mail["from"], report(mail["from"]))
        until(lambda: o.gateway.messages(status="undelivered"), "undelivered")
        o.gateway.accept(event(2, data=data(2, 88, email="ozel@ornek.test")))
        stopped = until(lambda: o.gateway.messages(status="suppressed", channel="email"), "stopped")
        assert stopped[0]["reason"] == "suppressed_bounce"


def test_what_is_sent_by_hand_has_the_plain_return_path():
    # It is kept nowhere: no name in the address would be known later.
    with Office() as o:
        o.gateway.stop()
        sent = run("send", "--to", "ozel@ornek.test", "--template", "a30",
                   config=o.gateway.config_path)
        assert sent.returncode == 0, sent
        assert o.relay.messages[-1]["from"] == BASE
        o.gateway.start()


def test_returned_mail_is_heard_where_campaigns_alone_have_routes():
    with Office() as o:
        o.gateway.stop()
        o.gateway.settings["routes"] = {"sms": ["s"]}
        o.gateway.settings["campaigns"] = [{"name": "e-imza", "marks": [90], "channels": ["email"],
                                            "routes": {"email": ["e"]}}]
        o.gateway.settings["mail"]["bounces"]["listen"] = f"127.0.0.1:{o.port}"
        o.gateway.write_config()
        o.gateway.start()
        id, mail = o.send()
        o.lmtp(mail["from"], report(mail["from"]))
        o.becomes(id, "undelivered")


@pytest.mark.parametrize("kind", ["smtp", "smtp-curl"])
def test_without_bounces_the_envelope_has_the_providers_own_sender(kind):
    relay = SmtpPeer().start()
    with Gateway(providers={"s": {"kind": "sink"},
                            "e": {"kind": kind, "host": "127.0.0.1", "port": relay.port,
                                  "tls": "none", "envelope_from": "hesap@ornekil.example"}}) as g:
        g.accept(event(1))
        until(lambda: relay.messages, "sent")
        assert relay.messages[0]["from"] == "hesap@ornekil.example"
        assert b"\r\nFrom: " in b"\r\n" + relay.messages[0]["bytes"]
        assert b"<e-imza@ornek.test>" in relay.messages[0]["bytes"]
    relay.stop()


def test_a_greylisted_mail_is_delivered_once():
    """451 at first, 250 later: one mail, every attempt told, no other recipient waits for it."""
    with Office() as o:
        o.gateway.stop()
        o.gateway.settings["retry"] = {"email": {"base": "1s", "cap": "1s"}}
        o.gateway.write_config()
        o.relay.recipients["gri@ornek.test"] = "451 4.7.1 greylisted, try later"
        o.gateway.start()
        o.gateway.accept(event(1, data=data(1, 88, email="gri@ornek.test")))
        # The first retry may follow at once: full jitter.
        until(lambda: "RCPT" in o.relay.verbs(), "refused for now")
        o.gateway.accept(event(2, data=data(2, 88, email="hemen@ornek.test")))
        until(lambda: [m["to"] for m in o.relay.messages if m["bytes"]] == [["hemen@ornek.test"]],
              "the other one is not held up")
        del o.relay.recipients["gri@ornek.test"]
        m = until(lambda: o.gateway.messages(status="accepted", certificate="cert-1",
                                             channel="email"), "accepted")[0]
        of_the_other = 1
        assert o.gateway.message(m["id"])["attempts"] == \
            o.relay.verbs().count("RCPT") - of_the_other
        assert [m["to"] for m in o.relay.messages if m["bytes"]].count(["gri@ornek.test"]) == 1
