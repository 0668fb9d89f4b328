"""Reads a page of the documentation: its fenced examples, and what in them differs from run to run.

A block fenced as `console` is a transcript. Its lines are

    $ command                  what is typed in a shell; `$ sqlite3 FILE` begins a session of the sqlite3 shell
    sqlite> SELECT …           what is typed in a session; `.prompt 'office> '` gives the session another prompt
       ...> …                  how a statement goes on; `> …` how a command does
    office=# SELECT …          what is typed in the session that `$ psql office` begins; `office-# …`, or `office'# …`
                               within quotes and `office(# …` within parentheses, how it goes on
    anything else              what is printed

A block fenced as `postrider` is a task text, `postrider later` one that this version must refuse.
"""
import dataclasses
import re

FENCE = re.compile(r"^```\s*(.*)$")
CONTINUED_COMMAND = "> "
CONTINUED_STATEMENT = "   ...> "
PROMPT = re.compile(r"^(\$|[a-z0-9_]+>|[a-z0-9_]+=#) (.*)$")
PSQL = "=#"


@dataclasses.dataclass
class Step:
    """One thing that is typed, and what is printed then. `line` is its place in the page, from 1."""

    line: int
    prompt: str
    typed: list
    printed: list = dataclasses.field(default_factory=list)

    def continued(self, count):
        """What begins a further line behind the first `count` of what is typed."""
        if self.prompt == "$":
            return CONTINUED_COMMAND
        if not self.prompt.endswith(PSQL):
            return CONTINUED_STATEMENT
        text = "\n".join(self.typed[:count])
        bare = re.sub(r"'[^']*'", "", text)
        state = "'" if "'" in bare else "(" if bare.count("(") > bare.count(")") else "-"
        return f"{self.prompt.removesuffix(PSQL)}{state}# "

    @property
    def shown(self):
        """The lines that are typed, with their prompts."""
        further = (self.continued(index) + self.typed[index] for index in range(1, len(self.typed)))
        return [f"{self.prompt} {self.typed[0]}", *(line.rstrip() for line in further)]


@dataclasses.dataclass
class Block:
    """A fenced example. `first` and `last` are its lines without the fences, from 1."""

    kind: str
    first: int
    lines: list
    section: str
    steps: list = dataclasses.field(default_factory=list)

    @property
    def last(self):
        return self.first + len(self.lines) - 1


def steps_of(block):
    """Splits a transcript at its prompts."""
    steps = []
    for number, line in enumerate(block.lines, block.first):
        prompted = PROMPT.match(line)
        if prompted:
            steps.append(Step(number, prompted[1], [prompted[2]]))
        elif not steps:
            raise ValueError(f"line {number}: a transcript begins with a prompt")
        elif line.startswith(steps[-1].continued(len(steps[-1].typed)).rstrip()) and not steps[-1].printed:
            steps[-1].typed.append(line[len(steps[-1].continued(len(steps[-1].typed))):])
        else:
            steps[-1].printed.append(line)
    return steps


def blocks_of(text):
    """All fenced blocks of a page, in order."""
    blocks, open_block, section = [], None, ""
    for number, line in enumerate(text.splitlines(), 1):
        fence = FENCE.match(line)
        if open_block is None and fence:
            open_block = Block(fence[1].strip(), number + 1, [], section)
        elif open_block is None:
            section = line.lstrip("#").strip() if line.startswith("#") else section
        elif line == "```":
            if open_block.kind == "console":
                open_block.steps = steps_of(open_block)
            blocks.append(open_block)
            open_block = None
        else:
            open_block.lines.append(line)
    if open_block is not None:
        raise ValueError(f"line {open_block.first - 1}: this fence is never closed")
    return blocks
