"""A scripted SMTP relay that can misbehave at every step.

As a module: SmtpPeer(script={...}).start(). As a program:

    python3 smtp_peer.py --port 2525 --ledger peer.ndjson --script 'RCPT=550 5.1.1 no such user'

A script maps steps (GREETING EHLO EHLO_TLS STARTTLS AUTH MAIL RCPT DATA BODY RSET QUIT) to what is
done there: one action, or a list of actions for the first, second, … time (the last one stays).
A recipient may have an action of its own. Actions:

    250 2.1.5 ok        the reply; "\\n" separates the lines of a longer one
    !drop               close without a word          !reset              close with a TCP reset
    !stall              never answer                  !trickle 250 ok     a byte every 100 ms
    !late 0.5 250 ok    answer half a second later    !half 250 ok        half the reply, then close
    !last 421 4.3.2 no  answer, then close            !raw bytes          as they are (\\r\\n escapes)

Every command and every message taken is appended to the ledger as one JSON line, synced to disk
before the answer leaves, so that a test can compare it with what the client believes. For long
runs --lean keeps only a line per message, with its headers.
"""

import argparse
import base64
import json
import os
import socket
import ssl
import struct
import threading
import time

EXTENSIONS = ["PIPELINING", "ENHANCEDSTATUSCODES", "8BITMIME", "SIZE 10485760"]

REPLIES = {
    "GREETING": "220 relay.ornek.test ESMTP",
    "STARTTLS": "220 2.0.0 go ahead",
    "MAIL": "250 2.1.0 ok",
    "RCPT": "250 2.1.5 ok",
    "DATA": "354 go ahead",
    "BODY": "250 2.0.0 queued as {number}",
    "RSET": "250 2.0.0 ok",
    "QUIT": "221 2.0.0 bye",
}


class Closed(Exception):
    """The connection ends here."""


class SmtpPeer:
    def __init__(self, script=None, recipients=None, extensions=None, cert=None, tls_versions=None,
                 auth=None, mechanisms="PLAIN LOGIN", after_starttls=b"", break_body=None,
                 ledger=None, port=0, host="127.0.0.1", before_handshake=0.0, lean=False,
                 implicit=False):
        self.script = script or {}
        self.recipients = recipients or {}
        self.extensions = EXTENSIONS if extensions is None else extensions
        self.cert = cert  # (certificate chain, key); None: no STARTTLS
        self.tls_versions = tls_versions  # (minimum, maximum)
        self.auth = auth  # (user, password); None: not offered
        self.mechanisms = mechanisms
        self.after_starttls = after_starttls  # plaintext in the segment of STARTTLS's 220
        self.break_body = break_body  # (bytes, "drop" | "stall" | "reset" | "pause")
        self.before_handshake = before_handshake
        self.ledger_path = ledger
        self.lean = lean
        self.implicit = implicit  # TLS from the start, as on port 465
        self.commands = []  # (connection, in TLS, line)
        self.messages = []  # {"from", "to", "bytes"}
        self.server_names = []
        self.tls_errors = []
        self.connections = 0
        self.uses = {}
        self.lock = threading.Lock()
        self.stopping = threading.Event()
        self.listener = socket.create_server((host, port), backlog=128)
        self.port = self.listener.getsockname()[1]

    def start(self):
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def stop(self):
        self.stopping.set()
        self.listener.shutdown(socket.SHUT_RDWR)  # wakes who waits in it: its number is used again
        self.listener.close()

    def accept(self):
        while not self.stopping.is_set():
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self.lock:
                self.connections += 1
                number = self.connections
            threading.Thread(target=Dialogue(self, connection, number).run, daemon=True).start()

    def action(self, step):
        actions = self.script.get(step, REPLIES.get(step))
        if not isinstance(actions, list):
            return actions
        with self.lock:
            n = self.uses.get(step, 0)
            self.uses[step] = n + 1
        return actions[min(n, len(actions) - 1)]

    def record(self, **entry):
        if not self.ledger_path:
            return
        with self.lock, open(self.ledger_path, "a", encoding="utf-8") as f:
            f.write(json.dumps(entry) + "\n")
            f.flush()
            os.fsync(f.fileno())

    def verbs(self):
        """The first words of all commands, in order."""
        return [line.split(" ")[0].split(":")[0].upper() for _, _, line in self.commands]

    def cleartext(self):
        return [line for _, tls, line in self.commands if not tls]


class Dialogue:
    def __init__(self, peer, connection, number):
        self.peer = peer
        self.socket = connection
        self.number = number
        self.tls = False
        self.buffer = b""
        self.sender = None
        self.rcpts = []
        self.chunks = b""

    def run(self):
        try:
            if self.peer.implicit:
                self.encrypt()
            self.perform("GREETING")
            while True:
                self.command(self.line())
        except (Closed, OSError):
            pass
        finally:
            self.socket.close()

    # ---- bytes ----

    def fill(self):
        data = self.socket.recv(65536)
        if not data:
            raise Closed
        self.buffer += data

    def line(self):
        while b"\n" not in self.buffer:
            self.fill()
        line, _, self.buffer = self.buffer.partition(b"\n")
        text = line.rstrip(b"\r").decode("utf-8", "backslashreplace")
        if not self.peer.lean:
            self.peer.commands.append((self.number, self.tls, text))
            self.peer.record(seen=text, connection=self.number, tls=self.tls)
        return text

    def say(self, text):
        self.socket.sendall(encode(text))

    def reset(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise Closed

    def stall(self):
        self.peer.stopping.wait()
        raise Closed

    def perform(self, step, action=None, **names):
        """Does the step's action; True when it was a positive reply."""
        action = (action or self.peer.action(step)).format(**names)
        if not action.startswith("!"):
            self.say(action)
            return action[:1] in "23"
        word, _, rest = action[1:].partition(" ")
        if word == "drop":
            self.socket.close()
            raise Closed
        if word == "reset":
            self.reset()
        if word == "stall":
            self.stall()
        if word == "late":
            delay, _, rest = rest.partition(" ")
            time.sleep(float(delay))
            self.say(rest)
        elif word == "trickle":
            for byte in encode(rest):
                self.socket.sendall(bytes([byte]))
                time.sleep(0.1)
        elif word == "half":
            self.socket.sendall(encode(rest)[: len(rest) // 2])
            raise Closed
        elif word == "last":
            self.say(rest)
            raise Closed
        elif word == "raw":
            self.socket.sendall(rest.encode().decode("unicode_escape").encode("latin-1"))
        else:
            raise ValueError(action)
        return rest[:1] in "23"

    # ---- commands ----

    def command(self, line):
        verb = line.split(" ")[0].split(":")[0].upper()
        handler = getattr(self, "on_" + verb.lower(), None)
        if handler is None:
            self.say("500 5.5.2 what?")
        else:
            handler(line)

    def on_ehlo(self, _line):
        step = "EHLO_TLS" if self.tls and "EHLO_TLS" in self.peer.script else "EHLO"
        lines = ["relay.ornek.test"] + list(self.peer.extensions)
        if self.peer.cert and not self.tls:
            lines.append("STARTTLS")
        if self.peer.auth:
            lines.append("AUTH " + self.peer.mechanisms)
        reply = "\n".join(f"250{'-' if i + 1 < len(lines) else ' '}{l}" for i, l in enumerate(lines))
        self.perform(step, self.peer.action(step) or reply)

    def on_helo(self, _line):
        self.perform("HELO", self.peer.action("HELO") or "250 relay.ornek.test")

    def on_starttls(self, _line):
        action = self.peer.action("STARTTLS")
        if self.peer.after_starttls:
            self.socket.sendall(encode(action) + self.peer.after_starttls)
        elif not self.perform("STARTTLS", action):
            return
        time.sleep(self.peer.before_handshake)
        self.encrypt()
        self.buffer = b""

    def encrypt(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.peer.cert)
        if self.peer.tls_versions:
            context.minimum_version, context.maximum_version = self.peer.tls_versions
        context.sni_callback = lambda _s, name, _c: self.peer.server_names.append(name)
        try:
            self.socket = context.wrap_socket(self.socket, server_side=True)
        except (ssl.SSLError, OSError) as problem:
            self.peer.tls_errors.append(str(problem))
            raise Closed from problem
        self.tls = True

    def on_auth(self, line):
        words = line.split(" ")
        scripted = self.peer.action("AUTH")
        if scripted:
            self.perform("AUTH", scripted)
            return
        if words[1].upper() == "XOAUTH2":
            fields = base64.b64decode(words[2]).decode().split("\1")
            user, password = fields[0][len("user="):], fields[1][len("auth=Bearer "):]
        elif words[1].upper() == "PLAIN":
            _, user, password = base64.b64decode(words[2]).decode().split("\0")
        else:
            if len(words) == 2:
                self.say("334 " + base64.b64encode(b"Username:").decode())
            user = base64.b64decode(words[2] if len(words) > 2 else self.line()).decode()
            self.say("334 " + base64.b64encode(b"Password:").decode())
            password = base64.b64decode(self.line()).decode()
        ok = (user, password) == tuple(self.peer.auth)
        self.say("235 2.7.0 welcome" if ok else "535 5.7.8 wrong user or password")

    def on_mail(self, line):
        self.sender, self.rcpts = address(line), []
        self.perform("MAIL")

    def on_rcpt(self, line):
        to = address(line)
        if self.perform("RCPT", self.peer.recipients.get(to)):
            self.rcpts.append(to)

    def on_bdat(self, line):
        words = line.split(" ")
        while len(self.buffer) < int(words[1]):
            self.fill()
        self.chunks += self.buffer[: int(words[1])]
        self.buffer = self.buffer[int(words[1]) :]
        self.perform("BDAT", self.peer.action("BDAT") or "250 2.0.0 ok")
        if words[-1].upper() == "LAST":
            self.peer.messages.append({"from": self.sender, "to": self.rcpts,
                                       "bytes": self.chunks})

    def on_data(self, _line):
        if not self.rcpts and "DATA" not in self.peer.script:
            self.say("554 5.5.1 no valid recipients")
            return
        if not self.perform("DATA"):
            return
        body = self.body()
        number = len(self.peer.messages) + 1
        action = self.peer.action("BODY").format(number=number)
        if taken(action):
            body = body.partition(b"\r\n\r\n")[0] if self.peer.lean else body
            self.peer.messages.append({"from": self.sender, "to": self.rcpts, "bytes": body})
            self.peer.record(message=number, sender=self.sender, to=self.rcpts,
                             text=body.decode("latin-1"), connection=self.number)
        self.perform("BODY", action)

    def body(self):
        data = bytearray(self.buffer)
        while not (data.startswith(b".\r\n") or data.find(b"\r\n.\r\n", -65600) >= 0):
            if self.peer.break_body and len(data) >= self.peer.break_body[0]:
                how, self.peer.break_body = self.peer.break_body[1], None
                {"drop": self.drop, "stall": self.stall, "reset": self.reset,
                 "pause": lambda: time.sleep(4)}[how]()
            self.buffer = b""
            self.fill()
            data += self.buffer
        if data.startswith(b".\r\n"):
            self.buffer = bytes(data[3:])
            return b""
        raw, _, self.buffer = bytes(data).partition(b"\r\n.\r\n")
        return (b"\r\n" + raw + b"\r\n").replace(b"\r\n.", b"\r\n")[2:]

    def drop(self):
        self.socket.close()
        raise Closed

    def on_rset(self, _line):
        self.perform("RSET")

    def on_quit(self, _line):
        self.perform("QUIT")
        raise Closed


def encode(text):
    return text.replace("\n", "\r\n").encode("latin-1") + b"\r\n"


def address(line):
    return line[line.index("<") + 1 : line.index(">")] if "<" in line and ">" in line else line


def taken(action):
    """Whether a relay that does this after the dot has taken the message."""
    if not action.startswith("!"):
        return action.startswith("2")
    return True


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--ledger")
    parser.add_argument("--script", action="append", default=[], metavar="STEP=ACTION")
    parser.add_argument("--recipient", action="append", default=[], metavar="ADDRESS=ACTION")
    parser.add_argument("--cert", nargs=2, metavar=("CHAIN", "KEY"))
    parser.add_argument("--auth", nargs=2, metavar=("USER", "PASSWORD"))
    parser.add_argument("--lean", action="store_true", help="only messages, only their headers")
    parser.add_argument("--inject", default="", help="plaintext behind the 220 of STARTTLS")
    args = parser.parse_args()
    script = {}
    for entry in args.script:
        step, _, action = entry.partition("=")
        script.setdefault(step.upper(), []).append(action)
    peer = SmtpPeer(
        script=script, recipients=dict(e.split("=", 1) for e in args.recipient),
        cert=args.cert, auth=args.auth, ledger=args.ledger, port=args.port, lean=args.lean,
        after_starttls=args.inject.encode().decode("unicode_escape").encode("latin-1"))
    print(peer.port, flush=True)
    peer.accept()


if __name__ == "__main__":
    main()
