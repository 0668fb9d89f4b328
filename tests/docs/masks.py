"""What differs from run to run, and how an example is compared all the same.

There are four kinds, and nothing else is forgiven:

- a time like 2026-11-24 03:55:46 stands for any time;
- a page's folder /tmp/try and the installed files of /usr/local stand for where the test put them, a ~ in what is
  printed for the home directory of the test;
- an invitation is printed short, postrider1:qgBI…LTtA, and stands for the line that came: the same
  one wherever it is printed or typed again;
- the words and names that the page lists in a comment, one a line, likewise:
  <!-- differs: bus grant man rabbit -->

Where something of these stands in what a command prints, the widths of columns are not compared.
"""
import re

TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
SHORT_INVITATION = re.compile(r"postrider1:[\w-]*…[\w-]*")
INVITATION = re.compile(r"postrider1:[\w-]{100,}")
LISTED = re.compile(r"<!-- differs: (.+?) -->")
WORDS = re.compile(r"^[a-z]+(?: [a-z]+){3}$")
HEXADECIMAL = re.compile(r"^[0-9a-f]{16,}$")
# The shell counts lines when it reads a pipe, and not in a terminal.
NEAR_LINE = re.compile(r"^((?:Parse|Runtime) error) near line \d+:")


def pattern_of(token):
    """What a listed name may be in another run."""
    if WORDS.match(token):
        return r"[a-z]+(?: [a-z]+){3}"
    if HEXADECIMAL.match(token):
        return r"[0-9a-f]{%d}" % len(token)
    if token.isdigit():
        return r"\d+"
    raise ValueError(f"tests/docs/masks.py knows no way in which “{token}” could differ")


class Masks:
    """The names of one page: what it prints, and what this run has instead."""

    def __init__(self, text, places, home):
        self.places = places  # as printed -> here; the longest first
        self.home = home
        self.listed = {token: pattern_of(token) for token in LISTED.findall(text)}
        self.here = {}  # as printed -> in this run, once it was seen

    def typed(self, line):
        """A line as printed, for this run."""
        for printed, here in [*self.here.items(), *self.places]:
            line = line.replace(printed, here)
        short = SHORT_INVITATION.search(line)
        if short:
            raise ValueError(f"{short[0]} is typed before it was printed")
        return line

    def printed(self, line):
        """A line of this run, as the page would have it, as far as names are known."""
        line = NEAR_LINE.sub(r"\1:", line.rstrip())
        for printed, here in [*self.here.items(), *self.places]:
            line = line.replace(here, printed)
        return line.replace(self.home, "~")

    def shortened(self, line):
        """The same with invitations printed short, for a page that is written anew."""
        return INVITATION.sub(lambda match: f"{match[0][:15]}…{match[0][-4:]}", self.printed(line))

    def _pattern(self, expected):
        """The regular expression of a printed line, and the names in it that are still unknown."""
        alternatives = [TIME.pattern, SHORT_INVITATION.pattern, *map(re.escape, self.listed), r"-{2,}", r" +"]
        pattern, unknown, place = "", [], 0
        for match in re.finditer("|".join(alternatives), expected):
            token = match[0]
            pattern += re.escape(expected[place:match.start()])
            place = match.end()
            if TIME.fullmatch(token):
                pattern += TIME.pattern
            elif SHORT_INVITATION.fullmatch(token) or token in self.listed:
                if token in self.here:
                    pattern += re.escape(token)  # `printed` has put it in already
                    continue
                pattern += "(" + self.listed.get(token, INVITATION.pattern) + ")"
                unknown.append(token)
            else:
                pattern += "-+" if token[0] == "-" else " +"
        return pattern + re.escape(expected[place:]) + " *", unknown

    def _differs(self, lines):
        text = "\n".join(lines)
        names = ["~", *self.listed, *[printed for printed, _ in self.places]]
        return any(name in text for name in names) or bool(TIME.search(text) or SHORT_INVITATION.search(text))

    def equal(self, expected, came):
        """Whether what came is what is printed; learns the names that are new."""
        if expected == [self.printed(line) for line in came]:
            return True
        if len(expected) != len(came) or not self._differs(expected):
            return False
        for line, actual in zip(expected, came):
            pattern, unknown = self._pattern(line)
            match = re.fullmatch(pattern, self.printed(actual))
            if not match:
                return False
            self.here.update(zip(unknown, match.groups()))
        return True
