"""JSONTestSuite at the endpoint: what is no JSON is a 400, JSON that is no event a 422."""

import glob
import os

import pytest

from gateway_support import JSON, Gateway, is_problem

CORPORA = os.environ.get("HATIRLAT_CORPORA", "")
FOLDER = os.path.join(CORPORA, "json-testsuite", "test_parsing")

pytestmark = pytest.mark.skipif(
    not CORPORA or not os.path.isdir(FOLDER),
    reason="HATIRLAT_CORPORA names no folder with json-testsuite/test_parsing")


@pytest.fixture(scope="module")
def gateway():
    with Gateway() as g:
        yield g


@pytest.mark.parametrize("prefix, count, status, code", [
    ("n", 188, 400, "invalid_json"), ("y", 95, 422, "validation_failed")])
def test_every_case_is_told_apart(gateway, prefix, count, status, code):
    files = sorted(glob.glob(os.path.join(glob.escape(FOLDER), prefix + "_*.json")))
    assert len(files) == count
    wrong = []
    for path in files:
        with open(path, "rb") as f:
            answer = gateway.post(f.read(), JSON)
        try:
            is_problem(answer, status, code)
        except AssertionError:
            wrong.append((os.path.basename(path), answer))
    assert wrong == []


def test_the_undecided_cases_are_answered_too(gateway):
    for path in glob.glob(os.path.join(glob.escape(FOLDER), "i_*.json")):
        with open(path, "rb") as f:
            assert gateway.post(f.read(), JSON).status in (400, 422), path
