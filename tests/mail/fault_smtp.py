"""SMTP as the fault server speaks it (RFC 5321 with STARTTLS, AUTH, SIZE, PIPELINING, ENHANCEDSTATUSCODES)."""
import time

from fault_connection import Closed, Connection

LINE_LENGTH_MAX = 998  # RFC 5322, 2.1.1
MECHANISMS = ("PLAIN", "LOGIN", "XOAUTH2", "OAUTHBEARER")


def parameters(words):
    return {name.upper(): value for name, _, value in (word.partition("=") for word in words)}


class Smtp(Connection):
    protocol = "smtp"
    junk_line = b"250-" + b"j" * 70 + b"\r\n"
    line_begin = b"250 "

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.mails = 0
        self.forget()

    def forget(self):
        self.sender = None
        self.recipients = []
        self.refused = {}

    def say(self, text):
        self.write(self.said(text))

    def said(self, reply):
        code, lines = reply[:3], reply[4:].split("\n")
        marked = [f"{code}-{line}" for line in lines[:-1]] + [f"{code} {lines[-1]}"]
        return "".join(line + "\r\n" for line in marked).encode("latin-1", "replace")

    def offers(self, extension):
        return self.server.offers("smtp", extension)

    async def greet(self):
        self.say("220 mail.test.invalid ESMTP ready")

    async def converse(self):
        while True:
            line = await self.read_line(self._without_secret)
            verb, _, argument = line.partition(" ")
            handler = getattr(self, f"do_{verb.lower()}", None) if verb.isalpha() else None
            facts = {"line": line, "from": self.sender or "", "to": ""}
            if verb.upper() in ("MAIL", "RCPT"):
                facts["from" if verb.upper() == "MAIL" else "to"] = self._address(argument)
            await self.perform(verb.lower(), facts, lambda: (handler or self.unknown)(argument))

    @staticmethod
    def _without_secret(line):
        return " ".join([*line.split(" ")[:2], "***"]) if line.upper().startswith("AUTH ") else line

    async def unknown(self, _):
        self.say("500 5.5.2 what?")

    # --- session ------------------------------------------------------------------------------------------------------

    async def do_ehlo(self, _):
        self.forget()
        lines = ["mail.test.invalid"]
        size = self.server.number("smtp.size", 30 << 20)
        offered = {"PIPELINING": "PIPELINING", "8BITMIME": "8BITMIME", "ENHANCEDSTATUSCODES": "ENHANCEDSTATUSCODES",
                   "SIZE": f"SIZE {int(size)}"}
        if not self.tls:
            offered["STARTTLS"] = "STARTTLS"
        mechanisms = [name for name in MECHANISMS if self.offers(f"AUTH={name}")]
        if mechanisms and (self.tls or self.server.flag("clear_auth", False)):
            offered["AUTH"] = f"AUTH {' '.join(mechanisms)}"
        lines += [text for name, text in offered.items() if self.offers(name)]
        self.say("250 " + "\n".join(lines))

    async def do_helo(self, _):
        self.forget()
        self.say("250 mail.test.invalid")

    async def do_starttls(self, _):
        if self.tls or not self.offers("STARTTLS"):
            self.say("502 5.5.1 not here")
            return
        await self.answer_starttls(b"220 2.0.0 go ahead\r\n")
        self.forget()

    async def do_auth(self, argument):
        mechanism, _, initial = argument.partition(" ")
        mechanism = mechanism.upper()
        if mechanism not in MECHANISMS or not self.offers(f"AUTH={mechanism}"):
            self.say("504 5.5.4 no such mechanism")
            return
        if not self.server.may("smtp.logins", self.protocol):
            self.say("421 4.7.0 too many logins, try again later")
            await self.flush()
            raise Closed("too many logins")

        async def ask(challenge):
            self.say(f"334 {challenge}")
            await self.flush()
            return await self.read_line(lambda _: "***")

        good = await self.log_in_sasl(mechanism, ("" if initial == "=" else initial) if initial else None, ask)
        self.say("235 2.7.0 welcome" if good else
                 "501 5.7.0 called off" if good is None else "535 5.7.8 authentication failed")

    async def do_noop(self, _):
        self.say("250 2.0.0 OK")

    async def do_rset(self, _):
        self.forget()
        self.say("250 2.0.0 OK")

    async def do_quit(self, _):
        self.say("221 2.0.0 bye")
        await self.flush()
        raise Closed("QUIT")

    # --- a mail -------------------------------------------------------------------------------------------------------

    @staticmethod
    def _address(argument):
        begin, end = argument.find("<"), argument.find(">")
        return argument[begin + 1:end] if 0 <= begin < end else ""

    async def do_mail(self, argument):
        given = parameters(argument.partition(">")[2].split())
        limit = self.server.number("smtp.mails_per_connection", 0)
        size = self.server.number("smtp.size", 30 << 20)
        if not self.server.flag("open", False) and not self.user:
            self.say("530 5.7.0 authentication required")
        elif limit and self.mails >= limit:
            self.say("421 4.7.0 too many mails in one connection")
            await self.flush()
            raise Closed("too many mails")
        elif given.get("SIZE", "").isdigit() and int(given["SIZE"]) > size:
            self.say("552 5.3.4 message too big")
        elif not self.server.may("smtp.rate", self.user.address if self.user else ""):
            self.say("450 4.7.1 too many mails, slow down")
        else:
            self.forget()
            self.sender = self._address(argument)
            self.say("250 2.1.0 OK")

    async def do_rcpt(self, argument):
        recipient = self._address(argument)
        reply = self._refusal(recipient)
        if reply is None:
            self.recipients.append(recipient)
            self.say("250 2.1.5 OK")
            return
        self.refused[recipient] = reply
        self.say(reply)

    def _refusal(self, recipient):
        if self.sender is None:
            return "503 5.5.1 MAIL first"
        limit = self.server.number("smtp.recipients", 100)
        if len(self.recipients) >= limit:
            return "452 4.5.3 too many recipients"
        wait = self.server.number("smtp.greylist", 0)
        if wait:
            first = self.server.greylist.setdefault((self.sender, recipient), time.monotonic())
            if time.monotonic() - first < wait:
                return "450 4.7.1 greylisted, try again later"
        unknown = self.server.text("smtp.unknown", "reject")
        if self.server.find_user(recipient) is None and unknown == "reject":
            return "550 5.1.1 no such user"
        return None

    async def do_data(self, _):
        if not self.recipients:
            self.say("503 5.5.1 no valid recipients")
            return
        self.say("354 go on")
        await self.flush()
        content = await self._read_content()
        facts = {"line": "", "from": self.sender, "to": ",".join(self.recipients)}
        outer, self.rule = self.rule, None  # the rule for DATA is about what was said before the content
        number = self._note(content)
        await self.perform("body", facts, lambda: self._take(content, number))
        self.rule = outer
        self.forget()

    async def _read_content(self):
        lines = []
        while True:
            line = await self.reader.readuntil(b"\n")
            if line == b".\r\n":
                return b"".join(lines)
            if not line.endswith(b"\r\n"):
                self.server.counters["bare_line_feeds"] += 1
            if len(line) > LINE_LENGTH_MAX + 2:
                self.server.counters["long_lines"] += 1
            lines.append(line[1:] if line.startswith(b".") else line)

    def _note(self, content):
        """What was handed over, whatever becomes of it."""
        self.server.submissions.append({
            "connection": self.number, "tls": self.tls, "user": self.user.address if self.user else "",
            "from": self.sender, "recipients": list(self.recipients), "refused": dict(self.refused),
            "size": len(content), "accepted": False, "content": content,
        })
        return len(self.server.submissions) - 1

    async def _take(self, content, number):
        if len(content) > self.server.number("smtp.size", 30 << 20):
            self.say("552 5.3.4 message too big")
            return
        full = [name for name in self.recipients if not self.server.has_room(name, len(content))]
        when_full = self.server.text("full", "552")
        if full and when_full != "bounce":
            self.say("552 5.2.2 mailbox full" if when_full == "552" else "452 4.2.2 mailbox full")
            return
        self.mails += 1
        self.server.submissions[number]["accepted"] = True
        for recipient in self.recipients:
            if recipient in full:
                self.server.bounce(self.sender, recipient, "5.2.2", "552 5.2.2 mailbox full", content)
            else:
                self.server.forward(self.sender, recipient, content)
        self.say("250 2.0.0 accepted")
