"""POST /v1/events from the outside: forms of the body, answers, refusals, doors."""

import json

import pytest

from gateway_support import (BATCH, CLOUD, JSON, NDJSON, Gateway, data, days_ahead, event,
                             is_problem, person, until)

TYPES = ["certificate.expiring", "certificate.renewed", "certificate.revoked",
         "certificate.suspended", "eonay.activated", "login.blocked", "login.unblocked",
         "application.submitted", "letter.received", "approval.given", "card.delivered",
         "duty.ended"]

# A number of the right form and checksum that belongs to nobody.
TCKN = "10000000146"


@pytest.fixture(scope="module")
def gateway():
    with Gateway() as g:
        # In the first moment after the start facts are stored before they are applied, and their
        # answers have no plan yet.
        until(lambda: g.post(event(99)).json["planned"], "applied")
        yield g


def faults(answer):
    """The faults of a 422 by their pointers."""
    p = is_problem(answer, 422, "validation_failed")
    found = {f["pointer"]: f for f in p["errors"]}
    assert len(found) == len(p["errors"]), f"two faults at one place: {p['errors']}"
    return found


# ---- what is accepted ----

def test_a_structured_event_is_answered_with_its_plan(gateway):
    answer = gateway.post(event(100), CLOUD + "; charset=UTF-8")
    assert answer.status == 202, answer
    assert answer.headers["Content-Type"] == JSON
    body = answer.json
    assert body["event"] == "certificate.expiring-100"
    assert body["result"] == "accepted"
    assert body["subject"] == "cert-100"
    plan = body["planned"]
    assert [(p["mark"], p["channel"]) for p in plan[:4]] == [
        (90, "sms"), (90, "email"), (60, "sms"), (60, "email")]
    assert {p["mark"] for p in plan} == {90, 60, 30, 15, 7, 3, 1}
    assert plan[0]["status"] == "queued" and plan[2]["status"] == "planned"
    assert all(p["at"].endswith("Z") for p in plan)
    assert [p["at"] for p in plan] == sorted(p["at"] for p in plan)


def test_the_same_again_gets_the_first_answer_and_other_content_a_conflict(gateway):
    first = event(101)
    accepted = gateway.accept(first)
    for body in (first, json.dumps(first, indent=2), json.dumps(dict(reversed(first.items())))):
        again = gateway.post(body)
        assert again.status == 200, again
        assert again.json["result"] == "duplicate"
        assert again.json["event"] == accepted["event"]
        assert [(p["mark"], p["channel"], p["at"]) for p in again.json["planned"]] == [
            (p["mark"], p["channel"], p["at"]) for p in accepted["planned"]]
    other = {**first, "data": data(101, days=50)}
    is_problem(gateway.post(other), 409, "event_conflict", "tr")
    assert gateway.post({**first, "source": "urn:ornek:baska"}).status == 202


def test_a_repetition_adds_no_message(gateway):
    gateway.accept(event(102))
    before = len(gateway.messages(certificate="cert-102"))
    gateway.post(event(102))
    gateway.post(event(102, id="another-id"))
    assert len(gateway.messages(certificate="cert-102")) == before


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("spelling", ["tr.eimza.{}.v1", "{}"])
def test_every_type_is_accepted(gateway, kind, spelling):
    number = 200 + TYPES.index(kind)
    body = event(number, kind, id=f"{spelling}-{kind}", type=spelling.format(kind))
    answer = gateway.post(body)
    assert answer.status == 202, answer
    assert answer.json["type"] == kind


def test_a_batch_is_one_answer_with_an_item_for_each(gateway):
    answer = gateway.post([event(n) for n in (110, 111, 112)], BATCH)
    assert answer.status == 202, answer
    body = answer.json
    assert (body["accepted"], body["duplicate"], body["conflict"]) == (3, 0, 0)
    assert [i["subject"] for i in body["items"]] == ["cert-110", "cert-111", "cert-112"]
    mixed = gateway.post([event(110), event(113), {**event(111), "subject": "another"}], BATCH)
    assert [i["result"] for i in mixed.json["items"]] == ["duplicate", "accepted", "conflict"]
    assert mixed.status == 202
    same = gateway.post([event(110), event(112)], BATCH)
    assert same.status == 200 and same.json["duplicate"] == 2


def test_an_empty_batch_is_a_batch(gateway):
    answer = gateway.post([], BATCH)
    assert answer.status == 200, answer
    assert answer.json == {"accepted": 0, "duplicate": 0, "conflict": 0, "failed": 0, "items": []}


def test_a_batch_with_a_fault_is_refused_whole(gateway):
    answer = gateway.post([event(120), event(121, data=data(121, phone="0532"))], BATCH)
    assert list(faults(answer)) == ["#/1/data/holder/phone"]
    assert gateway.messages(certificate="cert-120") == []


def binary(gateway, body, media=JSON, **attributes):
    headers = {"ce-specversion": "1.0", "ce-source": "urn:ornek:takip",
               "ce-type": "tr.eimza.certificate.expiring.v1"}
    for name, value in attributes.items():
        headers["ce-" + name] = value
    return gateway.post(body, media, {k: v for k, v in headers.items() if v is not None})


def test_binary_attributes_are_percent_decoded_once(gateway):
    answer = binary(gateway, data(130), id="%C5%9Fub%C3%A2t%20%2541")
    assert answer.status == 202, answer
    assert answer.json["event"] == "şubât %41"
    quoted = binary(gateway, data(131), id='"a\\"b%20c"')
    assert quoted.status == 202 and quoted.json["event"] == 'a"b c', quoted
    unknown = binary(gateway, data(132), id="b-132", traceparent="00-abc-def-01")
    assert unknown.status == 202, unknown


@pytest.mark.parametrize("value", ["%FF", "%C3", "%C0%AF", "%ED%A0%80", "%G1", "%4",
                                   b"\xfe\xff".decode("latin-1")])
def test_a_binary_attribute_that_is_no_utf8_is_refused_with_a_hint(gateway, value):
    found = faults(binary(gateway, data(133), id=value))
    assert list(found) == ["#/id"]
    assert found["#/id"]["code"] == "attribute_encoding"
    assert "UTF-8" in found["#/id"]["detail"]


def test_binary_mode_has_no_content_type_attribute_and_needs_all_others(gateway):
    assert "#/datacontenttype" in faults(binary(gateway, data(134), id="b-134",
                                                datacontenttype="application/json"))
    assert "#/id" in faults(binary(gateway, data(134)))
    assert "#/type" in faults(binary(gateway, data(134), id="b-134", type=None))
    assert "#/specversion" in faults(binary(gateway, data(134), id="b-134", specversion="0.3"))


def test_a_bare_fact_needs_only_what_it_tells(gateway):
    fact = {"type": "certificate.expiring", **data(140)}
    first = gateway.post(fact, JSON)
    assert first.status == 202, first
    assert first.json["event"].startswith("sha256-")
    again = gateway.post(fact, JSON)
    assert again.status == 200 and again.json["event"] == first.json["event"]
    list_form = gateway.post([{"type": "duty.ended", "holder": {"ref": "sicil-141"}}], JSON)
    assert list_form.status == 202 and list_form.json["accepted"] == 1


def test_what_could_not_reach_anybody_is_accepted_with_a_warning(gateway):
    answer = gateway.post(event(142, data={"certificate": {"ref": "cert-142",
                                                           "not_after": days_ahead(50)},
                                           "holder": {"ref": "sicil-142"}}))
    assert answer.status == 202, answer
    assert {w["code"] for w in answer.json["warnings"]} == {"contact_missing", "name_missing"}


def test_every_line_of_ndjson_gets_a_line(gateway):
    lines = [json.dumps(event(150), ensure_ascii=False), "{broken", "",
             json.dumps(event(151, data=data(151, phone="0532"))),
             json.dumps({"type": "certificate.renewed", **data(152)}), "[]", "\ufeff{}",
             json.dumps(event(150), ensure_ascii=False)]
    answer = gateway.post("\r\n".join(lines), NDJSON)
    assert answer.status == 202, answer
    assert answer.headers["Content-Type"] == NDJSON
    got = answer.lines
    assert [(r["line"], r["result"]) for r in got] == [
        (1, "accepted"), (2, "invalid"), (4, "invalid"), (5, "accepted"), (6, "invalid"),
        (7, "invalid"), (8, "duplicate")]
    assert got[1]["errors"][0]["code"] == "invalid_json"
    assert got[2]["errors"][0]["pointer"] == "#/data/holder/phone"
    assert b"0532" not in answer.body
    again = gateway.post("\n".join(lines), NDJSON)
    assert again.status == 200 and [r["result"] for r in again.lines].count("duplicate") == 3


# ---- what is refused ----

def test_all_faults_come_at_once_with_pointers_and_without_the_values(gateway):
    body = event(160, time="gestern", data={
        "certificate": {"ref": "cert-160", "not_after": "2020-02-20"},
        "holder": person(160, phone="0532 765 43", email="gizli.kisi@", lang="xxx",
                         name="A\u0001B")})
    answer = gateway.post(body)
    found = faults(answer)
    assert set(found) == {"#/time", "#/data/certificate/not_after", "#/data/holder/phone",
                          "#/data/holder/email", "#/data/holder/lang", "#/data/holder/name"}
    assert found["#/data/certificate/not_after"]["code"] == "date_in_past"
    for secret in (b"765", b"gizli", b"gestern"):
        assert secret not in answer.body


def test_words_follow_accept_language_and_codes_do_not(gateway):
    body = event(161, data=data(161, phone="0532"))
    seen = {}
    for wish, lang in (("tr", "tr"), ("en", "en"), ("en-GB,tr;q=0.5", "en"), ("de", "tr"),
                       ("tr;q=0.2, en;q=0.9", "en")):
        p = is_problem(gateway.post(body, headers={"Accept-Language": wish}), 422,
                       "validation_failed", lang)
        seen[lang] = p
    assert seen["tr"]["title"] != seen["en"]["title"]
    assert seen["tr"]["errors"][0]["detail"] != seen["en"]["errors"][0]["detail"]
    assert seen["tr"]["errors"][0]["code"] == seen["en"]["errors"][0]["code"]


@pytest.mark.parametrize("change, pointer, near", [
    ({"data": {**data(162), "certificat": {}}}, "#/data/certificat", "certificate"),
    ({"data": data(162, fone="0532")}, "#/data/holder/fone", "phone"),
    ({"type": "tr.eimza.certificate.renewd.v1"}, "#/type", "certificate.renewed"),
])
def test_an_unknown_name_is_refused_with_the_nearest_one(gateway, change, pointer, near):
    found = faults(gateway.post(event(162, **change)))
    assert near in found[pointer]["detail"], found


def test_an_identity_number_is_refused_with_advice(gateway):
    for change in (data(163, ref=TCKN), {**data(163), "certificate": {
            "ref": TCKN, "not_after": days_ahead(50)}}):
        answer = gateway.post(event(163, data=change))
        found = faults(answer)
        assert any(f["code"] == "tckn_refused" and len(f["detail"]) > 40
                   for f in found.values()), found
        assert TCKN.encode() not in answer.body


def test_json_that_two_readers_would_read_differently_is_refused(gateway):
    plain = json.dumps(event(164))
    for body in (plain.replace('"id":', '"id": "x", "id":'),
                 plain.replace('"id":', '"\\u0069d": "x", "id":'),
                 plain.replace("certificate.expiring-164", "a\\u0000b")):
        is_problem(gateway.post(body), 422, "validation_failed")
    for body in (plain + "x", "\ufeff" + plain, plain.replace('"1.0"', "'1.0'"), "",
                 plain.encode().replace(b"164", b"\xff")):
        is_problem(gateway.post(body), 400, "invalid_json")
    for body in ("null", "3", '"x"', "[[]]", '{"specversion":"1.0"}'):
        is_problem(gateway.post(body), 422, "validation_failed")


# ---- doors ----

@pytest.mark.parametrize("media", ["text/plain", "application/xml", "", "application/json5",
                                   "application/cloudevents", "application/cloudevents+avro",
                                   "application/json; charset=iso-8859-9"])
def test_other_media_types_are_refused(gateway, media):
    p = is_problem(gateway.post("{}", media), 415, "unsupported_media_type")
    assert JSON in p["detail"]


def test_wrong_methods_name_the_right_ones(gateway):
    for method, path, allow in (("GET", "/v1/events", "POST"), ("DELETE", "/v1/events", "POST"),
                                ("POST", "/healthz", "GET, HEAD"),
                                ("PUT", "/v1/messages", "GET, HEAD")):
        answer = gateway.request(method, path, body=b"")
        is_problem(answer, 405, "method_not_allowed")
        assert answer.headers["Allow"] == allow
    for path in ("/", "/v1", "/v1/events/", "/v1/EVENTS", "/v1/messages/m_1-zzz", "/%2e%2e/"):
        is_problem(gateway.get(path), 404, "not_found")


def test_keys_open_only_their_doors(gateway):
    def made(name, *scopes):
        answer = gateway.request("POST", "/v1/keys",
                                 json.dumps({"name": name, "scopes": list(scopes)}))
        assert answer.status == 201, answer
        return answer.json["key"]

    reader, writer = made("okur", "messages:read"), made("yazar", "events:write")
    wrong = reader[:-1] + ("A" if reader[-1] != "A" else "B")
    for key in (None, wrong, "x", "ht_okur_", reader.replace("okur", "yazar")):
        answer = gateway.post(event(170), key=key)
        is_problem(answer, 401, "unauthorized")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer ")
    answer = gateway.post(event(170), key=reader)
    is_problem(answer, 403, "forbidden")
    assert 'scope="events:write"' in answer.headers["WWW-Authenticate"]
    is_problem(gateway.get("/v1/messages", key=writer), 403)
    is_problem(gateway.get("/v1/keys", key=writer), 403)
    assert gateway.get("/v1/messages", key=reader).status == 200
    assert gateway.post(event(170), key=writer).status == 202
    for path in ("/metrics", "/readyz", "/v1/messages"):
        is_problem(gateway.get(path, key=None), 401)
    assert gateway.get("/healthz", key=None).status == 200
    listed = gateway.get("/v1/keys")
    assert {"okur", "yazar"} <= {k["name"] for k in listed.json["items"]}
    assert reader.split("_", 2)[2].encode() not in listed.body
    assert gateway.request("POST", "/v1/keys/okur/revoke", b"").status == 200
    is_problem(gateway.get("/v1/messages", key=reader), 401)


def test_a_request_id_is_kept(gateway):
    answer = gateway.post("{", headers={"X-Request-Id": "izle-42"})
    assert answer.headers["X-Request-Id"] == "izle-42"
    assert is_problem(answer, 400)["instance"] == "urn:request:izle-42"
