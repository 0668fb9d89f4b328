"""What shall go wrong, and when: rules of the fault server, in words that a test or a scenario file says.

    fault PROTOCOL STAGE [condition=…]… [what goes wrong]…

PROTOCOL is smtp, imap, pop3 or *. STAGE is connect (the greeting), tls (the handshake), starttls (POP3's STLS too),
body (the answer to SMTP's final dot), or a command in lower case ("rcpt", "uid fetch", "retr"), or *. Then:

    when            times=N  skip=N  chance=0.2  to=PATTERN  from=PATTERN  user=PATTERN  line=PATTERN
    instead of an answer   reply=TEXT  raw=BYTES  silent  close  nonsense=BYTES  endless
    to the answer          delay=SECONDS  slow=BYTES_PER_SECOND  junk=BYTES  inject=BYTES  truncate=BYTES  short=BYTES
    accept                 what was asked is done all the same, and only the answer goes wrong

A pattern is one as for file names, of an address or of what the client said, whatever the case of its letters.
reply is given in the protocol's form, several lines divided by \\n; raw, inject and nonsense know \\r \\n \\x00, and
{tag} is IMAP's tag. inject comes before the answer, but after the one to STARTTLS, still in the clear. truncate cuts
the answer and closes; short leaves bytes out of each literal that was announced.
"""
import fnmatch
import random

NUMBERS = {"times": int, "skip": int, "chance": float, "nonsense": int, "delay": float, "slow": float, "junk": int,
           "truncate": int, "short": int}
PATTERNS = ("to", "from", "user", "line")
TEXTS = ("reply", "raw", "inject")
FLAGS = ("silent", "close", "endless", "accept")
INSTEAD = ("reply", "raw", "silent", "close", "nonsense", "endless")
PROTOCOLS = ("smtp", "imap", "pop3", "*")


def unescape(text):
    return text.encode("latin-1", "backslashreplace").decode("unicode_escape").encode("latin-1")


class Rule:
    def __init__(self, words):
        if len(words) < 2 or words[0] not in PROTOCOLS:
            raise ValueError("a fault is PROTOCOL STAGE and what goes wrong")
        self.words = words
        self.protocol, self.stage = words[0], words[1].lower()
        self.given = {}
        self.met = 0
        self.used = 0
        for word in words[2:]:
            name, equals, value = word.partition("=")
            if name in FLAGS and not equals:
                self.given[name] = True
            elif name in NUMBERS and equals:
                self.given[name] = NUMBERS[name](value)
            elif name in PATTERNS + TEXTS and equals:
                self.given[name] = value
            else:
                raise ValueError(f"unknown word {word!r}")
        self.random = random.Random(" ".join(words))

    def __getattr__(self, name):
        if name in NUMBERS or name in PATTERNS + TEXTS + FLAGS:
            return self.given.get(name)
        raise AttributeError(name)

    @property
    def is_instead(self):
        return any(name in self.given for name in INSTEAD)

    def matches(self, protocol, stage, facts):
        if self.protocol not in ("*", protocol) or self.stage not in ("*", stage):
            return False
        for name in PATTERNS:
            if name in self.given and not fnmatch.fnmatchcase(facts.get(name, "").lower(), self.given[name].lower()):
                return False
        return True

    def take(self):
        """Whether it is this rule's turn; counts."""
        self.met += 1
        if self.met <= (self.skip or 0) or (self.times is not None and self.used >= self.times):
            return False
        if self.chance is not None and self.random.random() >= self.chance:
            return False
        self.used += 1
        return True


class Rules:
    """The rules in force. Where several meet, the last that was said counts."""

    def __init__(self):
        self.rules = {}
        self.number = 0

    def add(self, words):
        rule = Rule(words)
        self.number += 1
        self.rules[self.number] = rule
        return self.number

    def clear(self, number=None):
        if number is None:
            self.rules.clear()
        else:
            del self.rules[number]

    def take(self, protocol, stage, facts):
        for rule in reversed(list(self.rules.values())):
            if rule.matches(protocol, stage, facts) and rule.take():
                return rule
        return None
