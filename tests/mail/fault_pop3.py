"""POP3 as the fault server speaks it (RFC 1939 with CAPA, STLS, UIDL, TOP, PIPELINING, SASL)."""
from fault_connection import Closed, Connection

MECHANISMS = ("PLAIN", "XOAUTH2", "OAUTHBEARER")
NEEDS_LOGIN = ("stat", "list", "uidl", "retr", "top", "dele", "rset", "noop")


class Pop3(Connection):
    protocol = "pop3"
    junk_line = b"j" * 70 + b"\r\n"
    line_begin = b"+OK "

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.name = ""
        self.messages = []
        self.deleted = set()

    def said(self, reply):
        return b"".join(line.encode("latin-1", "replace") + b"\r\n" for line in reply.split("\n"))

    def say(self, text):
        self.write(self.said(text))

    def say_lines(self, first, lines):
        """A reply of several lines, each byte-stuffed."""
        stuffed = b"".join((b"." if line.startswith(b".") else b"") + line + b"\r\n" for line in lines)
        self.write(first.encode() + b"\r\n" + stuffed + b".\r\n")

    def offers(self, capability):
        return self.server.offers("pop3", capability)

    async def greet(self):
        self.say("+OK ready")

    async def converse(self):
        while True:
            line = await self.read_line(self._without_secret)
            verb, _, argument = line.partition(" ")
            verb = verb.lower()
            handler = getattr(self, f"do_{verb}", None) if verb.isalpha() else None
            if handler is None or (verb in NEEDS_LOGIN and self.user is None):
                handler = self.unknown
            await self.perform("starttls" if verb == "stls" else verb, {"line": line}, lambda: handler(argument))

    @staticmethod
    def _without_secret(line):
        verb = line.split(" ")[0].upper()
        return f"{verb} ***" if verb in ("PASS", "AUTH", "APOP") else line

    async def unknown(self, _):
        self.say("-ERR not now")

    # --- login --------------------------------------------------------------------------------------------------------

    @property
    def may_log_in(self):
        return self.tls or self.server.flag("clear_auth", False)

    async def do_capa(self, _):
        names = ["TOP", "UIDL", "PIPELINING", "RESP-CODES", "AUTH-RESP-CODE"]
        names += [] if self.tls else ["STLS"]
        lines = [name for name in names if self.offers(name)]
        mechanisms = [name for name in MECHANISMS if self.offers(f"AUTH={name}")]
        if self.may_log_in:
            lines += ["USER"] if self.offers("USER") else []
            lines += [f"SASL {' '.join(mechanisms)}"] if mechanisms else []
        self.say_lines("+OK", [line.encode() for line in lines])

    async def do_stls(self, _):
        if self.tls or not self.offers("STLS"):
            self.say("-ERR not here")
            return
        await self.answer_starttls(b"+OK begin\r\n")

    async def do_user(self, argument):
        self.name = argument
        self.say("+OK" if self.may_log_in else "-ERR [AUTH] not without TLS")

    async def do_pass(self, argument):
        if not self.may_log_in:
            self.say("-ERR [AUTH] not without TLS")
            return
        await self._enter(await self.log_in("USER", self.name, argument))

    async def do_auth(self, argument):
        mechanism, _, initial = argument.partition(" ")
        if mechanism.upper() not in MECHANISMS or not self.offers(f"AUTH={mechanism.upper()}") or not self.may_log_in:
            self.say("-ERR no such mechanism")
            return

        async def ask(challenge):
            self.say(f"+ {challenge}")
            await self.flush()
            return await self.read_line(lambda _: "***")

        initial = ("" if initial == "=" else initial) if initial else None
        await self._enter(await self.log_in_sasl(mechanism.upper(), initial, ask))

    async def _enter(self, good):
        if not good:
            self.say("-ERR [AUTH] authentication failed")
            return
        self.messages = list(self.user.boxes["INBOX"].messages)
        self.say("+OK welcome")

    # --- mails --------------------------------------------------------------------------------------------------------

    def _find(self, word):
        index = int(word) - 1 if word.isdigit() else -1
        found = self.messages[index] if 0 <= index < len(self.messages) else None
        if found is None or found in self.deleted:
            self.say("-ERR no such message")
            return None
        return found

    def _listed(self):
        return [(number, message) for number, message in enumerate(self.messages, 1) if message not in self.deleted]

    async def do_stat(self, _):
        listed = self._listed()
        self.say(f"+OK {len(listed)} {sum(len(message.content) for _, message in listed)}")

    async def do_list(self, argument):
        self._list(argument, lambda message: str(len(message.content)))

    async def do_uidl(self, argument):
        if not self.offers("UIDL"):
            self.say("-ERR what?")
            return
        validity = self.user.boxes["INBOX"].validity
        self._list(argument, lambda message: f"{validity:08x}{message.uid:08x}")

    def _list(self, argument, fact):
        if not argument:
            self.say_lines("+OK", [f"{number} {fact(message)}".encode() for number, message in self._listed()])
            return
        message = self._find(argument)
        if message:
            self.say(f"+OK {argument} {fact(message)}")

    async def do_retr(self, argument):
        message = self._find(argument)
        if message:
            self.say_lines(f"+OK {len(message.content)} octets", self._lines(self._shortened(message.content)))

    def _shortened(self, content):
        return content[:-self.rule.short] if self.rule and self.rule.short else content

    @staticmethod
    def _lines(content):
        lines = content.split(b"\r\n")
        return lines[:-1] if lines[-1] == b"" else lines

    async def do_top(self, argument):
        word, _, count = argument.partition(" ")
        if not count.isdigit() or not self.offers("TOP"):
            self.say("-ERR what?")
            return
        message = self._find(word)
        if message:
            body = self._lines(message.content[len(message.header):])
            self.say_lines("+OK", self._lines(message.header) + body[:int(count)])

    async def do_dele(self, argument):
        message = self._find(argument)
        if message:
            self.deleted.add(message)
            self.say("+OK")

    async def do_rset(self, _):
        self.deleted.clear()
        self.say("+OK")

    async def do_noop(self, _):
        self.say("+OK")

    async def do_quit(self, _):
        """Only here mails are deleted (RFC 1939, section 6)."""
        if self.user:
            self.user.boxes["INBOX"].remove(self.deleted)
        self.say("+OK bye")
        await self.flush()
        raise Closed("QUIT")
