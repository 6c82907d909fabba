"""Composed mails against Python's email package: what goes in comes out.

HATIRLAT_MAILS says how many; 2,000 unless told.
"""

import email
import email.base64mime
import email.header
import email.policy
import email.utils
import json
import os
import random
import re
import subprocess

BUILD = os.environ.get("HATIRLAT_BUILD_DIR", "build/dev")
COUNT = int(os.environ.get("HATIRLAT_MAILS", "2000"))

TURKISH = "abcçdefgğhıijklmnoöprsştuüvyzABCÇDEFGĞHIİJKLMNOÖPRSŞTUÜVYZâîûÂÎÛ"
MARKS = "0123456789 .,;:!?'\"()[]<>@=_-+*/\\&%#|~^{}$`"
OTHERS = "😀🙂👩‍🏫…–“”’₺éñ漢字עאب"


def line(rng, most):
    """A line without control characters, of one of several tempers."""
    letters = rng.choice([TURKISH, TURKISH + " ", TURKISH + MARKS, OTHERS + " ", MARKS,
                          "abc =?", TURKISH + OTHERS + MARKS])
    return "".join(rng.choice(letters) for _ in range(rng.randrange(most + 1)))


def body(rng):
    lines = []
    for _ in range(rng.randrange(1, 12)):
        temper = rng.randrange(12)
        if temper == 0:
            lines.append("." + line(rng, 20))
        elif temper == 1:
            lines.append("From " + line(rng, 20))
        elif temper == 2:
            lines.append(line(rng, 60) + rng.choice([" ", "\t", "  "]))
        elif temper == 3:
            lines.append("x" * rng.choice([70, 71, 72, 73, 75, 76, 77, 150, 1200]))
        elif temper == 4:
            lines.append("--=_ha0123456789abcdef" + rng.choice(["", "--"]))
        else:
            lines.append(line(rng, 200))
    return "\n".join(lines) + rng.choice(["", "\n", "\n\n"])


def mail(rng, number):
    return {
        "from": "bildirim@ornek.test", "from_name": line(rng, 60),
        "reply_to": rng.choice(["", "bilgi@ornek.test"]), "reply_name": line(rng, 20),
        "to": "kisi%d@%s.example" % (number, "o" * rng.randrange(1, 60)),
        "to_name": line(rng, 100), "subject": line(rng, 120), "text": body(rng),
        "html": rng.choice(["", body(rng), "<p>" + body(rng) + "</p>"]),
        "message_id": "m%d.1@ornek.test" % number,
        "references": rng.choice(["", "case-%d@ornek.test" % number]),
        "date_ms": rng.randrange(0, 4102444800) * 1000,
        "ics": rng.choice(["", "", "BEGIN:VCALENDAR\r\n" + line(rng, 100) + "\r\n"]),
        "ics_name": rng.choice(["", "bitiş.ics", "a b.ics", line(rng, 20).strip()]),
    }


def compose(specs):
    text = "".join(json.dumps(s, ensure_ascii=False) + "\n" for s in specs).encode()
    done = subprocess.run([os.path.join(BUILD, "tests", "mail_compose")], input=text,
                          stdout=subprocess.PIPE, check=True)
    out, at, mails = done.stdout, 0, []
    while at < len(out):
        end = out.index(b"\n", at)
        size = int(out[at:end])
        assert size >= 0, specs[len(mails)]
        mails.append(out[end + 1:end + 1 + size])
        at = end + 1 + size
    assert len(mails) == len(specs)
    return mails


def check_wire(raw):
    """RFC 5322 and RFC 2045, by bytes."""
    assert raw.isascii() and b"\0" not in raw
    assert raw.endswith(b"\r\n")
    assert raw.count(b"\r") == raw.count(b"\n") == raw.count(b"\r\n")
    head, content = raw.split(b"\r\n\r\n", 1)
    for one in raw.split(b"\r\n"):
        assert len(one) <= 998
    for one in content.split(b"\r\n"):
        assert len(one) <= 76, one
        assert not one.startswith(b".") and not one.startswith(b"From "), one
        assert not one.endswith((b" ", b"\t")), one
    for word in re.findall(rb"=\?UTF-8\?B\?[^?]*\?=", head):
        assert len(word) <= 75
    for one in head.split(b"\r\n"):
        assert len(one) <= 76 or b"=?" not in one, one
        for word in re.findall(rb"=\?UTF-8\?B\?([^?]*)\?=", one):
            email.base64mime.decode(word).decode("utf-8")  # no character is split
    return head


def header(message, name):
    return str(message[name])


def mailbox(head, name):
    """Display name and address of a header. The newer parser of the email package puts a blank
    between two encoded words of a name (RFC 2047 6.2 says to ignore it), so names go through the
    older one."""
    unfolded = head.replace(b"\r\n ", b" ").decode("ascii")
    value = re.search(r"(?m)^%s: (.*?)\r?$" % name, unfolded).group(1)
    found = re.fullmatch(r"(.*?) ?<([^<>]*)>", value)
    if not found:
        return "", value
    phrase = found.group(1)
    if phrase.startswith('"'):
        return phrase[1:-1], found.group(2)
    return str(email.header.make_header(email.header.decode_header(phrase))), found.group(2)


def part_text(part):
    payload = part.get_payload(decode=True).decode("utf-8")
    return payload.replace("\r\n", "\n")


def normal(text):
    return text.replace("\r\n", "\n").replace("\r", "\n")


def check_parts(spec, message):
    parts = [p for p in message.walk() if not p.is_multipart()]
    wanted = ["text/plain"] + (["text/html"] if spec["html"] else []) + \
             (["text/calendar"] if spec["ics"] else [])
    assert [p.get_content_type() for p in parts] == wanted
    text = part_text(parts[0])
    if spec["html"] or spec["ics"]:
        assert text == normal(spec["text"]) or text == normal(spec["text"]) + "\n"
    if spec["html"]:
        assert text == normal(spec["text"])
        assert part_text(parts[1]) == normal(spec["html"])
    else:
        assert text in (normal(spec["text"]), normal(spec["text"]) + "\n")
    if spec["ics"]:
        assert parts[-1].get_payload(decode=True).decode() == spec["ics"]
        name = spec["ics_name"] or "e-imza.ics"
        assert parts[-1].get_filename() == name


def check_address(spec, head, message, header_name, name, addr):
    assert mailbox(head, header_name) == (spec[name], spec[addr])
    address = message[header_name].addresses[0]
    assert address.addr_spec == spec[addr]
    assert address.display_name.replace(" ", "") == spec[name].replace(" ", "")


def check(spec, raw):
    head = check_wire(raw)
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert header(message, "Subject") == spec["subject"]
    check_address(spec, head, message, "From", "from_name", "from")
    check_address(spec, head, message, "To", "to_name", "to")
    if spec["reply_to"]:
        check_address(spec, head, message, "Reply-To", "reply_name", "reply_to")
    assert header(message, "Message-ID") == "<%s>" % spec["message_id"]
    assert message["References"] == ("<%s>" % spec["references"] if spec["references"] else None)
    assert message["Date"].datetime.timestamp() * 1000 == spec["date_ms"]
    assert header(message, "Date").endswith("+0300")
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["MIME-Version"] == "1.0"
    assert not message.defects, message.defects
    check_parts(spec, message)


def test_every_mail_comes_back():
    rng = random.Random(20270212)
    specs = [mail(rng, n) for n in range(COUNT)]
    for spec, raw in zip(specs, compose(specs)):
        check(spec, raw)


def test_every_turkish_letter_at_every_place_of_a_subject():
    rng = random.Random(1)
    specs = []
    for pad in range(0, 80):
        spec = mail(rng, pad)
        spec["subject"] = "x" * pad + TURKISH
        specs.append(spec)
    for spec, raw in zip(specs, compose(specs)):
        check(spec, raw)


def test_the_same_mail_has_the_same_bytes():
    spec = mail(random.Random(2), 1)
    first, second = compose([spec, spec])
    assert first == second
