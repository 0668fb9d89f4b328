"""The control port of the fault server: tests say there what shall happen and ask what happened.

A request is a line of words as a shell reads them; `bytes=N` at its end says that N bytes follow it. An answer is a
line "ok N" or "error N" and N bytes.

    fault PROTOCOL STAGE …              something goes wrong from now on (fault_rules.py); its number
    clear [NUMBER]                      nothing does any more, or not that
    used NUMBER                         how often that rule has been used
    set NAME VALUE                      see below; `set NAME` takes it back
    path [seed=N] [loss=P] [double=P] [delay=P] [reorder=P] [junk=P] [seconds=S]    what becomes of mails, P of 1
    flush                               mails that are under way arrive now
    user ADDRESS PASSWORD [TOKEN]       one more, or another password
    box USER NAME                       a mailbox is made
    deliver USER [BOX] [bytes=N]        a mail is put there; its UID
    forge USER [BOX]                    a mail whose text looks like answers of all three protocols; its UID
    junk USER BYTES [BOX]               a mail of that size that is nobody's; its UID
    expunge USER BOX UID                another client deletes a mail
    uidvalidity USER BOX                the mailbox is rebuilt: another UIDVALIDITY, UIDs from 1
    disconnect [PROTOCOL]               all connections are cut
    mails USER [BOX]                    JSON: uid, flags, size, from, subject of each
    mail USER BOX UID                   its bytes
    submissions                         JSON: what was handed over by SMTP, whether it was accepted or not
    submission NUMBER                   the bytes of one, from 0
    commands [PROTOCOL]                 lines "CONNECTION PROTOCOL tls|clear COMMAND", without secrets
    logins                              JSON: who tried how
    connections                         JSON: protocol, tls, user, how it ended
    counters                            JSON: secrets_in_clear, bare_line_feeds, long_lines, and mails by their fate
    reset                               as at the start
    stop

Settings: certificate, smtp.certificate, … (right, wrong_host, expired, stranger); smtp.without, imap.without,
pop3.without (capabilities, as "IDLE MOVE AUTH=LOGIN STARTTLS"); clear_auth (on: passwords are taken without TLS);
open (on: SMTP without login); auth_delay (seconds before a wrong password is refused); smtp.size (bytes);
smtp.recipients (at most for a mail); smtp.unknown (reject, bounce or lose); smtp.greylist (seconds); smtp.rate (mails
as N/SECONDS); smtp.logins, imap.logins (as N/SECONDS); smtp.mails_per_connection; smtp.attachments (off: a gateway
takes them out of mails); quota.USER (bytes); full (552, 452 or bounce); imap.uidnext (off: never told); imap.star (off:
900:* is empty where RFC 3501 gives the last mail); imap.push (off: IDLE tells nothing); imap.separator (what divides
names of mailboxes; / unless set).
"""
import asyncio
import json
import shlex

from fault_mailboxes import Path, User
from certificates import KINDS

REQUEST_BYTES_MAX = 256 << 20
SETTINGS = {"clear_auth", "open", "auth_delay", "full", "certificate", "smtp.size", "smtp.recipients", "smtp.unknown",
            "smtp.greylist", "smtp.rate", "smtp.logins", "imap.logins", "smtp.mails_per_connection",
            "smtp.attachments", "imap.uidnext", "imap.star", "imap.push", "imap.separator"}
SETTINGS |= {f"{protocol}.{name}" for protocol in ("smtp", "imap", "pop3") for name in ("without", "certificate")}

FORGED = """Subject: not what it seems\r
From: stranger@elsewhere.invalid\r
\r
)\r
A1 OK FETCH completed\r
a1 OK FETCH completed\r
A001 OK completed\r
* 99 FETCH (UID 666 FLAGS (\\Seen) BODY[] {5}\r
hello)\r
* SEARCH 666\r
* ESEARCH (TAG "A1") UID ALL 666\r
* BYE go away\r
* OK [UIDVALIDITY 1] changed\r
+ go on\r
+OK 3 octets\r
-ERR no\r
.\r
..\r
.x\r
250 2.0.0 OK\r
354 go on\r
{10}\r
\r
.\r
"""


class Control:
    def __init__(self, server, reader, writer):
        self.server = server
        self.reader = reader
        self.writer = writer

    async def run(self):
        try:
            while line := await self.reader.readline():
                verdict, answer = await self._answer(line.decode().strip())
                self.writer.write(f"{verdict} {len(answer)}\n".encode() + answer)
                await self.writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self.writer.close()

    async def _answer(self, line):
        try:
            size = int(line.rpartition(" bytes=")[2]) if " bytes=" in line else 0
            if size > REQUEST_BYTES_MAX:
                raise ValueError("too many bytes")
            content = await self.reader.readexactly(size)
            return "ok", self.obey(line, content)
        except (ValueError, KeyError, IndexError, TypeError) as problem:
            return "error", f"{line}: {problem!r}".encode()

    def obey(self, line, content):
        """One request; what there is to say, as bytes."""
        words = [word for word in shlex.split(line) if not word.startswith("bytes=")]
        handler = getattr(self, f"do_{words[0]}", None)
        if handler is None:
            raise ValueError(f"no request {words[0]}")
        answer = handler(content, *words[1:]) if words[0] == "deliver" else handler(*words[1:])
        if answer is None:
            return b""
        if isinstance(answer, (bytes, str)):
            return answer if isinstance(answer, bytes) else answer.encode("utf-8", "surrogateescape")
        return json.dumps(answer).encode()

    def _user(self, name):
        user = self.server.find_user(name)
        if user is None:
            raise ValueError(f"no user {name}")
        return user

    def _box(self, name, box="INBOX"):
        found = self._user(name).box(box)
        if found is None:
            raise ValueError(f"no mailbox {box}")
        return found

    # --- what shall happen --------------------------------------------------------------------------------------------

    def do_fault(self, *words):
        return self.server.rules.add(list(words))

    def do_clear(self, number=None):
        self.server.rules.clear(None if number is None else int(number))

    def do_used(self, number):
        return self.server.rules.rules[int(number)].used

    def do_set(self, name, value=None):
        if name.startswith("quota."):
            self._user(name.removeprefix("quota.")).quota = None if value is None else int(value)
            return
        if name not in SETTINGS:
            raise ValueError(f"no setting {name}")
        if name.endswith("certificate") and value not in (None, *KINDS):
            raise ValueError(f"no certificate {value}")
        self.server.settings.pop(name, None)
        if value is not None:
            self.server.settings[name] = value

    def do_path(self, *words):
        given = dict(word.split("=") for word in words)
        self.server.path.flush()
        self.server.path = Path(**{name: int(value) if name == "seed" else float(value)
                                   for name, value in given.items()})

    def do_flush(self):
        self.server.path.flush()

    def do_user(self, address, password, token=None):
        user = self.server.users.setdefault(address, User(address, password))
        user.password, user.token = password, token

    def do_box(self, user, name):
        self._user(user).create(name)

    def do_deliver(self, content, user, box="INBOX"):
        return self._box(user, box).add(content)

    def do_forge(self, user, box="INBOX"):
        return self._box(user, box).add(FORGED.encode())

    def do_junk(self, user, size, box="INBOX"):
        begin = b"Subject: win money\r\nFrom: stranger@elsewhere.invalid\r\n\r\n"
        lines = b"PRDR" + b"m" * 70 + b"\r\n"
        return self._box(user, box).add((begin + lines * (int(size) // len(lines) + 1))[:int(size) - 2] + b"\r\n")

    def do_expunge(self, user, box, uid):
        mailbox = self._box(user, box)
        mailbox.remove([mailbox.find(int(uid))])

    def do_uidvalidity(self, user, box):
        self._box(user, box).renew()

    def do_disconnect(self, protocol=None):
        self.server.disconnect(protocol)

    def do_reset(self):
        self.server.reset()

    def do_stop(self):
        asyncio.get_running_loop().call_soon(self.server.stopped.set)

    # --- what happened ------------------------------------------------------------------------------------------------

    def do_mails(self, user, box="INBOX"):
        def value(message, name):
            return b"".join(message.header_values(name)).partition(b":")[2].strip().decode("latin-1")

        return [{"uid": message.uid, "flags": sorted(message.flags), "size": len(message.content),
                 "from": value(message, "From"), "subject": value(message, "Subject")}
                for message in self._box(user, box).messages]

    def do_mail(self, user, box, uid):
        message = self._box(user, box).find(int(uid))
        if message is None:
            raise ValueError(f"no mail {uid}")
        return message.content

    def do_submissions(self):
        return [{name: value for name, value in submission.items() if name != "content"}
                for submission in self.server.submissions]

    def do_submission(self, number):
        return self.server.submissions[int(number)]["content"]

    def do_commands(self, protocol=None):
        return "".join(f"{number} {spoken} {tls} {text}\n" for number, spoken, tls, text in self.server.commands
                       if protocol in (None, spoken))

    def do_logins(self):
        return self.server.logins

    def do_connections(self):
        return [{"number": number, "protocol": each.protocol, "tls": each.tls, "ended": each.ended,
                 "user": each.user.address if each.user else ""} for number, each in self.server.connections.items()]

    def do_counters(self):
        return {**self.server.counters, **self.server.path.outcomes}
