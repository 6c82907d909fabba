"""
A network of our own, so that it can be broken: name servers, roads that lose, slow down or go dark,
and doors on their far ends.

The tests' thread moves into a network namespace; every socket it makes and every program it starts
belongs there. The program under test reads a resolv.conf and an nsswitch.conf of ours in a mount
namespace of its own, and is otherwise as it is shipped. Root is enough, also in a chroot; without
root a user namespace is tried, which then stays until the process ends.
"""

import contextlib
import ctypes
import os
import select
import socket
import ssl
import struct
import subprocess
import threading
import time

import pytest

NEW_MOUNTS, NEW_USER, NEW_NETWORK = 0x00020000, 0x10000000, 0x40000000
LIBC = ctypes.CDLL(None, use_errno=True)


def run(*words, **options):
    """A command that must work; what it said."""
    done = subprocess.run(words, capture_output=True, text=True, timeout=20, **options)
    assert done.returncode == 0, f"{' '.join(words)}: {done.stderr.strip()}"
    return done.stdout


def need(program, package):
    paths = os.environ["PATH"].split(":") + ["/usr/sbin", "/sbin"]
    if not any(os.access(os.path.join(path, program), os.X_OK) for path in paths):
        pytest.skip(f"{program} is not installed (package {package})")


# ---- namespaces ----

def unshare(flags):
    if LIBC.unshare(flags) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def own_namespace():
    return os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)


def enter(namespace):
    if LIBC.setns(namespace, NEW_NETWORK) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def become_root():
    """A user namespace in which this user is root; only while there is one thread."""
    user, group = os.geteuid(), os.getegid()
    unshare(NEW_USER)
    for name, text in (("setgroups", "deny"), ("uid_map", f"0 {user} 1"),
                       ("gid_map", f"0 {group} 1")):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as f:
            f.write(text)


@contextlib.contextmanager
def own_network():
    """This thread in a network with nothing but its loopback."""
    need("ip", "iproute2")
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    try:
        if os.geteuid() != 0:
            become_root()
        before = own_namespace()
        unshare(NEW_NETWORK)
    except OSError as refused:
        pytest.skip(f"no network namespace without root: {refused}")
    try:
        run("ip", "link", "set", "lo", "up")
        yield
    finally:
        with contextlib.suppress(OSError):
            enter(before)
        os.close(before)


class Elsewhere:
    """A second network, beyond the roads."""

    def __init__(self):
        maker = threading.Thread(target=self.make)
        maker.start()
        maker.join()
        self.here = own_namespace()

    def make(self):
        unshare(NEW_NETWORK)
        self.namespace = own_namespace()
        run("ip", "link", "set", "lo", "up")

    @contextlib.contextmanager
    def inside(self):
        enter(self.namespace)
        try:
            yield
        finally:
            enter(self.here)

    def close(self):
        os.close(self.namespace)
        os.close(self.here)


class Road:
    """A pair of interfaces from here to elsewhere."""

    def __init__(self, elsewhere, number):
        self.elsewhere, self.number, self.loses = elsewhere, number, False
        self.near, self.far = f"near{number}", f"far{number}"
        self.address = f"10.77.{number}.2"  # of the far end
        try:
            run("ip", "link", "add", self.near, "type", "veth", "peer", "name", self.far)
        except AssertionError as refused:
            pytest.skip(f"no pair of interfaces: {refused}")
        fd = elsewhere.namespace
        run("ip", "link", "set", self.far, "netns", f"/proc/self/fd/{fd}", pass_fds=(fd,))
        self.settle(self.near, f"10.77.{number}.1")
        with elsewhere.inside():
            self.settle(self.far, self.address)

    @staticmethod
    def settle(interface, address):
        run("ip", "address", "add", f"{address}/24", "dev", interface)
        run("ip", "link", "set", interface, "up")

    def both(self, *words):
        """A command for either end; DEV is the interface's name."""
        run(*[self.near if word == "DEV" else word for word in words])
        with self.elsewhere.inside():
            run(*[self.far if word == "DEV" else word for word in words])

    def close(self):
        run("ip", "link", "delete", self.near)
        if self.loses:
            run("nft", "delete table ip loss")

    def go_dark(self):
        """Everything leaves and nothing arrives: the far end has another hardware address."""
        run("ip", "neighbour", "replace", self.address, "dev", self.near, "lladdr",
            "02:00:00:00:00:01", "nud", "permanent")

    def light_up(self):
        run("ip", "neighbour", "delete", self.address, "dev", self.near)

    def lose(self, percent):
        """Drops so many of a hundred packets that come from elsewhere."""
        need("nft", "nftables")
        self.loses = True
        try:
            run("nft", "add table ip loss")
            run("nft", "add chain ip loss arriving { type filter hook input priority 0; }")
            run("nft", f"add rule ip loss arriving iifname {self.near} numgen random mod 100 "
                       f"< {percent} drop")
        except AssertionError as refused:
            pytest.skip(f"this kernel drops no packets at random: {refused}")

    def narrow(self, rate):
        try:
            self.both("tc", "qdisc", "add", "dev", "DEV", "root", "tbf", "rate", rate, "burst",
                      "3000", "latency", "2s")
        except AssertionError as refused:
            pytest.skip(f"this kernel makes no slow link: {refused}")


# ---- names ----

A, AAAA = 1, 28
NXDOMAIN, SERVFAIL = 3, 2


class NameServer:
    """Answers on 127.0.0.1:53 what its table says: a name has addresses, or one of the troubles
    nxdomain, servfail, empty, silent, or ("late", seconds, address, …)."""

    def __init__(self, **names):
        self.names = {}
        self.questions = []  # (time, name)
        self.tell(**names)
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", 53))
        self.tcp = socket.create_server(("127.0.0.1", 53))
        threading.Thread(target=self.serve_datagrams, daemon=True).start()
        threading.Thread(target=self.serve_streams, daemon=True).start()

    def tell(self, *trouble, **names):
        """What is said from now on; the first part of a name is enough, a trouble is for all."""
        if trouble:
            names = dict.fromkeys(self.names, trouble[0])
        for name, what in names.items():
            self.names[name] = (what,) if isinstance(what, str) else what

    def asked(self, name, since=0.0):
        return [at for at, asked in list(self.questions) if asked == name and at >= since]

    def serve_datagrams(self):
        with contextlib.suppress(OSError):
            while True:
                question, client = self.udp.recvfrom(4096)
                if not question:
                    return
                self.answer(question, lambda reply, to=client: self.udp.sendto(reply, to))

    def serve_streams(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.tcp.accept()
                threading.Thread(target=self.serve_stream, args=(connection,), daemon=True).start()

    def serve_stream(self, connection):
        with contextlib.suppress(OSError, struct.error), connection:
            stream = connection.makefile("rb")
            while True:
                length, = struct.unpack(">H", stream.read(2))
                self.answer(stream.read(length), lambda reply: connection.sendall(
                    struct.pack(">H", len(reply)) + reply))

    def answer(self, question, send):
        name, end = read_name(question)
        kind, = struct.unpack_from(">H", question, end)
        what = self.names.get(name.split(".")[0], ("nxdomain",))
        self.questions.append((time.monotonic(), name.split(".")[0]))
        if what[0] == "silent":
            return
        if what[0] == "late":
            reply = answer_of(question, end, kind, what[2:])
            threading.Timer(what[1], quietly, (send, reply)).start()
            return
        quietly(send, answer_of(question, end, kind, what))

    def close(self):
        for server in (self.udp, self.tcp):
            with contextlib.suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)  # wakes who waits in it
            server.close()


def quietly(send, reply):
    with contextlib.suppress(OSError):
        send(reply)


def read_name(question):
    labels, at = [], 12
    while question[at] != 0:
        labels.append(question[at + 1:at + 1 + question[at]].decode().lower())
        at += 1 + question[at]
    return ".".join(labels), at + 1


def answer_of(question, end, kind, what):
    """RFC 1035 4.1: the question once more, and the addresses of its kind."""
    code = {"nxdomain": NXDOMAIN, "servfail": SERVFAIL}.get(what[0], 0)
    family = {A: socket.AF_INET, AAAA: socket.AF_INET6}.get(kind)
    found = []
    for address in what:
        with contextlib.suppress(OSError, TypeError):
            found.append(socket.inet_pton(family, address))
    head = question[:2] + struct.pack(">HHHHH", 0x8180 | code, 1, len(found), 0, 0)
    rows = [struct.pack(">HHHIH", 0xC00C, kind, 1, 0, len(one)) + one for one in found]
    return head + question[12:end + 4] + b"".join(rows)


def name_rules(directory, timeout):
    """The words that start a program whose resolver waits so many seconds for our name server."""
    rules = {"/etc/resolv.conf": f"nameserver 127.0.0.1\noptions timeout:{timeout} attempts:1\n",
             "/etc/nsswitch.conf": "hosts: files dns\n"}
    # In a chroot the root is no mount point: then nothing may be shared with the world outside.
    script = ("mount --make-rprivate / 2>/dev/null || ! grep -q shared: /proc/self/mountinfo || "
              "{ echo mounts are shared >&2; exit 1; }; ")
    for place, text in rules.items():
        own = os.path.join(directory, os.path.basename(place))
        with open(own, "w", encoding="ascii") as f:
            f.write(text)
        if not os.path.exists(place):
            pytest.skip(f"{place} is not there")
        script += f"mount --bind {own} {place} && "
    words = ("unshare", "-m", "--propagation", "unchanged", "sh", "-c", script + 'exec "$@"', "sh")
    tried = subprocess.run([*words, "true"], capture_output=True, text=True, check=False)
    if tried.returncode != 0:
        pytest.skip(f"no resolver of our own: {tried.stderr.strip()}")
    return words


# ---- doors ----

class Door:
    """Where a road or a name leads: hands connections on to a port of this machine. With a context
    it ends TLS. While it is shut connections are refused; while it slams they are reset."""

    def __init__(self, to_port, context=None, elsewhere=None, host="127.0.0.1",
                 port=0):
        self.to_port, self.context, self.elsewhere = to_port, context, elsewhere
        self.slams = False
        self.guests = 0
        self.listener = None
        self.host, self.port = host, port
        self.open()

    def open(self):
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        with self.elsewhere.inside() if self.elsewhere else contextlib.nullcontext():
            self.listener = socket.create_server((self.host, self.port), family=family, backlog=128)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, args=(self.listener,), daemon=True).start()

    def shut(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def accept(self, listener):
        with contextlib.suppress(OSError):
            while True:
                guest, _ = listener.accept()
                self.guests += 1
                if self.slams:
                    reset(guest)
                else:
                    threading.Thread(target=self.lead, args=(guest,), daemon=True).start()

    def lead(self, guest):
        with contextlib.suppress(OSError, ssl.SSLError):
            guest.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.context is not None:
                guest = self.context.wrap_socket(guest, server_side=True)
            hand_on(guest, socket.create_connection(("127.0.0.1", self.to_port)))


def hand_on(guest, inner):
    """Both directions in one thread: a TLS connection is no good in two."""
    with guest, inner:
        while True:
            ready = select.select([guest, inner], [], [])[0]
            for source in ready:
                sink = inner if source is guest else guest
                data = source.recv(65536)
                if not data:
                    return
                sink.sendall(data)
                while isinstance(source, ssl.SSLSocket) and source.pending():
                    sink.sendall(source.recv(65536))


def reset(guest):
    guest.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    guest.close()


# ---- pulse ----

class Pulse:
    """Asks the gateway for its health all the time: the longest wait is how long its loop stood."""

    def __init__(self, gateway):
        self.client = gateway.client()
        self.worst = 0.0
        self.count = 0
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.beat, daemon=True)

    def beat(self):
        while not self.over.is_set():
            started = time.monotonic()
            assert self.client.get("/healthz", key=None, timeout=60).status == 200
            self.worst = max(self.worst, time.monotonic() - started)
            self.count += 1
            time.sleep(0.02)
        self.client.hang_up()

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join(60)
