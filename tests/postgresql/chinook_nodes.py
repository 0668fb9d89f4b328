"""Databases as nodes, one class for each engine with the same methods, for tests/postgresql/chinook.

Statements are written in PostgreSQL's spelling of the shop's names (invoice_line); SQLite's script spells them
InvoiceLine. Values are given as texts; tests/postgresql/chinook says which texts of the two engines mean the same.
"""
import dataclasses
import gzip
import json
import os
import pathlib
import re
import sqlite3
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("POSTRIDER_BUILD", ROOT / "build" / "simulation")).resolve()
TABLES = ["album", "artist", "customer", "employee", "genre", "invoice", "invoice_line", "media_type", "playlist",
          "playlist_track", "track"]
# As pg_constraint has them.
ACTIONS = {"a": "NO ACTION", "r": "RESTRICT", "c": "CASCADE", "n": "SET NULL", "d": "SET DEFAULT"}
# What a minute without news would bring: what was sent is sent again, what is missed or came twice is reported again.
A_MINUTE_LATER = """
    UPDATE @outbox SET next_send = 0;
    UPDATE @stream_in SET gap_since = 0 WHERE gap_since IS NOT NULL;
    UPDATE @stream_in SET last_gap_report = NULL, gap_reports = 0, last_repeat = NULL, repeats = 0;
"""


STATE_TABLE = re.compile(r"(?<!\w)@(?=\w)")  # @outbox; not the @ of a mail address


@dataclasses.dataclass
class Column:
    name: str
    type: str
    not_null: bool
    default: str | None


@dataclasses.dataclass
class ForeignKey:
    columns: list
    parent: str
    parent_columns: list
    on_delete: str
    on_update: str
    deferrable: bool


@dataclasses.dataclass
class Index:
    columns: list
    unique: bool


@dataclasses.dataclass
class Table:
    name: str
    columns: list
    key: list
    foreign_keys: list
    indexes: list  # but for that of the key
    storage: dict = dataclasses.field(default_factory=dict)  # by column, the classes of values, where those are free


def run(words, text=None, **environment):
    done = subprocess.run([str(word) for word in words], input=text, text=True, capture_output=True, check=False,
                          env={**os.environ, **environment})
    if done.returncode != 0:
        raise RuntimeError(f"{words[0]}: {done.stdout[-2000:]}{done.stderr[-2000:]}\n{(text or '')[:300]}")
    return done


def quoted(text):
    return "'" + text.replace("'", "''") + "'"


def make_maildir(folder):
    for part in (folder, *(folder / name for name in ("tmp", "new", "cur"))):
        part.mkdir(parents=True, exist_ok=True)
        part.chmod(0o777)  # the server may be another user
    return folder


class PostgresqlNode:
    """A database of its own in the cluster that PGHOST names."""

    def __init__(self, name, folder):
        self.name = name
        self.mail = make_maildir(folder / f"{name}-mail")
        config = os.environ.get("PG_CONFIG", "pg_config")
        self.psql = pathlib.Path(run([config, "--bindir"]).stdout.strip()) / "psql"
        self._psql("postgres", f"CREATE DATABASE {name}")
        self._psql(name, "CREATE EXTENSION postrider")

    def _psql(self, database, script, *options, stop=1):
        return run([self.psql, "-X", "-A", "-t", "-v", f"ON_ERROR_STOP={stop}", "-d", database, *options, "-f", "-"],
                   script, PGOPTIONS="-c client_min_messages=warning")

    def ask(self, sql):
        return self._psql(self.name, STATE_TABLE.sub("postrider.", sql), "-q").stdout.strip()

    def fill(self, chinook):
        script = gzip.open(chinook / "Chinook_PostgreSql.sql.gz", "rt", encoding="utf-8").read()
        script = re.sub(r"^(DROP DATABASE|CREATE DATABASE|\\c) .*$", "", script, flags=re.M)
        self._psql(self.name, script, "-q")

    def spell(self, name):
        return name

    def change(self, groups):
        """Runs each group of statements as one transaction. What fails changes nothing. Gives how many did."""
        script = "".join(f"BEGIN; {' '.join(group)} COMMIT;\n" if len(group) > 1 else group[0] + "\n"
                         for group in groups)
        tags = self._psql(self.name, script, stop=0).stdout
        return len(re.findall(r"^(?:UPDATE|DELETE|INSERT 0) [1-9]", tags, re.M))

    def table_names(self):
        return self.ask("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1").splitlines()

    def columns(self, table):
        return self.ask("SELECT column_name FROM information_schema.columns WHERE table_schema = 'public'"
                        f" AND table_name = {quoted(table)} ORDER BY ordinal_position").splitlines()

    def _records(self, sql):
        return [json.loads(line) for line in self.ask(f"SELECT row_to_json(r) FROM ({sql}) r").splitlines()]

    def table(self, name):
        relation = f"""'public."{name}"'::regclass"""
        columns = self._records(
            "SELECT attname AS name, format_type(atttypid, atttypmod) AS type, attnotnull AS not_null,"
            " pg_get_expr(adbin, adrelid) AS default FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid"
            f" AND adnum = attnum WHERE attrelid = {relation} AND attnum > 0 AND NOT attisdropped ORDER BY attnum")
        listed = "ARRAY(SELECT attname FROM unnest({}::int2[]) WITH ORDINALITY AS n (number, place)" \
                 " JOIN pg_attribute ON attrelid = {} AND attnum = number ORDER BY place)"
        keys = self._records(f"SELECT {listed.format('conkey', 'conrelid')} AS columns FROM pg_constraint"
                             f" WHERE conrelid = {relation} AND contype = 'p'")
        foreign_keys = self._records(
            f"SELECT {listed.format('conkey', 'conrelid')} AS columns, confrelid::regclass AS parent,"
            f" {listed.format('confkey', 'confrelid')} AS parent_columns, confdeltype AS on_delete,"
            " confupdtype AS on_update, condeferrable AS deferrable FROM pg_constraint"
            f" WHERE conrelid = {relation} AND contype = 'f'")
        indexes = self._records(
            f"SELECT {listed.format('indkey', 'indrelid')} AS columns, indisunique AS unique FROM pg_index"
            f" WHERE indrelid = {relation} AND NOT indisprimary")
        for key in foreign_keys:
            key["parent"] = key["parent"].strip('"')
            key["on_delete"], key["on_update"] = (ACTIONS[key[when]] for when in ("on_delete", "on_update"))
        return Table(name, [Column(**column) for column in columns], keys[0]["columns"],
                     [ForeignKey(**key) for key in foreign_keys], [Index(**index) for index in indexes])

    def rows(self, table, columns):
        """Every value as text, None for NULL."""
        listed = ", ".join(f'"{column}"::text' for column in columns)
        given = self.ask(f'SELECT json_build_array({listed}) FROM "{table}"')
        return [json.loads(line) for line in given.splitlines()]

    def declare(self, text):
        self.ask(f"SELECT * FROM postrider.declare({quoted(text)})")

    def invite(self, peer):
        return self.ask(f"SELECT postrider.invite({quoted(peer)})")

    def accept(self, line):
        self.ask(f"SELECT * FROM postrider.accept({quoted(line)}, {quoted(str(self.mail))}, true)")

    def sync(self):
        self.ask("CALL postrider.sync_now()")


class SqliteNode:
    """A file. The application's connection knows nothing of Postrider; the shell loads it."""

    def __init__(self, name, folder):
        self.name = name
        self.mail = make_maildir(folder / f"{name}-mail")
        self.secrets = folder / f"{name}-secrets"
        self.file = folder / f"{name}-data" / "shop.db"
        self.file.parent.mkdir()
        self.program = sqlite3.connect(self.file, isolation_level=None)
        self.program.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF")

    def _with_extension(self, script):
        return run(["sqlite3", "-batch", "-bail", "-cmd", f".load {BUILD}/mod_postrider", self.file], script,
                   POSTRIDER_STATE_DIRECTORY=str(self.secrets)).stdout.strip()

    def ask(self, sql):
        return self._with_extension(STATE_TABLE.sub("postrider_", sql).rstrip().rstrip(";") + ";")

    def fill(self, chinook):
        script = gzip.open(chinook / "Chinook_Sqlite.sql.gz", "rt", encoding="utf-8-sig").read()
        self.program.executescript(f"BEGIN; {script}; COMMIT; PRAGMA foreign_keys = ON")

    def spell(self, name):
        """album_id as this engine's script spells it, AlbumId."""
        return "".join(word.capitalize() for word in name.split("_"))

    def _spell_all(self, sql):
        """Words in small letters are names, but for those within quotes; max may as well be Max."""
        return re.sub(r"'(?:[^']|'')*'|\b[a-z][a-z_]*\b",
                      lambda word: word[0] if word[0][0] == "'" else self.spell(word[0]), sql)

    def change(self, groups):
        """Runs each group of statements as one transaction. What fails changes nothing. Gives how many did."""
        count = 0
        for group in groups:
            before = self.program.total_changes
            try:
                self.program.execute("BEGIN")
                for statement in group:
                    self.program.execute(self._spell_all(statement))
                self.program.execute("COMMIT")
                count += self.program.total_changes > before
            except sqlite3.IntegrityError:
                self.program.execute("ROLLBACK")
        return count

    def table_names(self):
        return [row[0] for row in self.program.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'postrider%' ORDER BY 1")]

    def columns(self, table):
        return [row[0] for row in self.program.execute("SELECT name FROM pragma_table_info(?)", (table,))]

    def table(self, name):
        def ask(sql, about=(name,)):
            return self.program.execute(sql, about).fetchall()

        columns = ask("SELECT name, type, \"notnull\" = 1, dflt_value FROM pragma_table_info(?)")
        key = ask("SELECT name FROM pragma_table_info(?) WHERE pk > 0 ORDER BY pk")
        statement = ask("SELECT sql FROM sqlite_master WHERE name = ?")[0][0]
        foreign_keys = {}
        for number, parent, column, referenced, on_update, on_delete in ask(
                "SELECT id, \"table\", \"from\", \"to\", on_update, on_delete FROM pragma_foreign_key_list(?)"
                " ORDER BY id, seq"):
            foreign_key = foreign_keys.setdefault(number, ForeignKey(
                [], parent, [], on_delete, on_update, "DEFERRABLE" in statement.upper()))
            foreign_key.columns.append(column)
            foreign_key.parent_columns.append(referenced)
        indexes = [Index([row[0] for row in ask("SELECT name FROM pragma_index_info(?) ORDER BY seqno", (index,))],
                         unique == 1)
                   for index, unique in ask("SELECT name, \"unique\" FROM pragma_index_list(?) WHERE origin <> 'pk'")]
        storage = {column[0]: [row[0] for row in ask(f'SELECT DISTINCT typeof("{column[0]}") FROM "{name}"', ())]
                   for column in columns}
        return Table(name, [Column(*column) for column in columns], [row[0] for row in key],
                     list(foreign_keys.values()), indexes, storage)

    def rows(self, table, columns):
        """Every value as text, None for NULL."""
        listed = ", ".join(f'"{column}"' for column in columns)
        return [[None if value is None else str(value) for value in row]
                for row in self.program.execute(f'SELECT {listed} FROM "{table}"')]

    def declare(self, text):
        self.ask(f"SELECT * FROM postrider_declare({quoted(text)})")

    def invite(self, peer):
        return self.ask(f"SELECT postrider_invite({quoted(peer)})")

    def accept(self, line):
        self.ask(f"SELECT * FROM postrider_accept({quoted(line)}, {quoted(str(self.mail))}, 1)")

    def sync(self):
        run([BUILD / "postrider-run", self.file, "--once"], POSTRIDER_STATE_DIRECTORY=str(self.secrets))
