"""A full disk: new events are refused, what was accepted is kept, and room brings it back."""

import os
import subprocess
import time

import pytest

from gateway_support import NDJSON, Gateway, event, is_problem, sinks, until

SIZE = 6 << 20


@pytest.fixture
def disk(tmp_path):
    """A small file system of our own."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small file system needs root")
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", tmp_path],
                          capture_output=True, text=True)
    if made.returncode != 0:
        pytest.skip(f"cannot mount a small file system: {made.stderr.strip()}")
    yield str(tmp_path)
    subprocess.run(["umount", "-l", tmp_path], check=True)


def fill(disk, leave):
    """Takes all room but this many bytes; returns the file."""
    path = os.path.join(disk, "ballast")
    free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
    with open(path, "wb") as f:
        f.write(b"\0" * max(0, free - leave))
    return path


class OnDisk(Gateway):
    """The database on the small disk, everything else elsewhere."""

    def __init__(self, disk, **changes):
        super().__init__(start=False, **changes)
        self.settings["database"]["path"] = os.path.join(disk, "hatirlat.db")
        self.write_config()
        self.start()


def post_until_refused(g, first, most=3000):
    accepted = []
    for number in range(first, first + most):
        answer = g.post(event(number))
        if answer.status != 202:
            return accepted, answer
        accepted.append(number)
    raise AssertionError("never refused")


def accepts_again(g, number):
    def tried():
        answer = g.post(event(number))
        return answer.status in (200, 202) and answer
    return until(tried, "recovery")


def test_the_reserve_keeps_room_for_outcomes(disk):
    with OnDisk(disk, limits={"disk_reserve_bytes": "2MiB"},
                providers=sinks(delay="300ms")) as g:
        g.accept(event(1))
        ballast = fill(disk, 1 << 20)
        until(lambda: g.logged("disk_low"), "noticed")
        refused = g.post(event(2))
        is_problem(refused, 503, "storage_full")
        assert int(refused.headers["Retry-After"]) > 0
        refused = g.post('{"type":"duty.ended","holder":{"ref":"x"}}\n' * 3, NDJSON)
        is_problem(refused, 503, "storage_full")
        ready = g.get("/readyz")
        assert ready.status == 503 and ready.json["status"] == "not_ready"
        assert next(c for c in ready.json["checks"] if c["name"] == "disk")["status"] == "fail"
        assert g.metric("hatirlat_disk_low") == 1
        assert g.get("/healthz", key=None).status == 200
        # What was accepted before still goes out and is written down.
        until(lambda: len(g.messages(certificate="cert-1", status="accepted")) == 2, "sent")
        os.unlink(ballast)
        accepts_again(g, 2)
        assert g.logged("disk_recovered") and g.get("/readyz").status == 200


def test_a_disk_that_is_really_full_loses_nothing(disk):
    with OnDisk(disk, campaigns=[{"name": "e-imza", "marks": [90], "channels": ["sms"]}]) as g:
        early, _ = [1, 2, 3], [g.accept(event(n)) for n in (1, 2, 3)]
        ballast = fill(disk, 300 << 10)
        accepted, answer = post_until_refused(g, 100)
        is_problem(answer, 503)
        assert answer.json["code"] in ("storage_full", "storage_failed")
        assert answer.headers["Retry-After"]
        assert g.process.poll() is None and g.get("/healthz", key=None).status == 200
        for number in range(8000, 8005):  # a small one may just fit
            answer = g.post(event(number))
            if answer.status == 202:
                accepted.append(number)
            else:
                is_problem(answer, 503)
        os.unlink(ballast)
        accepts_again(g, 9001)
        for number in early + accepted:
            assert g.post(event(number)).json["result"] == "duplicate", number
        wanted = {f"cert-{n}" for n in early + accepted}
        until(lambda: all(g.messages(certificate=c, status="accepted")
                          for c in sorted(wanted)[:5] + sorted(wanted)[-5:]), "all sent")
        g.stop()
        g.start()
        assert g.post(event(accepted[-1] if accepted else 1)).json["result"] == "duplicate"
        time.sleep(0.1)
        assert g.get("/readyz").status == 200
