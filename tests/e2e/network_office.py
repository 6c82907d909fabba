"""An office whose messages leave by every kind of provider, each kind for people of its own."""

import contextlib
import json
import os
import re
import ssl
import time

from gateway_support import Gateway, data, event, until
from network_support import Door, Pulse, name_rules
from simulator_support import RECIPES, Simulator, uncommented
from smpp_support import Centre
from smtp_support import Authority, SmtpPeer

# In trouble together; "well" is the one whose messages must not notice.
SICK = ("http", "smpp", "smtp", "curl")
CHANNEL = {"http": "sms", "well": "sms", "smpp": "sms", "smtp": "email", "curl": "email"}
RETRY = {"base": "1s", "cap": "1s"}
BREAKER = {"failures": 1, "open": "1s", "cap": "1s"}
TAKEN = ("accepted", "delivered")
ZONE = "sehir.test"
MAIL_TIMES = {"connect": "3s", "greeting": "20s", "envelope": "20s", "data": "20s",
              "transfer": "20s", "final": "20s", "drain": "1s"}


class Vendors:
    """Somebody who takes messages for each kind, and what they took."""

    def __init__(self, authority):
        self.context = server_context(authority)
        self.simulators = {name: Simulator("verimor") for name in ("http", "well")}
        self.centre = Centre()
        self.relays = {name: SmtpPeer().start() for name in ("smtp", "curl")}

    def port(self, name):
        if name in self.simulators:
            return int(self.simulators[name].url.rsplit(":", 1)[1])
        return self.centre.port if name == "smpp" else self.relays[name].port

    def door(self, name, **place):
        """A way to the vendor; SMS over HTTP leave in TLS."""
        context = self.context if name in self.simulators else None
        return Door(self.port(name), context, **place)

    def took(self, name):
        """The numbers of the persons who were written to, a line for each copy."""
        if name in self.simulators:
            to = [m["to"] for m in self.simulators[name].ledger()]
        elif name == "smpp":
            to = self.centre.recipients()
        else:
            to = [m["to"][0].partition("@")[0] for m in self.relays[name].messages]
        return sorted(int(re.sub(r"\D", "", one)[-4:]) for one in to)

    def forget(self):
        for simulator in self.simulators.values():
            simulator.clear()
        self.centre.units.clear()
        for relay in self.relays.values():
            relay.messages.clear()

    def close(self):
        for simulator in self.simulators.values():
            simulator.stop()
        self.centre.stop()
        for relay in self.relays.values():
            relay.stop()


def server_context(authority):
    chain, key = authority.issue("satici", f"DNS:*.{ZONE}")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    return context


@contextlib.contextmanager
def vendors(directory):
    authority = Authority(directory)
    v = Vendors(authority)
    v.ca_file = authority.file
    try:
        yield v
    finally:
        v.close()


def recipe(directory):
    """Verimor's as shipped, but for its pace: nobody waits a minute for a test."""
    text = uncommented(os.path.join(RECIPES, "verimor.json"))
    text["limits"]["rate"] = "1000/s"
    text["recover"]["again"] = "500ms"
    path = os.path.join(directory, "verimor.json")
    with open(path, "w", encoding="utf-8") as f:
        json.dump(text, f)
    return path


class Office(Gateway):
    """doors: name → where its vendor is found."""

    def __init__(self, directory, ca_file, doors, names_timeout=3, **more):
        self.wrapper = name_rules(directory, names_timeout)
        secret = os.path.join(directory, "parola")
        with open(secret, "w", encoding="ascii") as f:
            f.write("parola")
        os.chmod(secret, 0o600)
        self.common = {"secret": {"file": secret}, "ca_file": ca_file,
                       "recipe": recipe(directory)}
        changes = {"providers": {name: self.provider(name, doors[name], more.get(name, {}))
                                 for name in CHANNEL},
                   "retry": {"sms": RETRY, "email": RETRY},
                   "routes": {"sms": ["well"], "email": ["smtp"]},
                   "campaigns": [campaign(name) for name in CHANNEL]}
        self.next_person = 1
        self.sent_to = {name: [] for name in CHANNEL}
        super().__init__(**changes)

    def provider(self, name, door, more):
        host = f"{name}.{ZONE}"
        if CHANNEL[name] == "email":
            own = {"kind": "smtp" if name == "smtp" else "smtp-curl", "host": host,
                   "port": door.port, "tls": "none", "envelope_from": "e-imza@ornek.test",
                   "timeouts": MAIL_TIMES}
        elif name == "smpp":
            own = {"kind": "smpp", "host": host, "port": door.port, "tls": "off",
                   "system_id": "hatirlat", "password": self.common["secret"],
                   "sender": "BATMANMEM", "concatenation": "payload", "receipts": "none",
                   "reconnect_max": "1s", "timeouts": {"connect": "3s"}}
        else:
            own = {"kind": "http-sms", "recipe": self.common["recipe"], "user": "u",
                   "password": self.common["secret"], "sender": "BATMANMEM",
                   "base_url": f"https://{host}:{door.port}", "allow_private": True,
                   "ca_file": self.common["ca_file"]}
        return {**own, "breaker": BREAKER, **more}

    def write_to(self, name, count):
        """Messages for this many people whose provider is this one."""
        people = range(self.next_person, self.next_person + count)
        self.next_person += count
        self.sent_to[name] += people
        for number in people:
            self.accept(event(number, data=data(number, unit=name)))
        return people

    def seconds_to_send(self, name):
        """How long a message takes from its post to the vendor's yes."""
        started = time.monotonic()
        number, = self.write_to(name, 1)
        self.arrived(name, [number])
        return time.monotonic() - started

    def arrived(self, name, people=None, patience=30):
        wanted = {f"sicil-{n}" for n in people or self.sent_to[name]}

        def all_accepted():
            items = [m for person in wanted for m in self.messages(holder=person)]
            return len(items) == len(wanted) and all(m["status"] in TAKEN for m in items)
        until(all_accepted, f"all taken by {name}", patience, 0.05)

    def attempts(self, name):
        return self.get(f"/v1/providers/{name}").json["attempts"]

    def circuits(self, mark=0):
        """The providers whose breaker has opened."""
        return {e["provider"] for e in self.logged("provider_circuit", mark)
                if e["state"] == "open"}

    def doubtful(self):
        """The persons whose message may have been sent twice, and says so."""
        return [number for people in self.sent_to.values() for number in people
                for m in self.messages(holder=f"sicil-{number}")
                if self.message(m["id"])["possible_duplicate"]]

    def lag(self):
        """The worst of the last seconds, as the gateway measures it itself."""
        return self.metric("hatirlat_loop_lag_seconds")


def campaign(name):
    return {"name": name, "marks": [90], "channels": [CHANNEL[name]],
            "routes": {CHANNEL[name]: [name]}, "who": {"units": [name]}}


def others_are_well(office, seen, patience=30):
    """Until seen() the HTTP interface answers and another provider delivers; the longest waits."""
    slowest = 0.0
    end = time.monotonic() + patience
    with Pulse(office) as pulse:
        while not seen():
            assert time.monotonic() < end, office.log()
            slowest = max(slowest, office.seconds_to_send("well"))
        slowest = max(slowest, office.seconds_to_send("well"))
    return pulse.worst, slowest
