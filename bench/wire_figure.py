#!/usr/bin/env python3
"""Prints one wire_* figure: the bytes of the whole mail, in percent of the baseline's gzip bytes.

  PROGRAMS=directory wire_figure.py NAME

The mail holds everything: changeset, batch header with a report, padding, envelope for one recipient, base64 and mail
headers. The baseline is gzip alone (wire_baseline.py), without any of that. Median of five mails.

A warm stream has carried more rows of the table before: PAST of them, as their sender inserted them, in batches as
large as the one that is measured and in an order of their own. What is updated is among them. They are acknowledged, so
the batch is compressed with them.
"""
import io
import os
import random
import statistics
import subprocess
import sys
from contextlib import redirect_stdout

import wire_baseline

ROUNDS = 5
PAST = 100
# name: table, operation, rows, state of the stream, goal in percent, why it is not met as far as that is known
FIGURES = {
    "wire_update_1000": ("patient_visit", "update", 1000, "cold", 25, ""),
    "wire_insert_1000_reading": ("reading", "insert", 1000, "cold", 50, ""),
    "wire_insert_1000_dataloader": ("test_dataloader_table", "insert", 1000, "cold", 75, ""),
    "wire_insert_1000_patient_visit": ("patient_visit", "insert", 1000, "cold", 75, ""),
    "wire_update_10_warm": ("patient_visit", "update", 10, "warm", 100, ""),
}


def dumped(table, operation, count):
    """The lines of wire_baseline.py --rows: the head, then a line for each row."""
    rows = io.StringIO()
    with redirect_stdout(rows):
        wire_baseline.dump_rows(table, operation, count)
    return rows.getvalue().splitlines()


def batches_before(table, operation, count):
    """The dumps of the batches that brought the rows, those that are updated among them."""
    shape = wire_baseline.TABLES[table]
    head = dumped(table, "insert", 0)[0]
    lines = [
        "\t".join(wire_baseline.typed(value, kind) for value, kind in zip(old or new, shape.types))
        for _, old, new in wire_baseline.rows(shape, operation, PAST)
    ]
    random.Random(PAST).shuffle(lines)
    return [[head] + lines[first : first + count] for first in range(0, PAST, count)]


def mail_bytes(state, operations, batches):
    program = os.path.join(os.environ["PROGRAMS"], "bench_wire")
    rows = "\n\n".join("\n".join(batch) for batch in batches) + "\n"
    answer = subprocess.run([program, state, *operations], input=rows, capture_output=True, text=True, check=True)
    return int(answer.stdout)


def main(name):
    table, operation, count, state, goal, reason = FIGURES[name]
    past = batches_before(table, operation, count) if state == "warm" else []
    batches = past + [dumped(table, operation, count)]
    operations = ["insert"] * len(past) + [operation]
    baseline = wire_baseline.gzip_size(wire_baseline.batch(table, operation, count))
    mail = statistics.median(mail_bytes(state, operations, batches) for _ in range(ROUNDS))
    share = 100 * mail / baseline
    shortfall = f"not met ({reason})" if reason else "not met"
    verdict = "met" if share <= goal else shortfall
    against = f"(baseline: {baseline} bytes of gzip; whole mail {mail:.0f} bytes)"
    print(f"{name} {share:.1f} % {against} goal <= {goal} % {verdict}")


if __name__ == "__main__":
    main(sys.argv[1])
