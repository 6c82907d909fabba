"""npm's SMPP server as a message centre, and readers of the octets it was sent."""

import contextlib
import json
import os
import pathlib
import subprocess
import threading

import pytest

import support

PACKAGE = "smpp@0.5.1"
HERE = pathlib.Path(__file__).resolve().parent
DRIVE = support.BUILD / "tests" / "provider_drive"
DECODE = support.BUILD / "tests" / "smpp34_decode"
PASSWORD = "gizli"

# 3GPP TS 23.038: the default alphabet, and what the Turkish tables put in place of it.
ALPHABET = ("@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
            "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà")
EXTENSION = {0x0A: "\f", 0x14: "^", 0x28: "{", 0x29: "}", 0x2F: "\\", 0x3C: "[", 0x3D: "~",
             0x3E: "]", 0x40: "|", 0x65: "€"}
SINGLE = {**EXTENSION, 0x47: "Ğ", 0x49: "İ", 0x53: "Ş", 0x63: "ç", 0x67: "ğ", 0x69: "ı", 0x73: "ş"}
LOCKING = {0x04: "€", 0x07: "ı", 0x0B: "Ğ", 0x0C: "ğ", 0x1C: "Ş", 0x1D: "ş", 0x40: "İ", 0x60: "ç"}


def package():
    """The directory where npm has put the server; fetched once and kept."""
    return support.npm_package(PACKAGE, "node_modules/smpp")


class Centre:
    """Runs the server; remembers what it tells."""

    def __init__(self, port, **options):
        environment = {**os.environ, "NODE_PATH": str(package() / "node_modules")}
        self.port, self.told, self.lock = port, [], threading.Lock()
        self.child = subprocess.Popen(
            ["node", HERE / "smpp_server.js", json.dumps({"port": port, **options})], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        self.wait("it listens", "listening")

    def read(self):
        for line in self.child.stdout:
            with self.lock:
                self.told.append(json.loads(line))

    def events(self, kind):
        with self.lock:
            return [event for event in self.told if kind in event]

    def wait(self, what, kind, count=1):
        support.wait_for(what, lambda: len(self.events(kind)) >= count)
        return self.events(kind)

    def rules(self, **rules):
        before = len(self.events("rules"))
        self.child.stdin.write(json.dumps(rules) + "\n")
        self.child.stdin.flush()
        self.wait("the rules are taken", "rules", before + 1)

    def quiet(self):
        """Every session has ended, so that all of it was told."""
        support.wait_for("all sessions have ended",
                         lambda: len(self.events("closed")) >= len(self.events("bind")))

    def submits(self):
        self.quiet()
        return self.events("submit")

    def stop(self):
        self.child.kill()
        self.child.wait()
        self.reader.join()
        self.child.stdin.close()
        self.child.stdout.close()


@contextlib.contextmanager
def centre(port=None, **options):
    c = Centre(port or support.free_ports(1)[0], **options)
    try:
        yield c
    finally:
        c.stop()


def settings(port, **more):
    return {"host": "127.0.0.1", "port": port, "tls": "off", "system_id": "hatirlat",
            "password": {"env": "SMPP_PASSWORD"}, "sender": "BATMANMEM", **more}


def drive(options, *jobs):
    """The outcomes of these jobs, in their order, and all the driver said."""
    process = subprocess.run([DRIVE, "smpp", json.dumps(options)], input=json.dumps(jobs) + "\n",
                             capture_output=True, text=True, timeout=60,
                             env={**os.environ, "SMPP_PASSWORD": PASSWORD})
    assert process.returncode == 0, process.stderr
    lines = [json.loads(line) for line in process.stdout.splitlines()]
    outcomes = {line["id"]: line for line in lines if "outcome" in line}
    assert len(outcomes) == len(jobs)
    return [outcomes[job["id"]] for job in jobs], lines


# ---- reading octets without the gateway's code or the server's ----

def decode(raws):
    """What Debian's libsmpp34 makes of these units."""
    if not os.access(DECODE, os.X_OK):
        support.missing(f"{DECODE} is not built (package libsmpp34-dev)")
    done = subprocess.run([DECODE], input="".join(f"{raw}\n" for raw in raws), text=True,
                          capture_output=True, check=True)
    units = [json.loads(line) for line in done.stdout.splitlines()]
    assert not [unit for unit in units if "error" in unit], done.stdout
    return units


def unpack(octets, skip_bits):
    """Septets out of packed octets, TS 23.038 §6.1.2."""
    bits = int.from_bytes(octets, "little") >> skip_bits
    return bytes(bits >> 7 * i & 0x7F for i in range((len(octets) * 8 - skip_bits) // 7))


def septets_to_text(septets, single, locking):
    table = [LOCKING.get(i, c) if locking else c for i, c in enumerate(ALPHABET)]
    shifted = SINGLE if single else EXTENSION
    text, at = "", 0
    while at < len(septets):
        escaped = septets[at] == 0x1B
        text += shifted[septets[at + 1]] if escaped else table[septets[at]]
        at += 2 if escaped else 1
    return text


def elements(header):
    found, at = {}, 0
    while at < len(header):
        found[header[at]] = header[at + 2:at + 2 + header[at + 1]]
        at += 2 + header[at + 1]
    return found


def read_part(unit, packed=False):
    """(place, total, reference, text) of one unit as libsmpp34 gave it."""
    parameters = unit["parameters"]
    octets = bytes.fromhex(parameters.get("0424", "") or unit["message"])
    header = {}
    head = 0
    if unit["esm_class"] & 0x40:
        head = octets[0] + 1
        header = elements(octets[1:head])
    for table in (0x24, 0x25):
        assert header.get(table, b"\x01") == b"\x01", "the Turkish tables have number 1"
    if unit["data_coding"] == 8:
        text = octets[head:].decode("utf-16-be")
    elif packed:
        fill = -(-head * 8 // 7) * 7
        text = septets_to_text(unpack(octets, fill), 0x24 in header, 0x25 in header)
    else:
        text = septets_to_text(octets[head:], 0x24 in header, 0x25 in header)
    ref, total, place = header.get(0, bytes((0, 1, 1)))
    if "020e" in parameters:
        ref, total, place = parameters["020c"], parameters["020e"], parameters["020f"]
    return place, total, ref, text


def whole(units, packed=False):
    """The text of a message from its units."""
    parts = sorted(read_part(unit, packed) for unit in units)
    assert [part[0] for part in parts] == list(range(1, len(parts) + 1))
    assert {part[1] for part in parts} == {len(parts)}
    assert len({part[2] for part in parts}) == 1
    return "".join(part[3] for part in parts)
