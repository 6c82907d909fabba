"""A day of an office at the command line: a list, the plan, the release, what came of it."""

import csv
import io
import json

SCHOOL = "Örnek Ortaokulu"
MAILBOX = "kurum@ornek.test"
PEOPLE = [("Ayşe Nur", "Yılmaz", 1), ("Işıl", "Çiğdem", 2), ("Ümit", "Gümüşoğlu", 3)]


def roster(end):
    """A list as a spreadsheet writes it: semicolons, CRLF, Windows-1254, Turkish titles."""
    out = io.StringIO()
    rows = csv.writer(out, delimiter=";", lineterminator="\r\n")
    rows.writerow(["Adı", "Soyadı", "Cep Tel", "E-posta", "Bitiş Tarihi", "Sicil No", "Kurum",
                   "Kurum Kodu", "Kurum E-posta"])
    for given, family, n in PEOPLE:
        rows.writerow([given, family, f"532 000 00 6{n}", f"kisi{n}@ornek.test",
                       end.strftime("%d.%m.%Y"), f"100{n}", SCHOOL, "123456", MAILBOX])
    return out.getvalue().encode("cp1254")


class Desk:
    """The commands of one office; every answer is JSON."""

    def __init__(self, call):
        self.call = call  # (*args) -> the text of a command that went well

    def ask(self, *args):
        return json.loads(self.call(*args, "--json"))

    def import_list(self, path):
        looked = self.ask("import", str(path), "--dry-run")
        return looked, self.ask("import", str(path), "--yes")

    def planned(self):
        return self.ask("plan")

    def release(self, campaign):
        return self.ask("campaign", "release", campaign, "--by", "İrem Çağlar",
                        "--reference", "2027/114")

    def story(self, holder):
        return self.ask("explain", "--holder", holder)

    def audit(self):
        return self.ask("audit", "show"), self.ask("audit", "verify")
