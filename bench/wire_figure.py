#!/usr/bin/env python3
"""Prints one wire_* figure: the bytes of the whole mail, in percent of the baseline's gzip bytes.

  PROGRAMS=directory wire_figure.py NAME

The mail holds everything: changeset, batch header with a report, padding, envelope for one recipient, base64 and mail
headers. The baseline is gzip alone (wire_baseline.py), without any of that. Median of five mails.
"""
import io
import os
import statistics
import subprocess
import sys
from contextlib import redirect_stdout

import wire_baseline

ROUNDS = 5
# name: table, operation, rows, state of the stream, goal in percent
FIGURES = {
    "wire_update_1000": ("patient_visit", "update", 1000, "cold", 25),
    "wire_insert_1000_reading": ("reading", "insert", 1000, "cold", 50),
    "wire_insert_1000_dataloader": ("test_dataloader_table", "insert", 1000, "cold", 75),
    "wire_insert_1000_patient_visit": ("patient_visit", "insert", 1000, "cold", 75),
    "wire_update_10_warm": ("patient_visit", "update", 10, "warm", 100),
}

# Why a goal is not met, as far as that is known.
REASONS = {
    "wire_update_10_warm": "the report in every batch says from which start of its node it is and what it has seen,"
    " some 100 bytes, so that a machine that was taken back is noticed; compression with history is to save more",
}


def mail_bytes(rows, operation, state):
    program = os.path.join(os.environ["PROGRAMS"], "bench_wire")
    answer = subprocess.run([program, operation, state], input=rows, capture_output=True, text=True, check=True)
    return int(answer.stdout)


def main(name):
    table, operation, count, state, goal = FIGURES[name]
    rows = io.StringIO()
    with redirect_stdout(rows):
        wire_baseline.dump_rows(table, operation, count)
    baseline = wire_baseline.gzip_size(wire_baseline.batch(table, operation, count))
    mail = statistics.median(mail_bytes(rows.getvalue(), operation, state) for _ in range(ROUNDS))
    share = 100 * mail / baseline
    verdict = "met" if share <= goal else f"not met ({REASONS[name]})" if name in REASONS else "not met"
    against = f"(baseline: {baseline} bytes of gzip; whole mail {mail:.0f} bytes)"
    print(f"{name} {share:.1f} % {against} goal <= {goal} % {verdict}")


if __name__ == "__main__":
    main(sys.argv[1])
