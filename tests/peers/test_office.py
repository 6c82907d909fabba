"""A day of an office with a real mail server: the list goes in, the mails and the digest come out."""

import sys
from datetime import date, timedelta

import mta
import support

sys.path.insert(0, str(support.ROOT / "tests" / "e2e"))
import office_day  # noqa: E402

CAMPAIGN = {"name": "e-imza", "marks": [30, 15, 7], "channels": ["email"], "release": "each"}

BOXES = [office_day.MAILBOX, *(f"kisi{n}@ornek.test" for _, _, n in office_day.PEOPLE)]


def test_from_a_list_to_the_digest_by_postfix(tmp_path):
    with mta.postfix(boxes=BOXES) as server:
        posta = {"kind": "smtp", "host": "127.0.0.1", "port": server.port, "tls": "none",
                 "envelope_from": support.SENDER}
        settings = {"providers": {"posta": posta}, "routes": {"email": ["posta"]},
                    "campaigns": [CAMPAIGN]}
        with support.gateway(tmp_path, **settings) as g:
            desk = office_day.Desk(g.run)
            path = tmp_path / "liste.csv"
            path.write_bytes(office_day.roster(date.today() + timedelta(days=25)))
            _, taken = desk.import_list(path)
            assert taken["counts"]["new"] == 3, taken
            g.process.wait_until("held", lambda: len(g.get("/v1/messages?status=held")["items"]) == 3)
            desk.release("e-imza")
            g.process.wait_until(
                "sent", lambda: len(g.get("/v1/messages?status=accepted")["items"]) == 3)
        for given, family, n in office_day.PEOPLE:
            (_, mail), = server.mails(f"kisi{n}")
            assert given in mail["To"].addresses[0].display_name, mail["To"]

        g.run("key", "revoke", "test")  # the next start makes it anew
        settings["digests"] = {"kinds": ["k1"], "domains": ["ornek.test"]}
        with support.gateway(tmp_path, **settings) as g:
            g.process.wait_until("the digest", lambda: server.mails("kurum"), limit=30)
        (_, digest), = server.mails("kurum")
        text = digest.get_body(preferencelist=("plain",)).get_content()
        names = ["ÇİĞDEM", "GÜMÜŞOĞLU", "YILMAZ"]
        assert "3 kişi" in digest["Subject"], digest["Subject"]
        assert all(name in text for name in names), text
        assert digest["To"].addresses[0].addr_spec == office_day.MAILBOX
