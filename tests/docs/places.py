"""Checks that what the pages point at is there: headings behind links, and the places that docs/architecture.md names.

The map names files and folders in backquotes, from the root, from common/, common/engine or pg_extension/; its list of
state tables is what a declared node has. What begins with "postrider." is a name in SQL.
"""
import re

LINK = re.compile(r"\]\(([^)\s#]*)#([^)\s]+)\)")
PATH = re.compile(r"`([a-z_]+(?:/[\w.<>-]+)*/?(?:\.[a-z]+)?)`")
FOLDERS_NOT_MAPPED = {"build"}


def anchor_of(heading):
    """The name that a heading gets on a page: no punctuation, hyphens for blanks."""
    return re.sub(r"[^\w\- ]", "", heading.strip("# ").lower()).replace(" ", "-")


def anchors(text):
    return {anchor_of(line) for line in re.sub(r"```.*?```", "", text, flags=re.S).splitlines() if line.startswith("#")}


def check_links(path):
    """Gives the complaints about links to headings, and how many there are."""
    complaints, count = [], 0
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        for page, anchor in LINK.findall(line):
            target = path.parent / page if page else path
            count += 1
            if not target.is_file() or anchor not in anchors(target.read_text(encoding="utf-8")):
                complaints.append(f"docs/{path.name}, line {number}: {page}#{anchor} is no heading")
    return complaints, count


def is_there(root, name):
    folders = [root, root / "common", root / "common/engine", root / "common/engine/store",
               root / "common/mail", root / "common/transport", root / "common/network", root / "pg_extension",
               root / "tests/mail"]
    return any((folder / name).exists() for folder in folders)


def check_map(path, root, state_tables):
    """Gives the complaints about the map, and how many names it has."""
    text = path.read_text(encoding="utf-8")
    complaints = []
    named = sorted({name for name in PATH.findall(text)
                    if ("/" in name or "." in name) and "<" not in name and not name.startswith("postrider.")})
    complaints += [f"{name} is not there" for name in named if not is_there(root, name.rstrip("/"))]
    folders = [folder.name for folder in root.iterdir() if folder.is_dir() and not folder.name.startswith(".")]
    folders += [f"common/{folder.name}" for folder in (root / "common").iterdir() if folder.is_dir()]
    folders = sorted(set(folders) - FOLDERS_NOT_MAPPED)
    complaints += [f"the folder {name} is not named" for name in folders if f"`{name}" not in text]
    section = text[text.index("## State tables"):text.index("## A round")]
    listed = set(re.findall(r"`([a-z_]+)`", section)) - {name for name in re.findall(r"`([a-z_]+_tables)`", section)}
    complaints += [f"the state table {name} is not listed" for name in sorted(state_tables - listed)]
    return [f"docs/{path.name}: {complaint}" for complaint in complaints], len(named) + len(folders) + len(state_tables)
