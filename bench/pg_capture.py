#!/usr/bin/env python3
"""Prints the pg_capture_* figures: what capture costs a PostgreSQL backend, in processor time relative to no capture.

  pg_capture.py NAME…      pg_capture_insert: INSERT … SELECT of 500,000 rows; pg_capture_update: UPDATE of 200,000

Tables alike, one for each way to capture: none, a C trigger that does nothing, a PL/pgSQL trigger that writes each row
as jsonb, PgQ's C trigger where the server has PgQ (Debian: postgresql-15-pgq3), ours. They take turns, and the figure
is the median of the rounds' ratios. The module is build/pg's postrider.so, or POSTRIDER_MODULE; nothing has to be
installed. PG_CONFIG names the server.
"""
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
MODULE = pathlib.Path(os.environ.get("POSTRIDER_MODULE", ROOT / "build" / "pg" / "postrider.so")).resolve()
ROUNDS = int(os.environ.get("POSTRIDER_ROUNDS", "5"))
GOALS = {"pg_capture_insert": 1.45, "pg_capture_update": 1.40}
CONFIG = os.environ.get("PG_CONFIG", "pg_config")
SETTINGS = {
    "shared_buffers": "1GB",
    "max_wal_size": "20GB",
    "checkpoint_timeout": "1h",
    "autovacuum": "off",
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
}

TABLE = "(id bigint PRIMARY KEY, a int, b text, c numeric(12, 2), d timestamptz)"
SETUP = f"""
INSERT INTO postrider.capture (capture_id, table_name, fingerprint) VALUES (7, 't_ours', '');
CREATE UNLOGGED TABLE source {TABLE};
INSERT INTO source SELECT g, g % 1000, 'row ' || md5(g::text) || (g % 100000), (g % 1000000) / 100.0,
       timestamptz '2024-01-01 00:00+00' + g * interval '1 second' FROM generate_series(1, 500000) g;
VACUUM FREEZE source;
CREATE TABLE queue (id bigserial PRIMARY KEY, source text, operation text, old_row jsonb, new_row jsonb);
CREATE FUNCTION jsonb_trigger() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO queue (source, operation, old_row, new_row) VALUES
        (TG_TABLE_NAME, TG_OP, CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END,
         CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END);
    RETURN NULL;
END $$;
CREATE FUNCTION empty_trigger() RETURNS trigger LANGUAGE c AS 'EMPTY_TRIGGER', 'empty_trigger';
"""
SETUP_PGQ = "CREATE EXTENSION pgq;\nDO $$ BEGIN PERFORM pgq.create_queue('changes'); END $$;\n"
QUEUES = {"jsonb": "queue", "pgq": "pgq.event_1", "ours": "postrider.capture_log"}  # pgq.event_1 with all that inherit
TRIGGERS = {"empty": "empty_trigger()", "jsonb": "jsonb_trigger()", "pgq": "pgq.logutriga('changes')",
            "ours": "postrider.capture('7', '')"}


def asked(*options):
    return subprocess.check_output([CONFIG, *options], text=True).split()


def has_pgq():
    return pathlib.Path(asked("--sharedir")[0], "extension", "pgq.control").exists()


def variants():
    return ("none", "empty", "jsonb", *(["pgq"] if has_pgq() else []), "ours")


def put_modules(folder):
    """Where the server's user can read them, which a checkout need not let everybody do."""
    folder.chmod(0o755)
    shutil.copy(MODULE, folder / "postrider.so")
    subprocess.run(
        ["gcc", *asked("--cflags"), *asked("--cflags_sl"), f"-I{asked('--includedir-server')[0]}", "-shared", "-o",
         folder / "empty_trigger.so", ROOT / "bench" / "pg_empty_trigger.c"],
        check=True,
    )


def extension_script():
    """What CREATE EXTENSION would run."""
    text = (ROOT / "pg_extension" / "postrider--0.1.sql").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("\\echo")]
    return "CREATE SCHEMA postrider;\n" + "\n".join(lines) + "\n"


def measured(label, statement):
    """Prints the label and the nanoseconds that the backend was on a processor."""
    return f"""CHECKPOINT;
\\set before `cut -d' ' -f1 /proc/:pid/schedstat`
{statement};
\\set after `cut -d' ' -f1 /proc/:pid/schedstat`
\\echo {label} :before :after
"""


def script():
    ways = variants()
    parts = ["\\set QUIET on\n\\set ON_ERROR_STOP on\n\\pset tuples_only on\n", extension_script(), SETUP]
    if "pgq" in ways:
        parts.append(SETUP_PGQ)
    empty = f"TRUNCATE {', '.join(QUEUES[way] for way in ways if way in QUEUES)};\n"
    for variant in ways:
        parts.append(f"CREATE TABLE t_{variant} {TABLE};\n")
        if variant in TRIGGERS:
            parts.append(f"CREATE TRIGGER capture AFTER INSERT OR UPDATE OR DELETE ON t_{variant} FOR EACH ROW "
                         f"EXECUTE FUNCTION {TRIGGERS[variant]};\n")
    parts.append("SELECT pg_backend_pid() AS pid \\gset\n")
    for turn in range(ROUNDS + 1):
        # The first round, which warms up, is not counted.
        name = f"round {turn}"
        order = ways[turn % len(ways):] + ways[: turn % len(ways)]
        for variant in order:
            parts.append(empty)
            parts.append(measured(f"{name} {variant} pg_capture_insert",
                                  f"INSERT INTO t_{variant} SELECT * FROM source"))
        for variant in order:
            parts.append(empty)
            parts.append(measured(f"{name} {variant} pg_capture_update",
                                  f"UPDATE t_{variant} SET a = a + 1, d = d + interval '1 day' WHERE id <= 200000"))
            parts.append(f"TRUNCATE t_{variant};\n")
    return "".join(parts)


def run_script():
    settings = [word for name, value in SETTINGS.items() for word in ("-c", f"{name}={value}")]
    programs = subprocess.check_output([CONFIG, "--bindir"], text=True).strip()
    with tempfile.TemporaryDirectory(prefix="postrider-bench-") as folder:
        put_modules(pathlib.Path(folder))
        text = script().replace("MODULE_PATHNAME", f"{folder}/postrider.so")
        return subprocess.run(
            [ROOT / "tests" / "postgresql" / "cluster", *settings, "--", f"{programs}/psql", "-X", "-d", "postgres"],
            input=text.replace("EMPTY_TRIGGER", f"{folder}/empty_trigger.so"), stdout=subprocess.PIPE, text=True,
            check=False,
        )


def main():
    names = sys.argv[1:] or list(GOALS)
    unknown = [name for name in names if name not in GOALS]
    if unknown:
        sys.exit(f"pg_capture.py: no figure is named {unknown[0]}")
    if not MODULE.exists():
        sys.exit(f"pg_capture.py: there is no {MODULE}; build the PostgreSQL extension first, or set POSTRIDER_MODULE")
    done = run_script()
    if done.returncode != 0:
        sys.exit("pg_capture.py: the statements failed")
    times = {}
    for line in done.stdout.splitlines():
        words = line.split()
        if words[:1] == ["round"] and words[1] != "0":
            times.setdefault((words[3], words[2]), []).append((int(words[5]) - int(words[4])) / 1e6)
    for name in names:
        none = times[name, "none"]

        def ratio(variant):
            return statistics.median(time / base for time, base in zip(times[name, variant], none))

        pgq = f"pgq.logutriga {ratio('pgq'):.2f} x" if has_pgq() else "PgQ is not installed"
        met = "met" if ratio("ours") <= GOALS[name] else "not met"
        print(f"{name} {ratio('ours'):.2f} x (baseline: none {statistics.median(none):.0f} ms; empty trigger "
              f"{ratio('empty'):.2f} x, PL/pgSQL jsonb {ratio('jsonb'):.2f} x, {pgq}) goal {GOALS[name]:.2f} {met}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
