#!/usr/bin/env python3
"""How long a commit takes to the other side by mail: mail_latency.py [--mta exim|postfix] [COMMITS].

Two SQLite nodes with postrider-run, real servers between them (SMTP with STARTTLS, IMAPS with IDLE) on this machine.
Row after row is committed on one side, the next up to three seconds after the one before is visible on the other (a
printed seed says when), so that some find the exchange at rest. The figure is the median of the times from COMMIT to
the row being readable. Needs root, as tests/mail/run does; $POSTRIDER_BUILD is where
mod_postrider, postrider-run and postrider-network are (default build/release)."""
import argparse
import pathlib
import random
import sqlite3
import statistics
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT / "tests" / "mail"))

from mail_servers import MTAS, MailServers  # noqa: E402
from node_cases import office_and_shop, pair  # noqa: E402

GOAL_SECONDS = 2
POLL_SECONDS = 0.002
PAUSE_SECONDS_MAX = 3
PATIENCE_SECONDS = 120


def wait_until_visible(there, sku):
    """How long it took, by one connection that is open already."""
    begun = time.monotonic()
    while there.execute("SELECT 1 FROM products WHERE sku = ?", (sku,)).fetchone() is None:
        if time.monotonic() - begun > PATIENCE_SECONDS:
            sys.exit(f"mail_latency.py: row {sku} did not arrive within {PATIENCE_SECONDS} s")
        time.sleep(POLL_SECONDS)
    return time.monotonic() - begun


def measure(office, shop, commits, pauses):
    here = sqlite3.connect(office.file, timeout=60, isolation_level=None)
    there = sqlite3.connect(f"file:{shop.file}?mode=ro", uri=True, timeout=60, isolation_level=None)
    with office.running(), shop.running():
        here.execute("INSERT INTO products VALUES ('first', 'which introduces the two')")
        wait_until_visible(there, "first")
        office.wait_for("SELECT state FROM postrider_status;", "in step")
        times = []
        for number in range(commits):
            time.sleep(pauses.uniform(0, PAUSE_SECONDS_MAX))
            here.execute("INSERT INTO products VALUES (?, 'apple')", (str(number),))
            times.append(wait_until_visible(there, str(number)))
    return times


def main():
    parser = argparse.ArgumentParser(prog="mail_latency.py", description=__doc__.splitlines()[0])
    parser.add_argument("commits", nargs="?", type=int, default=20)
    parser.add_argument("--mta", choices=MTAS, default="exim")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, MailServers(arguments.mta) as servers:
        office, shop = office_and_shop(servers, pathlib.Path(folder))
        pair(office, shop)
        times = measure(office, shop, arguments.commits, random.Random(arguments.seed))
    median = statistics.median(times)
    tenth = sorted(times)[(len(times) * 9 - 1) // 10]
    met = "met" if median < GOAL_SECONDS else "not met"
    print(f"mail_latency {median:.2f} s ({arguments.mta}, median of {len(times)} commits; 90 % within {tenth:.2f} s, "
          f"all within {max(times):.2f} s; seed {arguments.seed}) goal < {GOAL_SECONDS} s {met}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
