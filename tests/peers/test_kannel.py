"""A real Kannel takes our SMS, and its delivery report ends the message."""

import pytest

import kannel
import support


@pytest.fixture(scope="module")
def sms():
    with kannel.kannel() as running:
        yield running


def sms_gateway(folder, sms, password=kannel.PASSWORD, **more):
    (folder / "parola").write_text(password)
    (folder / "parola").chmod(0o600)
    provider = {"kind": "http-sms", "recipe": "kannel", "user": kannel.USER, "sender": "ORNEKIL",
                "password": {"file": str(folder / "parola")},
                "base_url": f"http://127.0.0.1:{sms.sendsms}", **more}
    return support.gateway(folder, providers={"kannel": provider}, routes={"sms": ["kannel"]},
                           campaigns=[{"name": "e-imza", "marks": [15, 7, 3, 1],
                                       "channels": ["sms"]}])


def test_a_turkish_text_goes_out_and_its_report_comes_back(tmp_path, sms):
    with sms_gateway(tmp_path, sms) as g:
        g.post(support.fact("sms-1", phone="0532 000 00 67"))
        message = g.settled("sms-1", "delivered")
        report, = [entry for entry in message["timeline"] if entry["kind"] == "report"]
    sent = support.attempt(message)
    assert (sent["outcome"], sent["code"]) == ("sent", "http 202")
    assert (report["state"], report["code"]) == ("delivered", "1")
    assert (message["provider"], message["attempts"]) == ("kannel", 1)

    parts = sms.received("905320000067")
    assert {(sender, kind) for sender, kind, _, _ in parts} == {("ORNEKIL", "data")}
    # 3GPP TS 23.040 §9.2.3.24.1: 05 00 03, a number in common, the count, the place.
    headers = [header for _, _, header, _ in parts]
    count, common = len(parts), headers[0][3]
    assert count > 1
    assert headers == [bytes((5, 0, 3, common, count, i)) for i in range(1, count + 1)]
    assert all(len(body) <= 134 for *_, body in parts)
    text = b"".join(body for *_, body in parts).decode("utf-16-be")
    assert text == sent["content"] and "süresi 12 gün sonra" in text and "Başvuru" in text


def test_a_plain_text_stays_in_the_7_bit_alphabet(tmp_path, sms):
    with sms_gateway(tmp_path, sms, sms_mode="ascii") as g:
        g.post(support.fact("sms-2", phone="+90 532 000 00 68"))
        message = g.settled("sms-2", "delivered")
    text = support.attempt(message)["content"]
    assert text.isascii() and len(text) <= 155
    assert sms.received("905320000068") == [("ORNEKIL", "text", b"", text.encode())]


def test_many_at_once_are_each_delivered_once(tmp_path, sms):
    numbers = {f"cok-{i}": f"9053200001{i:02}" for i in range(60)}
    with sms_gateway(tmp_path, sms) as g:
        status, text = g.bulk(*(support.fact(ref, phone=f"+{number}")
                                for ref, number in numbers.items()))
        assert status == 202, text
        g.process.wait_until("all are delivered", lambda: len(
            g.get("/v1/messages?status=delivered&limit=200")["items"]) == len(numbers))
    texts = {tuple(body for *_, body in sms.received(number)) for number in numbers.values()}
    assert len(texts) == 1, "the same words to each"
    parts = texts.pop()
    assert len(parts) == len(set(parts)) > 1, "each part once"


def test_a_report_without_the_secret_changes_nothing(tmp_path, sms):
    with sms_gateway(tmp_path, sms) as g:
        g.post(support.fact("sms-3", phone="0532 000 00 69"))
        message = g.settled("sms-3", "delivered")
        status, _ = g.call(f"/reports/kannel/0000000000000?ref={message['id']}-1&state=2&detail=x")
        assert status in (401, 403, 404)
        assert g.of("sms-3")["status"] == "delivered"


def test_a_wrong_password_holds_the_provider_and_burns_nothing(tmp_path, sms):
    with sms_gateway(tmp_path, sms, password="yanlis") as g:
        g.post(support.fact("sms-4", phone="0532 000 00 70"))

        def degraded():
            ready = g.get("/readyz")
            return ready if ready["status"] == "degraded" else None
        ready = g.process.wait_until("the provider is held", degraded)
        message = g.of("sms-4")
    held, = [check for check in ready["checks"] if check["name"] == "provider:kannel"]
    assert held["status"] == "warn" and "Authorization failed" in held["detail"]
    assert support.attempt(message)["outcome"] == "account"
    assert message["status"] in ("queued", "held")
    assert "yanlis" not in str(ready) + str(message) + g.process.tail()
    assert sms.received("905320000070") == []
