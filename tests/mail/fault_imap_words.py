"""Reading what an IMAP client says: words, lists and literals, sets of numbers, search keys."""


class Malformed(Exception):
    """What the client said cannot be read."""


def words_of(pieces):
    """The words of a command. `pieces` are its bytes, in turn text and literal; a list becomes a list, everything else
    a str of latin-1. A section in brackets stays with its word, blanks and all."""
    stack = [[]]
    for index, piece in enumerate(pieces):
        text = piece.decode("latin-1")
        if index % 2:
            stack[-1].append(text)
        else:
            _read_text(text, stack)
    if len(stack) != 1:
        raise Malformed("parentheses do not match")
    return stack[0]


def _read_text(text, stack):
    at = 0
    while at < len(text):
        letter = text[at]
        if letter == " ":
            at += 1
        elif letter == "(":
            stack.append([])
            at += 1
        elif letter == ")":
            if len(stack) == 1:
                raise Malformed("parentheses do not match")
            done = stack.pop()
            stack[-1].append(done)
            at += 1
        elif letter == '"':
            word, at = _quoted(text, at + 1)
            stack[-1].append(word)
        else:
            end = _atom_end(text, at)
            stack[-1].append(text[at:end])
            at = end


def _quoted(text, at):
    word = ""
    while at < len(text) and text[at] != '"':
        at += text[at] == "\\"
        word += text[at:at + 1]
        at += 1
    if at >= len(text):
        raise Malformed("a quotation has no end")
    return word, at + 1


def _atom_end(text, at):
    depth = 0
    while at < len(text) and (depth or text[at] not in " ()"):
        depth += (text[at] == "[") - (text[at] == "]")
        at += 1
    return at


def in_set(text, largest):
    """A test whether a number is in a set such as 1:5,9:*. What `*` means is the largest number, so that 100:* names
    the last mail even if it is the seventh (RFC 3501, section 9, seq-range)."""
    ranges = []
    for part in text.split(","):
        ends = [largest if end == "*" else int(end) if end.isdigit() else None for end in part.split(":")]
        if None in ends or len(ends) > 2:
            raise Malformed(f"no set: {text}")
        ranges.append((min(ends), max(ends)))
    return lambda number: any(low <= number <= high for low, high in ranges)


FLAG_KEYS = {"SEEN": "\\Seen", "DELETED": "\\Deleted", "FLAGGED": "\\Flagged", "ANSWERED": "\\Answered",
             "DRAFT": "\\Draft"}


class Search:
    """A search program as a test of (number, message). Words are consumed from the front."""

    def __init__(self, words, count, uid_largest):
        self.words = list(words)
        self.count = count
        self.uid_largest = uid_largest

    def all(self):
        tests = []
        while self.words:
            tests.append(self._key())
        return lambda number, message: all(test(number, message) for test in tests)

    def _next(self):
        if not self.words:
            raise Malformed("a search key is missing")
        return self.words.pop(0)

    def _key(self):
        word = self._next()
        if isinstance(word, list):
            return Search(word, self.count, self.uid_largest).all()
        key = word.upper()
        if key in ("ALL", "OLD", "CHARSET"):
            if key == "CHARSET":
                self._next()
            return lambda number, message: True
        if key == "NOT":
            inner = self._key()
            return lambda number, message: not inner(number, message)
        if key == "OR":
            one, other = self._key(), self._key()
            return lambda number, message: one(number, message) or other(number, message)
        if key in FLAG_KEYS:
            return lambda number, message: FLAG_KEYS[key] in message.flags
        if key[2:] in FLAG_KEYS and key.startswith("UN"):
            return lambda number, message: FLAG_KEYS[key[2:]] not in message.flags
        return self._key_with_value(key)

    def _key_with_value(self, key):
        if key[0].isdigit() or key[0] == "*":
            inside = in_set(key, self.count)
            return lambda number, message: inside(number)
        if key == "UID":
            inside = in_set(self._next(), self.uid_largest)
            return lambda number, message: inside(message.uid)
        if key in ("LARGER", "SMALLER"):
            size = int(self._next())
            return lambda number, message: (len(message.content) > size) == (key == "LARGER") and \
                len(message.content) != size
        if key in ("FROM", "TO", "SUBJECT", "HEADER"):
            name = self._next() if key == "HEADER" else key
            value = self._next().lower().encode("latin-1")
            return lambda number, message: any(value in line.lower() for line in message.header_values(name))
        if key in ("TEXT", "BODY"):
            value = self._next().lower().encode("latin-1")
            return lambda number, message: value in message.content.lower()
        raise Malformed(f"unknown search key {key}")
