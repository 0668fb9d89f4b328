"""A client's connection to the fault server: lines in, answers out, TLS, and what a rule does to an answer.

A protocol is a subclass. It handles one command after another; what it says is collected and sent when the command has
been handled, so that a rule can change, replace or cut the whole answer.
"""
import asyncio
import base64
import binascii
import re

from fault_rules import unescape

ENDLESS_BYTES = 1 << 30
SILENCE_SECONDS = 3600


class Closed(Exception):
    """The connection is at its end."""


class Connection:
    protocol = ""
    junk_line = b""  # harmless before an answer
    line_begin = b""  # of an answer that will have no end

    def __init__(self, server, reader, writer, number, implicit_tls):
        self.server = server
        self.reader = reader
        self.writer = writer
        self.number = number
        self.implicit_tls = implicit_tls
        self.tls = False
        self.user = None
        self.output = b""
        self.rule = None
        self.tag = b"*"
        self.ended = ""

    # --- what a subclass gives ----------------------------------------------------------------------------------------

    async def greet(self):
        raise NotImplementedError

    async def converse(self):
        """One command after another until Closed."""
        raise NotImplementedError

    def said(self, reply):
        """The bytes of an answer that a rule gives."""
        raise NotImplementedError

    # --- a life -------------------------------------------------------------------------------------------------------

    async def run(self):
        try:
            if self.implicit_tls:
                await self.perform("tls", {}, self.start_tls)
            await self.perform("connect", {}, self.greet)
            await self.converse()
        except Closed as end:
            self.ended = str(end) or "closed"
        except (ConnectionError, asyncio.IncompleteReadError):
            self.ended = "closed by the client"
        except asyncio.LimitOverrunError:
            self.ended = "line too long"
        except (OSError, asyncio.TimeoutError) as problem:
            self.ended = f"TLS failed: {problem}"
        finally:
            self.writer.close()

    async def perform(self, stage, facts, handler):
        """Handles a command as the rule that meets it allows."""
        facts.setdefault("user", self.user.address if self.user else "")
        rule = self.server.rules.take(self.protocol, stage, facts)
        if rule is None:
            await handler()
            await self.flush()
            return
        self.rule = rule
        if rule.delay:
            await asyncio.sleep(rule.delay)
        if not rule.is_instead or rule.accept:
            await handler()
        await self._answer_by(rule)
        self.rule = None

    async def _answer_by(self, rule):
        if rule.silent:
            self.output = b""
            await self._be_silent()
        if rule.close:
            raise Closed("closed by a rule")
        if rule.is_instead:
            self.output = self._instead(rule)
        if rule.inject and rule.stage != "starttls":
            self.write(b"", before=self._bytes(rule.inject))
        if rule.junk:
            self.write(b"", before=self.junk_line * (rule.junk // len(self.junk_line) + 1))
        if rule.truncate is not None:
            self.output = self.output[:rule.truncate]
        await self.flush(rule.slow)
        if rule.endless:
            await self._never_end()
        if rule.truncate is not None:
            raise Closed("cut by a rule")

    def _bytes(self, text):
        return unescape(text).replace(b"{tag}", self.tag)

    def _instead(self, rule):
        if rule.reply is not None:
            return self.said(rule.reply.replace("\\n", "\n"))
        if rule.raw is not None:
            return self._bytes(rule.raw)
        if rule.nonsense is not None:
            return rule.random.randbytes(rule.nonsense).replace(b"\n", b"\r") + b"\r\n"
        return b""

    async def _be_silent(self):
        """Hears what comes and says nothing."""
        async def listen():
            while await self.reader.read(65536):
                pass

        try:
            await asyncio.wait_for(listen(), SILENCE_SECONDS)
        finally:
            raise Closed("silent until the client left")

    async def _never_end(self):
        piece = b"x" * 65536
        self.writer.write(self.line_begin.replace(b"{tag}", self.tag))
        for _ in range(ENDLESS_BYTES // len(piece)):
            self.writer.write(piece)
            await self.writer.drain()
        raise Closed("an endless line")

    # --- bytes --------------------------------------------------------------------------------------------------------

    def write(self, data, before=b""):
        self.output = before + self.output + data

    async def flush(self, bytes_per_second=None):
        output, self.output = self.output, b""
        if not bytes_per_second:
            self.writer.write(output)
            await self.writer.drain()
            return
        step = max(1, int(bytes_per_second / 20))
        for begin in range(0, len(output), step):
            self.writer.write(output[begin:begin + step])
            await self.writer.drain()
            await asyncio.sleep(step / bytes_per_second)

    async def read_line(self, record=None):
        """A line without its end. `record` makes of it what the log may show."""
        line = await self.reader.readuntil(b"\n")
        self._look_for_secrets(line)
        text = line.rstrip(b"\r\n").decode("latin-1")
        if not line.endswith(b"\r\n"):
            self.server.counters["bare_line_feeds"] += 1
        self.log(record(text) if record else text)
        return text

    def log(self, text):
        self.server.commands.append((self.number, self.protocol, "tls" if self.tls else "clear", text))

    def _look_for_secrets(self, line):
        """Counts what no client may say without TLS."""
        if self.tls:
            return
        seen = line
        for word in re.findall(rb"[A-Za-z0-9+/]{6,}={0,2}", line):
            try:
                seen += base64.b64decode(word)
            except binascii.Error:
                continue
        secrets = (secret for user in self.server.users.values() for secret in (user.password, user.token) if secret)
        if any(secret.encode() in seen for secret in secrets):
            self.server.counters["secrets_in_clear"] += 1

    async def start_tls(self):
        """The handshake, with the certificate that is set."""
        context = self.server.tls_context(self.protocol)
        await self.writer.start_tls(context, ssl_handshake_timeout=30)
        self.tls = True

    async def answer_starttls(self, go_ahead):
        """What a rule injects is sent in the clear with the answer: a client must not take it for said under TLS."""
        injected = self._bytes(self.rule.inject) if self.rule and self.rule.inject else b""
        self.write(go_ahead + injected)
        await self.flush()
        await self.perform("tls", {}, self.start_tls)

    # --- users --------------------------------------------------------------------------------------------------------

    def decode(self, text):
        try:
            return base64.b64decode(text.strip(), validate=True)
        except binascii.Error:
            return b""

    async def log_in(self, mechanism, name, secret):
        """Whether it is so; a wrong password is thought about as long as `auth_delay` says."""
        user = self.server.find_user(name)
        expected = user and (user.token if mechanism in ("XOAUTH2", "OAUTHBEARER") else user.password)
        good = bool(expected) and secret == expected
        self.server.logins.append({"connection": self.number, "protocol": self.protocol, "mechanism": mechanism,
                                   "user": name, "tls": self.tls, "good": good})
        if good:
            self.user = user
        else:
            await asyncio.sleep(self.server.number("auth_delay", 0))
        return good

    async def log_in_sasl(self, mechanism, initial, ask):
        """One exchange; `ask` sends a challenge and gives the answer. True, False, or None where it was called off."""
        if mechanism == "LOGIN":
            name = initial if initial is not None else await ask("VXNlcm5hbWU6")
            password = await ask("UGFzc3dvcmQ6")
            return await self.log_in(mechanism, self.decode(name).decode(), self.decode(password).decode())
        answer = initial if initial is not None else await ask("")
        if answer == "*":
            return None
        said = self.decode(answer).decode("latin-1")
        if mechanism == "PLAIN":
            parts = said.split("\0")
            return len(parts) == 3 and await self.log_in(mechanism, parts[1], parts[2])
        # RFC 7628 and Google's own: fields divided by ^A; a token that is not good is told as JSON, which the client
        # answers before it gets its refusal.
        name = re.search(r"(?:^|[,\x01])(?:user|a)=([^\x01,]*)", said)
        token = re.search(r"auth=Bearer ([^\x01]*)", said)
        if name and token and await self.log_in(mechanism, name[1], token[1]):
            return True
        await ask(base64.b64encode(b'{"status":"401","schemes":"bearer"}').decode())
        return False
