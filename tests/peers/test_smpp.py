"""npm's SMPP server takes our messages and reports on them; libsmpp34 reads what it was sent."""

import json
import signal
import subprocess

import pytest

import smpp_peer
import support

SHORT = "Sn. Çiğdem IŞIK, e-imzanız 15 gün içinde sona erecek. Başvuru: BİLGİ İŞLEM"
LONG = " ".join([SHORT] * 4)
PLAIN = "Sn. Ornek, e-imzaniz 15 gun icinde sona erecek [kod: {7} ~ 5 €] ÖÜ öü Ç"
TEXTS = {"gsm7": (PLAIN, " ".join([PLAIN] * 4)), "tr_single": (SHORT, LONG),
         "tr_locking": (SHORT, LONG), "tr_both": (SHORT, LONG), "ucs2": (SHORT, LONG)}
ESM = {"gsm7": 0, "tr_single": 0x40, "tr_locking": 0x40, "tr_both": 0x40, "ucs2": 0}


@pytest.fixture(scope="module")
def server():
    with smpp_peer.centre() as running:
        yield running


@pytest.fixture
def centre(server):
    """The server with its usual rules and nothing told yet."""
    server.rules(password=smpp_peer.PASSWORD, throttle=0, drop=0, receipts="tlv", state=2,
                 early=False)
    server.quiet()
    with server.lock:
        server.told.clear()
    return server


def send(centre, text, mode, **options):
    """One message through the provider: what the centre saw of it."""
    job = {"id": 1, "to": "+905320000067", "text": text, "mode": mode}
    (outcome,), _ = smpp_peer.drive(smpp_peer.settings(centre.port, **options), job)
    assert outcome["outcome"] == "sent", outcome
    submits = centre.submits()
    assert outcome["provider_ref"] == submits[-1]["id"]
    return submits


# ---- the octets ----

@pytest.mark.parametrize("mode", TEXTS)
@pytest.mark.parametrize("length", [0, 1], ids=["short", "long"])
@pytest.mark.parametrize("concatenation", ["udh", "sar", "payload"])
def test_every_mode_reads_back(centre, mode, length, concatenation):
    text = TEXTS[mode][length]
    submits = send(centre, text, mode, concatenation=concatenation)
    units = smpp_peer.decode([submit["raw"] for submit in submits])
    assert smpp_peer.whole(units) == text

    one = length == 0 and mode != "ucs2" or concatenation == "payload"
    assert (len(submits) == 1) == one
    header = ESM[mode] | (0x40 if not one and concatenation == "udh" else 0)
    for unit, submit in zip(units, submits):
        assert (unit["source"], unit["source_ton"], unit["source_npi"]) == ("BATMANMEM", 5, 0)
        assert (unit["dest"], unit["dest_ton"], unit["dest_npi"]) == ("905320000067", 1, 1)
        assert (unit["esm_class"], unit["data_coding"]) == (header, 8 if mode == "ucs2" else 0)
        assert (unit["registered_delivery"], unit["validity"]) == (1, "000001000000000R")
        assert len(unit["message"]) // 2 <= 160
        assert submit["submit"]["to"] == "905320000067"
    # The server reads UCS-2 and messages with a shift table; those it prints are ours.
    if mode != "gsm7":
        assert "".join(submit["submit"]["text"] for submit in submits) == text


@pytest.mark.parametrize("mode", ["gsm7", "tr_single", "tr_locking"])
def test_packed_septets(centre, mode):
    submits = send(centre, TEXTS[mode][1], mode, septets="packed")
    units = smpp_peer.decode([submit["raw"] for submit in submits])
    assert len(units) > 1 and all(len(unit["message"]) // 2 <= 140 for unit in units)
    # Where a last septet is free it reads as "@" (TS 23.038 §6.1.2.3.1).
    assert smpp_peer.whole(units, packed=True).rstrip("@") == TEXTS[mode][1]


def test_messages_to_one_number_have_references_of_their_own(centre):
    jobs = [{"id": i, "to": "+905320000067", "text": LONG, "mode": "tr_single"} for i in range(1, 6)]
    outcomes, _ = smpp_peer.drive(smpp_peer.settings(centre.port), *jobs)
    assert {outcome["outcome"] for outcome in outcomes} == {"sent"}
    units = smpp_peer.decode([submit["raw"] for submit in centre.submits()])
    messages = {}
    for unit in units:
        messages.setdefault(smpp_peer.read_part(unit)[2], []).append(unit)
    assert len(messages) == 5
    assert {smpp_peer.whole(parts) for parts in messages.values()} == {LONG}


@pytest.mark.parametrize("form", ["tlv", "text"])
def test_receipts_in_both_forms(centre, form):
    centre.rules(receipts=form, state=5)
    job = {"id": 1, "to": "+905320000067", "text": SHORT, "mode": "tr_single"}
    options = smpp_peer.settings(centre.port)
    driver = subprocess.Popen([smpp_peer.DRIVE, "smpp", json.dumps(options)], text=True,
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              env={"SMPP_PASSWORD": smpp_peer.PASSWORD})
    try:
        driver.stdin.write(json.dumps([job]) + "\n")
        driver.stdin.flush()
        answered, = centre.wait("the receipt is confirmed", "receipt")
    finally:
        said, _ = driver.communicate()
    assert answered["status"] == 0
    report, = [json.loads(line) for line in said.splitlines() if "report" in line]
    assert (report["report"], report["code"], report["state"]) == ("ref-1", "UNDELIV", 1)
    assert centre.wait("it says goodbye", "unbind")


# ---- the gateway in front of it ----

def sms_gateway(folder, port, provider=None, password=smpp_peer.PASSWORD, **more):
    (folder / "parola").write_text(password)
    (folder / "parola").chmod(0o600)
    settings = smpp_peer.settings(port, kind="smpp", reconnect_max="1s",
                                  password={"file": str(folder / "parola")},
                                  breaker={"failures": 100}, **(provider or {}))
    return support.gateway(folder, providers={"merkez": settings}, routes={"sms": ["merkez"]},
                           campaigns=[{"name": "e-imza", "marks": [15, 7, 3, 1],
                                       "channels": ["sms"]}],
                           retry={"sms": {"base": "1s", "cap": "2s"}}, **more)


@pytest.mark.parametrize("mode", ["tr_single", "tr_locking", "ucs2", "ascii"])
def test_a_reminder_arrives_and_its_receipt_ends_it(tmp_path, centre, mode):
    with sms_gateway(tmp_path, centre.port, {"sms_mode": mode}) as g:
        g.post(support.fact("smpp-1", phone="0532 000 00 67"))
        message = g.settled("smpp-1", "delivered")
        report = [entry for entry in message["timeline"] if entry["kind"] == "report"][-1]
    centre.quiet()
    sent = support.attempt(message)
    assert (sent["outcome"], sent["code"]) == ("sent", "0x00000000")
    assert (report["state"], report["code"]) == ("delivered", "DELIVRD")
    assert (message["provider"], message["attempts"]) == ("merkez", 1)
    units = smpp_peer.decode([submit["raw"] for submit in centre.submits()])
    assert smpp_peer.whole(units) == sent["content"]
    assert {unit["data_coding"] for unit in units} <= ({0, 8} if mode == "ucs2" else {0})
    assert len(units) == len(centre.events("receipt"))
    assert {event["status"] for event in centre.events("receipt")} == {0}


def test_a_receipt_in_front_of_the_answer(tmp_path, centre):
    centre.rules(early=True)
    with sms_gateway(tmp_path, centre.port, {"reserve_chars": 60}) as g:
        g.post(support.fact("smpp-11", phone="0532 000 00 77"))
        message = g.settled("smpp-11", "delivered")
    assert len(centre.submits()) > 1
    assert support.attempt(message)["outcome"] == "sent"


def test_many_are_each_sent_once(tmp_path, centre):
    numbers = {f"cok-{i}": f"9053200001{i:02}" for i in range(60)}
    with sms_gateway(tmp_path, centre.port, {"window": 5}) as g:
        status, text = g.bulk(*(support.fact(ref, phone=f"+{number}")
                                for ref, number in numbers.items()))
        assert status == 202, text
        g.process.wait_until("all are delivered", lambda: len(
            g.get("/v1/messages?status=delivered&limit=200")["items"]) == len(numbers))
    raws = [submit["raw"] for submit in centre.submits()]
    by_number = {}
    for unit in smpp_peer.decode(raws):
        by_number.setdefault(unit["dest"], []).append(unit)
    assert set(by_number) == set(numbers.values())
    assert len({smpp_peer.whole(units) for units in by_number.values()}) == 1


def test_too_fast_is_no_failure(tmp_path, centre):
    centre.rules(throttle=2)
    with sms_gateway(tmp_path, centre.port, {"throttle_wait": "200ms"}) as g:
        g.post(support.fact("smpp-2", phone="0532 000 00 68"))
        message = g.settled("smpp-2", "delivered")
    centre.quiet()
    outcomes = [entry["outcome"] for entry in message["timeline"] if entry["kind"] == "attempt"]
    assert outcomes == ["throttled", "throttled", "sent"]
    assert len(centre.events("throttled")) == 2


def test_a_link_cut_before_the_answer_is_doubt(tmp_path, centre):
    centre.rules(drop=1, receipts="none")
    with sms_gateway(tmp_path, centre.port, {"on_doubt": "park"}) as g:
        g.post(support.fact("smpp-3", phone="0532 000 00 69"))
        message = g.settled("smpp-3", "held")
        centre.wait("it is bound again", "bind", 2)
        g.post(support.fact("smpp-4", phone="0532 000 00 70"))
        g.settled("smpp-4", "accepted")
    sent = support.attempt(message)
    assert (sent["outcome"], sent["code"]) == ("unknown", "lost")
    copies = [s for s in centre.submits() if s["submit"]["to"] == "905320000069"]
    assert len({s["raw"] for s in copies}) == len(copies) == 1, "no second copy of any part"


def test_a_link_cut_between_parts_is_doubt(tmp_path, centre):
    centre.rules(drop=2, receipts="none")
    with sms_gateway(tmp_path, centre.port, {"on_doubt": "park", "reserve_chars": 60}) as g:
        g.post(support.fact("smpp-5", phone="0532 000 00 71"))
        message = g.settled("smpp-5", "held")
    assert support.attempt(message)["outcome"] == "unknown"
    units = smpp_peer.decode([submit["raw"] for submit in centre.submits()])
    places = [smpp_peer.read_part(unit)[0] for unit in units]
    assert len(places) == len(set(places)) >= 2


def test_a_centre_that_comes_back(tmp_path):
    port, = support.free_ports(1)
    with smpp_peer.centre(port) as first:
        with sms_gateway(tmp_path, port) as g:
            g.post(support.fact("smpp-6", phone="0532 000 00 72"))
            g.settled("smpp-6", "delivered")
            first.stop()
            g.post(support.fact("smpp-7", phone="0532 000 00 73"))
            g.process.wait_until("it is tried in vain", lambda: any(
                entry.get("outcome") == "down" for entry in g.of("smpp-7")["timeline"]))
            with smpp_peer.centre(port) as second:
                message = g.settled("smpp-7", "delivered")
                assert {s["submit"]["to"] for s in second.events("submit")} == {"905320000073"}
    assert message["attempts"] >= 1


def test_a_wrong_password_holds_the_provider(tmp_path, centre):
    with sms_gateway(tmp_path, centre.port, password="yanlis") as g:
        g.post(support.fact("smpp-8", phone="0532 000 00 74"))

        def held():
            checks = g.get("/readyz")["checks"]
            return [check for check in checks if check["name"] == "provider:merkez" and
                    check["status"] == "warn"]
        (check,) = g.process.wait_until("the provider is held", held)
        message = g.of("smpp-8")
        assert "yanlis" not in g.process.tail() + str(message)
    assert "ESME_RINVPASWD" in check["detail"]
    assert support.attempt(message)["outcome"] == "account"
    assert centre.submits() == []


def test_a_new_password_takes_hold(tmp_path, centre):
    with sms_gateway(tmp_path, centre.port, password="yanlis") as g:
        g.post(support.fact("smpp-12", phone="0532 000 00 78"))
        centre.wait("it was refused", "bind")
        (tmp_path / "parola").write_text(smpp_peer.PASSWORD)
        g.process.child.send_signal(signal.SIGHUP)
        g.settled("smpp-12", "delivered")
        g.process.child.send_signal(signal.SIGHUP)  # one session follows the other
        centre.wait("the first says goodbye", "unbind")
        g.post(support.fact("smpp-13", phone="0532 000 00 79"))
        g.settled("smpp-13", "delivered")


# ---- TLS ----

@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", folder / "key.pem", "-out",
                    folder / "cert.pem", "-days", "2", "-subj", "/CN=merkez", "-addext",
                    "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
    return folder


def test_over_tls(tmp_path, certificate):
    with smpp_peer.centre(key=str(certificate / "key.pem"),
                          cert=str(certificate / "cert.pem")) as secure:
        with sms_gateway(tmp_path, secure.port,
                         {"tls": "require", "ca_file": str(certificate / "cert.pem")}) as g:
            g.post(support.fact("smpp-9", phone="0532 000 00 75"))
            message = g.settled("smpp-9", "delivered")
        secure.wait("it says goodbye", "unbind")
    assert support.attempt(message)["outcome"] == "sent"


def test_an_unknown_certificate_gets_no_password(tmp_path, certificate):
    with smpp_peer.centre(key=str(certificate / "key.pem"),
                          cert=str(certificate / "cert.pem")) as secure:
        with sms_gateway(tmp_path, secure.port, {"tls": "require"}) as g:
            g.post(support.fact("smpp-10", phone="0532 000 00 76"))
            g.process.wait_until("it is tried in vain", lambda: any(
                entry.get("outcome") == "down" for entry in g.of("smpp-10")["timeline"]))
            entry = support.attempt(g.of("smpp-10"))
        assert entry["code"] == "tls" and "certificate" in entry["detail"]
        assert secure.events("bind") == []
