"""A real Postfix takes our mails, and what lies in its mailboxes is what we meant to say."""

import html
import json
import re
import shutil
import signal
import subprocess
import time

import pytest

import mta
import support

PASSWORD = "Şifre-ö1"
DOTS = "Noktalı satırlar:\n.\n..\n.nokta ile başlar\nFrom satırı\nSon satır."


def provider(server, **more):
    return {"kind": "smtp", "host": "127.0.0.1", "port": server.port,
            "envelope_from": support.SENDER, "tls": "none", **more}


def mail_gateway(folder, server, **more):
    config = {"providers": {"posta": provider(server, **more.pop("smtp", {}))},
              "routes": {"email": ["posta"]},
              "trial": True, "campaigns": [{"name": "e-imza", "marks": [15, 7, 3, 1], "channels": ["email"]}]}
    return support.gateway(folder, **{**config, **more})


@pytest.fixture(scope="module")
def server():
    with mta.postfix() as running:
        yield running


def words(text):
    return re.sub(r"\s+", " ", text).strip()


def words_of_html(source):
    source = re.sub(r"(?s)<(head|style|title).*?</\1>", " ", source)
    source = re.sub(r"</?(a|b|strong|em)\b[^>]*>", "", source)
    return words(html.unescape(re.sub(r"<[^>]+>", " ", source)))


def part(mail, kind):
    return mail.get_body(preferencelist=(kind,)).get_content()


def test_a_turkish_mail_arrives_whole(tmp_path, server):
    before = time.time()
    with mail_gateway(tmp_path, server) as g:
        g.post(support.fact("kart-1", email="isil@ornek.test"))
        message = g.settled("kart-1", "accepted")
    sent = support.attempt(message)
    (raw, mail), = server.mails("isil")

    subject = "E-imzanızın süresi "
    assert mail["Subject"].startswith(subject) and not mail["Subject"].defects
    assert b"\r" not in raw and raw.isascii(), "line ends and encodings came through"
    assert mail["From"].addresses[0].display_name == "Örnekil İl Millî Eğitim Müdürlüğü"
    assert mail["From"].addresses[0].addr_spec == mail["Return-Path"].strip("<>") == support.SENDER
    assert mail["To"].addresses[0].display_name == "Işıl Gökçe ŞAĞLAMÖZ"
    assert mail["To"].addresses[0].addr_spec == "isil@ornek.test"
    assert mail["Reply-To"] == "bilgiislem@ornek.test"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Message-ID"] == f"<{message['id']}@ornek.test>"
    assert re.fullmatch(r"<case-\S+@ornek\.test>", mail["References"])
    assert before - 2 <= mail["Date"].datetime.timestamp() <= time.time() + 2
    assert mail["Date"].endswith("+0300")

    assert mail.get_content_type() == "multipart/alternative"
    assert [p.get_content_type() for p in mail.iter_parts()] == ["text/plain", "text/html"]
    assert all(not p.defects for p in mail.walk())
    text, page = part(mail, "plain"), words_of_html(part(mail, "html"))
    assert sent["content"].splitlines()[0] == mail["Subject"]
    assert words(sent["content"]) == words(mail["Subject"] + " " + text)
    assert "Sayın Işıl Gökçe ŞAĞLAMÖZ," in text and "gün sonra" in text
    for line in text.splitlines():
        line = re.sub(r"^(\d+\.|[-•]) ", "", line)
        assert words(line) in page, line

    assert sent["outcome"] == "sent" and sent["code"].startswith("250 2.0.0")
    queued = re.search(r"Ok: queued as (\S+)", sent["detail"])
    assert queued and f"{queued[1]}: removed" in support.wait_for(
        "Postfix has delivered it", lambda: "removed" in server.log() and server.log())


def test_lines_with_dots_stay_as_they_are(tmp_path, server):
    templates = tmp_path / "templates"
    shutil.copytree(support.ROOT / "config" / "templates", templates)
    for name in ("n", "e3"):
        file = templates / "tr" / f"{name}.mail"
        file.write_text(file.read_text().replace("{{> islak}}", DOTS))
    with mail_gateway(tmp_path, server, templates=str(templates)) as g:
        g.post(support.fact("kart-2", email="cagri@ornek.test"))
        g.settled("kart-2", "accepted")
    (raw, mail), = server.mails("cagri")
    assert DOTS in part(mail, "plain").replace("\r\n", "\n")
    assert words(part(mail, "plain")).endswith("https://bilgiislem.ornek.test/kvkk")
    assert b"\r" not in raw


def test_sent_again_by_hand_it_is_the_same_mail_to_the_reader(tmp_path, server):
    with mail_gateway(tmp_path, server) as g:
        g.post(support.fact("kart-3", email="umit@ornek.test"))
        first = g.settled("kart-3", "accepted")
        status, text = g.call(f"/v1/messages/{first['id']}/resend", {}, "POST")
        assert status in (200, 202), text
        mails = [mail for _, mail in server.mails("umit", 2)]
    assert mails[0]["Message-ID"] == mails[1]["Message-ID"]
    assert mails[0]["References"] == mails[1]["References"]


def test_one_unknown_recipient_does_not_hold_up_the_others(tmp_path, server):
    boxes = ["isil", "yok", "cagri", "umit", "gulsen"]
    before = {box: len(server.files(box)) for box in boxes}
    with mail_gateway(tmp_path, server, smtp={"workers": 1}) as g:
        facts = [support.fact(f"grup-{box}", email=f"{box}@ornek.test") for box in boxes]
        status, text = g.bulk(*facts)
        assert status == 202, text
        messages = {box: g.settled(f"grup-{box}", "accepted", "failed") for box in boxes}
    assert [messages[box]["status"] for box in boxes] == ["accepted", "failed"] + ["accepted"] * 3
    refused = support.attempt(messages["yok"])
    assert (refused["outcome"], refused["code"]) == ("rejected", "550 5.1.1")
    assert "unknown" in refused["detail"] and messages["yok"]["attempts"] == 1
    for box in ("isil", "cagri", "umit", "gulsen"):
        (_, mail) = server.mails(box, before[box] + 1)[-1]
        assert mail["Message-ID"] == f"<{messages[box]['id']}@ornek.test>"
    assert server.files("yok") == []
    assert "rcpt=4/5" in server.log(), "one session for all"


def test_an_outage_of_the_server_loses_nothing_and_ends_by_itself(tmp_path, server):
    boxes = ["isil", "cagri", "umit", "gulsen"]
    before = {box: len(server.files(box)) for box in boxes}
    quick = {"workers": 1, "breaker": {"failures": 2, "open": "1s", "cap": "1s"}}
    server.stop()
    try:
        with mail_gateway(tmp_path, server, smtp=quick,
                          retry={"email": {"base": "1s", "cap": "1s"}}) as g:
            g.post(*(support.fact(f"ara-{box}", email=f"{box}@ornek.test") for box in boxes))
            g.process.wait_until("the breaker opens", lambda: "open" in str(
                [c for c in g.get("/readyz")["checks"] if c["name"] == "provider:posta"]))
            assert {g.of(f"ara-{box}")["status"] for box in boxes} == {"queued"}
            server.start()
            messages = {box: g.settled(f"ara-{box}", "accepted") for box in boxes}
    finally:
        server.start()
    for box in boxes:
        mails = server.mails(box, before[box] + 1)
        assert len(mails) == before[box] + 1, "once and not twice"
        assert mails[-1][1]["Message-ID"] == f"<{messages[box]['id']}@ornek.test>"


# ---- STARTTLS ----


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """ca.pem, other.pem and server.pem (key and certificate for localhost, signed by ca)."""
    folder = tmp_path_factory.mktemp("tls")

    def openssl(*args):
        subprocess.run([support.program("openssl", "openssl"), *args], cwd=folder, check=True,
                       capture_output=True)
    new = ("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    for name in ("ca", "other"):
        openssl(*new, "-x509", "-days", "2", "-subj", f"/CN=Ornek {name}", "-keyout", f"{name}.key",
                "-out", f"{name}.pem")
    openssl(*new, "-subj", "/CN=localhost", "-keyout", "server.key", "-out", "server.csr")
    (folder / "names").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
            "-CAcreateserial", "-days", "2", "-extfile", "names", "-out", "server.crt")
    (folder / "server.pem").write_text((folder / "server.key").read_text() +
                                       (folder / "server.crt").read_text())
    return folder


@pytest.fixture(scope="module")
def tls_server(certificates):
    with mta.Accounts("bildirim", PASSWORD) as accounts:
        with mta.postfix(tls=certificates / "server.pem", accounts=accounts) as running:
            yield running
        accounts.shutdown()


@pytest.mark.parametrize("host, most", [("localhost", "1.2"), ("127.0.0.1", "1.3")])
def test_the_way_is_encrypted(tmp_path, tls_server, certificates, host, most):
    smtp = {"host": host, "tls": "require", "tls_max": most,
            "ca_file": str(certificates / "ca.pem")}
    count = len(tls_server.files("gulsen"))
    with mail_gateway(tmp_path, tls_server, smtp=smtp) as g:
        g.post(support.fact("kart-4", email="gulsen@ornek.test"))
        g.settled("kart-4", "accepted")
    _, mail = tls_server.mails("gulsen", count + 1)[-1]
    assert f"using TLSv{most}" in mail["Received"]


def login(folder, certificates, password):
    (folder / "parola").write_text(password)
    (folder / "parola").chmod(0o600)
    return {"host": "localhost", "tls": "require", "ca_file": str(certificates / "ca.pem"),
            "user": "bildirim", "password": {"file": str(folder / "parola")}}


def test_it_logs_in(tmp_path, tls_server, certificates):
    count = len(tls_server.files("umit"))
    with mail_gateway(tmp_path, tls_server, smtp=login(tmp_path, certificates, PASSWORD)) as g:
        g.post(support.fact("kart-6", email="umit@ornek.test"))
        g.settled("kart-6", "accepted")
    _, mail = tls_server.mails("umit", count + 1)[-1]
    assert "Authenticated sender: bildirim" in mail["Received"]


def test_a_refused_login_holds_the_provider(tmp_path, tls_server, certificates):
    with mail_gateway(tmp_path, tls_server, smtp=login(tmp_path, certificates, "yanlis")) as g:
        g.post(support.fact("kart-7", email="cagri@ornek.test"))

        def held():
            check, = [c for c in g.get("/readyz")["checks"] if c["name"] == "provider:posta"]
            return check if check["status"] == "warn" else None
        check = g.process.wait_until("the provider is held", held)
        message = g.of("kart-7")
        said = g.process.tail()
    assert "535 5.7.8" in str(check) + str(message["timeline"])
    assert support.attempt(message)["outcome"] == "account"
    assert message["status"] in ("queued", "held") and "yanlis" not in said + str(message)
    assert tls_server.files("cagri") == []


def test_an_unknown_authority_gets_no_mail(tmp_path, tls_server, certificates):
    smtp = {"tls": "require", "ca_file": str(certificates / "other.pem")}
    with mail_gateway(tmp_path, tls_server, smtp=smtp) as g:
        g.post(support.fact("kart-5", email="isil@ornek.test"))

        def tried():
            message = g.of("kart-5")
            past = [e for e in message["timeline"] if e.get("outcome", "in_flight") != "in_flight"]
            return message if past else None
        message = g.process.wait_until("an attempt is over", tried)
        assert support.attempt(message)["outcome"] not in ("sent", "rejected"), message
        assert message["status"] == "queued" and "certificate" in str(message["timeline"])
    assert tls_server.files("isil") == []


def test_a_digest_arrives_as_a_table(tmp_path, server):
    school = {"ref": "123456", "name": "Örnek Ortaokulu", "email": "okul@ornek.test",
              "address_form": "Örnek Ortaokulu Müdürlüğüne"}
    digests = {"kinds": [], "domains": ["ornek.test"]}
    with mail_gateway(tmp_path, server, campaigns=[], digests=digests) as g:
        g.post({**support.fact("kart-d1", days=20, given="Zehra", family="Çelik"),
                "institution": school},
               {**support.fact("kart-d2", days=10, given="Ali", family="Şen"),
                "institution": school})
        settings = json.loads(g.file.read_text(encoding="utf-8"))
        settings["digests"]["kinds"] = ["k1"]
        g.file.write_text(json.dumps(settings), encoding="utf-8")
        g.process.child.send_signal(signal.SIGHUP)
        support.wait_for("the digest", lambda: any(
            m["campaign"] == "digest" and m["status"] == "accepted" for m in g.messages()))
    (raw, mail), = server.mails("okul")
    assert mail["Subject"].startswith("E-imza süresi dolacak personeliniz: 2 kişi (")
    assert not mail["Subject"].defects and raw.isascii()
    text, page = part(mail, "plain"), part(mail, "html")
    assert text.index("Ali ŞEN") < text.index("Zehra ÇELİK")
    assert "<td>Ali ŞEN</td>" in re.sub(r"<td[^>]*>", "<td>", page), "a table in HTML too"
    assert mail["Auto-Submitted"] == "auto-generated"
