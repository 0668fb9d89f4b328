"""IMAP4rev1 as the fault server speaks it: login and mailboxes here, mails in fault_imap_mails.py."""
import asyncio
import re

from fault_connection import Closed, Connection
from fault_imap_mails import ImapMails
from fault_imap_words import Malformed, words_of
from fault_mailboxes import FLAGS_OF_BOXES

LITERAL_MAX = 64 << 20
MECHANISMS = ("PLAIN", "LOGIN", "XOAUTH2", "OAUTHBEARER")
ALWAYS = ("capability", "noop", "logout", "starttls", "login", "authenticate", "id")
NEED_BOX = ("fetch", "store", "copy", "move", "search", "expunge", "close", "unselect", "check")
EXTENSIONS = ("ESEARCH", "UIDPLUS", "MOVE", "IDLE", "QUOTA", "SPECIAL-USE", "NAMESPACE", "LITERAL+", "ENABLE",
              "UNSELECT")


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


class Imap(ImapMails, Connection):
    protocol = "imap"
    junk_line = b"* OK " + b"j" * 70 + b"\r\n"
    line_begin = b"* OK "

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.box = None
        self.read_only = False
        self.view = []  # the mails as the client has been told of them, in order
        self.generation = None

    # --- lines --------------------------------------------------------------------------------------------------------

    def untagged(self, text):
        self.write(b"* " + text.encode("latin-1", "replace") + b"\r\n")

    def said(self, reply):
        return self.tag + b" " + reply.encode("latin-1", "replace") + b"\r\n"

    def done(self, text="OK done"):
        self.write(self.said(text))

    def offers(self, capability):
        return self.server.offers("imap", capability)

    async def _read_pieces(self):
        """A command with its literals: text, literal, text, …"""
        pieces = [(await self.read_line(self._without_secret)).encode("latin-1")]
        while True:
            literal = re.search(rb"\{(\d+)(\+?)\}$", pieces[-1])
            if not literal:
                return pieces
            size = int(literal[1])
            if size > LITERAL_MAX:
                raise Closed("literal too large")
            pieces[-1] = pieces[-1][:literal.start()]
            if not literal[2]:
                self.write(b"+ go on\r\n")
                await self.flush()
            pieces.append(await self.reader.readexactly(size))
            if self.tls is False:
                self._look_for_secrets(pieces[-1])
            pieces.append((await self.read_line()).encode("latin-1"))

    @staticmethod
    def _without_secret(line):
        words = line.split(" ")
        keep = {"LOGIN": 3, "AUTHENTICATE": 3}.get(words[1].upper() if len(words) > 1 else "", len(words))
        return " ".join(words[:keep] + ["***"] * (len(words) > keep))

    async def greet(self):
        self.untagged(f"OK [CAPABILITY {self._capabilities()}] ready")

    async def converse(self):
        while True:
            pieces = await self._read_pieces()
            tag, _, rest = pieces[0].partition(b" ")
            self.tag = tag or b"*"
            try:
                words = words_of([rest, *pieces[1:]])
                name = str(words.pop(0)).lower() if words else ""
                self.by_uid = name == "uid" and bool(words)
                name = str(words.pop(0)).lower() if self.by_uid else name
                handler = self._handler(name)
                stage = f"uid {name}" if self.by_uid else name
                line = " ".join([stage, *map(str, words)])
                await self.perform(stage, {"line": line}, lambda: handler(words))
            except (Malformed, ValueError, IndexError) as problem:
                self.done(f"BAD {problem or 'what?'}")
                await self.flush()

    def _handler(self, name):
        handler = getattr(self, f"do_{name}", None) if name.isalpha() else None
        if handler is None or (name not in ALWAYS and self.user is None) or (name in NEED_BOX and self.box is None):
            return self.unknown
        return handler

    async def unknown(self, _):
        self.done("BAD not now")

    # --- session ------------------------------------------------------------------------------------------------------

    @property
    def may_log_in(self):
        return self.tls or self.server.flag("clear_auth", False)

    def _capabilities(self):
        names = ["IMAP4rev1"]
        if self.user is None:
            names += ["SASL-IR"] + ([] if self.tls else ["STARTTLS"])
            names += [f"AUTH={name}" for name in MECHANISMS] if self.may_log_in else ["LOGINDISABLED"]
        names += EXTENSIONS
        return " ".join(name for name in names if self.offers(name))

    async def do_capability(self, _):
        self.untagged(f"CAPABILITY {self._capabilities()}")
        self.done()

    async def do_noop(self, _):
        self.tell_changes()
        self.done()

    async def do_id(self, _):
        self.untagged('ID ("name" "fault server")')
        self.done()

    async def do_logout(self, _):
        self.untagged("BYE see you")
        self.done()
        await self.flush()
        raise Closed("LOGOUT")

    async def do_starttls(self, _):
        if self.tls or not self.offers("STARTTLS"):
            self.done("BAD not here")
            return
        await self.answer_starttls(self.said("OK begin"))

    async def _enter(self, good):
        if good is None:
            self.done("BAD called off")
        elif not good:
            self.done("NO [AUTHENTICATIONFAILED] authentication failed")
        else:
            self.done(f"OK [CAPABILITY {self._capabilities()}] welcome")

    async def _may_try(self):
        if not self.may_log_in:
            self.done("NO [PRIVACYREQUIRED] not without TLS")
            return False
        if not self.server.may("imap.logins", self.protocol):
            self.done("NO [LIMIT] too many logins, try again later")
            return False
        return True

    async def do_login(self, words):
        if await self._may_try():
            await self._enter(await self.log_in("LOGIN", words[0], words[1]))

    async def do_authenticate(self, words):
        mechanism = words[0].upper()
        if mechanism not in MECHANISMS or not self.offers(f"AUTH={mechanism}"):
            self.done("NO no such mechanism")
            return

        async def ask(challenge):
            self.write(f"+ {challenge}\r\n".encode())
            await self.flush()
            return await self.read_line(lambda _: "***")

        if await self._may_try():
            initial = words[1] if len(words) > 1 else None
            await self._enter(await self.log_in_sasl(mechanism, "" if initial == "=" else initial, ask))

    async def do_enable(self, _):
        self.untagged("ENABLED")
        self.done()

    async def do_namespace(self, _):
        self.untagged('NAMESPACE (("" "/")) NIL NIL')
        self.done()

    # --- mailboxes ----------------------------------------------------------------------------------------------------

    async def do_list(self, words):
        pattern = [word for word in words if not isinstance(word, list)][1]  # without RFC 5258's options
        separator = quoted(self.server.text("imap.separator", "/"))
        if pattern == "":
            self.untagged(f'LIST (\\Noselect) {separator} ""')
        expression = "".join(".*" if letter == "*" else "[^/]*" if letter == "%" else re.escape(letter)
                             for letter in pattern)
        for name in self.user.boxes:
            if re.fullmatch(expression, name):
                use = FLAGS_OF_BOXES.get(name) if self.offers("SPECIAL-USE") else None
                self.untagged(f'LIST (\\HasNoChildren{" " + use if use else ""}) {separator} {quoted(name)}')
        self.done()

    async def do_create(self, words):
        separator = self.server.text("imap.separator", "/")
        if separator != "/" and "/" in words[0]:
            self.done(f"NO [CANNOT] names are divided by {separator} here")
            return
        if self.user.box(words[0]):
            self.done("NO [ALREADYEXISTS] it is there")
            return
        self.user.create(words[0])
        self.done()

    async def do_subscribe(self, _):
        self.done()

    async def do_delete(self, words):
        if words[0].upper() == "INBOX" or self.user.boxes.pop(words[0], None) is None:
            self.done("NO [NONEXISTENT] no such mailbox")
            return
        self.done()

    async def do_status(self, words):
        box = self.user.box(words[0])
        if box is None:
            self.done("NO [NONEXISTENT] no such mailbox")
            return
        facts = {"MESSAGES": len(box.messages), "UIDNEXT": box.uid_next, "UIDVALIDITY": box.validity, "RECENT": 0,
                 "UNSEEN": sum("\\Seen" not in message.flags for message in box.messages)}
        if not self.server.flag("imap.uidnext", True):
            del facts["UIDNEXT"]
        asked = " ".join(f"{name.upper()} {facts[name.upper()]}" for name in words[1] if name.upper() in facts)
        self.untagged(f"STATUS {quoted(words[0])} ({asked})")
        self.done()

    async def do_select(self, words):
        await self._select(words[0], False)

    async def do_examine(self, words):
        await self._select(words[0], True)

    async def _select(self, name, read_only):
        self.box = self.user.box(name)
        if self.box is None:
            self.done("NO [NONEXISTENT] no such mailbox")
            return
        self.read_only = read_only
        self.view = list(self.box.messages)
        self.generation = self.box.validity
        self.untagged("FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)")
        self.untagged("OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft \\*)] all")
        self.untagged(f"{len(self.view)} EXISTS")
        self.untagged("0 RECENT")
        self.untagged(f"OK [UIDVALIDITY {self.box.validity}] valid")
        if self.server.flag("imap.uidnext", True):
            self.untagged(f"OK [UIDNEXT {self.box.uid_next}] next")
        self.done("OK [READ-ONLY] open" if read_only else "OK [READ-WRITE] open")

    async def do_unselect(self, _):
        self.box, self.view = None, []
        self.done()

    async def do_close(self, _):
        if not self.read_only:
            self.box.remove([message for message in self.box.messages if "\\Deleted" in message.flags])
        await self.do_unselect(None)

    async def do_check(self, _):
        self.tell_changes()
        self.done()

    async def do_append(self, words):
        box = self.user.box(words[0])
        if box is None:
            self.done("NO [TRYCREATE] no such mailbox")
            return
        content = words[-1].encode("latin-1")
        if not self.user.has_room(len(content)):
            self.done("NO [OVERQUOTA] mailbox full")
            return
        uid = box.add(content, next((word for word in words[1:-1] if isinstance(word, list)), []))
        self.tell_changes()
        self.done(f"OK [APPENDUID {box.validity} {uid}] kept" if self.offers("UIDPLUS") else "OK kept")

    # --- quota and idling ---------------------------------------------------------------------------------------------

    def _tell_quota(self):
        limit = self.user.quota
        resources = "" if limit is None else f"STORAGE {self.user.used // 1024} {limit // 1024}"
        self.untagged(f'QUOTA "User quota" ({resources})')

    async def do_getquotaroot(self, words):
        if not self.offers("QUOTA") or not self.user.box(words[0]):
            self.done("NO not here")
            return
        self.untagged(f'QUOTAROOT {quoted(words[0])} "User quota"')
        self._tell_quota()
        self.done()

    async def do_getquota(self, _):
        self._tell_quota()
        self.done()

    async def do_idle(self, _):
        if not self.offers("IDLE"):
            self.done("BAD what?")
            return
        self.tell_changes()
        self.write(b"+ idling\r\n")
        await self.flush()
        end = asyncio.ensure_future(self.read_line())
        try:
            while not end.done():
                await self._wait_for_change(end)
                if self.server.flag("imap.push", True):
                    self.tell_changes()
                    await self.flush()
        finally:
            end.cancel()
        self.done("OK done" if end.result().upper() == "DONE" else "BAD DONE was expected")

    async def _wait_for_change(self, end):
        """Until the mailbox changes or the client speaks."""
        waited_for = [end]
        if self.box is not None:
            waited_for.append(self.box.next_change())
        await asyncio.wait(waited_for, return_when=asyncio.FIRST_COMPLETED)
