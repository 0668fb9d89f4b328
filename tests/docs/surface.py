"""Compares docs/sql_reference.md with what the extension registers.

Each function and view has a heading of its third level in backquotes: `postrider_declare(task_text[, exact])`,
`postrider_status`. Below it, a table with the head "column" lists the result columns, and at least one transcript uses
what the heading names. For a table that people may edit, it lists the columns that they may set.
"""
import dataclasses
import json
import os
import pathlib
import re
import subprocess
import tempfile

from page import blocks_of

HEADING = re.compile(r"^### `(postrider_[a-z_]+)(?:\(([^)]*)\))?`$")
COLUMN = re.compile(r"^\| `([^`]+)` \|")
OURS = "name LIKE 'postrider!_%' ESCAPE '!'"


@dataclasses.dataclass
class Entry:
    """A function, table-valued function, view or table that may be edited."""

    kind: str
    argument_counts: set = dataclasses.field(default_factory=set)
    arguments: list = dataclasses.field(default_factory=list)
    columns: list = dataclasses.field(default_factory=list)
    typed: bool = False


class Node:
    """A declared node, asked through the shell."""

    def __init__(self, extension, base):
        self.extension, self.base = extension, base
        pathlib.Path(base, "data").mkdir()
        self.ask("SELECT * FROM postrider_declare('NODE any;')")

    def ask(self, statement):
        """The rows that a statement gives, as dictionaries."""
        done = subprocess.run(
            ["sqlite3", "-batch", "-json", "-cmd", f".load {self.extension}", f"{self.base}/data/node.db", statement],
            env={**os.environ, "POSTRIDER_STATE_DIRECTORY": f"{self.base}/state"}, capture_output=True, check=True)
        return json.loads(done.stdout or b"[]")


def registered(extension):
    """What a node's connection offers, and the names of its state tables.

    A table is edited by people where its rows can be approved.
    """
    with tempfile.TemporaryDirectory(prefix="postrider-docs-") as base:
        node = Node(extension, base)
        entries, state_tables = {}, set()
        for row in node.ask(f"SELECT name, narg FROM pragma_function_list WHERE {OURS}"):
            entries.setdefault(row["name"], Entry("function")).argument_counts.add(row["narg"])
        for row in node.ask("SELECT m.name AS name, c.name AS column, c.hidden AS hidden"
                            f" FROM pragma_module_list m, pragma_table_xinfo(m.name) c WHERE m.{OURS}"):
            entry = entries[row["name"]]
            entry.kind = "table-valued function"
            (entry.arguments if row["hidden"] else entry.columns).append(row["column"])
        for row in node.ask("SELECT s.name AS name, s.type AS type, json_group_array(c.name) AS columns"
                            " FROM sqlite_schema s, pragma_table_info(s.name) c"
                            f" WHERE s.type IN ('table', 'view') AND s.{OURS} GROUP BY s.name"):
            columns = json.loads(row["columns"])
            if row["type"] == "table":
                state_tables.add(row["name"].removeprefix("postrider_"))
            if row["type"] == "view" or "configuration_mac" in columns:
                entries[row["name"]] = Entry(row["type"], columns=columns)
        return entries, state_tables


def documented(text):
    """What the page describes, by its headings."""
    entries, entry, in_columns = {}, None, False
    for line in text.splitlines():
        heading = HEADING.match(line)
        if heading:
            required, *optional = [part.split(",") for part in (heading[2] or "").replace("]", "").split("[")]
            names = [[name.strip() for name in part if name.strip()] for part in [required, *optional]]
            entry = entries[heading[1]] = Entry("call" if heading[2] is not None else "view")
            entry.arguments = sum(names, [])
            entry.argument_counts = {len(sum(names[:count], [])) for count in range(1, len(names) + 1)}
        elif line.startswith("#"):
            entry = None
        elif entry is not None and line.startswith("| column |"):
            in_columns = True
        elif not line.startswith("|"):
            in_columns = False
        elif in_columns and COLUMN.match(line):
            entry.columns.append(COLUMN.match(line)[1])
    for block in blocks_of(text):
        section = HEADING.match(f"### {block.section}")
        for step in block.steps:
            if section and section[1] in "\n".join(step.typed):
                entries[section[1]].typed = True
    return entries


def complaint(name, page, code):
    """What is wrong with one entry; None where the page and the code agree."""
    if page is None:
        return f"{code.kind} {name} is not described"
    if code is None:
        return f"{name} is described, and is not there"
    if code.kind == "table":
        unknown = [column for column in page.columns if column not in code.columns]
        return f"table {name} has no column {', '.join(unknown)}" if unknown else None
    if page.columns != code.columns:
        return f"{name} has the columns {', '.join(code.columns)}; described are {', '.join(page.columns)}"
    if code.kind == "function" and page.argument_counts != code.argument_counts:
        return f"{name} takes {sorted(code.argument_counts)} arguments; described are {sorted(page.argument_counts)}"
    if code.kind == "table-valued function" and page.arguments != code.arguments:
        return f"{name} takes {', '.join(code.arguments)}; described are {', '.join(page.arguments)}"
    return None if page.typed else f"{name} has no example that uses it"


def check_surface(path, code):
    """Gives the complaints, and how many names were compared."""
    page = documented(path.read_text(encoding="utf-8"))
    names = sorted({*page, *code})
    complaints = [complaint(name, page.get(name), code.get(name)) for name in names]
    return [f"docs/{path.name}: {each}" for each in complaints if each], len(names)
