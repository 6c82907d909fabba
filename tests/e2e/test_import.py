"""Rosters end to end: a list becomes planned messages, again, gone, undone; nothing half-imported."""

import json
import os
import pty
import subprocess
import time
import urllib.parse

import pytest

from gateway_support import PROGRAM, Gateway, config, is_problem, until

TITLES = "Ad Soyad;Cep Tel;E-posta;Bitiş Tarihi;Sicil No\r\n"
AYSE = "Ayşe Nur YILMAZ;0532 000 00 67;ayse@ornek.test;{end};1001\r\n"
ISIL = "Işıl ÇİĞDEM;05320000068;isil@ornek.test;{end};1002\r\n"
BAD = "Can ÖZ;123;;{end};1003\r\n"
END = time.strftime("%d.%m.%Y", time.localtime(time.time() + 200 * 86400))
MARKS = 7


def rows(*lines):
    return (TITLES + "".join(lines)).format(end=END)


@pytest.fixture
def office(tmp_path):
    return Office(tmp_path)


class Office:
    """A directory with settings and lists; the command line with or without a service."""

    def __init__(self, path):
        self.path = path
        self.settings = path / "hatirlat.jsonc"
        settings = config()
        settings["listen"]["socket"] = str(path / "h.sock")
        settings["database"]["path"] = str(path / "hatirlat.db")
        self.settings.write_text(json.dumps(settings), encoding="utf-8")
        self.service = None

    def write(self, name, text, encoding="utf-8"):
        (self.path / name).write_bytes(text.encode(encoding))
        return str(self.path / name)

    def run(self, *args, env=None, **more):
        return subprocess.run([PROGRAM, *args, "-c", str(self.settings)], capture_output=True,
                              text=True, encoding="utf-8", cwd=self.path, timeout=120,
                              stdin=subprocess.DEVNULL, env={**os.environ, **(env or {})}, **more)

    def start(self):
        self.service = subprocess.Popen([PROGRAM, "serve", "-c", str(self.settings)],
                                        cwd=self.path, stderr=open(self.path / "log", "ab"))
        until(lambda: (self.path / "h.sock").exists(), "the socket is there")

    def stop(self):
        if self.service is not None:
            self.service.terminate()
            self.service.wait(30)
            self.service = None

    def json(self, *args, expect=0):
        done = self.run(*args, "--json")
        assert done.returncode == expect, done
        return json.loads(done.stdout)

    def counts(self, *args, expect=0):
        return self.json("import", *args, expect=expect)["counts"]


@pytest.fixture
def served(office):
    office.start()
    yield office
    office.stop()


def waits(office, identity, expected):
    """So many messages are planned for a certificate."""
    shown = office.json("explain", "--certificate", identity)
    states = [m["status"] for case in shown["cases"] for m in case["messages"]]
    assert sum(state in ("planned", "queued") for state in states) == expected, shown



@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1254", "iso8859-9", "utf-16"])
def test_a_list_in_any_encoding_becomes_a_plan(office, encoding):
    path = office.write("liste.csv", rows(AYSE, ISIL), encoding)
    done = office.run("import", path, "--yes")
    assert done.returncode == 0, done
    assert "İçe aktarıldı: 000000000001" in done.stdout
    assert "+28 ileti" in done.stdout
    assert office.counts(path, "--dry-run") == {
        "rows": 2, "new": 0, "changed": 0, "unchanged": 2, "refused": 0, "repeated": 0}


def test_the_service_takes_the_same_list(served):
    path = served.write("liste.csv", rows(AYSE, ISIL))
    assert served.counts(path, "--dry-run")["new"] == 2
    assert served.counts(path, "--yes")["new"] == 2
    assert served.counts(path, "--dry-run")["unchanged"] == 2
    listed = served.json("import", "--list")["items"]
    assert [(i["import"], i["state"], i["counts"]["new"]) for i in listed] == [
        ("000000000001", "imported", 2)]
    assert listed[0]["events_waiting"] == 0


def test_without_a_yes_nothing_happens(office):
    path = office.write("liste.csv", rows(AYSE))
    done = office.run("import", path)
    assert done.returncode == 5 and "--yes" in done.stderr, done
    assert "1 yeni" in done.stdout
    assert office.json("import", "--list")["items"] == []


@pytest.mark.parametrize("answer,status,imports", [("e\n", 0, 1), ("h\n", 5, 0), ("\n", 5, 0)])
def test_on_a_terminal_it_asks(office, answer, status, imports):
    path = office.write("liste.csv", rows(AYSE))
    master, slave = pty.openpty()
    asked = subprocess.Popen([PROGRAM, "import", path, "-c", str(office.settings)], stdin=slave,
                             stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    os.close(slave)
    os.write(master, answer.encode())
    told = asked.communicate(timeout=60)[1].decode()
    os.close(master)
    assert asked.returncode == status, told
    assert "İçe aktarılsın mı? (e/h)" in told
    assert len(office.json("import", "--list")["items"]) == imports


def test_bad_rows_refuse_the_list_or_are_left_out(office):
    path = office.write("liste.csv", rows(AYSE, BAD))
    errors = office.path / "hatalar.csv"
    look = office.run("import", path, "--dry-run", "--errors", str(errors))
    assert look.returncode == 3, look
    text = errors.read_text(encoding="utf-8-sig")
    assert text.splitlines()[0] == "satır;sütun;değer;kod;neden;çözüm"
    assert text.splitlines()[1].startswith('3;"Cep Tel";"***";"phone_too_short";')
    refused = office.run("import", path, "--yes")
    assert refused.returncode == 5 and "--valid-rows" in refused.stderr, refused
    assert office.json("import", "--list")["items"] == []
    taken = office.run("import", path, "--yes", "--valid-rows")
    assert taken.returncode == 3, taken
    assert office.json("import", "--list")["items"][0]["counts"]["refused"] == 1


def test_a_file_that_is_no_list_is_refused_with_a_remedy(office):
    path = office.write("liste.csv", "Ad Soyad;Sicil\nAyşe YILMAZ;1\n")
    done = office.run("import", path)
    assert done.returncode == 5, done
    assert "--map" in done.stderr and "Ad Soyad, Sicil" in done.stderr
    done = office.run("import", str(office.path / "yok.csv"))
    assert done.returncode == 4, done
    assert office.run("import").returncode == 2


@pytest.mark.parametrize("running", [True, False])
def test_no_title_commands_a_terminal(office, running):
    odd = "\x1b[2J\x9b2J\x7f"
    path = office.write("liste.csv", rows(AYSE).replace("Ad Soyad", f"Ad Soyad;Not{odd}")
                        .replace("YILMAZ;", "YILMAZ;x;"))
    if running:
        office.start()
    shown = office.run("import", path, "--dry-run")
    whole = office.json("import", path, "--dry-run")
    office.stop()
    assert shown.returncode == 0 and "Not?[2J?2J?" in shown.stdout, shown
    assert not any(c in shown.stdout for c in odd[0] + odd[4] + odd[-1]), shown
    assert [c["title"] for c in whole["columns"]][1] == "Not" + odd


def test_what_excludes_each_other_is_refused(served):
    path = served.write("liste.csv", rows(AYSE))
    assert served.run("import", path, "--yes").returncode == 0
    for words, told in (((path, "--valid-rows", "--all-or-nothing"), "--all-or-nothing birlikte"),
                        (("--list", "--undo", "1"), "yalnız birini"),
                        ((path, "--undo", "1"), "yalnız birini"),
                        ((path, "--list"), "yalnız birini"),
                        (("--undo", "1", "--dry-run"), "--dry-run birlikte")):
        done = served.run("import", *words)
        assert done.returncode == 2 and told in done.stderr and "Yardım:" in done.stderr, done
    assert served.json("import", "--list")["items"][0]["state"] == "imported"


def test_what_cannot_be_read_has_its_exit_status(office):
    assert office.run("import", str(office.path), "--dry-run").returncode == 1
    path = office.write("liste.csv", rows(AYSE))
    done = office.run("import", path, "--yes", "--errors", str(office.path / "yok" / "h.csv"))
    assert done.returncode == 1 and office.json("import", "--list")["items"] == [], done


def test_titles_of_their_own_are_mapped(office):
    path = office.write("liste.csv", f"Kişi İsmi;İrtibat;Son;No\nAyşe YILMAZ;05320000067;{END};1\n")
    done = office.run("import", path, "--yes", "--map", "Kişi İsmi=name", "--map",
                      "İrtibat=phone", "--map", "Son=end", "--map", "#4=person")
    assert done.returncode == 0, done


def test_undone_and_imported_again(served):
    path = served.write("liste.csv", rows(AYSE, ISIL))
    assert served.run("import", path, "--yes").returncode == 0
    waits(served, "list:1001", 2 * MARKS)
    done = served.run("import", "--undo", "1")
    assert done.returncode == 0 and "2 kayıt" in done.stdout, done
    waits(served, "list:1001", 0)
    again = served.run("import", "--undo", "1")
    assert again.returncode == 5, again
    assert served.counts(path, "--yes")["new"] == 2
    waits(served, "list:1001", 2 * MARKS)


def test_what_changed_since_is_left(office):
    path = office.write("liste.csv", rows(AYSE, ISIL))
    assert office.run("import", path, "--yes").returncode == 0
    later = office.write("yeni.csv", rows(AYSE.replace("00 67", "00 99")))
    assert office.counts(later, "--yes")["changed"] == 1
    done = office.run("import", "--undo", "1")
    assert done.returncode == 3 and "list:1001" in done.stdout, done


def test_who_is_gone_is_shown(office):
    assert office.run("import", office.write("liste.csv", rows(AYSE, ISIL)), "--yes"
                      ).returncode == 0
    done = office.run("import", office.write("kısa.csv", rows(AYSE)), "--dry-run")
    assert "Listeden çıkan 1 kişi" in done.stdout and "I*** Ç*****" in done.stdout, done


@pytest.fixture(scope="module")
def long_import(tmp_path_factory):
    """A list that takes a while, and how long it takes here when nobody disturbs it."""
    office = Office(tmp_path_factory.mktemp("long"))
    text = rows("".join(f"Ayşe YILMAZ;0532{i:07d};;{END};{i}\r\n" for i in range(3000)))
    began = time.monotonic()
    assert office.run("import", office.write("liste.csv", text), "--yes").returncode == 0
    return text, time.monotonic() - began


@pytest.mark.parametrize("share", [0.1, 0.25, 0.35, 0.45, 0.55, 0.65, 0.8])
def test_killed_half_way_nothing_is_half_imported(office, long_import, share):
    text, lasts = long_import
    path = office.write("liste.csv", text)
    running = subprocess.Popen([PROGRAM, "import", path, "--yes", "-c", str(office.settings)],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(share * lasts)
    running.kill()
    running.wait()
    items = office.json("import", "--list")["items"]
    known = office.counts(path, "--dry-run")
    if items:
        assert items[0]["counts"]["new"] == 3000 and known["unchanged"] == 3000
    else:
        assert known["new"] == 3000 and known["unchanged"] == 0


# ---- over HTTP ----

def post(g, path, body, **options):
    return g.request("POST", path, body.encode(), {"Content-Type": "text/csv"}, **options)


@pytest.fixture(scope="module")
def gateway():
    g = Gateway(limits={"import_bytes": 65536, "body_bytes": 4096}, start=False)
    g.reader = g.make_key("reader", "events:write messages:read")
    g.clerk = g.make_key("clerk", "roster:write campaigns:read")
    with g.start():
        yield g


def test_an_import_by_http(gateway):
    query = "?mode=valid_rows&source=okullar&map=" + urllib.parse.quote("Sicil No=person;#2=phone")
    look = post(gateway, "/v1/imports:check" + query, rows(AYSE, BAD), key=gateway.clerk)
    assert look.status == 200 and look.json["result"] == "would_import", look
    assert look.json["errors"][0]["row"] == 3 and look.json["errors"][0]["value"] == "***"
    done = post(gateway, "/v1/imports" + query, rows(AYSE, BAD), key=gateway.clerk)
    assert done.status == 200 and done.json["result"] == "imported", done
    id = done.json["import"]
    until(lambda: gateway.get("/v1/imports/" + id, key=gateway.clerk).json["events_waiting"] == 0,
          "the import is planned")
    shown = gateway.get("/v1/imports/" + id, key=gateway.clerk).json
    assert shown["state"] == "imported" and shown["source"] == "okullar", shown
    assert shown["counts"]["new"] == 1 and shown["plan"]["gained"] == 2 * MARKS
    short = id.lstrip("0")
    assert gateway.get("/v1/imports/" + short, key=gateway.clerk).json == shown
    errors = gateway.get(f"/v1/imports/{short}/errors.csv", key=gateway.clerk)
    assert errors.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert errors.body.decode("utf-8-sig").splitlines()[1].startswith("3;"), errors
    undone = gateway.request("POST", f"/v1/imports/{short}:undo", key=gateway.clerk)
    assert undone.status == 200 and undone.json["messages_stopped"] == 2 * MARKS, undone
    is_problem(gateway.request("POST", f"/v1/imports/{id}:undo", key=gateway.clerk), 409)
    is_problem(gateway.get("/v1/imports/000000000999", key=gateway.clerk), 404)


def test_a_bad_row_is_told_with_its_place(gateway):
    refused = is_problem(post(gateway, "/v1/imports", rows(AYSE, BAD), key=gateway.clerk), 422,
                         "validation_failed", "tr")
    assert [e["pointer"] for e in refused["errors"]] == ["#/rows/3"]
    assert "0532" not in json.dumps(refused)


def test_who_may_import_and_how_much(gateway):
    is_problem(post(gateway, "/v1/imports", rows(AYSE), key=gateway.reader), 403)
    is_problem(post(gateway, "/v1/imports", rows(AYSE), key=None), 401)
    edge = (TITLES + AYSE).format(end=END)
    edge += " " * (65536 - len(edge.encode()))
    assert post(gateway, "/v1/imports:check", edge, key=gateway.clerk).status == 200
    is_problem(post(gateway, "/v1/imports:check", edge + " ", key=gateway.clerk), 413)
    is_problem(post(gateway, "/v1/imports", edge, key=gateway.reader), 413)
