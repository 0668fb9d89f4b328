"""Whether the Chinook tables that CREATE MISSING TABLES makes from the other engine's are those that this engine's own
script makes, for tests/postgresql/chinook.

Everything that a table is, its types, facts and rows, is a line; names in them are PostgreSQL's (album_id), and AlbumId
is made that. The lines that differ are those of chinook_tables.expected, with their reasons: a type that is made
otherwise shows as a difference of that file. docs/postgresql.md has its table of types.
"""
import decimal
import pathlib
import re

EXPECTED = pathlib.Path(__file__).with_name("chinook_tables.expected")
NUMBERS = ["unit_price", "total"]


def neutral(name):
    return re.sub(r"(?<=.)([A-Z])", r"_\1", name).lower()


def meaning(value):
    """Of a NUMERIC(10,2): 1.90 reads 1.9 in SQLite. Whole numbers, texts and timestamps (2009-01-31 00:00:00) read the
    same in both engines, and everything does within one."""
    return None if value is None else decimal.Decimal(value).normalize()


def names(columns):
    return ", ".join(map(neutral, columns))


def facts_of(tables):
    """Everything that a table is, but for the declared types and the rows."""
    for table in tables:
        name = neutral(table.name)
        yield f"{name}: columns {names(column.name for column in table.columns)}"
        yield f"{name}: key {names(table.key)}"
        for column in table.columns:
            if column.not_null:
                yield f"{name}: {neutral(column.name)} NOT NULL"
            if column.default is not None:
                yield f"{name}: {neutral(column.name)} DEFAULT {column.default}"
        for column, classes in table.storage.items():
            yield f"{name}: {neutral(column)} holds {' and '.join(sorted(classes))}"
        for key in table.foreign_keys:
            yield (f"{name}: {names(key.columns)} refers to {neutral(key.parent)} ({names(key.parent_columns)})"
                   f" ON DELETE {key.on_delete} ON UPDATE {key.on_update}")
            if key.deferrable:
                yield f"{name}: {names(key.columns)} refers DEFERRABLE"
        for index in table.indexes:
            yield f"{name}: {'unique ' if index.unique else ''}index on {names(index.columns)}"


def types_of(tables):
    return {f"{neutral(table.name)}.{neutral(column.name)}": column.type
            for table in tables for column in table.columns}


def rows_of(node, table):
    """By key: every value as text by column, but for the numbers, which are texts in some columns."""
    columns = [column.name for column in table.columns]
    rows = {}
    for values in node.rows(table.name, columns):
        row = {neutral(column): value for column, value in zip(columns, values)}
        row.update({name: meaning(row[name]) for name in NUMBERS if name in row})
        rows[tuple(row[neutral(name)] for name in table.key)] = row
    return rows


def row_differences(table, made, own):
    for key in sorted(made.keys() | own.keys()):
        if key not in made or key not in own:
            yield f"only {'made' if key in made else 'in the script'}: {table}: row {', '.join(key)}"
            continue
        for column, value in made[key].items():
            if own[key].get(column, value) != value:
                yield f"{table}.{column} of {', '.join(key)}: {value!r}, in the script {own[key][column]!r}"


def found_differences(made, own):
    here, there = ({neutral(name): node.table(name) for name in node.table_names()} for node in (made, own))
    made_types, own_types = types_of(here.values()), types_of(there.values())
    made_facts, own_facts = set(facts_of(here.values())), set(facts_of(there.values()))
    yield from (f"type of {column}: {type_}, in the script {own_types[column]}"
                for column, type_ in made_types.items() if own_types.get(column, type_) != type_)
    yield from (f"only made: {fact}" for fact in sorted(made_facts - own_facts))
    yield from (f"only in the script: {fact}" for fact in sorted(own_facts - made_facts))
    for name in sorted(here.keys() & there.keys()):
        yield from row_differences(name, rows_of(made, here[name]), rows_of(own, there[name]))


def known_differences(title):
    """What stands below the title in chinook_tables.expected, up to an empty line; the reasons (#) left out."""
    found = re.search(rf"^{re.escape(title)}$\n((?:.+\n)*)", EXPECTED.read_text(encoding="utf-8"), re.M)
    return [line for line in (found[1].splitlines() if found else []) if not line.startswith("#")]


def unknown_differences(title, made, own):
    """What of the made tables is not as in the script's and not known to differ, and what is known and not so."""
    found, known = list(found_differences(made, own)), known_differences(title)
    yield from (f"{EXPECTED.name} lacks: {line}" for line in found if line not in known)
    yield from (f"{EXPECTED.name} has, and is not so: {line}" for line in known if line not in found)
