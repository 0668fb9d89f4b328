#!/usr/bin/env python3
"""How much memory a load and large steps take on both sides: load_memory.py [MEGABYTES].

Makes a table of that size (200 when left out), loads it into an empty file with CREATE MISSING TABLES and changes rows
meanwhile; then sends it again whole, writes every row of it in one transaction, and deletes half of its rows in one
transaction. Prints for each the greatest resident size of either postrider-run, the time, and whether the tables are
equal; exits with 1 where they are not, or where one of the two ended before. TMPDIR is where the files lie meanwhile.
$POSTRIDER_BUILD is where mod_postrider and postrider-run are (default build/release)."""
import os
import pathlib
import random
import sqlite3
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path(os.environ.get("POSTRIDER_BUILD", ROOT / "build/release"))
# As if the table had been altered: kind 2 for everybody (common/engine/load_request.hpp).
ASK_FOR_THE_WHOLE_TABLE = """
    BEGIN;
    DELETE FROM postrider_load;
    DELETE FROM postrider_load_peer;
    INSERT INTO postrider_load (load_id, capture_id, kind) SELECT 1, capture_id, 2 FROM postrider_capture;
    INSERT INTO postrider_load_peer (load_id, peer_id) VALUES (1, 0);
    COMMIT;
"""
ROW_BYTES = 200


def found(name):
    return str(next(BUILD.rglob(name)))


def shell(file, *commands):
    script = "\n".join([f".load {found('mod_postrider.so')[:-3]}", *commands]) + "\n"
    done = subprocess.run(["sqlite3", str(file)], input=script, capture_output=True, text=True, check=True)
    if "rror" in done.stderr:
        sys.exit(done.stderr)
    return done.stdout.strip()


def peak_kib(process):
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
    _, _, peak = status.partition("VmHWM:")
    return int(peak.split()[0]) if peak else 0  # a process that has ended has none


def make_table(program, rows):
    program.execute("PRAGMA journal_mode = WAL")
    program.execute("CREATE TABLE item(id INTEGER PRIMARY KEY, name TEXT, price REAL, image BLOB)")
    program.execute("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) INSERT INTO item"
                    " SELECT i, 'item number ' || i, i / 7.0, randomblob(?) FROM n", (rows, ROW_BYTES - 40))


def declare(shop, office, mail):
    line = shell(shop, f"SELECT * FROM postrider_declare('NODE shop; PEER office MAILDIR ''{mail}'';');",
                 "SELECT postrider_invite('office');").splitlines()[-1]
    shell(office, "SELECT * FROM postrider_declare('NODE office;');",
          f"SELECT * FROM postrider_accept('{line}', NULL, 1);",
          f"SELECT * FROM postrider_declare('PEER shop MAILDIR ''{mail}'' TRUST TASKS;');")
    shell(shop, "SELECT * FROM postrider_declare('TASK items SEND item TO office CREATE MISSING TABLES;');")


class Workers:
    """Both programs at work on a table, and what they take."""

    def __init__(self, files):
        self.here, self.there = (sqlite3.connect(each, timeout=600, isolation_level=None) for each in files)
        self.processes = [subprocess.Popen([found("postrider-run"), str(each)]) for each in files]
        self.peaks = [0, 0]

    def died(self):
        return any(process.poll() is not None for process in self.processes)

    def begin(self):
        """The greatest size is of what follows."""
        self.peaks = [0, 0]
        for process in self.processes:
            pathlib.Path(f"/proc/{process.pid}/clear_refs").write_text("5", encoding="ascii")

    def note_peaks(self):
        self.peaks = [max(peak, peak_kib(each)) for peak, each in zip(self.peaks, self.processes)]

    def load(self, rows):
        """Until the receiver has acknowledged the last chunk. Gives the number of changes meanwhile."""
        changes = 0
        state = ""
        while state != "loaded" and not self.died():
            self.here.execute("UPDATE item SET price = price + 1 WHERE id = ?", (random.randrange(rows) + 1,))
            changes += 1
            self.note_peaks()
            time.sleep(0.1)
            state, = self.here.execute("SELECT state FROM postrider_progress").fetchone() or ("",)
        return changes

    def settle(self):
        """Until everything has travelled, or for an hour. Gives whether the tables are equal."""
        until = time.monotonic() + 3600
        while not self.died() and time.monotonic() < until:
            for _ in range(20):
                time.sleep(0.1)
                self.note_peaks()
            if self.are_equal():
                return True
        return False

    def are_equal(self):
        everything = "SELECT count(*), total(id), total(price), sum(length(image)), max(image) FROM item"
        return not self.died() and (self.here.execute(everything).fetchone()
                                    == self.there.execute(everything).fetchone())

    def stop(self):
        for process in self.processes:
            process.terminate()
            process.wait()


def measure(workers, name, work):
    begun = time.monotonic()
    workers.begin()
    work()
    equal = workers.settle()
    elapsed = time.monotonic() - begun
    sender, receiver = (peak // 1024 for peak in workers.peaks)
    verdict = "equal" if equal else "A PROGRAM DIED" if workers.died() else "NOT EQUAL"
    print(f"{name}: {sender} MiB resident at most here, {receiver} there, {elapsed:.0f} s, {verdict}",
          flush=True)
    return equal


def main():
    rows = int(sys.argv[1] if len(sys.argv) > 1 else 200) * 1_000_000 // ROW_BYTES
    with tempfile.TemporaryDirectory() as directory:
        folder = pathlib.Path(directory)
        shop, office, mail = folder / "shop.db", folder / "office.db", folder / "mail"
        for part in ("new", "cur", "tmp"):
            (mail / part).mkdir(parents=True)
        program = sqlite3.connect(shop, timeout=60, isolation_level=None)
        make_table(program, rows)
        declare(shop, office, mail)
        print(f"table {shop.stat().st_size // 1_000_000} MB in the file, {rows} rows")
        workers = Workers((shop, office))
        try:
            equal = measure(workers, "first load", lambda: workers.load(rows))
            # What is only at the receiver goes when the table comes whole.
            workers.there.execute("INSERT INTO item VALUES(-1, 'only here', 0, zeroblob(9))")
            for name, sql in (("sent again whole", ASK_FOR_THE_WHOLE_TABLE),
                              ("every row in one transaction",
                               f"UPDATE item SET price = price + 1, image = randomblob({ROW_BYTES - 40})"),
                              ("half of the rows deleted", "DELETE FROM item WHERE id % 2 = 0")):
                equal = measure(workers, name, lambda sql=sql: program.executescript(sql)) and equal
        finally:
            workers.stop()
        return 0 if equal else 1


if __name__ == "__main__":
    sys.exit(main())
