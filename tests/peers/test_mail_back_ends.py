"""Both mail back ends send the same thousand mails through a real Postfix; the same must arrive."""

import json
import os
import random
import re
import subprocess
import sys

import pytest

import mta
import support

sys.path.insert(0, str(support.ROOT / "tests" / "e2e"))
from smtp_support import mail  # noqa: E402

DRIVE = support.BUILD / "tests" / "provider_drive"
MAILS = 1000
KINDS = {"smtp": {"workers": 4}, "smtp-curl": {"connections": 4}}
# What servers on the way add.
TRACE = re.compile(rb"\A(?:(?:Return-Path|X-Original-To|Delivered-To|Received):.*\n(?:[ \t].*\n)*)*")


def line(rng):
    kind = rng.randrange(8)
    if kind == 0:
        return "." * rng.randrange(1, 4) + "x" * rng.randrange(3)
    if kind == 1:
        return "From " + "a" * rng.randrange(10)
    if kind == 2:
        return " " * rng.randrange(3) + "\t" * rng.randrange(2)
    if kind == 3:
        return "z" * rng.choice([1, 76, 77, 900, 998])
    return "".join(rng.choice("abcç ğıİöşü.=-") for _ in range(rng.randrange(70)))


def body(rng, eight_bit):
    lines = [line(rng) for _ in range(rng.choice([0, 1, 3, 20, 300]))]
    text = "\r\n".join(lines + [""] * rng.randrange(3))
    if not eight_bit:
        text = text.encode("ascii", "replace").decode()
    # Longer lines than the protocol allows are refused by both.
    return "\r\n".join(l if len(l.encode()) <= 998 else l[:400] for l in text.split("\r\n")) + "\r\n"


def make(seed):
    rng = random.Random(seed)
    jobs = []
    for number in range(1, MAILS + 1):
        eight_bit = rng.random() < 0.3
        text = mail(number, body(rng, eight_bit), **{
            "X-Number": str(number),
            "Content-Transfer-Encoding": "8bit" if eight_bit else "7bit"})
        jobs.append({"id": number, "to": f"{rng.choice(mta.MAILBOXES)}@ornek.test", "mail": text})
    return jobs


def send(kind, port, jobs):
    options = {"host": "127.0.0.1", "port": port, "tls": "none", "envelope_from": support.SENDER,
               **KINDS[kind]}
    batches = [jobs[i:i + 20] for i in range(0, len(jobs), 20)]
    done = subprocess.run([DRIVE, kind, json.dumps(options)], text=True, capture_output=True,
                          input="".join(json.dumps(b) + "\n" for b in batches), timeout=120)
    assert done.returncode == 0, done.stderr
    lines = [json.loads(l) for l in done.stdout.splitlines()]
    outcomes = {l["id"]: l["outcome"] for l in lines if "outcome" in l}
    assert len(outcomes) == MAILS and set(outcomes.values()) == {"sent"}, outcomes


def arrived(server):
    """(mailbox, number) to the bytes of the mail without what servers added."""
    mails = {}
    for box in mta.MAILBOXES:
        for file in server.files(box):
            raw = file.read_bytes()
            text = TRACE.sub(b"", raw)
            number = int(re.search(rb"^X-Number: (\d+)$", text, re.M).group(1))
            assert (box, number) not in mails, "arrived twice"
            mails[box, number] = text
    return mails


def through(kind, jobs):
    with mta.postfix() as server:
        send(kind, server.port, jobs)
        server.process.wait_until("all have arrived", lambda: sum(
            len(server.files(box)) for box in mta.MAILBOXES) >= MAILS, 90)
        return arrived(server)


@pytest.mark.skipif(not os.access(DRIVE, os.X_OK), reason="provider_drive is not built")
def test_the_same_bytes_arrive():
    jobs = make(7)
    by_libesmtp, by_curl = through("smtp", jobs), through("smtp-curl", jobs)
    assert len(by_curl) == MAILS and by_libesmtp.keys() == by_curl.keys()
    different = [key for key in by_curl if by_curl[key] != by_libesmtp[key]]
    assert not different, (by_curl[different[0]], by_libesmtp[different[0]])
    # And it is what was meant; a mailbox ends lines with LF, and a mail with one.
    meant = {job["id"]: job["mail"].replace("\r\n", "\n").encode() for job in jobs}
    for (_, number), text in by_curl.items():
        assert text.rstrip(b"\n") == meant[number].rstrip(b"\n"), number
