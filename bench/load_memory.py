#!/usr/bin/env python3
"""How much memory a first load takes on both sides: load_memory.py [MEGABYTES].

Makes a table of that size (200 when left out), loads it into an empty file with CREATE MISSING TABLES, changes rows
meanwhile, and prints the greatest resident size of either postrider-run, the time, and whether the tables are equal;
exits with 1 where they are not, or where one of the two ended before. TMPDIR is where the files lie meanwhile.
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


class Load:
    """Both programs at work, until the receiver has acknowledged the last chunk."""

    def __init__(self, program, files):
        self.program = program
        self.workers = [subprocess.Popen([found("postrider-run"), str(each)]) for each in files]
        self.peaks = [0, 0]
        self.changes = 0

    def died(self):
        return any(worker.poll() is not None for worker in self.workers)

    def note_peaks(self):
        self.peaks = [max(peak, peak_kib(worker)) for peak, worker in zip(self.peaks, self.workers)]

    def wait(self, rows):
        state = ""
        while state != "loaded" and not self.died():
            self.program.execute("UPDATE item SET price = price + 1 WHERE id = ?", (random.randrange(rows) + 1,))
            self.changes += 1
            self.note_peaks()
            time.sleep(0.1)
            state, = self.program.execute("SELECT state FROM postrider_progress").fetchone() or ("",)

    def settle(self):
        """The last changes travel too."""
        waiting = "SELECT count(*) FROM postrider_status WHERE state <> 'in step'"
        until = time.monotonic() + 60
        time.sleep(3)
        while self.program.execute(waiting).fetchone() != (0,) and not self.died() and time.monotonic() < until:
            time.sleep(1)
        if not self.died():
            self.note_peaks()

    def stop(self):
        """Whether both had been at work until now."""
        died = self.died()
        for worker in self.workers:
            worker.terminate()
            worker.wait()
        return not died


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
        begun = time.monotonic()
        load = Load(program, (shop, office))
        try:
            load.wait(rows)
            elapsed = time.monotonic() - begun
            load.settle()
        finally:
            whole = load.stop()
        there = sqlite3.connect(office, timeout=60, isolation_level=None)
        everything = "SELECT count(*), total(id), total(price), sum(length(image)) FROM item"
        equal = whole and program.execute(everything).fetchone() == there.execute(everything).fetchone()
        print(f"table {shop.stat().st_size // 1_000_000} MB in the file, {rows} rows, {load.changes} changes meanwhile")
        print(f"sender {load.peaks[0] // 1024} MiB, receiver {load.peaks[1] // 1024} MiB resident at most,"
              f" {elapsed:.0f} s, " + ("equal" if equal else "NOT EQUAL" if whole else "A PROGRAM DIED"))
        return 0 if equal else 1


if __name__ == "__main__":
    sys.exit(main())
