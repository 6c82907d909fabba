"""A Postfix of our own: its configuration, queue and mailboxes lie in one scratch directory."""

import base64
import contextlib
import email
import email.policy
import grp
import os
import pwd
import shutil
import socketserver
import threading

import support

DAEMONS = "/usr/lib/postfix/sbin"
MAILBOXES = ("isil", "cagri", "umit", "gulsen", "okul")
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
smtpd_sasl_auth_enable = {login}
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:127.0.0.1:{accounts}
smtpd_sasl_authenticated_header = yes
smtpd_tls_auth_only = yes
smtpd_tls_security_level = {tls}
smtpd_tls_chain_files = {chain}
smtpd_tls_received_header = yes
{more}
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
smtp unix - - n - - smtp
lmtp unix - - n - - lmtp
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


class Accounts(socketserver.ThreadingTCPServer):
    """Whom Postfix asks about logins: the server's side of Dovecot's authentication protocol 1.1,
    for AUTH PLAIN with its response at once."""

    daemon_threads = True

    def __init__(self, user, password):
        super().__init__(("127.0.0.1", 0), Login)
        self.expected = base64.b64encode(f"\0{user}\0{password}".encode()).decode()
        self.user = user
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()


class Login(socketserver.StreamRequestHandler):
    def say(self, *words):
        self.wfile.write(("\t".join(words) + "\n").encode())

    def handle(self):
        for line in ("VERSION\t1\t1", "MECH\tPLAIN\tplaintext", "SPID\t1", "CUID\t1",
                     "COOKIE\t0123456789abcdef0123456789abcdef", "DONE"):
            self.say(line)
        for line in self.rfile:
            words = line.decode().rstrip("\n").split("\t")
            if words[0] == "AUTH":
                good = words[-1] == f"resp={self.server.expected}"
                self.say("OK" if good else "FAIL", words[1], f"user={self.server.user}")


class Postfix:
    """tls: the PEM file with key and certificate, or None: no STARTTLS is offered. accounts: the
    Accounts it asks, or None: no login is offered. boxes: mailboxes beyond the usual ones, whole
    addresses. more: further lines of main.cf."""

    def __init__(self, home, tls=None, accounts=None, boxes=(), more=""):
        self.home, self.port = home, support.free_ports(1)[0]
        box_owner = pwd.getpwnam("nobody")
        make_queue(home)
        (home / "mail").mkdir()
        os.chown(home / "mail", box_owner.pw_uid, box_owner.pw_gid)
        (home / "conf").mkdir()
        names = [f"{name}@ornek.test" for name in MAILBOXES] + list(boxes)
        boxes = ", ".join(f"{{ {name} = {name.split('@')[0]}/ }}" for name in names)
        (home / "conf" / "main.cf").write_text(MAIN.format(
            home=home, daemons=DAEMONS, boxes=boxes, uid=box_owner.pw_uid, gid=box_owner.pw_gid,
            tls="encrypt" if tls else "none", chain=tls or "", login="yes" if accounts else "no",
            accounts=accounts.server_address[1] if accounts else 0, more=more))
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
def postfix(tls=None, accounts=None, **more):
    support.program(f"{DAEMONS}/master", "postfix")
    if os.geteuid() != 0:
        support.missing("only root can run a mail server that changes users")
    with support.scratch("postfix") as home:
        chain = None
        if tls:
            chain = shutil.copy(tls, home / "chain.pem")
            os.chmod(chain, 0o600)
        server = Postfix(home, chain, accounts, **more)
        try:
            yield server.start()
        finally:
            server.stop()
