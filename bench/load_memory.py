#!/usr/bin/env python3
"""How much memory a first load takes on both sides: load_memory.py [MEGABYTES].

Makes a table of that size (200 when left out), loads it into an empty file with CREATE MISSING TABLES, changes rows
meanwhile, and prints the greatest resident size of either postrider-run, the time, and whether the tables are equal.
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
    return int(status.split("VmHWM:")[1].split()[0])


def main():
    rows = int(sys.argv[1] if len(sys.argv) > 1 else 200) * 1_000_000 // ROW_BYTES
    with tempfile.TemporaryDirectory() as directory:
        folder = pathlib.Path(directory)
        shop, office, mail = folder / "shop.db", folder / "office.db", folder / "mail"
        for part in ("new", "cur", "tmp"):
            (mail / part).mkdir(parents=True)
        program = sqlite3.connect(shop, timeout=60, isolation_level=None)
        program.execute("PRAGMA journal_mode = WAL")
        program.execute("CREATE TABLE item(id INTEGER PRIMARY KEY, name TEXT, price REAL, image BLOB)")
        program.execute("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) INSERT INTO item"
                        " SELECT i, 'item number ' || i, i / 7.0, randomblob(?) FROM n", (rows, ROW_BYTES - 40))
        line = shell(shop, f"SELECT * FROM postrider_declare('NODE shop; PEER office MAILDIR ''{mail}'';');",
                     "SELECT postrider_invite('office');").splitlines()[-1]
        shell(office, "SELECT * FROM postrider_declare('NODE office;');",
              f"SELECT * FROM postrider_accept('{line}', NULL, 1);",
              f"SELECT * FROM postrider_declare('PEER shop MAILDIR ''{mail}'' TRUST TASKS;');")
        shell(shop, "SELECT * FROM postrider_declare('TASK items SEND item TO office CREATE MISSING TABLES;');")
        begun = time.monotonic()
        workers = [subprocess.Popen([found("postrider-run"), str(each)]) for each in (shop, office)]
        peaks = [0, 0]
        changes = 0
        there = sqlite3.connect(office, timeout=60, isolation_level=None)
        state = ""
        while state != "loaded" and all(worker.poll() is None for worker in workers):
            program.execute("UPDATE item SET price = price + 1 WHERE id = ?", (random.randrange(rows) + 1,))
            changes += 1
            peaks = [max(peak, peak_kib(worker)) for peak, worker in zip(peaks, workers)]
            time.sleep(0.1)
            found_state = program.execute("SELECT state FROM postrider_progress").fetchone()
            state = found_state[0] if found_state else ""
        elapsed = time.monotonic() - begun
        time.sleep(5)
        peaks = [max(peak, peak_kib(worker)) for peak, worker in zip(peaks, workers)]
        for worker in workers:
            worker.terminate()
            worker.wait()
        everything = "SELECT count(*), total(id), total(price), sum(length(image)) FROM item"
        equal = program.execute(everything).fetchone() == there.execute(everything).fetchone()
        print(f"table {shop.stat().st_size // 1_000_000} MB in the file, {rows} rows, {changes} changes meanwhile")
        print(f"sender {peaks[0] // 1024} MiB, receiver {peaks[1] // 1024} MiB resident at most, {elapsed:.0f} s, "
              + ("equal" if equal else "NOT EQUAL"))


if __name__ == "__main__":
    main()
