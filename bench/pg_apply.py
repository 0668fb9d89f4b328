#!/usr/bin/env python3
"""Prints the pg_apply_* figures: how fast our worker applies rows in PostgreSQL, against logical replication.

  pg_apply.py NAME…      pg_apply_insert: 500,000 rows of one transaction; pg_apply_update: 200,000 of them

Two databases of one cluster. The table is sent to the second one by us; a table like it is replicated by a publication,
into the same database. For us the time is that of the round that decodes and applies, and nothing else is left to do in
it; for replication it is the time from the end of the transaction until the last row is seen, since its decoding and
applying overlap, with a subscriber that looks every 10 ms. Processor time is that of the applying process alone. The
figures are the medians of the rounds. The extension has to be installed where PG_CONFIG's server looks for it.
"""
import importlib.machinery
import importlib.util
import os
import pathlib
import statistics
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
ROUNDS = int(os.environ.get("POSTRIDER_ROUNDS", "3"))
INSERTED = int(os.environ.get("POSTRIDER_ROWS", "500000"))
UPDATED = INSERTED * 2 // 5
GOALS = {"pg_apply_insert": 1.5, "pg_apply_update": 1.2}
SETTINGS = {
    "wal_level": "logical",
    "shared_buffers": "1GB",
    "max_wal_size": "20GB",
    "checkpoint_timeout": "1h",
    "autovacuum": "off",
    "jit": "off",
    "wal_retrieve_retry_interval": "100ms",
    "max_parallel_workers_per_gather": "0",
}
COLUMNS = "(id bigint PRIMARY KEY, a int, b text, c numeric(12, 2), d timestamptz)"
INSERT = """INSERT INTO {table} SELECT g, g % 1000, 'row ' || md5(g::text) || (g % 100000), (g % 1000000) / 100.0,
    timestamptz '2024-01-01 00:00+00' + g * interval '1 second' FROM generate_series(1, {rows}) g;"""
UPDATE = "UPDATE {table} SET a = a + 1, d = d + interval '1 day' WHERE id <= {rows};"


def load(name, path):
    loader = importlib.machinery.SourceFileLoader(name, str(path))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, loader))
    sys.dont_write_bytecode = True
    loader.exec_module(module)
    return module


class Processor(threading.Thread):
    """The processor time of a server process that may end while it is watched."""

    def __init__(self, node, condition):
        super().__init__(daemon=True)
        self.node = node
        self.query = f"SELECT pid FROM pg_stat_activity WHERE {condition};"
        self.first = None
        self.last = 0
        self.is_over = False

    def run(self):
        path = None
        while not self.is_over:
            try:
                if path is None:
                    found = self.node.run(self.query)
                    path = f"/proc/{found[0][0]}/schedstat" if found else None
                if path is not None:
                    self.last = int(pathlib.Path(path).read_text().split()[0])
                    self.first = self.last if self.first is None else self.first
            except OSError:
                return
            time.sleep(0.01 if path is None else 0.02)

    def seconds(self, from_its_start):
        self.is_over = True
        self.join()
        return (self.last - (0 if from_its_start else self.first or 0)) / 1e9


def measure_ours(pair, statement):
    pair.hq.run(statement.format(table="ours", rows=INSERTED if "INSERT" in statement else UPDATED))
    for _ in range(3):
        pair.hq.sync()  # everything lies in the maildir then
    pair.branch.run("CHECKPOINT;")
    processor = Processor(pair.branch, "backend_type LIKE 'postrider%' AND datname = 'branch'")
    processor.start()
    begun = time.monotonic()
    pair.branch.sync()
    seconds = time.monotonic() - begun
    used = processor.seconds(True)
    for _ in range(2):
        pair.exchange(1)
    return seconds, used


def measure_native(pair, statement, done):
    """`done`: true once the last row is seen."""
    processor = Processor(pair.branch, "backend_type = 'logical replication worker'")
    processor.start()
    while processor.first is None:
        time.sleep(0.01)
    pair.hq.run(statement.format(table="native", rows=INSERTED if "INSERT" in statement else UPDATED))
    begun = time.monotonic()
    while pair.branch.run(f"SELECT {done};") != [("t",)]:
        time.sleep(0.01)
    seconds = time.monotonic() - begun
    time.sleep(0.05)
    return seconds, processor.seconds(False)


def expect_equal(pair, table):
    digest = f"SELECT count(*), sum(hashtext({table}::text)) FROM {table};"
    if pair.hq.run(digest) != pair.branch.run(digest):
        sys.exit(f"pg_apply.py: table {table} differs")


def rounds(pair):
    found = {}
    for count in range(ROUNDS):
        cases = (("pg_apply_insert", INSERT, f"EXISTS (SELECT 1 FROM native WHERE id = {INSERTED})"),
                 ("pg_apply_update", UPDATE, f"EXISTS (SELECT 1 FROM native WHERE id = {UPDATED}"
                                             f" AND a = {UPDATED} % 1000 + 1)"))
        for name, statement, done in cases:
            ways = [("ours", lambda s=statement: measure_ours(pair, s)),
                    ("native", lambda s=statement, d=done: measure_native(pair, s, d))]
            for way, measure in ways if count % 2 == 0 else reversed(ways):
                found.setdefault((name, way), []).append(measure())
                expect_equal(pair, way)
        for table in ("ours", "native"):
            pair.hq.run(f"TRUNCATE {table};")
        pair.exchange(3)
        for node in (pair.hq, pair.branch):
            node.run("VACUUM;")
    return found


def set_up(pair):
    for table in ("ours", "native"):
        for node in (pair.hq, pair.branch):
            node.run(f"CREATE TABLE {table} {COLUMNS};")
    pair.hq.declare("TASK t SEND ours TO branch;")
    pair.exchange()
    pair.hq.run("CREATE PUBLICATION p FOR TABLE native;")
    pair.hq.run("SELECT pg_create_logical_replication_slot('s', 'pgoutput');")
    pair.branch.run(f"CREATE SUBSCRIPTION s CONNECTION 'host={pair.hq.environment['PGHOST']} port="
                    f"{pair.hq.environment['PGPORT']} user={pair.hq.environment['PGUSER']} dbname=hq'"
                    " PUBLICATION p WITH (create_slot = false, slot_name = 's', copy_data = false);")


def main():
    names = sys.argv[1:] or list(GOALS)
    unknown = [name for name in names if name not in GOALS]
    if unknown:
        sys.exit(f"pg_apply.py: no figure is named {unknown[0]}")
    rounds_by_hand = load("round_by_round", ROOT / "tests" / "postgresql" / "round_by_round.py")
    with rounds_by_hand.load_cluster().Cluster(SETTINGS) as cluster:
        pair = rounds_by_hand.Pair(cluster)
        set_up(pair)
        found = rounds(pair)
        pair.branch.run("DROP SUBSCRIPTION s;")
    for name in names:
        rows = INSERTED if name == "pg_apply_insert" else UPDATED
        ours, native = found[name, "ours"], found[name, "native"]

        def rate(runs, which):
            # A process may end before its processor time is read.
            return statistics.median([rows / run[which] for run in runs if run[which] > 0] or [float("nan")])

        ratio = rate(ours, 0) / rate(native, 0)
        met = "met" if ratio >= GOALS[name] else "not met"
        print(f"{name} {ratio:.2f} x (ours {rate(ours, 0):.0f} rows/s, {rate(ours, 1):.0f} per processor second;"
              f" logical replication {rate(native, 0):.0f}, {rate(native, 1):.0f}) goal {GOALS[name]:.2f} {met}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
