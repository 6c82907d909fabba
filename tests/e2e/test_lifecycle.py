"""Start, stop, reload: signals, settings, one instance per database, the service manager."""

import http.server
import json
import os
import random
import shutil
import signal
import socket
import sqlite3
import threading
import time
import urllib.parse

import pytest

from gateway_support import (CLOUD, SOURCE, Gateway, config, data, event, is_problem, parse_raw,
                             read_all, run, sinks, until)

TEMPLATES = os.path.join(SOURCE, "config", "templates")


def database(gateway):
    return os.path.join(gateway.dir, "hatirlat.db")


def sending(gateway, channel="sms"):
    return until(lambda: gateway.messages(status="sending", channel=channel), "in flight")


# ---- stopping ----

@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_what_is_in_flight_is_finished_and_nothing_is_begun(number):
    with Gateway(providers={"s": {"kind": "sink", "delay": "700ms", "in_flight": 1},
                            "e": {"kind": "sink", "delay": "700ms"}}) as g:
        for n in (1, 2, 3):
            g.accept(event(n))
        sending(g)
        began = time.monotonic()
        g.signal(number)
        assert g.wait() == 0
        assert time.monotonic() - began < 5
        assert g.logged("stopping") and not g.logged("shutdown_deadline")
        with sqlite3.connect(database(g)) as shell:
            sent = shell.execute("select count(*) from inbox").fetchone()[0]
        shell.close()
        g.settings["providers"] = sinks()
        g.write_config()
        g.start()
        until(lambda: len(g.messages(channel="sms", status="accepted")) == 3, "the rest")
        for m in g.messages(status="accepted"):
            assert m["attempts"] == 1 and not m["possible_duplicate"], m
        assert 1 <= sent <= 1 + 3  # one SMS at a time: the other two were not begun


def test_a_draining_gateway_accepts_nothing():
    with Gateway(providers=sinks(delay="1s")) as g:
        g.accept(event(1))
        sending(g)
        kept = socket.create_connection((g.host, g.port))
        kept.settimeout(10)
        g.signal(signal.SIGTERM)
        until(lambda: g.logged("stopping"), "stopping")
        body = json.dumps(event(2)).encode()
        try:
            kept.sendall((f"POST /v1/events HTTP/1.1\r\nHost: a\r\nContent-Type: {CLOUD}\r\n"
                          f"Authorization: Bearer {g.key}\r\nContent-Length: {len(body)}\r\n\r\n"
                          ).encode() + body)
            raw = read_all(kept)
        except (BrokenPipeError, ConnectionResetError):
            raw = b""
        if raw:
            answer = parse_raw(raw)
            is_problem(answer, 503)
            assert answer.headers["Connection"] == "close"
        assert g.process.poll() is None

        def refused():
            try:
                socket.create_connection((g.host, g.port), 2).close()
                return False
            except OSError:
                return True
        until(refused, "no new connections")
        assert g.wait() == 0


def test_the_second_signal_stops_at_once_and_the_message_is_in_doubt():
    with Gateway(providers=sinks(delay="60s"), retry={"sms": {"base": "1s"}},
                 expect_exit=128 + signal.SIGTERM) as g:
        g.accept(event(1))
        sending(g)
        g.signal(signal.SIGTERM)
        until(lambda: g.logged("stopping"), "stopping")
        assert g.process.poll() is None
        began = time.monotonic()
        g.signal(signal.SIGTERM)
        assert g.wait() == 128 + signal.SIGTERM
        assert time.monotonic() - began < 1
        g.expect_exit = 0
        g.settings["providers"] = sinks(on_doubt="resend")
        g.write_config()
        g.start()
        m = until(lambda: next((m for m in g.messages(channel="sms")
                                if m["status"] == "accepted"), None), "sent again")
        assert m["possible_duplicate"] is True and m["attempts"] == 2


def test_the_deadline_ends_a_drain_that_does_not():
    with Gateway(providers=sinks(delay="60s"), shutdown_timeout="1s") as g:
        g.accept(event(1))
        sending(g)
        began = time.monotonic()
        g.signal(signal.SIGTERM)
        assert g.wait() == 0
        assert 0.9 < time.monotonic() - began < 3
        assert g.logged("shutdown_deadline")[0]["in_flight"] >= 1


def test_stopping_at_any_moment_leaves_nothing_in_doubt():
    """What was answered with 202 is there after every stop, and each person was told once."""
    chance, accepted = random.Random(7), []
    with Gateway(providers=sinks(delay="60ms"),
                 campaigns=[{"name": "e-imza", "marks": [90], "channels": ["sms"]}]) as g:

        def load(client, first):
            for number in range(first, first + 200):
                try:
                    if client.post(event(number)).status == 202:
                        accepted.append(number)
                except OSError:
                    break
            client.hang_up()

        for life in range(4):
            poster = threading.Thread(target=load, args=(g.client(), 1000 * (life + 1)))
            poster.start()
            time.sleep(chance.uniform(0.02, 0.4))
            g.stop()
            poster.join()
            g.start()
        assert len(accepted) > 3
        until(lambda: not g.messages(status="queued") and not g.messages(status="sending"), "sent")
        assert not g.logged("attempt_in_doubt")
        with sqlite3.connect(database(g)) as shell:
            told = [r for r, in shell.execute("select recipient from inbox")]
        shell.close()
        assert len(told) == len(set(told))
        assert {f"+90532000{n:04d}" for n in accepted} <= set(told)


# ---- reload ----

class Reloading(Gateway):
    """A gateway whose templates may be changed; it knows what a reload came to."""

    def __init__(self, **changes):
        super().__init__(start=False, **changes)
        self.templates = os.path.join(self.dir, "templates")
        shutil.copytree(TEMPLATES, self.templates)
        self.settings["templates"] = self.templates
        self.write_config()
        self.start()

    def reload(self):
        def results():
            return self.logged("reloaded") + self.logged("reload_refused")
        before, mark = len(results()), os.path.getsize(self.log_path)
        self.signal(signal.SIGHUP)
        until(lambda: len(results()) > before, "reload")
        return bool(self.logged("reloaded", mark)), self.logged("config_fault", mark)

    def change_template(self, name, text):
        with open(os.path.join(self.templates, "tr", name), "w", encoding="utf-8") as f:
            f.write(text)

    def sent_text(self, number):
        self.accept(event(number, data={**data(number), "eonay": "active"}))
        m = until(lambda: self.messages(certificate=f"cert-{number}", channel="sms",
                                        status="accepted"), "sent")[0]
        return next(e["content"] for e in self.message(m["id"])["timeline"]
                    if e["kind"] == "attempt")


def test_changed_templates_and_campaigns_take_effect():
    with Reloading() as g:
        assert "YENİ METİN" not in g.sent_text(1)
        g.change_template("a90.sms", "YENİ METİN {{certificate.end_short}} {{portal}}")
        assert "YENİ METİN" not in g.sent_text(2)
        g.settings["campaigns"][0]["marks"] = [90, 45]
        g.write_config()
        connection = g.connection
        assert g.reload() == (True, [])
        assert "YENİ METİN" in g.sent_text(3)
        assert {m["mark"] for m in g.messages(certificate="cert-3")} == {90, 45}
        until(lambda: {m["mark"] for m in g.messages(certificate="cert-1")
                       if m["status"] != "cancelled"} == {90, 45}, "planned anew")
        assert g.connection is connection


BROKEN = {
    "half a file": lambda g: json.dumps(g.settings)[:200],
    "empty": lambda g: "",
    "no JSON": lambda g: "ayarlar = 1\n",
    "unknown key": lambda g: json.dumps({**g.settings, "campains": []}),
    "key given twice": lambda g: json.dumps(g.settings)[:-1] + ', "log": {}}',
    "missing section": lambda g: json.dumps({k: v for k, v in g.settings.items()
                                             if k != "office"}),
    "wrong type": lambda g: json.dumps({**g.settings, "limits": 3}),
    "route to nobody": lambda g: json.dumps({**g.settings, "routes": {"sms": ["yok"]}}),
    "marks ascending": lambda g: json.dumps({**g.settings, "campaigns": [
        {"name": "e-imza", "marks": [1, 30], "channels": ["sms"]}]}),
    "no templates": lambda g: json.dumps({**g.settings, "templates": "/yok"}),
    "another address": lambda g: json.dumps({**g.settings, "listen": {"http": "127.0.0.1:1"}}),
    "another database": lambda g: json.dumps({**g.settings, "database": {"path": "b.db"}}),
    "another provider": lambda g: json.dumps({**g.settings, "providers": {
        **g.settings["providers"], "x": {"kind": "sink"}}}),
}


def test_broken_settings_change_nothing_and_drop_no_connection():
    with Reloading() as g:
        g.accept(event(1))
        connection, number = g.connection, 2
        good = json.dumps(g.settings)
        for name, broken in BROKEN.items():
            g.write_config(broken(g))
            ok, faults = g.reload()
            assert not ok, name
            assert faults or "JSON" in name or g.logged("reload_refused")[-1]["error"], name
            for fault in faults:
                assert fault["file"] or fault["code"] == "CFG-401", (name, fault)
            g.accept(event(number))
            number += 1
            assert g.metric("hatirlat_config_last_reload_successful") == 0, name
        os.rename(g.config_path, g.config_path + ".away")
        assert g.reload()[0] is False
        g.write_config(good)
        g.change_template("a90.sms", "{{kimse.bilmez}}")
        ok, faults = g.reload()
        assert not ok and faults[0]["file"].endswith("a90.sms") and faults[0]["line"] == 1
        assert "kimse.bilmez" not in g.sent_text(number)
        g.change_template("a90.sms", "Düzeldi {{certificate.end_short}} {{portal}}")
        assert g.reload() == (True, [])
        assert g.metric("hatirlat_config_last_reload_successful") == 1
        assert "Düzeldi" in g.sent_text(number + 1)
        assert g.connection is connection


def test_reloading_under_load_drops_nothing():
    with Reloading() as g:
        stop, failures, posted = threading.Event(), [], []

        def post(first):
            client = g.client()
            for number in range(first, first + 999):
                if stop.is_set():
                    break
                answer = client.post(event(number))
                posted.append(number)
                if answer.status != 202:
                    failures.append(answer)
            client.hang_up()

        threads = [threading.Thread(target=post, args=(1000 * t,)) for t in (1, 2, 3)]
        for t in threads:
            t.start()
        g.write_config()
        for _ in range(10):
            assert g.reload() == (True, [])
        stop.set()
        for t in threads:
            t.join()
        assert failures == [] and len(posted) > 10


class Vendor(http.server.ThreadingHTTPServer):
    """Takes SMS as Kannel does and remembers the passwords."""

    def __init__(self):
        self.passwords = []
        vendor = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
                vendor.passwords += query["password"]
                self.send_response(202)
                self.end_headers()
                self.wfile.write(b"0: Accepted for delivery")

            def log_message(self, *args):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()


def test_a_secret_file_is_rotated_and_never_logged():
    vendor = Vendor()
    with Gateway(start=False, log={"level": "debug"}) as g:
        def write(secret):
            with open(os.open(os.path.join(g.dir, "parola"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC,
                              0o600), "w", encoding="utf-8") as f:
                f.write(secret + "\n")

        def until_seen(secret, number):
            g.accept(event(number))
            until(lambda: secret in vendor.passwords, "sent")

        write("ilk-gizli-7")
        g.settings["listen"]["public_url"] = "https://hatirlat.ornek.test"
        g.settings["providers"]["s"] = {
            "kind": "http-sms", "recipe": "kannel", "user": "u", "password": {"file": "parola"},
            "sender": "ORNEK", "base_url": f"http://127.0.0.1:{vendor.server_address[1]}",
            "report_secret": {"file": "parola"}}
        g.write_config()
        g.start()
        until_seen("ilk-gizli-7", 1)
        write("yeni-gizli-8")
        g.signal(signal.SIGHUP)
        until(lambda: g.logged("reloaded"), "reloaded")
        until_seen("yeni-gizli-8", 2)
        assert vendor.passwords[-1] == "yeni-gizli-8"
        bodies = b"".join(g.get(p).body for p in ("/metrics", "/readyz", "/v1/messages"))
        bodies += b"".join(g.get(f"/v1/messages/{m['id']}").body for m in g.messages(channel="sms"))
        g.stop()
        for secret in ("ilk-gizli-7", "yeni-gizli-8", g.key.split("_", 2)[2]):
            assert secret not in g.log()
            assert secret.encode() not in bodies
            for name in ("hatirlat.db", "hatirlat.db-wal"):
                path = os.path.join(g.dir, name)
                if os.path.exists(path):
                    with open(path, "rb") as f:
                        assert secret.encode() not in f.read(), (secret, name)
    vendor.shutdown()


# ---- starting ----

def test_a_second_instance_names_the_first():
    with Gateway() as g:
        began = time.monotonic()
        second = run("serve", config=g.config_path)
        assert second.returncode == 75 and time.monotonic() - began < 2
        assert f"pid {g.process.pid}" in second.stderr
        made = run("key", "create", "x", config=g.config_path)
        assert made.returncode == 0, "the service makes it"
        assert run("key", "list", config=g.config_path).returncode == 0
        g.accept(event(1))
        with sqlite3.connect(database(g)) as shell:  # somebody looks into the file meanwhile
            shell.execute("begin")
            assert shell.execute("select count(*) from event").fetchone()[0] >= 1
            g.accept(event(2))


@pytest.mark.parametrize("spoil, words", [
    ("pragma user_version = 99", "newer version"),
    ("pragma application_id = 7", "another program"),
    (None, "not a database")])
def test_a_foreign_database_is_refused_and_left_alone(spoil, words):
    with Gateway() as g:
        g.accept(event(1))
        g.stop()
        if spoil is None:
            with open(database(g), "wb") as f:
                f.write(b"Sayin yetkili, " * 400)
        else:
            with sqlite3.connect(database(g)) as shell:
                shell.execute(spoil)
            shell.close()
        with open(database(g), "rb") as f:
            before = f.read()
        refused = run("serve", config=g.config_path)
        assert refused.returncode not in (0, None) and words in refused.stderr, refused
        with open(database(g), "rb") as f:
            assert f.read() == before


def test_a_database_that_cannot_be_written_is_told_clearly(tmp_path):
    place = tmp_path / "salt-okunur"
    place.mkdir()
    root = os.geteuid() == 0
    if root:
        mounted = os.system(f"mount -t tmpfs -o ro,size=1m tmpfs {place} 2>/dev/null") == 0
        if not mounted:
            pytest.skip("root without the right to mount cannot have a read-only directory")
    else:
        place.chmod(0o555)
    try:
        path = tmp_path / "hatirlat.jsonc"
        path.write_text(json.dumps(config(database={"path": str(place / "h.db")})))
        refused = run("serve", config=str(path))
    finally:
        if root:
            os.system(f"umount {place}")
    assert refused.returncode != 0
    assert str(place / "h.db") in refused.stderr
    assert "Read-only" in refused.stderr or "Permission denied" in refused.stderr, refused


def test_a_directory_that_is_not_there_is_named(tmp_path):
    path = tmp_path / "hatirlat.jsonc"
    path.write_text(json.dumps(config(database={"path": "/yok/boyle/h.db"})))
    refused = run("serve", config=str(path))
    assert refused.returncode != 0 and "/yok/boyle/h.db" in refused.stderr


def test_wrong_settings_end_with_78_and_every_place(tmp_path):
    path = tmp_path / "hatirlat.jsonc"
    wrong = config(campains=[], listen={"http": "127.0.0.1:99999"}, shutdown_timeout="soon")
    path.write_text(json.dumps(wrong, indent=2, ensure_ascii=False))
    refused = run("serve", config=str(path))
    assert refused.returncode == 78
    lines = path.read_text().splitlines()
    for key, value in (("campains", None), ("http", "127.0.0.1:99999"), ("soon", None)):
        number, text = next((n + 1, t) for n, t in enumerate(lines) if f'"{key}"' in t)
        column = text.index('"' + (value or key)) + 1
        assert f"{path}:{number}:{column}: error CFG-" in refused.stderr, refused.stderr
    assert refused.stderr.count("error CFG-") == 3
    assert 'did you mean "campaigns"' in refused.stderr and "^^^" in refused.stderr
    assert run("serve", config=str(tmp_path / "yok.jsonc")).returncode == 78


HTTP = {"kind": "http-sms", "recipe": "netgsm", "user": "u", "password": {"env": "SIR"},
        "sender": "BATMANMEM"}
SMPP = {"kind": "smpp", "host": "127.0.0.1", "system_id": "u", "password": {"env": "SIR"},
        "sender": "BATMANMEM"}
SMTP = {"kind": "smtp", "host": "relay.ornek.test", "envelope_from": "e@ornek.test"}
CURL = {**SMTP, "kind": "smtp-curl"}


def without(settings, key):
    return {k: v for k, v in settings.items() if k != key}


@pytest.mark.parametrize("settings,code,below", [
    ({"kind": "sink", "fail": ["olmayan"]}, "SNK-001", "/fail"),
    ({**HTTP, "sender": "ÇINAR"}, "SMS-001", "/sender"),
    (without(HTTP, "user"), "SMS-003", "/user"),
    (without(HTTP, "password"), "SMS-003", "/password"),
    (without(HTTP, "sender"), "SMS-003", "/sender"),
    ({**HTTP, "parameters": {"nope": "1"}}, "SMS-004", "/parameters/nope"),
    ({**HTTP, "parameters": {"encoding": 5}}, "SMS-005", "/parameters/encoding"),
    ({**HTTP, "parameters": [1]}, "SMS-005", "/parameters"),
    ({**HTTP, "base_url": "nonsense"}, "CFG-104", "/base_url"),
    ({**HTTP, "base_url": "ftp://sms.ornek.test"}, "CFG-104", "/base_url"),
    ({**HTTP, "base_url": "https://u:p@sms.ornek.test/"}, "CFG-104", "/base_url"),
    ({**HTTP, "base_url": "https://sms.ornek.test/?a=b"}, "SMS-006", "/base_url"),
    ({**HTTP, "base_url": "http://10.0.0.1/", "allow_private": True}, "SMS-006", "/base_url"),
    ({**HTTP, "base_url": "http://localhost.ornek.test"}, "SMS-006", "/base_url"),
    ({**HTTP, "recipe": "olmayan"}, "CFG-216", "/recipe"),
    ({**SMPP, "sender": "ÇINAR"}, "SMS-011", "/sender"),
    ({**SMTP, "port": 465}, "CFG-410", "/port"),
    ({**SMTP, "host": "::1"}, "CFG-411", "/host"),
    ({**SMTP, "tls": "none", "user": "u", "password": {"env": "SIR"}}, "CFG-413", "/tls"),
    ({**CURL, "port": 465, "tls": "starttls"}, "CFG-410", "/tls"),
])
def test_what_a_provider_cannot_work_with_is_found_before_the_start(settings, code, below, tmp_path):
    path = tmp_path / "hatirlat.jsonc"
    wrong = config(providers={"s": {"kind": "sink"}, "e": {"kind": "sink"}, "x": settings})
    path.write_text(json.dumps(wrong, indent=2, ensure_ascii=False))
    checked = run("check", "--json", config=str(path), env={"SIR": "gizli-9"})
    assert checked.returncode == 78, checked
    assert [(f["code"], f["pointer"]) for f in json.loads(checked.stdout)["faults"]
            if f["severity"] == "error"] == \
        [(code, "/providers/x" + below)]
    refused = run("serve", config=str(path), env={"SIR": "gizli-9"})
    assert refused.returncode == 78 and code in refused.stderr, refused


@pytest.mark.parametrize("settings", [
    HTTP, {**HTTP, "base_url": "http://127.0.0.1:9"}, {**HTTP, "base_url": "http://[::1]:9/x"},
    {**HTTP, "base_url": "https://10.0.0.1/", "allow_private": True},
    {**HTTP, "sender": "908505550000"}, SMPP, SMTP, CURL,
    {**SMTP, "user": "u", "password": {"credential": "posta"}},
    {**CURL, "user": "u", "password": {"credential": "posta"}},
    {**HTTP, "password": {"credential": "sms"}},
])
def test_what_a_provider_can_work_with_passes(settings, tmp_path):
    path = tmp_path / "hatirlat.jsonc"
    path.write_text(json.dumps(config(providers={"s": {"kind": "sink"}, "e": {"kind": "sink"},
                                                 "x": settings})))
    checked = run("check", config=str(path), env={"SIR": "gizli-9"})
    assert checked.returncode == 0 and "errors: 0" in checked.stdout, checked


@pytest.mark.parametrize("settings,code", [
    ({**SMTP, "tls": "none"}, "CFG-414"),
    ({**SMPP, "host": "smsc.ornek.test", "tls": "off"}, "SMS-013"),
    # Files that others renew: what is not there now keeps nobody from stopping the rest.
    ({**HTTP, "ca_file": "kok.pem"}, "SMS-007"),
    ({**CURL, "auth": "xoauth2", "user": "u", "token_file": "/yok"}, "CFG-416"),
])
def test_what_may_change_outside_the_settings_is_a_warning(settings, code, tmp_path):
    path = tmp_path / "hatirlat.jsonc"
    path.write_text(json.dumps(config(providers={"s": {"kind": "sink"}, "e": {"kind": "sink"},
                                                 "x": settings})))
    checked = run("check", config=str(path), env={"SIR": "gizli-9"})
    assert checked.returncode == 0 and f"warning {code}" in checked.stdout, checked
    if code == "SMS-007":  # beside the settings, wherever the command runs
        (tmp_path / "kok.pem").write_text("")
        assert code not in run("check", config=str(path), env={"SIR": "gizli-9"}).stdout


def test_templates_that_the_coding_cannot_write_are_found(tmp_path):
    path = tmp_path / "hatirlat.jsonc"
    for mode, code in (("gsm7", 78), ("ascii", 0), ("ucs2", 0)):
        path.write_text(json.dumps(config(providers={"s": {"kind": "sink", "sms_mode": mode},
                                                     "e": {"kind": "sink"}})))
        checked = run("check", config=str(path))
        assert checked.returncode == code, checked
        assert ("error TPL-025" in checked.stdout) == (mode == "gsm7"), checked


def test_a_secret_that_others_can_read_is_refused(tmp_path):
    (tmp_path / "parola").write_text("gizli-9")
    (tmp_path / "parola").chmod(0o644)
    settings = config()
    settings["providers"]["s"] = {"kind": "http-sms", "recipe": "kannel", "user": "u",
                                  "password": {"file": "parola"}, "sender": "ORNEK",
                                  "base_url": "http://127.0.0.1:9"}
    path = tmp_path / "hatirlat.jsonc"
    path.write_text(json.dumps(settings))
    for command in ("serve", "check"):
        refused = run(command, config=str(path))
        assert refused.returncode == 78, refused
        assert "parola" in refused.stdout + refused.stderr
        assert "gizli-9" not in refused.stdout + refused.stderr


# ---- the service manager ----

@pytest.mark.parametrize("abstract", [False, True])
def test_the_service_manager_is_told(tmp_path, abstract):
    path = f"\0hatirlat-e2e-{os.getpid()}" if abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(path)
        manager.settimeout(20)
        with Gateway(env={"NOTIFY_SOCKET": path.replace("\0", "@"),
                          "WATCHDOG_USEC": "400000"}) as g:
            assert "READY=1" in manager.recv(4096).decode().splitlines()
            assert g.get("/healthz", key=None).status == 200
            began = time.monotonic()
            for _ in range(3):
                assert manager.recv(4096) == b"WATCHDOG=1"
            assert time.monotonic() - began < 2
            g.signal(signal.SIGTERM)
            while (word := manager.recv(4096)) == b"WATCHDOG=1":
                pass
            assert "STOPPING=1" in word.decode().splitlines()
            assert g.wait() == 0


def test_a_deaf_service_manager_stops_nothing():
    with Gateway(env={"NOTIFY_SOCKET": "/yok/boyle/yer"}) as g:
        g.accept(event(1, data=data(1)))
