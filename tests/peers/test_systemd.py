"""The service unit as systemd judges it, and the words we say to a service manager."""

import contextlib
import os
import signal
import socket
import subprocess

import support

UNIT = support.ROOT / "config" / "hatirlat.service"


def analyze(*args):
    tool = support.program("systemd-analyze", "systemd")
    return subprocess.run([tool, *args], capture_output=True, text=True, timeout=60)


def test_the_unit_is_well_formed(tmp_path):
    unit = tmp_path / "hatirlat.service"
    unit.write_text(UNIT.read_text().replace("/usr/bin/hatirlat", str(support.BUILD / "hatirlat")))
    checked = analyze("verify", "--man=no", str(unit))
    assert (checked.returncode, checked.stderr) == (0, "")


def test_the_unit_exposes_little():
    checked = analyze("security", "--offline=true", "--threshold=15", str(UNIT))
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert analyze("security", "--offline=true", "--threshold=5", str(UNIT)).returncode != 0


@contextlib.contextmanager
def service_manager(path):
    """The socket behind NOTIFY_SOCKET; yields a function that waits for a line."""
    heard = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.bind(str(path))
        s.setblocking(False)

        def hears(line):
            with contextlib.suppress(BlockingIOError):
                while True:
                    heard.extend(s.recv(4096).decode().splitlines())
            return line in heard
        yield hears


def test_it_speaks_with_its_service_manager(tmp_path):
    g = support.Gateway(tmp_path, support.free_ports(1)[0],
                        providers={"sms-deneme": {"kind": "sink"}}, routes={"sms": ["sms-deneme"]},
                        campaigns=[{"name": "e-imza", "marks": [15], "channels": ["sms"]}])
    with service_manager(tmp_path / "notify") as hears:
        env = {**os.environ, "NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "400000"}
        process = support.Process(tmp_path / "gateway.log", support.BUILD / "hatirlat", "serve",
                                  "--config", g.file, env=env)
        try:
            process.wait_until("READY", lambda: hears("READY=1"))
            process.wait_until("WATCHDOG", lambda: hears("WATCHDOG=1"))
            process.child.send_signal(signal.SIGHUP)
            process.wait_until("the reload", lambda: b"reload" in process.said())
            assert not hears("STOPPING=1")
            assert process.stop() == 0, process.tail()
            assert hears("STOPPING=1")
        finally:
            process.child.kill()


def test_a_wrong_setting_ends_with_the_status_the_unit_knows(tmp_path):
    g = support.Gateway(tmp_path, 1, yanlis="anahtar")
    done = subprocess.run([support.BUILD / "hatirlat", "serve", "--config", g.file],
                          capture_output=True, text=True, timeout=30)
    assert done.returncode == 78 and "yanlis" in done.stderr
    assert "RestartPreventExitStatus=78\n" in UNIT.read_text()
