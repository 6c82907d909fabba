"""A Postfix of our own: its configuration, queue and mailboxes lie in one scratch directory."""

import contextlib
import email
import email.policy
import grp
import os
import pwd
import shutil

import support

DAEMONS = "/usr/lib/postfix/sbin"
MAILBOXES = ("isil", "cagri", "umit", "gulsen")
# Queue directories that postfix-script would make, with their groups and modes.
OPEN_QUEUES = {"maildrop": ("postdrop", 0o1730), "public": ("postdrop", 0o2710)}
QUEUES = ("active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming",
          "private", "saved", "trace")

MAIN = """
compatibility_level = 3.6
queue_directory = {home}/queue
data_directory = {home}/data
mail_owner = postfix
setgid_group = postdrop
daemon_directory = {daemons}
maillog_file = {home}/log/mail.log
maillog_file_prefixes = {home}/log
syslog_name = postfix
myhostname = posta.ornek.test
mydomain = ornek.test
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
mydestination =
alias_maps =
alias_database =
local_recipient_maps =
default_transport = error: nothing leaves this machine
virtual_mailbox_domains = ornek.test
virtual_mailbox_base = {home}/mail
virtual_mailbox_maps = inline:{{ {boxes} }}
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_transport = virtual
smtpd_recipient_restrictions = permit_mynetworks, reject
smtpd_tls_security_level = {tls}
smtpd_tls_chain_files = {chain}
smtpd_tls_received_header = yes
"""

MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
flush unix n - n 1000? 0 flush
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
proxymap unix - - n - - proxymap
postlog unix-dgram n - n - 1 postlogd
"""


def make_queue(home):
    owner = pwd.getpwnam("postfix").pw_uid
    (home / "queue" / "pid").mkdir(parents=True)
    for name in QUEUES:
        (home / "queue" / name).mkdir(mode=0o700)
        os.chown(home / "queue" / name, owner, -1)
    for name, (group, mode) in OPEN_QUEUES.items():
        (home / "queue" / name).mkdir()
        os.chown(home / "queue" / name, owner, grp.getgrnam(group).gr_gid)
        (home / "queue" / name).chmod(mode)
    (home / "data").mkdir(mode=0o700)
    os.chown(home / "data", owner, -1)
    (home / "log").mkdir()


class Postfix:
    """tls: the PEM file with key and certificate, or None: no STARTTLS is offered."""

    def __init__(self, home, tls=None):
        self.home, self.port = home, support.free_ports(1)[0]
        box_owner = pwd.getpwnam("nobody")
        make_queue(home)
        (home / "mail").mkdir()
        os.chown(home / "mail", box_owner.pw_uid, box_owner.pw_gid)
        (home / "conf").mkdir()
        boxes = ", ".join(f"{{ {name}@ornek.test = {name}/ }}" for name in MAILBOXES)
        (home / "conf" / "main.cf").write_text(MAIN.format(
            home=home, daemons=DAEMONS, boxes=boxes, uid=box_owner.pw_uid, gid=box_owner.pw_gid,
            tls="encrypt" if tls else "none", chain=tls or ""))
        (home / "conf" / "master.cf").write_text(MASTER.format(port=self.port))
        self.process = None

    def start(self):
        """Does nothing when it runs."""
        if self.process is not None and self.process.child.poll() is None:
            return self
        self.process = support.Process(self.home / "master.log", f"{DAEMONS}/master", "-c",
                                       str(self.home / "conf"), "-d", "-s")
        self.process.wait_until("Postfix listens", lambda: support.answers(self.port))
        return self

    def stop(self):
        if self.process is not None:
            self.process.stop()

    def log(self):
        file = self.home / "log" / "mail.log"
        return file.read_text(errors="replace") if file.exists() else ""

    def files(self, box):
        folder = self.home / "mail" / box / "new"
        return sorted(folder.iterdir(), key=os.path.getmtime) if folder.exists() else []

    def mails(self, box, count=1):
        """(raw bytes, parsed) of what lies in a mailbox, oldest first; waits for so many."""
        def there():
            files = self.files(box)
            return files if len(files) >= count else None
        try:
            files = self.process.wait_until(f"{count} mails for {box}", there)
        except AssertionError as e:
            raise AssertionError(f"{e}\n{self.log()[-3000:]}") from None
        raws = [file.read_bytes() for file in files]
        return [(raw, email.message_from_bytes(raw, policy=email.policy.default)) for raw in raws]


@contextlib.contextmanager
def postfix(tls=None):
    support.program(f"{DAEMONS}/master", "postfix")
    if os.geteuid() != 0:
        support.missing("only root can run a mail server that changes users")
    with support.scratch("postfix") as home:
        chain = None
        if tls:
            chain = shutil.copy(tls, home / "chain.pem")
            os.chmod(chain, 0o600)
        server = Postfix(home, chain)
        try:
            yield server.start()
        finally:
            server.stop()
