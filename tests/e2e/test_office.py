"""From a list to the digest: everything an office does in a day, over its own command line."""

from datetime import date, timedelta

import office_day
from gateway_support import Gateway, run, sinks, until

CAMPAIGN = {"name": "e-imza", "marks": [30, 15, 7], "channels": ["sms", "email"], "release": "each"}


def test_from_a_list_to_the_digest(tmp_path):
    with Gateway(campaigns=[CAMPAIGN], providers=sinks(report="delivered")) as g:
        def call(*args):
            done = run(*args, config=g.config_path, cwd=g.dir)
            assert done.returncode == 0, done
            return done.stdout

        desk = office_day.Desk(call)
        path = tmp_path / "liste.csv"
        path.write_bytes(office_day.roster(date.today() + timedelta(days=25)))

        looked, taken = desk.import_list(path)
        assert looked["counts"]["new"] == taken["counts"]["new"] == 3, (looked, taken)
        held = until(lambda: (lambda m: m if len(m) == 6 else None)(g.messages(status="held")),
                     "the due reminders await their release")
        assert {m["reason"] for m in held} == {"awaiting_release"}
        assert sum(h["count"] for h in desk.planned()["held"]) == 6

        assert desk.release("e-imza")
        until(lambda: len(g.messages(status="delivered")) == 6, "they were delivered")
        person = g.messages(status="delivered")[0]["holder"]
        story = str(desk.story(person))
        assert "it reached the recipient" in story and "released" in story, story

        entries, verdict = desk.audit()
        actions = {e["action"] for e in entries["items"]}
        assert {"campaign.release"} <= actions and any("import" in a for a in actions), actions
        assert verdict["whole"] is True, verdict

        g.stop()
        g.settings["digests"] = {"kinds": ["k1"], "domains": ["ornek.test"]}
        g.write_config()
        g.start()
        digest, = until(lambda: g.messages(campaign="digest", status="delivered"), "the digest")
        told = str(g.message(digest["id"])["timeline"])
        assert all(name in told for name in ("YILMAZ", "ÇİĞDEM", "GÜMÜŞOĞLU")), told
