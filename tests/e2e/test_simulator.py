"""Simulated vendors, asked in their own wire formats by hand: nothing of the gateway is between."""

import base64
import hashlib
import hmac
import json
import os
import subprocess
import time
import urllib.parse
import xml.sax.saxutils

import pytest
from gateway_support import PROGRAM, until
from simulator_support import (catcher, description, matches, number_of, simulator, special,
                               vendors)

TEXT = "Sn. Çiğdem IŞIK, e-imzanız <3> gün & sonra bitiyor."
ACCOUNT = "AC" + "0" * 31 + "1"
BASIC = {"Authorization": "Basic " + base64.b64encode(b"8505550000:Gizli-Parola1").decode()}
AS_JSON = {"Content-Type": "application/json"}
AS_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def as_json(value):
    return json.dumps(value, ensure_ascii=False).encode()


def as_form(**fields):
    return urllib.parse.urlencode(fields).encode()


def netgsm(to, text, callback):
    body = {"msgheader": "BATMANMEM", "encoding": "TR", "iysfilter": "0", "referansID": "r-1",
            "messages": [{"msg": text, "no": to[3:]}]}
    return "/sms/rest/v2/send", as_json(body), {**BASIC, **AS_JSON}


def iletimerkezi(to, text, callback):
    return "/v1/send-sms/json", as_json({"request": {
        "authentication": {"key": "507caf", "hash": "0db4e3"},
        "order": {"sender": "BATMANMEM", "sendDateTime": [], "iys": "0",
                  "message": [{"text": text, "receipents": {"number": [to[1:]]}}]}}}), AS_JSON


def verimor(to, text, callback):
    body = {"username": "908501234567", "password": "Gizli-Parola1", "source_addr": "BATMANMEM",
            "custom_id": "r-1", "datacoding": "1", "is_commercial": False,
            "messages": [{"msg": text, "dest": to[1:], "id": "m-1"}]}
    return "/v2/send.json", as_json(body), AS_JSON


def mutlucell(to, text, callback):
    body = ('<?xml version="1.0" encoding="UTF-8"?>\n<smspack ka="batmanmem" pwd="Gizli-Parola1" '
            f'org="BATMANMEM" charset="turkish"><mesaj><metin>{xml.sax.saxutils.escape(text)}'
            f'</metin><nums>{to[1:]}</nums></mesaj></smspack>')
    return "/smsgw-ws/sndblkex", body.encode(), {"Content-Type": "text/xml; charset=UTF-8"}


def vatansms(to, text, callback):
    body = {"api_id": "01", "api_key": "fe", "sender": "BATMANMEM", "message_type": "turkce",
            "message": text, "message_content_type": "bilgi", "phones": [to[3:]]}
    return "/api/v1/1toN", as_json(body), AS_JSON


def jetsms(to, text, callback):
    body = {"user": "batmanmem", "password": "Gizli-Parola1", "originator": "BATMANMEM",
            "reference": "r-1", "iysfilter": False,
            "smsmessages": [{"messagetext": text, "recipient": to[1:], "messageid": "m-1",
                             "messageType": 0}]}
    return "/api/SendSms", as_json(body), AS_JSON


def jetsms_legacy(to, text, callback):
    # Its letters are those of ISO-8859-9.
    fields = {"Username": "batmanmem", "Password": "Gizli-Parola1", "Msisdns": to[1:],
              "Messages": text, "TransmissionID": "BATMANMEM"}
    return "/SMS-Web/HttpSmsSend", urllib.parse.urlencode(fields, encoding="iso-8859-9").encode(), \
        AS_FORM


def twilio(to, text, callback):
    return (f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json",
            as_form(To=to, From="BATMANMEM", Body=text, StatusCallback=callback),
            {**BASIC, **AS_FORM})


def vonage(to, text, callback):
    fields = {"from": "BATMANMEM", "to": to[1:], "type": "unicode", "text": text,
              "client-ref": "m-1", "callback": callback}
    return "/sms/json", as_form(**fields), {**BASIC, **AS_FORM}


def kannel(to, text, callback):
    fields = {"username": "u", "password": "p", "from": "BATMANMEM", "to": to[1:], "coding": "2",
              "charset": "UTF-8", "text": text, "dlr-mask": "31",
              "dlr-url": callback + "?state=%d&id=%F&words=%A&yuzde=%%"}
    return "/cgi-bin/sendsms?" + urllib.parse.urlencode(fields), None, {}


REQUESTS = {f.__name__.replace("_", "-"): f
            for f in (netgsm, iletimerkezi, verimor, mutlucell, vatansms, jetsms, jetsms_legacy,
                      twilio, vonage, kannel)}
# How success looks, status and body.
SUCCESS = {
    "netgsm": (200, r'\{"code":"00","jobid":"\d{26}","description":"queued"\}'),
    "iletimerkezi": (200, r'\{"response":\{"status":\{"code":"200","message":"İşlem başarılı"\},'
                          r'"order":\{"id":"\d+"\}\}\}'),
    "verimor": (200, r'\{"campaign_id":\d+,"custom_id":"r-1","status":"0"\}'),
    "mutlucell": (200, r"\$\d{7}#1\.0"),
    "vatansms": (200, r'\{"status":true,.*"report_id":\d+.*'),
    "jetsms": (200, r'\{"responseCode":0,.*"gsmNumber":"905320000067","messageid":"m-1",'
                    r'"groupid":"\d{9}","status":0\}\]\}'),
    "jetsms-legacy": (200, r"Status=0\r\nMessageIDs=\d{9}"),
    "twilio": (201, r'\{"sid":"SM[0-9a-f]{32}",.*"to":"\+905320000067",.*'),
    "vonage": (200, r'\{"message-count":"1","messages":\[\{"to":"905320000067",'
                    r'"message-id":"[0-9A-F]{16}","status":"0",.*'),
    "kannel": (202, r"0: Accepted for delivery"),
}


def send(s, to="+905320000067", text=TEXT, callback="http://127.0.0.1:1/rapor"):
    path, body, headers = REQUESTS[s.vendor](to, text, callback)
    return s.request(path, body, headers=headers)


@pytest.fixture(scope="module", params=vendors())
def sim(request):
    with simulator(request.param) as s:
        yield s


@pytest.fixture(autouse=True)
def fresh(request):
    if "sim" in request.fixturenames:
        request.getfixturevalue("sim").clear()


def test_every_vendor_is_here():
    assert set(REQUESTS) == set(vendors())


def test_takes_a_message(sim):
    status, body = SUCCESS[sim.vendor]
    assert send(sim)[0] == status
    answer = send(sim)[1]
    assert matches(body, answer), answer
    first, second = sim.ledger()
    assert first["text"] == TEXT and first["to"] == "905320000067"
    assert first["sender"] == "BATMANMEM" and first["answered"]
    assert first["id"] != second["id"]


@pytest.mark.parametrize("how", ["number", "fault"])
def test_every_code(sim, how):
    """Every code of the vendor's table can be had, and takes nothing."""
    codes = description(sim.vendor)["codes"]
    refusals = set()
    for name in codes:
        sim.faults(*([f"code:{name},n=1"] if how == "fault" else []))
        to = special(number_of(codes, name)) if how == "number" else "+905320000067"
        refusals.add(send(sim, to))
        assert sim.ledger() == [], name
        seen = sim.requests()[-1]
        row = codes[name].get("row") and how == "number"
        assert row or seen["code"] == name, seen
    # Verimor's and Kannel's statuses are told apart, all others by what the body says.
    assert len(refusals) >= len(codes) - 4, refusals
    sim.faults()
    assert send(sim)[0] in (200, 201, 202)


def test_wrong_credentials(sim):
    path, body, headers = REQUESTS[sim.vendor]("+905320000067", TEXT, "")
    body = body and body.replace(b"Gizli-Parola1", b"yanlis").replace(b"0db4e3", b"yanlis") \
                        .replace(b'"fe"', b'"yanlis"')
    path = path.replace("password=p", "password=yanlis")
    headers = {k: "Basic " + base64.b64encode(b"8505550000:yanlis").decode()
               if k == "Authorization" else v for k, v in headers.items()}
    sim.request(path, body, headers=headers)
    assert sim.requests()[-1]["code"] == description(sim.vendor)["on"]["auth"]
    assert sim.ledger() == []


@pytest.mark.parametrize("body", [b"", b"{", b"<a", b"a=%zz", b"[]", b"\xff\xfe", b"{}" * 9])
def test_nonsense_is_refused(sim, body):
    path, _, headers = REQUESTS[sim.vendor]("+905320000067", TEXT, "")
    if sim.vendor == "kannel":
        path, body = path.split("?")[0] + "?" + urllib.parse.quote(body, safe="=%"), None
    status, _ = sim.request(path, body, headers=headers)
    assert status != 0 and sim.ledger() == []
    assert sim.requests()[-1]["code"] != ""


def test_an_unknown_call(sim):
    assert sim.request("/boyle/bir/cagri")[0] == 404
    assert "has no such call" in sim.requests()[-1]["why"]


@pytest.mark.parametrize("fault,status,taken", [
    ("lost-reply", 0, 1), ("reset", 0, 0), ("html502", 502, 0), ("status:503", 503, 0),
    ("reset,accept", 0, 1), ("html502,accept", 502, 1), ("truncated", 0, 1), ("empty", None, 1)])
def test_faults_of_a_request(sim, fault, status, taken):
    sim.faults(fault + ",n=1")
    got, body = send(sim)
    expected = SUCCESS[sim.vendor][0] if status is None else status
    assert got == expected, body
    assert [m["answered"] for m in sim.ledger()] == [False] * taken
    assert send(sim)[0] == SUCCESS[sim.vendor][0]


def test_slow_and_huge_answers(sim):
    sim.faults("slow:200ms,n=1")
    began = time.monotonic()
    assert send(sim)[0] == SUCCESS[sim.vendor][0]
    assert 0.15 < time.monotonic() - began < 5
    sim.faults("huge:600000,n=1")
    assert len(send(sim)[1].encode()) == 600000


def test_throttled_then_fine(sim):
    sim.faults("throttle,n=2")
    answers = [send(sim) for _ in range(3)]
    assert answers[0][1] == answers[1][1]
    assert len(sim.ledger()) == 1
    assert matches(SUCCESS[sim.vendor][1], answers[2][1])


def test_the_duplicate_window(sim):
    model = description(sim.vendor)
    sim.faults("duplicate-window:60s")
    send(sim)
    send(sim)
    if "repeated" in model.get("on", {}):
        assert len(sim.ledger()) == 1
        assert sim.requests()[-1]["code"] == model["on"]["repeated"]
    elif "state_repeated" in model:
        until(lambda: all(m["over"] for m in sim.ledger()), "the end")
        assert [m["state"] for m in sim.ledger()] == [model["state_good"], model["state_repeated"]]
    send(sim, text=TEXT + " 2")
    assert sim.ledger()[-1]["text"] == TEXT + " 2"


def test_every_final_state(sim):
    model = description(sim.vendor)
    for name in model["states"]:
        send(sim, special(0, number_of(model["states"], name)))
    def done():
        return [m["state"] for m in sim.ledger()] == list(model["states"])
    until(done, "the states of the numbers")


@pytest.mark.parametrize("spec", ["", "kod:30", "code", "late:soon", "slow,p=2", "slow,p=0",
                                  "slow,n=-1", "slow,on=mars", "slow,neden", "reset:1",
                                  "throttle:x", "huge:999999999999", "huge:67108865",
                                  "status:0", "status:199", "status:600", "status:5000",
                                  "code:30,accept", "throttle,accept", "dup-report,on=report"])
def test_a_wrong_fault(spec):
    out = subprocess.run([PROGRAM, "simulate", "netgsm", "--fault", spec], capture_output=True,
                         text=True, timeout=20, check=False)
    assert out.returncode == 2 and "--fault" in out.stderr, out


@pytest.mark.parametrize("vendor,spec,listed", [
    ("netgsm", "code:zz", "20 30 40"), ("netgsm", "state:zz", "103"), ("netgsm", "shape:zz", "jobId"),
    ("verimor", "code:30", "UNAUTHORIZED"), ("verimor", "shape:objects", "plain"),
    ("jetsms", "shape:plain", " shape ")])
def test_a_fault_that_the_vendor_does_not_have(vendor, spec, listed):
    out = subprocess.run([PROGRAM, "simulate", vendor, "--fault", spec], capture_output=True,
                         text=True, timeout=20, check=False)
    assert out.returncode == 2 and spec in out.stderr and listed in out.stderr, out
    assert ("there is no" in out.stderr) != ("yok" in out.stderr), out
    with simulator(vendor) as s:
        status, text = s.request("/_sim/fault", spec.encode())
        assert status == 400 and spec in text and listed in text, text


def test_the_edges_of_a_status_and_of_a_huge_answer():
    with simulator("netgsm") as s:
        for status in (200, 599):
            s.faults(f"status:{status},n=1")
            assert send(s)[0] == status
        for size in (67108863, 67108864):
            s.faults(f"huge:{size},n=1")
            status, body = send(s)
            assert status == 200 and len(body) == size
        assert len(s.ledger()) == 2


def test_a_wrong_fault_changes_nothing():
    with simulator("kannel", "--fault", "slow:1ms") as s:
        assert s.request("/_sim/fault", b"reset\nyok")[0] == 400
        listed = json.loads(s.request("/_sim/fault")[1])["faults"]
        assert [f["fault"] for f in listed] == ["slow"]


def test_so_many_faults_at_once():
    with simulator("kannel") as s:
        s.faults(*["slow:1ms"] * 16)
        status, text = s.request("/_sim/fault", b"slow:1ms\n" * 17)
        assert status == 400 and "16" in text


@pytest.mark.parametrize("depth,taken", [(12, 1), (13, 0)])
def test_so_much_xml_in_each_other(depth, taken):
    inner = "<x>" * (depth - 1) + "</x>" * (depth - 1)
    with simulator("mutlucell") as s:
        path, body, headers = mutlucell("+905320000067", "x", "")
        s.request(path, body.replace(b"</smspack>", inner.encode() + b"</smspack>"),
                  headers=headers)
        assert len(s.ledger()) == taken


@pytest.mark.parametrize("fields,taken", [(64, 1), (65, 0)])
def test_so_many_fields(fields, taken):
    with simulator("kannel") as s:
        path = kannel("+905320000067", "x", "http://127.0.0.1:1/")[0]
        path += "".join(f"&f{i}=1" for i in range(fields - path.count("&") - 1))
        s.request(path)
        assert len(s.ledger()) == taken


def test_one_row_for_every_part():
    with simulator("vonage") as s:
        rows = json.loads(send(s, text="ığ" * 100)[1])
        ids = {row["message-id"] for row in rows["messages"]}
        assert rows["message-count"] == str(len(ids))
        assert len(ids) == len(rows["messages"]) == s.ledger()[0]["parts"] > 1
        assert s.ledger()[0]["id"] in ids


def test_the_same_seed_gives_the_same_ids():
    jobs = []
    for _ in range(2):
        with simulator("netgsm", "--seed", "7") as s:
            send(s)
            jobs.append(s.ledger()[0]["job"])
    assert jobs[0] == jobs[1] and len(jobs[0]) == 26


def test_verimor_in_both_shapes():
    with simulator("verimor", "--fault", "shape:plain,on=any") as s:
        status, body = send(s)
        assert status == 200 and body.isdigit()
        credentials = "username=u&password=p"
        assert s.request(f"/v2/balance?{credentials}")[1] == "1500"
        until(lambda: s.ledger()[0]["over"], "the end")
        rows = json.loads(s.request(f"/v2/status?{credentials}&custom_id=r-1")[1])
        assert rows[0]["message_custom_id"] == "m-1" and rows[0]["status"] == "DELIVERED"
        assert s.request(f"/v2/status?{credentials}&custom_id=yok")[0] == 404


def test_reports_in_pages_and_out_of_order():
    with simulator("verimor", "--fault", "out-of-order", "--fault", "dup-report") as s:
        body = json.loads(REQUESTS["verimor"]("+905320000067", TEXT, "")[1])
        body["messages"] = [{"msg": TEXT, "dest": f"9053200{i:05d}", "id": f"m-{i}"}
                            for i in range(120)]
        job = json.loads(s.request("/v2/send.json", as_json(body))[1])["campaign_id"]
        page = json.loads(s.request(f"/v2/status?username=u&password=p&id={job}")[1])
        assert len(page) == 100
        assert page[0]["message_id"] == page[1]["message_id"]
        assert int(page[0]["message_id"]) > int(page[-1]["message_id"])
        assert isinstance(page[0]["campaign_id"], int)
        newest = page[0]["message_id"]
        rest = json.loads(s.request(
            f"/v2/status?username=u&password=p&id={job}&greater_than={newest}")[1])
        assert 0 < len(rest) <= 100


def test_twilio_signs_its_reports():
    with catcher() as c, simulator("twilio") as s:
        send(s, callback=c.url + "?ref=m-1")
        until(lambda: len(c.caught) == 2, "the reports")
        for push in c.caught:
            fields = dict(urllib.parse.parse_qsl(push["body"], keep_blank_values=True))
            data = c.url + "?ref=m-1" + "".join(k + fields[k] for k in sorted(fields))
            mac = hmac.new(b"Gizli-Parola1", data.encode(), hashlib.sha1).digest()
            headers = {k.lower(): v for k, v in push["headers"].items()}
            assert headers["x-twilio-signature"] == base64.b64encode(mac).decode()
        states = sorted(urllib.parse.parse_qs(p["body"])["MessageStatus"][0] for p in c.caught)
        assert states == ["delivered", "sent"]


def test_kannel_expands_the_address():
    with catcher() as c, simulator("kannel") as s:
        send(s, callback=c.url)
        until(lambda: len(c.caught) == 2, "the reports")
        queries = [dict(urllib.parse.parse_qsl(p["query"])) for p in c.caught]
        assert sorted(q["state"] for q in queries) == ["1", "8"]
        assert queries[0]["words"] == "ACK/" and queries[0]["yuzde"] == "%"


@pytest.mark.parametrize("url", ["", "sacma", "/rapor", "ftp://127.0.0.1/", "http://ornek.test/",
                                 "http://u:p@127.0.0.1/", "http://127.0.0.1:999999/"])
def test_an_address_for_reports_that_is_none(url):
    out = subprocess.run([PROGRAM, "simulate", "vonage", "--report-url", url],
                         capture_output=True, text=True, timeout=5, check=False)
    assert out.returncode == 2 and "--report-url" in out.stderr, out


def test_only_reports_that_went_out_are_counted():
    with catcher() as c, simulator("vonage", "--fault", "dup-report") as s:
        send(s, callback=c.url)
        until(lambda: len(c.caught) == 4, "the reports")
        until(lambda: s.ledger()[0]["reports"] == 4, "their count")
        send(s, callback="http://127.0.0.1:1/rapor")
        send(s, callback="sacma")
        until(lambda: sum(r["kind"] == "push" and r["http"] == 0 for r in s.requests()) >= 4,
              "the pushes that nobody takes")
        assert [m["reports"] for m in s.ledger()] == [4, 0, 0]


def test_a_pushed_report_is_tried_again():
    with catcher() as c, simulator("vonage") as s:
        c.status = 500
        send(s, callback=c.url)
        until(lambda: len(c.caught) >= 2, "the reports")
        c.status = 200
        until(lambda: len(c.caught) >= 4, "the same again")


@pytest.mark.parametrize("fault,least,strangers", [
    ("dup-report", 4, 0), ("unknown-report", 3, 1), ("early-report", 2, 0),
    ("accepted-silent", 0, 0)])
def test_faults_of_reports(fault, least, strangers):
    with catcher() as c, simulator("vonage", "--fault", fault) as s:
        send(s, callback=c.url)
        if least:
            until(lambda: len(c.caught) >= least, fault)
        time.sleep(0.15)
        known = s.ledger()[0]["id"]
        ids = [urllib.parse.parse_qs(p["body"])["messageId"][0] for p in c.caught]
        assert len(ids) == least and sum(i != known for i in ids) == strangers


def test_xml_that_vendors_do_not_send():
    with simulator("mutlucell") as s:
        head = '<smspack ka="a" pwd="b" org="BATMANMEM" charset="turkish">'
        mesaj = "<mesaj><metin>{}</metin><nums>905320000067</nums></mesaj></smspack>"
        for body, text in [
                (head + mesaj.format("<![CDATA[a<b]]> &#x131;&#304;"), "a<b ıİ"),
                ("<?xml version='1.0'?><!-- x -->" + head + mesaj.format("&lt;&amp;"), "<&"),
                (head + mesaj.format("&yok;"), None), (head + mesaj.format("&#0;"), None),
                (head + mesaj.format("x") + "<y/>", None), ("<a>" * 40, None),
                ('<!DOCTYPE a [<!ENTITY b "c">]>' + head + mesaj.format("x"), None),
                (head.replace("ka=", "org='x' ka=") + mesaj.format("x"), None),
                (head + mesaj.format("x").replace("</mesaj>", "</mesa>"), None)]:
            s.clear()
            s.request("/smsgw-ws/sndblkex", body.encode())
            assert [m["text"] for m in s.ledger()] == ([] if text is None else [text]), body


def test_an_unknown_vendor_is_told_who_there_is():
    out = subprocess.run([PROGRAM, "simulate", "netgsn"], capture_output=True, text=True,
                         timeout=20, check=False)
    assert out.returncode == 4 and all(vendor in out.stderr for vendor in vendors()), out


def test_an_office_may_bring_its_own_vendor(tmp_path, monkeypatch):
    own = description("kannel")
    own["name"] = own["title"] = "bizim"
    own["states"]["1"]["sonuc"] = 1
    path = tmp_path / "bizim.json"
    path.write_text(json.dumps(own), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    for name in (str(path), "bizim.json"):
        with simulator(name) as s:
            s.vendor = "kannel"
            assert send(s)[0] == 202


@pytest.mark.parametrize("key,value", [("state_good", "99"), ("on", {"auth": "99"}),
                                       ("sates", {}), ("endpoints", [{"kind": "send"}]), ("on", {"auth": "403"}),
                                       ("codes", []), ("states", 5), ("on", None),
                                       ("endpoints", [5]), ("push", {"form": "json"}),
                                       ("endpoints", [{"kind": "send", "path": "/a", "reply": {},
                                                       "require": [{"at": "/a", "match": "(",
                                                                    "code": "403"}]}])])
def test_a_wrong_description_has_a_place(tmp_path, key, value):
    path = tmp_path / "bozuk.json"
    path.write_text(json.dumps({**description("kannel"), key: value}, indent=1), encoding="utf-8")
    out = subprocess.run([PROGRAM, "simulate", str(path)], capture_output=True, text=True,
                         timeout=20, check=False)
    assert out.returncode == 78 and f"{path}:" in out.stderr, out


@pytest.mark.parametrize("old,new,said", [
    ('"${job}"', '"${jobb}"', '"jobb"'), ('"#{parts}"', '"#{pats}"', '"pats"'),
    ('"?{done_at|dd', '"?{don_at|dd', '"don_at"'), ('"${error}"', '"a ${x} b"', '"x"'),
    ('"/auth/user"', '"auth/user"', '"auth/user"'), ('"./no"', '".no"', '".no"'),
    ('"/body/jobids"', '"./jobids"', '"./jobids"'),
    ('"at": "/body/encoding"', '"at": "body/encoding"', '"body/encoding"')])
def test_a_description_that_would_stay_empty(tmp_path, old, new, said):
    text = json.dumps(description("netgsm"), indent=1)
    path = tmp_path / "bozuk.json"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    line = text[:text.index(old)].count("\n") + 1
    out = subprocess.run([PROGRAM, "simulate", str(path)], capture_output=True, text=True,
                         timeout=5, check=False)
    assert out.returncode == 78 and f"{path}:{line}:" in out.stderr and said in out.stderr, out


def test_a_description_that_is_no_json(tmp_path):
    path = tmp_path / "bozuk.json"
    path.write_text('{"name": "bozuk",\n "codes": }', encoding="utf-8")
    out = subprocess.run([PROGRAM, "simulate", str(path)], capture_output=True, text=True,
                         timeout=20, check=False)
    assert out.returncode == 78 and f"{path}:2:11" in out.stderr, out
    assert ("JSON okunamadı" in out.stderr) != ("not JSON" in out.stderr), out


@pytest.mark.parametrize("make,said", [(os.mkdir, "a directory"), (os.mkfifo, "a pipe")])
@pytest.mark.parametrize("command", [["simulate"], ["recipe", "check"], ["recipe", "try"]])
def test_a_description_that_is_no_file(tmp_path, command, make, said):
    path = tmp_path / "hayali.json"
    make(path)
    out = subprocess.run([PROGRAM, *command, str(path)], capture_output=True, text=True,
                         timeout=5, check=False)
    assert out.returncode == 1 and f"{path} is {said}" in out.stderr, out
