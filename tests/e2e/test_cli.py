"""The commands as a person or a script meets them."""

import glob
import json
import os
import shlex
import signal
import socket
import subprocess
import time

import pytest

from gateway_support import (ALL_SCOPES, PROGRAM, SOURCE, Gateway, config, event, run, sinks,
                             until)

EXAMPLE = os.path.join(SOURCE, "config", "hatirlat.jsonc")


@pytest.fixture
def settings(tmp_path):
    path = tmp_path / "hatirlat.jsonc"
    path.write_text(json.dumps(config(), ensure_ascii=False), encoding="utf-8")
    return str(path)


def ok(*args, **options):
    done = run(*args, **options)
    assert done.returncode == 0, done
    return done.stdout


# ---- check ----

def test_the_example_settings_are_good(tmp_path):
    assert EXAMPLE in ok("check", EXAMPLE)
    report = json.loads(ok("check", "--json", EXAMPLE))
    assert report["errors"] == 0 and report["faults"] == []


def test_check_tells_the_same_to_people_and_programs(tmp_path):
    path = tmp_path / "h.jsonc"
    path.write_text('{\n  "ofice": {},\n  "log": {"level": "loud"}\n}\n')
    told = run("check", str(path))
    report = run("check", "--json", str(path))
    assert told.returncode == report.returncode == 78
    faults = json.loads(report.stdout)
    assert faults["errors"] + faults["warnings"] == len(faults["faults"]) >= 3
    for fault in faults["faults"]:
        assert (f"{fault['file']}:{fault['line']}:{fault['column']}: {fault['severity']} "
                f"{fault['code']}: ") in told.stdout
        assert fault["tr"] and fault["en"]
    assert 'did you mean "office"' in told.stdout
    turkish = run("check", "--lang", "tr", str(path))
    assert turkish.returncode == 78 and "mi?" in turkish.stdout


def test_the_schema_is_json_and_knows_the_example(tmp_path):
    schema = json.loads(ok("config", "schema"))
    assert schema["$schema"].startswith("https://json-schema.org/")
    assert {"office", "listen", "providers", "limits"} <= set(schema["properties"])
    with open(os.path.join(SOURCE, "config", "hatirlat.schema.json"), encoding="utf-8") as f:
        assert json.load(f) == schema


# ---- keys ----

def test_keys_are_shown_once_and_can_be_revoked(settings):
    token = ok("key", "create", "dys", "--scope", "events:write", config=settings).strip()
    assert token.startswith("ht_dys_") and len(token) == 7 + 43
    made = json.loads(ok("key", "create", "izleme", "--scope", "metrics:read", "--json",
                         config=settings))
    assert made["key"].startswith("ht_izleme_") and made["scopes"] == "metrics:read"
    assert run("key", "create", "dys", config=settings).returncode != 0
    assert run("key", "create", "Büyük", config=settings).returncode == 2
    assert run("key", "create", "x", "--scope", "her:sey", config=settings).returncode == 2
    rows = [json.loads(line) for line in ok("key", "list", "--json", config=settings).splitlines()]
    assert {r["name"]: r["revoked"] for r in rows} == {"dys": None, "izleme": None}
    listed = ok("key", "list", config=settings)
    secret = token.split("_", 2)[2]
    assert "dys" in listed and secret not in listed
    ok("key", "revoke", "dys", config=settings)
    assert run("key", "revoke", "yok", config=settings).returncode == 4
    rows = [json.loads(line) for line in ok("key", "list", "--json", config=settings).splitlines()]
    assert next(r for r in rows if r["name"] == "dys")["revoked"]
    for path in glob.glob(os.path.join(os.path.dirname(settings), "*.db*")):
        with open(path, "rb") as f:
            assert secret.encode() not in f.read(), path
        assert os.stat(path).st_mode & 0o077 == 0, path


def test_a_key_revoked_before_the_start_opens_nothing():
    with Gateway(start=False) as g:
        old = g.make_key("eski", ALL_SCOPES)
        ok("key", "revoke", "eski", config=g.config_path)
        g.start()
        assert g.get("/v1/messages", key=old).status == 401
        assert g.get("/v1/messages").status == 200


# ---- one message, one text ----

def test_send_shows_what_would_go(settings):
    words = ok("send", "--to", "0532 000 00 67", "--template", "a30", "--sink")
    assert "sent" in words and "portal.kamusm.gov.tr" in words
    sms = json.loads(ok("send", "--to", "05320000067", "--template", "a30", "--sink", "--json"))
    assert (sms["channel"], sms["outcome"]) == ("sms", "sent")
    assert sms["state"] in ("accepted", "delivered")  # the report may be quick
    mail = json.loads(ok("send", "--to", "kisi@ornek.test", "--template", "a30", "--sink", "--json",
                         "--var", "holder.given_name=Işıl", "--var", "holder.family_name=Öz"))
    assert mail["channel"] == "email" and "Sayın Işıl" in mail["text"]
    by_settings = json.loads(ok("send", "--to", "05320000067", "--template", "a30", "--json",
                                config=settings))
    assert by_settings["provider"] == "s"
    assert run("send", "--to", "123", "--template", "a30", "--sink").returncode == 2
    assert run("send", "--template", "a30", "--sink").returncode == 2
    assert run("send", "--to", "kisi@ornek.test", "--template", "yok", "--sink").returncode not in (
        0, 2)


def test_send_tells_failure_by_its_status(tmp_path):
    path = tmp_path / "h.jsonc"
    path.write_text(json.dumps(config(providers=sinks(fail=["rejected"]))))
    failed = run("send", "--to", "05320000067", "--template", "a30", "--json", config=str(path))
    assert failed.returncode not in (0, 2)
    assert json.loads(failed.stdout)["outcome"] == "rejected"


def test_measure_counts(tmp_path):
    one = json.loads(ok("measure", "--json", "Merhaba"))
    assert (one["mode"], one["segments"], one["chars"]) == ("gsm7", 1, 7)
    turkish = json.loads(ok("measure", "--json", "şğıİ"))
    assert turkish["mode"].startswith("tr_") and turkish["segments"] == 1
    assert json.loads(ok("measure", "--json", "“Merhaba”"))["mode"] == "ucs2"
    assert json.loads(ok("measure", "--json", "-", input="bir\niki\n"))["segments"] == 1


# ---- the frame ----

def test_unknown_words_get_a_suggestion():
    for args, near in ((("serv",), "serve"), (("cheque",), "check"), (("mesure", "x"), "measure")):
        done = run(*args)
        assert done.returncode == 2 and near in done.stderr and done.stdout == "", done
    done = run("serve", "--konfig", "x")
    assert done.returncode == 2 and "--config" in done.stderr, done
    assert run().returncode == 2
    assert run("key", "crate", "x").returncode == 2


def test_help_of_what_is_not_there_is_a_failure():
    assert "campaign show" in ok("help", "campaign")
    for words in (("campaign", "yok"), ("yok",)):
        done = run("help", *words)
        assert done.returncode == 2 and done.stdout == "", done


def test_every_command_explains_itself():
    listed = ok("help")
    assert "serve" in listed and "Exit" in listed
    for name in ("serve", "check", "send", "measure", "demo", "key create", "key list",
                 "key revoke", "config schema", "template list", "version"):
        words = ok(*name.split(), "-h")
        assert f"hatirlat {name}" in words
        assert words != ok(*name.split(), "-h", "--lang", "tr")


def test_machine_output_is_json():
    for args in (("version", "--json"), ("template", "list", "--json"),
                 ("config", "schema", "--json")):
        text = ok(*args, cwd=SOURCE)
        try:
            json.loads(text)
        except ValueError:
            assert all(json.loads(line) for line in text.splitlines()), args
    assert "\x1b" not in ok("help", env={"NO_COLOR": "1"})


@pytest.mark.parametrize("words", (["version"], ["config", "schema"], ["help"], ["check", "-h"]))
def test_a_full_device_is_a_failure_and_told_once(words):
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run([PROGRAM, *words, "--lang", "en"], stdout=full,
                              stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1, done
    assert done.stderr.startswith("hatirlat: the output cannot be written: "), done
    assert done.stderr.count("\n") == 1, done


def test_a_reader_who_has_enough_is_no_failure():
    lines = "Sayın Şükran Işık, e-imzanız bitiyor.\n" * 2000
    with subprocess.Popen([PROGRAM, "measure", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True) as child:
        child.stdout.close()
        assert child.communicate(lines)[1] == "" and child.returncode == 0


# ---- demo ----

def test_the_demo_ends_well_and_leaves_nothing(tmp_path):
    done = run("demo", "--once", "--speed", "864000", "--lang", "tr",
               env={"TMPDIR": str(tmp_path)})
    assert done.returncode == 0, done
    for words in ("Şükran", "Çağrı", "Yenileme başvurusu yapıldı", "DURDURULAN",
                  "Gerek kalmadıktan sonra giden: 0"):
        assert words in done.stdout, done.stdout
    assert '"level":"error"' not in done.stderr and "Sanitizer" not in done.stderr
    assert os.listdir(tmp_path) == []


def test_ninety_days_keep_every_promise(tmp_path):
    """The time machine without a reader: forty people, whatever they do about it."""
    done = run("demo", "--once", "--json", "--speed", "864000", "--from", "2027-01-04",
               env={"TMPDIR": str(tmp_path)})
    assert done.returncode == 0, done
    told = json.loads(done.stdout)
    total = told["total"]
    assert (total["after"], told["twice"], told["outside_window"]) == (0, 0, 0)
    assert total["people"] == 40 and sum(g["people"] for g in told["groups"]) == 40
    # A busy machine may let the shortest steps pass, but neither the story nor its stops.
    assert total["reminders"] > 200 and total["notices"] > 40, told
    stopped = {g["fate"]: g["stopped"] for g in told["groups"]}
    assert stopped.pop("did nothing") == 0 and min(stopped.values()) > 0, told


def test_the_demo_refuses_a_clock_that_never_ends():
    assert run("demo", "--once", "--speed", "1").returncode == 2
    assert run("demo", "--speed", "0").returncode == 2
    assert run("demo", "--from", "dün").returncode == 2


@pytest.fixture
def usual_port_taken():
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            taken.bind(("127.0.0.1", 8080))
            taken.listen()
        except OSError:
            pass  # somebody else has it: as good
        yield


def test_the_demo_stays_and_its_curl_line_works(tmp_path, usual_port_taken):
    out = tmp_path / "out"
    tmp = tmp_path / "tmp"
    tmp.mkdir()
    with open(out, "wb") as f:
        demo = subprocess.Popen([PROGRAM, "demo", "--lang", "tr", "--speed", "1728000"], stdout=f,
                                stderr=subprocess.STDOUT, env={**os.environ, "TMPDIR": str(tmp)})
    try:
        line = until(lambda: next((x for x in out.read_text(encoding="utf-8").splitlines()
                                   if x.startswith("curl ")), None), "the curl line")
        assert ":8080/" not in line
        words = shlex.split(line)
        posted = subprocess.run(words, capture_output=True, text=True, timeout=20, check=True)
        assert json.loads(posted.stdout)["result"] == "accepted", posted
        until(lambda: "SMS 1" in out.read_text(encoding="utf-8").split("curl ", 1)[1], "told")
        began = time.monotonic()
        demo.send_signal(signal.SIGINT)
        assert demo.wait(20) == 0
        assert time.monotonic() - began < 5
        assert os.listdir(tmp) == []
    finally:
        if demo.poll() is None:
            demo.kill()
            demo.wait()


# ---- under Turkish letters ----

def turkish_locale():
    listed = subprocess.run(["locale", "-a"], capture_output=True, text=True, check=False).stdout
    return next((x for x in listed.split() if x.lower() in ("tr_tr.utf8", "tr_tr.utf-8")), None)


@pytest.mark.skipif(turkish_locale() is None, reason="this machine has no locale tr_TR.UTF-8")
def test_everything_works_under_a_turkish_locale(tmp_path):
    env = {"LC_ALL": turkish_locale()}
    ok("check", EXAMPLE, env=env)
    assert json.loads(ok("measure", "--json", "Iğdır", env=env))["segments"] == 1
    assert ok("config", "schema", env=env) == ok("config", "schema", env={"LC_ALL": "C"})
    demo = run("demo", "--once", "--speed", "1728000", "--lang", "tr",
               env={**env, "TMPDIR": str(tmp_path)})
    assert demo.returncode == 0, demo
    with Gateway(env=env, providers=sinks(report="delivered", delay="50ms")) as g:
        body = json.dumps(event(1)).replace("kisi1@ornek.test", "KISI1@ORNEK.TEST").encode()
        answer = g.raw((
            "POST /v1/events HTTP/1.1\r\nHOST: ornek.test\r\nCONNECTION: CLOSE\r\n"
            "CONTENT-TYPE: APPLICATION/CLOUDEVENTS+JSON; CHARSET=UTF-8\r\n"
            f"AUTHORIZATION: BEARER {g.key}\r\nTRANSFER-ENCODING: CHUNKED\r\n\r\n"
            f"{len(body):X}\r\n").encode() + body + b"\r\n0\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 202 "), answer
        until(lambda: g.messages(channel="email", status="delivered"), "delivered")
        metrics = g.get("/metrics").body.decode()
        assert 'le="0.005"' in metrics and not any(
            "," in line.rsplit(" ", 1)[1] for line in metrics.splitlines() if line[0] != "#")
