"""Looks for the error messages that the pages quote in what the sources can say.

A quoted message stands in backquotes in the first cell of a table whose head is "error" or "message"; … in it stands
for anything. What lies between must occur in the texts of the sources; what SQLite says is listed here.
"""
import re

SQLITE = [
    "database is locked", "attempt to write a readonly database", "no such table", "no such function", "syntax error",
    "near",
]
HEAD = re.compile(r"^\| (?:error|message) \|")
QUOTED = re.compile(r"`([^`]+)`")
# What is put into messages when they are made.
NAMES = re.compile(r'…|"|\bpostrider_\w+|could not |cannot ')
PIECE_MIN = 4


def texts_of(sources):
    """What the string literals of the sources hold, those that stand side by side put together."""
    whole = []
    for path in sources:
        code = re.sub(r'"\s*\n\s*"', "", path.read_text(encoding="utf-8"))
        whole += re.findall(r'"((?:[^"\\\n]|\\.)*)"', code)
    return "\n".join(whole).replace('\\"', '"')


def quoted_messages(text):
    """(line, message) of every quoted message."""
    inside = False
    for number, line in enumerate(text.splitlines(), 1):
        if HEAD.match(line):
            inside = True
        elif not line.startswith("|"):
            inside = False
        elif inside and not line.startswith("|---"):
            for message in QUOTED.findall(line.split(" | ")[0]):
                yield number, message


def check_messages(path, root):
    """Gives the complaints, and how many messages were looked for."""
    folders = [root / name for name in ("common", "sqlite_extension", "programs")]
    said = texts_of(source for folder in folders for source in sorted(folder.rglob("*.cpp")))
    complaints, count = [], 0
    for number, message in quoted_messages(path.read_text(encoding="utf-8")):
        count += 1
        pieces = [piece.strip(" ,:;") for piece in NAMES.split(message)]
        pieces = [piece for piece in pieces if len(piece) >= PIECE_MIN]
        lost = [piece for piece in pieces if piece not in said and not any(each in piece for each in SQLITE)]
        if lost:
            complaints.append(f"docs/{path.name}, line {number}: nothing says “{lost[0]}”")
    return complaints, count
