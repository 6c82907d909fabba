"""A Kannel of our own: bearerbox, smsbox and its fake SMS centre on loopback."""

import contextlib
import pathlib
import re
import urllib.parse

import support

FAKESMSC = "/usr/lib/kannel/test/fakesmsc"
USER, PASSWORD = "hatirlat", "ornek-parola"

# fakesmsc's log: <sender receiver [udh HEADER] text|data BODY>, escaped as in a URL but for "text".
MESSAGE = re.compile(rb"Got message \d+: <(?P<sender>\S+) (?P<to>\S+) (?:udh (?P<udh>\S+) )?"
                     rb"(?P<kind>text|data) (?P<body>.*)>$")

CONFIG = """
group = core
admin-port = {admin}
admin-interface = 127.0.0.1
admin-password = {password}
smsbox-port = {boxes}
smsbox-interface = 127.0.0.1
box-allow-ip = 127.0.0.1
log-level = 0
log-file = {home}/bearerbox.log
store-file = {home}/kannel.store
dlr-storage = internal

group = smsc
smsc = fake
smsc-id = sahte
port = {centre}
connect-allow-ip = 127.0.0.1

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {sendsms}
sendsms-interface = 127.0.0.1
log-level = 0
log-file = {home}/smsbox.log

group = sendsms-user
username = {user}
password = {password}
max-messages = 10
concatenation = true

group = sms-service
keyword = default
max-messages = 0
text = ""
"""


class Kannel:
    def __init__(self, home):
        self.home = pathlib.Path(home)
        admin, boxes, self.centre, self.sendsms = support.free_ports(4)
        self.file = self.home / "kannel.conf"
        self.file.write_text(CONFIG.format(home=home, user=USER, password=PASSWORD, admin=admin,
                                           boxes=boxes, centre=self.centre, sendsms=self.sendsms))
        self.parts = []
        self.box = self.start("bearerbox", "/usr/sbin/bearerbox", str(self.file))
        self.box.wait_until("bearerbox listens",
                            lambda: support.answers(boxes) and support.answers(self.centre))
        self.phone = self.start("fakesmsc", FAKESMSC, "-H", "127.0.0.1", "-r", str(self.centre),
                                "-m", "0", "1 2 text bos")
        self.smsbox = self.start("smsbox", "/usr/sbin/smsbox", str(self.file))
        self.smsbox.wait_until("smsbox listens", lambda: support.answers(self.sendsms))
        self.box.wait_until("smsbox and the SMS centre are connected", self.ready)

    def start(self, name, *command):
        process = support.Process(self.home / f"{name}.out", *command, cwd=self.home)
        self.parts.append(process)
        return process

    def ready(self):
        """Both are there to stay; the probes for the ports have gone."""
        said = (self.home / "bearerbox.log").read_text(errors="replace")
        centre = said.count("Fakesmsc client connected") - said.count("EOF from fakesmsc client")
        boxes = said.count("Client connected from") - said.count("Connection closed by the box")
        return centre == 1 and boxes == 1

    def received(self, number):
        """What the SMS centre was handed for this number: (sender, kind, header, body bytes)."""
        found = []
        for line in self.phone.said().splitlines():
            match = MESSAGE.search(line)
            if match and match["to"] == number.encode():
                body, kind = match["body"], match["kind"].decode()
                header = urllib.parse.unquote_to_bytes(match["udh"] or b"")
                if kind == "data":
                    body = urllib.parse.unquote_to_bytes(body.replace(b"+", b" "))
                found.append((match["sender"].decode(), kind, header, body))
        return found

    def stop(self):
        for process in reversed(self.parts):
            process.stop(5)


@contextlib.contextmanager
def kannel():
    for name in (FAKESMSC, "bearerbox", "smsbox"):
        support.program(name, "kannel, kannel-extras")
    with support.scratch("kannel") as home:
        server = None
        try:
            server = Kannel(home)
            yield server
        finally:
            if server:
                server.stop()
