"""The desk: the same operation over the socket of this machine, over HTTP, and without a service."""

import json
import os
import stat
import subprocess

import pytest

from gateway_support import Gateway, data, days_ahead, event, is_problem, run, until


@pytest.fixture(scope="module")
def gateway():
    with Gateway() as g:
        g.accept(event(1))
        g.accept(event(2, data=data(2, days=88, phone=None)))
        until(lambda: len(g.messages(holder="sicil-1")) == 14, "the plan")
        until(lambda: g.messages(holder="sicil-1", status="accepted")
              or g.messages(holder="sicil-1", status="delivered"), "the first reminder")
        yield g


def explain(g, *args, **options):
    return run("explain", *args, config=g.config_path, **options)


def test_socket_needs_no_key_and_is_private(gateway):
    path = os.path.join(gateway.dir, "hatirlat.db.sock")
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    told = explain(gateway, "--holder", "sicil-1")
    assert told.returncode == 0, told
    assert "Certificate cert-1" in told.stdout
    assert "Reminder at 90 days, SMS" in told.stdout
    assert "attempt 1, s: the provider took it" in told.stdout


def test_socket_and_http_and_file_say_the_same(gateway):
    over_socket = json.loads(explain(gateway, "--holder", "sicil-2", "--json").stdout)
    over_http = gateway.get("/v1/explain?holder=sicil-2", headers={"Accept-Language": "en"}).json
    assert over_socket == over_http
    case = over_socket["cases"][0]
    assert case["name"].startswith("Ş***")
    missing = {(m["channel"], m["verdict"]) for m in case["not_planned"]}
    assert ("sms", "no_phone") in missing
    assert {m["channel"] for m in case["messages"]} == {"email"}


def test_a_card_of_today_does_not_explain_the_silence_of_next_year():
    with Gateway() as g:
        g.accept(event(1, "card.delivered", time=days_ahead(0),
                       data={"certificate": {"ref": "cert-1"}, "holder": {"ref": "sicil-1"}}))
        g.accept(event(1, data=data(1, days=400), time=days_ahead(-1)))
        until(lambda: g.get("/v1/explain?holder=sicil-1").json["cases"][0]["not_planned"], "told")
        verdicts = {m["verdict"] for m in
                    g.get("/v1/explain?holder=sicil-1").json["cases"][0]["not_planned"]}
        assert "send" in verdicts and "delivered" not in verdicts, verdicts


def test_turkish_first(gateway):
    told = explain(gateway, "--holder", "sicil-1", "--lang", "tr").stdout
    assert "gün hatırlatması, SMS" in told and "sağlayıcı iletiyi aldı" in told


def test_message_and_certificate(gateway):
    message = gateway.messages(holder="sicil-1")[0]["id"]
    assert message in explain(gateway, "--message", message).stdout
    assert "cert-1" in explain(gateway, "--certificate", "cert-1").stdout
    assert explain(gateway, "--message", "m_1-00000000").returncode == 4
    assert explain(gateway, "--certificate", "none").returncode == 4


def test_wrong_members(gateway):
    assert explain(gateway).returncode == 2
    both = explain(gateway, "--holder", "a", "--certificate", "b")
    assert both.returncode == 2 and "exactly one" in both.stderr
    is_problem(gateway.get("/v1/explain"), 422, "validation_failed")
    is_problem(gateway.get("/v1/explain?holder=a&holder=b"), 400, "invalid_parameter")
    is_problem(gateway.get("/v1/explain?holder=%zz"), 400, "invalid_parameter")
    is_problem(gateway.get("/v1/explain?holder=" + "x" * 200), 422, "validation_failed")
    is_problem(gateway.get("/v1/explain?holder=nobody"), 404, "not_found")
    assert gateway.request("POST", "/v1/explain").status == 405


@pytest.mark.parametrize("body", ["[]", "null", '"x"', "5", '[{"subject":"all"}]'])
def test_only_an_object_is_a_request(body):
    with Gateway() as g:
        for path in ("campaigns/e-imza:pause", "controls:pause", "providers/s:pause",
                     "providers/s:test", "suppressions", "retention:run", "keys"):
            problem = is_problem(g.request("POST", f"/v1/{path}", body), 422)
            assert problem["code"] == "not_an_object", (path, problem)
        assert g.get("/v1/controls").json["items"] == [] and g.audited() == []


@pytest.mark.parametrize("words,told", [
    (("explain",), "--holder, --certificate and --message"),
    (("explain", "--holder", ""), "--holder, --certificate and --message"),
    (("explain", "--holder", "a", "--message", "m_1"), "--holder, --certificate and --message"),
    (("digest", "preview"), "--kind is needed"),
    (("pause", "banana"), "all, sms or email"), (("resume", "banana"), "all, sms or email"),
    (("cancel", "banana", "--yes", "banana"), "all, sms or email")])
def test_a_command_speaks_of_its_own_options(gateway, words, told):
    done = run(*words, config=gateway.config_path)
    assert done.returncode == 2 and told in done.stderr, done
    assert "Help: hatirlat " + words[0] in done.stderr, done


def test_http_needs_the_scope(gateway):
    is_problem(gateway.get("/v1/explain?holder=sicil-1", key=None), 401)
    token = gateway.request("POST", "/v1/keys", json.dumps(
        {"name": "dar", "scopes": ["events:write"]}), {"Content-Type": "application/json"})
    assert token.status == 201, token
    is_problem(gateway.get("/v1/explain?holder=sicil-1", key=token.json["key"]), 403)


def test_keys_are_made_and_ended_while_the_service_runs(gateway):
    made = run("key", "create", "yeni", "--scope", "messages:read campaigns:read",
               config=gateway.config_path)
    assert made.returncode == 0, made
    token = made.stdout.strip()
    assert gateway.get("/v1/explain?holder=sicil-1", key=token).status == 200
    assert run("key", "create", "yeni", config=gateway.config_path).returncode == 5
    assert run("key", "create", "bozuk", "--scope", "her:sey",
               config=gateway.config_path).returncode == 2
    assert run("key", "revoke", "yeni", config=gateway.config_path).returncode == 0
    assert gateway.get("/v1/explain?holder=sicil-1", key=token).status == 401
    assert run("key", "revoke", "yeni", config=gateway.config_path).returncode == 4
    noted = [(e["action"], e["detail"].get("scopes")) for e in gateway.get("/v1/audit").json["items"]
             if e["detail"].get("key") == "yeni"]
    assert noted == [("key.revoke", None), ("key.create", "messages:read campaigns:read")]


def test_elsewhere_needs_a_token(gateway, tmp_path):
    url = f"http://127.0.0.1:{gateway.port}"
    assert run("explain", "--holder", "sicil-1", "--url", url).returncode == 77
    secret = tmp_path / "token"
    secret.write_text(gateway.key + "\n")
    told = run("explain", "--holder", "sicil-1", "--url", url,
               env={"HATIRLAT_TOKEN_FILE": str(secret)})
    assert told.returncode == 0, told
    nobody = run("explain", "--holder", "x", "--url", "http://127.0.0.1:1")
    assert nobody.returncode == 69, nobody


@pytest.mark.skipif(os.geteuid() != 0, reason="another user is only to be had by root")
def test_other_users_cannot_open_the_socket(gateway):
    path = os.path.join(gateway.dir, "hatirlat.db.sock")
    os.chmod(gateway.dir, 0o755)
    os.chmod(path, 0o666)  # even if somebody opened it up
    try:
        told = subprocess.run(
            ["curl", "-s", "--unix-socket", path, "http://localhost/v1/explain?holder=sicil-1"],
            user=65534, group=65534, capture_output=True, text=True)
    except FileNotFoundError:
        pytest.skip("curl is not installed")
    finally:
        os.chmod(path, 0o600)
    assert json.loads(told.stdout)["status"] == 401, told


def test_without_a_service():
    with Gateway() as g:
        g.accept(event(1))
        until(lambda: len(g.messages(holder="sicil-1")) == 14, "the plan")
        running = json.loads(explain(g, "--holder", "sicil-1", "--json").stdout)
        g.stop()
        assert not os.path.exists(os.path.join(g.dir, "hatirlat.db.sock"))
        stopped = explain(g, "--holder", "sicil-1", "--json")
        assert stopped.returncode == 0, stopped
        assert json.loads(stopped.stdout)["cases"][0]["certificate"] == \
            running["cases"][0]["certificate"]
        assert explain(g, "--holder", "nobody").returncode == 4
