"""Templates with the eyes of an office: its own hosts, its own guide."""

import os
import shutil

from gateway_support import SOURCE, Gateway, config, run


def office_with(tmp_path, text, **office):
    """A gateway's directory whose template a1.sms says text."""
    folder = tmp_path / "templates"
    shutil.copytree(os.path.join(SOURCE, "config", "templates"), folder)
    (folder / "tr" / "a1.sms").write_text(text, encoding="utf-8")
    settings = config(templates=str(folder))
    del settings["office"]["guide_short"]
    settings["office"].update(office)
    return Gateway(str(tmp_path), start=False, **settings), str(folder)


def judged(gateway, folder):
    """What check, lint, and lint of a named folder say of the hosts."""
    done = [run("check", config=gateway.config_path),
            run("template", "lint", config=gateway.config_path),
            run("template", "lint", folder, config=gateway.config_path)]
    return [(d.returncode, "TPL-020" in d.stdout + d.stderr) for d in done]


def test_hosts_of_the_office_are_allowed(tmp_path):
    gateway, folder = office_with(tmp_path, "Bilgi: alt.kapi.com.tr/a", link_hosts=["kapi.com.tr"])
    assert judged(gateway, folder) == [(0, False)] * 3


def test_hosts_of_others_are_not(tmp_path):
    gateway, folder = office_with(tmp_path, "Bilgi: alt.kapi.com.tr/a", link_hosts=["oda.com.tr"])
    assert judged(gateway, folder) == [(78, True), (1, True), (1, True)]


def test_a_guide_without_a_short_address_is_measured_as_it_is_sent(tmp_path):
    gateway, _ = office_with(tmp_path, "Bilgi: {{portal}}",
                             guide_url="https://ornekil.meb.gov.tr/e-imza-yenileme-kilavuzu")
    checked = run("check", config=gateway.config_path)
    assert checked.returncode == 0, checked
