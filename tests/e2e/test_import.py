"""Rosters end to end: a list becomes planned messages, again, gone, undone; nothing half-imported."""

import json
import os
import subprocess
import time

import pytest

from gateway_support import PROGRAM, config, until

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


@pytest.mark.parametrize("moment", [0.05, 0.2, 0.5, 1.0, 2.0])
def test_killed_half_way_nothing_is_half_imported(office, moment):
    many = "".join(f"Ayşe YILMAZ;0532{i:07d};;{END};{i}\r\n" for i in range(6000))
    path = office.write("liste.csv", rows(many))
    running = subprocess.Popen([PROGRAM, "import", path, "--yes", "-c", str(office.settings)],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(moment)
    running.kill()
    running.wait()
    items = office.json("import", "--list")["items"]
    known = office.counts(path, "--dry-run")
    if items:
        assert items[0]["counts"]["new"] == 6000 and known["unchanged"] == 6000
    else:
        assert known["new"] == 6000 and known["unchanged"] == 0
