"""A message centre of Python's own, for the suites about SMPP and about the network under it."""

import contextlib
import socket
import ssl
import struct
import threading

BIND, SUBMIT = 9, 4


class Centre:
    """Accepts one connection after the other; remembers the units. Speaks TLS with a context."""

    def __init__(self, context=None, chunk=65536):
        self.context, self.chunk, self.units = context, chunk, []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with contextlib.suppress(OSError, ssl.SSLError), connection:
            if self.context is None:
                self.talk(connection)
                return
            with self.context.wrap_socket(connection, server_side=True) as secure:
                self.talk(secure)

    def talk(self, connection):
        stream = connection.makefile("rb")
        while head := stream.read(16):
            length, command, _, sequence = struct.unpack(">IIII", head)
            self.units.append((command, stream.read(length - 16)))
            body = {BIND: b"MERKEZ\0", SUBMIT: b"id-1\0"}.get(command, b"")
            answer = struct.pack(">IIII", 16 + len(body), command | 1 << 31, 0, sequence) + body
            for at in range(0, len(answer), self.chunk):
                connection.sendall(answer[at:at + self.chunk])

    def stop(self):
        self.listener.shutdown(socket.SHUT_RDWR)  # wakes who waits in it: its number is used again
        self.listener.close()

    def commands(self):
        return [command for command, _ in self.units]

    def recipients(self):
        """Who was written to: one entry for each submit_sm, in their order."""
        return [recipient(body) for command, body in self.units if command == SUBMIT]


def recipient(body):
    """The destination address of a submit_sm's body (SMPP 3.4, 4.4.1)."""
    _service, _, rest = body.partition(b"\0")
    _source, _, rest = rest[2:].partition(b"\0")
    return rest[2:].partition(b"\0")[0].decode()


@contextlib.contextmanager
def centre(context=None, **more):
    c = Centre(context, **more)
    try:
        yield c
    finally:
        c.stop()
