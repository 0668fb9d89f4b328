"""The network process for tests: plays the host at the other end of its socket pair.

    with NetworkProcess(ca=servers.certificates.authority) as process:
        process.configure(account("main", …))
        process.submit("main", ["b@test.invalid"], envelope)
        process.wait_for("delivered")

The messages are those of common/transport/network_messages.hpp, and so is the order of their fields.
"""
import contextlib
import hashlib
import os
import pathlib
import select
import socket
import struct
import subprocess
import time

SECONDS = 60
SENT_AT_ONCE = 1 << 20
READ_AT_ONCE = 256 << 10
ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = ROOT / os.environ.get("POSTRIDER_BUILD", "build/release") / "postrider-network"
HOST_DESCRIPTOR = 3
PIECE_BYTES = 128 << 10  # of an envelope
REQUESTS = ("configure", "secret", "submit", "settle", "look_now", "ping", "envelope_piece", "check_mailbox")
REPORTS = {
    "started": ("version:text", "confinement:text"),
    "secret_wanted": ("question:number", "account:text", "for_sending:truth"),
    "mail_arrived": ("account:text", "receipt:text", "envelope:bytes", "from:number"),
    "mail_unusable": ("account:text", "receipt:text", "reason:error"),
    "delivered": ("ticket:number", "recipient:text", "accepted:truth", "problem:error", "wait_seconds:number",
                  "message_name:text", "content_refused:truth"),
    "told": ("account:text", "count:number", "what:error"),
    "cursor_moved": ("account:text", "cursor:bytes"),
    "doing": ("account:text", "direction:text", "words:text"),
    "pong": (),
    "looked": ("account:text", "reached:truth"),
    "envelope_wanted": ("ticket:number", "from:number", "bytes:number"),
    "envelope_arrives": ("account:text", "envelope_bytes:number", "from:number", "bytes:bytes"),
    "receiving": ("account:text", "works:truth", "problem:error"),
    "bounce_arrived": ("account:text", "receipt:text", "message_names:texts", "recipients:failures"),
    "in_junk": ("account:text", "stamp_key:key"),
    "filled": ("account:text", "percent:number"),
    "servers_found": ("account:text", "receive:text", "send:text", "how:text"),
    "check_step": ("subject:text", "words:text", "problem:error"),
    "checked": (),
}
ERROR_CODES = ("unavailable", "timed_out", "malformed", "too_large", "unsupported_version", "bad_signature",
               "unknown_peer", "gap", "conflict", "schema_mismatch", "refused", "not_permitted", "internal")
NO_ERROR = bytes([ERROR_CODES.index("internal")]) + struct.pack(">III", 0, 0, 0)
CONTAINERS = ("mixed", "single", "armour")
SETTLEMENTS = ("keep", "remove", "set_aside", "leave")
BOUNCE_REASONS = ("delayed", "mailbox_full", "no_such_address", "policy", "too_large", "content_refused", "unknown")


def piece(value):
    value = value.encode() if isinstance(value, str) else bytes(value)
    return struct.pack(">I", len(value)) + value


def pieces(values):
    return struct.pack(">I", len(values)) + b"".join(map(piece, values))


def account(name, *, user, receive="", send="", login="password", stamp_keys=(), cursor=b"", finds=False):
    """The fields of a MailAccount; the mailbox of a user of the test servers."""
    return (piece(name) + piece(user) + piece(receive) + piece(send) + bytes([finds, finds]) + piece(user) +
            bytes([("none", "password", "token", "certificate").index(login)]) + piece("[postrider]") +
            struct.pack(">I", len(stamp_keys)) + b"".join(stamp_keys) + piece(cursor))


class Reader:
    def __init__(self, content):
        self.content = content
        self.at = 0

    def take(self, size):
        self.at += size
        return self.content[self.at - size:self.at]

    def number(self):
        return struct.unpack(">Q", self.take(8))[0]

    def truth(self):
        return self.take(1) == b"\1"

    def bytes(self):
        return self.take(struct.unpack(">I", self.take(4))[0])

    def text(self):
        return self.bytes().decode()

    def key(self):
        return self.take(32)

    def count(self):
        return struct.unpack(">I", self.take(4))[0]

    def texts(self):
        return [self.text() for _ in range(self.count())]

    def failures(self):
        return [{"address": self.text(), "reason": BOUNCE_REASONS[self.take(1)[0]], "status": self.text(),
                 "text": self.text()} for _ in range(self.count())]

    def error(self):
        return {"code": ERROR_CODES[self.take(1)[0]], "message": self.text(), "detail": self.text(),
                "hint": self.text()}


def digest(size, label, key, content):
    """H of docs/protocol.md."""
    return hashlib.blake2b(content, digest_size=size, key=key, salt=bytes(16),
                           person=label.encode().ljust(16, b"\0")).digest()


def stamped_envelope(stamp_key, body_bytes=500):
    """An envelope as far as anybody can tell who holds the stamp key and no other."""
    body = os.urandom(body_bytes)
    fixed = (b"PRDR\1\r\n\0" + bytes([1, 1]) + struct.pack(">HI", 104, body_bytes) + os.urandom(32) +
             digest(32, "postrider part", b"", body))
    wrap, head = os.urandom(48), os.urandom(104)
    cover = digest(32, "postrider cover", b"", fixed + wrap + head)
    return fixed + digest(16, "postrider stamp", stamp_key, cover) + wrap + head + body


class NetworkProcess:
    """`certificate` are the texts of a certificate and its key."""

    def __init__(self, *, ca, password="secret", certificate=("", ""), proxy_password="", environment=None):
        self.environment = {"SSL_CERT_FILE": str(ca), **(environment or {})}
        self.passwords = password if isinstance(password, dict) else {}
        self.password = password if isinstance(password, str) else ""
        self.certificate = certificate
        self.proxy_password = proxy_password
        self.process = None
        self.socket = None
        self.room = memoryview(bytearray(READ_AT_ONCE))
        self.unread = bytearray()
        self.unsent = bytearray()
        self.reports = []
        self.tickets = 0
        self.envelopes = {}  # by ticket
        self.wishes = []  # what the process wants of them: ticket, from, to
        self.arriving = {}  # by account, of an envelope that comes in pieces

    def __enter__(self):
        self.socket, theirs = socket.socketpair()

        def into_place():
            os.dup2(theirs.fileno(), HOST_DESCRIPTOR)

        self.process = subprocess.Popen([PROGRAM], stdin=subprocess.DEVNULL, preexec_fn=into_place, close_fds=False,
                                        env=self.environment)
        theirs.close()
        self.socket.setblocking(False)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SENT_AT_ONCE)
        self.wait_for("started")
        return self

    def __exit__(self, *_):
        self.socket.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise

    # --- what the host says -------------------------------------------------------------------------------------------

    def say(self, kind, content):
        is_saying = bool(self.unsent)  # an answer while a request is on its way comes behind it
        self.unsent += struct.pack(">IB", len(content) + 1, REQUESTS.index(kind)) + content
        while self.unsent and not is_saying:
            with contextlib.suppress(BlockingIOError):
                del self.unsent[:self.socket.send(memoryview(self.unsent)[:SENT_AT_ONCE])]
            if self.unsent:
                select.select([self.socket], [self.socket], [])
                self.read(0)

    def configure(self, *accounts):
        self.say("configure", struct.pack(">I", len(accounts)) + b"".join(accounts))

    def submit(self, name, recipients, envelope, urgent=False, subject="", container="mixed"):
        self.tickets += 1
        self.envelopes[self.tickets] = envelope
        self.say("submit", struct.pack(">Q", self.tickets) + piece(name) + pieces(recipients) +
                 struct.pack(">Q", len(envelope)) + piece(envelope[:PIECE_BYTES]) + bytes([urgent]) + piece(subject) +
                 bytes([CONTAINERS.index(container)]))
        return self.tickets

    def settle(self, name, receipt, settlement="remove"):
        self.say("settle", piece(name) + piece(receipt) + bytes([SETTLEMENTS.index(settlement)]))

    def look_now(self, name):
        self.say("look_now", piece(name))

    def ping(self):
        self.say("ping", b"")

    # --- what it hears ------------------------------------------------------------------------------------------------

    def read(self, seconds):
        """Keeps what the process has said, and answers where it wants a password."""
        if not select.select([self.socket], [], [], seconds)[0]:
            return
        with contextlib.suppress(BlockingIOError):
            count = self.socket.recv_into(self.room)
            if not count:
                raise RuntimeError(f"the network process has ended: {self.process.wait(10)}")
            self.unread += self.room[:count]
        while len(self.unread) >= 4:
            size = struct.unpack(">I", self.unread[:4])[0]
            if len(self.unread) < 4 + size:
                break
            kind, content = self.unread[4], Reader(bytes(memoryview(self.unread)[5:4 + size]))
            del self.unread[:4 + size]
            name = list(REPORTS)[kind]
            report = {"kind": name}
            for field in REPORTS[name]:
                field, _, form = field.partition(":")
                report[field] = getattr(content, form)()
            if content.at != len(content.content):
                raise RuntimeError(f"{name} goes on behind its fields")
            self.hear(report)

    def hear(self, report):
        if report["kind"] == "envelope_wanted":
            self.wishes.append((report["ticket"], report["from"], report["from"] + report["bytes"]))
            self.give_what_is_wanted()
            return
        if report["kind"] == "envelope_arrives":
            self.take_piece(report)
            return
        if report["kind"] == "mail_arrived" and report["from"] > 0:
            before = self.arriving.pop(report["account"])
            assert sum(map(len, before)) == report["from"], "a piece is missing or comes twice"
            report["envelope"] = b"".join([*before, report["envelope"]])
        if report["kind"] != "secret_wanted":
            self.reports.append(report)
            return
        password = self.passwords.get(report["account"], self.password)
        self.say("secret", struct.pack(">Q", report["question"]) + piece(password) +
                 b"".join(map(piece, (*self.certificate, self.proxy_password))) + NO_ERROR)

    def take_piece(self, piece):
        if piece["from"] == 0:
            self.arriving[piece["account"]] = []
        arriving = self.arriving[piece["account"]]
        assert sum(map(len, arriving)) == piece["from"], "a piece is missing or comes twice"
        arriving.append(piece["bytes"])

    def give_what_is_wanted(self):
        """One wish after the other, though another is heard while one is granted."""
        if len(self.wishes) > 1:
            return
        while self.wishes:
            ticket, begin, end = self.wishes[0]
            envelope = memoryview(self.envelopes[ticket])
            for at in range(begin, end, PIECE_BYTES):
                self.say("envelope_piece",
                         struct.pack(">QQ", ticket, at) + piece(envelope[at:min(at + PIECE_BYTES, end)]))
            del self.wishes[0]

    def wait_for(self, kind, seconds=SECONDS, **fields):
        """The first report of the kind, with these fields, that was not given yet."""
        deadline = time.monotonic() + seconds
        while True:
            for report in self.reports:
                if report["kind"] == kind and all(report[name] == value for name, value in fields.items()):
                    self.reports.remove(report)
                    return report
            if time.monotonic() > deadline:
                raise TimeoutError(f"no {kind} {fields} within {seconds} s, but {self.reports}")
            self.read(min(1, max(0, deadline - time.monotonic())))

    def peak_memory_kib(self):
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8")
        return int(text.partition("VmHWM:")[2].split()[0])

    def processor_seconds(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def descriptors(self):
        return sorted(int(name) for name in os.listdir(f"/proc/{self.process.pid}/fd"))
