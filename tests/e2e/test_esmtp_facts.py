"""Why the SMTP provider guards libesmtp: what happens without each guard.

The guarded twin of each case is in test_smtp.py and test_smtp_tls.py. A failure here means that the
installed libesmtp behaves better than 1.1.0 and that a guard may have become needless.
"""

import os
import signal
import socket
import ssl
import subprocess
import time

import pytest

from smtp_support import BUILD, Authority, SmtpPeer

BARE = os.path.join(BUILD, "tests", "esmtp_bare")


def bare(port, limit=30, **options):
    """Runs libesmtp alone: (exit status, message codes, seconds)."""
    words = [f"{k}={v}" for k, v in options.items()]
    started = time.monotonic()
    done = subprocess.run([BARE, f"127.0.0.1:{port}", *words], capture_output=True, text=True,
                          timeout=limit, check=False)
    return done.returncode, [int(n) for n in done.stdout.split()], time.monotonic() - started


@pytest.fixture(scope="module")
def cert(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("ca")).issue("x", "DNS:x.ornek.test")


def test_a_refused_login_is_followed_by_mail():
    relay = SmtpPeer(auth=("a", "b"), mechanisms="PLAIN").start()
    _, codes, _ = bare(relay.port, user="a", password="wrong")
    assert relay.verbs().count("MAIL") == 1 and codes == [250]


def test_plaintext_behind_starttls_is_taken_for_an_answer_inside(cert):
    relay = SmtpPeer(cert=cert, after_starttls=b"250-evil\r\n250 PIPELINING\r\n",
                     tls_versions=(ssl.TLSVersion.TLSv1_2,) * 2).start()
    bare(relay.port, tls="own", timeout=1000)
    assert "MAIL" in relay.verbs()


def test_the_second_session_with_its_own_context_crashes(cert):
    relay = SmtpPeer(cert=cert, tls_versions=(ssl.TLSVersion.TLSv1_2,) * 2).start()
    assert bare(relay.port, tls="library", sessions=1)[0] == 0
    assert bare(relay.port, tls="library", sessions=4)[0] != 0


def test_tickets_stall_the_session(cert):
    relay = SmtpPeer(cert=cert, tls_versions=(ssl.TLSVersion.TLSv1_3,) * 2).start()
    _, codes, _ = bare(relay.port, tls="own", timeout=1000, slow=20, sessions=3)
    assert 0 in codes


def test_long_messages_crawl():
    relay = SmtpPeer().start()
    _, codes, seconds = bare(relay.port, count=20, bytes=5000)
    assert codes == [250] * 20 and seconds > 0.5


def test_a_dripping_answer_keeps_the_thread():
    relay = SmtpPeer(script={"MAIL": "!trickle 250-" + "x" * 60}).start()
    _, _, seconds = bare(relay.port, timeout=1000)
    assert seconds > 4


def test_connect_has_no_bound():
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    fill = []
    for _ in range(3):
        fill.append(socket.socket())
        fill[-1].setblocking(False)
        fill[-1].connect_ex(listener.getsockname())
    with pytest.raises(subprocess.TimeoutExpired):
        bare(listener.getsockname()[1], limit=4, timeout=1000)


def test_a_relay_that_hangs_up_kills_the_program():
    relay = SmtpPeer(script={"MAIL": "!reset"}).start()
    assert bare(relay.port)[0] == -signal.SIGPIPE


def test_an_address_can_hold_commands():
    relay = SmtpPeer().start()
    bare(relay.port, to="b@ornek.test>\r\nRCPT TO:<c@ornek.test")
    assert [l for _, _, l in relay.commands if l.startswith("RCPT")] == [
        "RCPT TO:<b@ornek.test>", "RCPT TO:<c@ornek.test>"]


def test_250_for_a_message_nobody_took():
    relay = SmtpPeer(script={"RCPT": "550 5.1.1 no", "DATA": "354 go"}).start()
    assert bare(relay.port)[1] == [250]


def test_250_to_data_looks_like_a_verdict():
    relay = SmtpPeer(script={"DATA": "250 ok"}).start()
    assert bare(relay.port)[1] == [250] and relay.messages == []


def test_a_verdict_before_the_message_counts():
    relay = SmtpPeer(script={"DATA": "354 go\n250 taken", "BODY": "!drop"}).start()
    assert bare(relay.port)[1] == [250]


def test_a_chunks_250_stays_when_the_message_breaks_off():
    relay = SmtpPeer(extensions=["CHUNKING"], script={"BDAT": ["250 ok", "!stall"]}).start()
    assert bare(relay.port, timeout=1000)[1] == [250] and relay.messages == []


def test_a_relay_that_pauses_gets_a_message_with_a_hole():
    # After its timeout libesmtp drops the block it could not write and goes on with the next.
    relay = SmtpPeer(break_body=(100000, "pause")).start()
    _, codes, _ = bare(relay.port, bytes=20000000, timeout=2500)  # the pause lasts longer
    assert codes == [250] and len(relay.messages[0]["bytes"]) < 20000000
