"""Real mail servers for a test: Exim or Postfix in front of Dovecot, in a folder of their own, on ports of their own.

    with MailServers("exim", users=["a", "b"]) as servers:
        servers.deliver("a", b"From: …")      # a mail from outside
        servers.mails("a")                    # the files of a mailbox with their flags

They are children of this process, or live on after `detach`; they are ended by the pids that were started, never by
name. Dovecot is the system's; the MTA is what scripts/install-deps unpacked, or else the system's.
"""
import contextlib
import grp
import json
import os
import pathlib
import pwd
import random
import re
import shutil
import signal
import smtplib
import socket
import ssl
import subprocess
import tempfile
import threading
import time
from typing import NamedTuple

import mail_configurations
from certificates import KINDS, Certificates
from mail_configurations import DOMAIN

START_SECONDS = 30
STOP_SECONDS = 2  # Dovecot may wait longer for children that have nothing to do
MTAS = ("exim", "postfix")
PORTS = ("smtp", "submission", "imap", "imaps", "pop3", "pop3s")
UNPACKED = pathlib.Path(os.environ.get("POSTRIDER_MAIL_SERVERS", "/var/cache/postrider"))
# The owner of the mailboxes; Dovecot needs no account of that number.
MAIL_OWNER = 5000
# Postfix wants a user and a group that no other program of it has. These are on every Debian.
POSTFIX_USER, POSTFIX_GROUP = "mail", "uucp"
# What a socket's address can hold, less the longest name below the folder.
FOLDER_LENGTH_MAX = 107 - len("/dovecot/auth-token-secret.dat.tmp")
INSTALL = "scripts/install-deps installs what the checks need"


class Mail(NamedTuple):
    """A file of a maildir: its flags are letters such as S (seen), T (deleted), F (flagged)."""

    path: pathlib.Path
    flags: str

    @property
    def content(self):
        return self.path.read_bytes()


# Ports that stacks of this process took, whose servers may not listen yet.
_taken = set()
_taking = threading.Lock()


def free_ports(count):
    """Ports that nobody listens on, below those that the system gives to outgoing connections."""
    found = []
    sockets = []
    try:
        while len(found) < count:
            port = random.randrange(10000, 32000)
            with _taking:
                if port in _taken:
                    continue
                _taken.add(port)
            probe = socket.socket()
            sockets.append(probe)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            found.append(port)
    finally:
        for probe in sockets:
            probe.close()
    return found


def started_at(pid):
    """When a process began, in ticks: with its pid that is its name. None where it is gone or only waited for."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else int(fields[19])


def is_open(port):
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


class MailServers:
    """The servers of one folder. Options: the MTA, the users' names, the size of a mail and the recipients that the MTA
    takes at most, a quota ("100K" for all users, or {user: "100K"}), which certificate is shown, whether clients have
    to show one too (port "smtp" lets strangers bring mail all the same), how long a wrong password is thought about,
    and what divides the names of mailboxes in IMAP ("." is Dovecot's own for a maildir)."""

    password = "secret"

    def __init__(self, mta="exim", *, folder=None, users=("a", "b", "c", "d"), size_max=30 << 20, recipients_max=100,
                 quota=None, certificate="right", client_certificates=False, failure_delay_seconds=2,
                 separator="."):
        if mta not in MTAS or certificate not in KINDS:
            raise ValueError(f"no MTA {mta} or no certificate {certificate}")
        self.mta = mta
        self.users = list(users)
        self.size_max = size_max
        self.recipients_max = recipients_max
        self.quota = quota if isinstance(quota, dict) else dict.fromkeys(self.users, quota) if quota else {}
        self.certificate = certificate
        self.client_certificates = client_certificates
        self.failure_delay_seconds = failure_delay_seconds
        self.separator = separator
        self._check_machine()
        self.folder = pathlib.Path(folder or tempfile.mkdtemp(prefix="postrider-mail-")).resolve()
        self.certificates = Certificates(self.folder / "tls")
        self.ports = {}
        self.processes = {}

    # --- what is needed -----------------------------------------------------------------------------------------------

    def _check_machine(self):
        if os.geteuid() != 0:
            raise RuntimeError("Exim, Postfix and Dovecot must be started as root, which then gives them other users")
        missing = [name for name in ("dovecot", "doveconf", "openssl") if self._system_program(name) is None]
        missing += [f"dovecot's {name}" for name in ("imap", "pop3", "lmtp")
                    if not missing and not pathlib.Path("/usr/lib/dovecot", name).exists()]
        self.mta_program = self._mta_program()
        if self.mta_program is None:
            missing.append(self.mta)
        if missing:
            raise RuntimeError(f"missing: {', '.join(missing)}; {INSTALL}")
        self.mta_user, self.mta_group = ("Debian-exim",) * 2 if self.mta == "exim" else (POSTFIX_USER, POSTFIX_GROUP)
        try:
            self.mta_uid, self.mta_gid = pwd.getpwnam(self.mta_user).pw_uid, grp.getgrnam(self.mta_group).gr_gid
        except KeyError as unknown:
            raise RuntimeError(f"{unknown.args[0]}; {INSTALL}") from None

    @staticmethod
    def _system_program(name):
        return shutil.which(name, path=os.environ.get("PATH", os.defpath) + ":/usr/sbin")

    def _mta_program(self):
        package, program = {"exim": ("exim4-daemon-light", "usr/sbin/exim4"),
                            "postfix": ("postfix", "usr/lib/postfix/sbin/master")}[self.mta]
        candidates = (UNPACKED / package / program, pathlib.Path("/") / program)
        return next((path for path in candidates if path.is_file()), None)

    @property
    def postfix_programs(self):
        return self.mta_program.parent

    # --- start and stop -----------------------------------------------------------------------------------------------

    def start(self):
        """What was in the folder goes on: mailboxes, queued mails, and the ports of a stack that was stopped. A port
        that somebody else took in the meantime costs another try."""
        if len(str(self.folder)) > FOLDER_LENGTH_MAX:
            raise RuntimeError(f"the folder's name is too long for sockets in it: {self.folder}")
        for tries_left in (2, 1, 0):
            self.ports = self.ports or dict(zip(PORTS, free_ports(len(PORTS))))
            try:
                self._prepare()
                self._start_programs()
                self._wait_until_ready()
                self._write_state()
                return self
            except RuntimeError:
                self.stop()
                self.ports = {}
                if tries_left == 0:
                    raise
        return self

    def _prepare(self):
        if "dovecot" not in self.processes:
            shutil.rmtree(self.folder / "dovecot", ignore_errors=True)  # sockets only
        for name in ("dovecot", "log", "mail"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o755)
        if not self.certificates.authority.exists():
            self.certificates.make(readable_by_all=True)
        lines = []
        for user in self.users:
            home = self.folder / "mail" / user
            home.mkdir(exist_ok=True)
            rule = f"userdb_quota_rule=*:storage={self.quota[user]}" if user in self.quota else ""
            lines.append(f"{user}@{DOMAIN}:{{PLAIN}}{self.password}:{MAIL_OWNER}:{MAIL_OWNER}::{home}::{rule}\n")
            os.chown(home, MAIL_OWNER, MAIL_OWNER)
        (self.folder / "users").write_text("".join(lines), encoding="utf-8")
        self._write("dovecot.conf", mail_configurations.dovecot(self))
        getattr(self, f"_prepare_{self.mta}")()

    def _write(self, name, text):
        (self.folder / name).write_text(text, encoding="utf-8")

    def _prepare_exim(self):
        spool = self.folder / "exim/spool"
        spool.mkdir(parents=True, exist_ok=True)
        for place in (spool.parent, spool):
            os.chown(place, self.mta_uid, self.mta_gid)
        self._write("exim.conf", mail_configurations.exim(self))

    def _prepare_postfix(self):
        """What `postfix start` would look after takes it two seconds."""
        for name in ("conf", "queue", "data"):
            (self.folder / "postfix" / name).mkdir(parents=True, exist_ok=True)
        os.chown(self.folder / "postfix/data", self.mta_uid, 0)
        queue = self.folder / "postfix/queue"
        modes = {"pid": 0o755, "public": 0o710, "maildrop": 0o730}
        for name in ("active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "private",
                     "saved", "trace", *modes):
            (queue / name).mkdir(exist_ok=True)
            (queue / name).chmod(modes.get(name, 0o700))
            os.chown(queue / name, 0 if name == "pid" else self.mta_uid,
                     self.mta_gid if name in ("public", "maildrop") else 0)
        self._write("postfix/conf/main.cf", mail_configurations.postfix_main(self))
        self._write("postfix/conf/master.cf", mail_configurations.postfix_services(self))
        # Postfix waits until the file is a second old: somebody may still be writing it.
        written = time.time() - 60
        os.utime(self.folder / "postfix/conf/main.cf", (written, written))

    def _start_programs(self):
        commands = {
            "dovecot": [self._system_program("dovecot"), "-F", "-c", self.folder / "dovecot.conf"],
            "exim": [self.mta_program, "-C", self.folder / "exim.conf", "-bdf", "-q2s"],
            "postfix": [self.mta_program, "-c", self.folder / "postfix/conf", "-d"],
        }
        libraries = {"LD_LIBRARY_PATH": str(self.postfix_programs.parent)} if self.mta == "postfix" else {}
        for name in {"dovecot", self.mta} - self.processes.keys():
            with open(self.folder / "log" / f"{name}.output", "ab") as log:
                self.processes[name] = subprocess.Popen(
                    [str(word) for word in commands[name]], cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log,
                    stderr=subprocess.STDOUT, start_new_session=True, env={**os.environ, **libraries},
                )

    def _wait_until_ready(self):
        """Ready is who listens, and Dovecot has its sockets for the MTA."""
        deadline = time.monotonic() + START_SECONDS
        sockets = [self.folder / "dovecot" / name for name in ("lmtp", "auth-mta")]
        ready = False
        while not ready:
            time.sleep(0.02)
            ready = all(map(is_open, self.ports.values())) and all(path.exists() for path in sockets)
            # Who ended did not get its port: then another program is at it.
            ended = [name for name, process in self.processes.items() if process.poll() is not None]
            if ended or time.monotonic() > deadline:
                raise RuntimeError(f"{' and '.join(ended) or 'the mail servers'} did not start\n{self.log()}")

    def stop(self, *names):
        """Ends the servers and what they started, or those that are named: "dovecot", or the MTA's name. `start` starts
        all that do not run."""
        ended = {name: self.processes.pop(name) for name in names or list(self.processes)}
        self._end({name: process.pid for name, process in ended.items() if process.poll() is None})
        for process in ended.values():
            process.wait()

    @staticmethod
    def _end(pids):
        """Each server leads a session of its own, so that its number names its children too."""
        for pid in pids.values():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        while any(started_at(pid) is not None for pid in pids.values()) and time.monotonic() < deadline:
            time.sleep(0.02)
        for pid in pids.values():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, kind=None, problem=None, trace=None):
        if problem is not None:
            problem.add_note(self.log())
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    # --- servers that outlive the process -----------------------------------------------------------------------------

    def _write_state(self):
        pids = {name: [process.pid, started_at(process.pid)] for name, process in self.processes.items()}
        self._write("state.json", json.dumps({"ports": self.ports, "pids": pids}))

    @classmethod
    def stop_folder(cls, folder):
        """Ends what another process started in that folder; the mailboxes and logs stay."""
        state = pathlib.Path(folder) / "state.json"
        if not state.exists():
            return False
        pids = json.loads(state.read_text(encoding="utf-8"))["pids"]
        cls._end({name: pid for name, (pid, begin) in pids.items() if started_at(pid) == begin})
        state.unlink()
        return True

    # --- what tests ask -----------------------------------------------------------------------------------------------

    def client_tls(self):
        """What a client needs to trust the right certificate and no other."""
        return ssl.create_default_context(cafile=str(self.certificates.authority))

    @staticmethod
    def address(user):
        return f"{user}@{DOMAIN}"

    def deliver(self, user, content, sender="stranger@elsewhere.invalid"):
        """A mail from outside, without a password, as another MTA would bring it."""
        with smtplib.SMTP("127.0.0.1", self.ports["smtp"], timeout=30) as connection:
            connection.sendmail(sender, [self.address(user)], content)

    def mails(self, user, mailbox="INBOX"):
        """The mails of a mailbox, the oldest first. A mailbox in another is "outer.inner" here."""
        folder = self.folder / "mail" / user / "Maildir"
        folder = folder if mailbox == "INBOX" else folder / f".{mailbox}"
        found = []
        for path in [*folder.glob("new/*"), *folder.glob("cur/*")]:
            flags = re.search(r":2,([A-Za-z]*)$", path.name)
            found.append(Mail(path, flags[1] if flags else ""))
        # A file's name begins with the seconds and, after an M, the microseconds of its arrival.
        return sorted(found, key=lambda mail: [int(number) for number in re.findall(r"\d+", mail.path.name)[:2]])

    def count(self, user, mailbox="INBOX"):
        return len(self.mails(user, mailbox))

    def wait_for_mails(self, user, count=1, mailbox="INBOX", seconds=60):
        deadline = time.monotonic() + seconds
        while self.count(user, mailbox) < count:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self.count(user, mailbox)} instead of {count} mails for {user} in {mailbox}\n"
                                   f"{self.log()}")
            time.sleep(0.02)
        return self.mails(user, mailbox)

    def log(self, lines=30):
        """The end of what each server wrote."""
        paths = sorted([*(self.folder / "log").glob("*"), *(self.folder / "exim").glob("*log")])
        ends = [(path, path.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:]) for path in paths]
        return "\n".join(f"--- {path.name}\n" + "\n".join(end) for path, end in ends if end)
