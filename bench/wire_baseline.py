#!/usr/bin/env python3
"""The baseline of the wire_* figures: the bytes that a trigger-based replicator with CSV batches puts on its wire.

It is our own rendering, from the public documentation, of one batch of SymmetricDS 3.15: a header, then per row the
whole old row and the whole new row as CSV, gzip around all of it. Rows are drawn from a fixed seed.

  wire_baseline.py                       table of raw and gzip sizes
  wire_baseline.py --gzip TABLE OP N     gzip bytes of one batch
  wire_baseline.py --dump TABLE OP N     the batch itself
  wire_baseline.py --rows TABLE OP N     the same rows for bench_wire: see `typed`

Line order of a batch: nodeid, binary, channel, batch, stats_columns, stats, catalog, schema, table, keys, columns,
basetime; then per row `ts` (offset in ms, when it differs from the row before) and `insert,<row>` or `old,<old row>`
and `update,<new row>,<old key>` or `delete,<old key>`; commit. Values stand in double quotes with \\ and " escaped by
\\; NULL is nothing between the commas. Numbers are decimal text, timestamps have six digits of fraction.
"""
import datetime
import random
import sys
import zlib

STATISTICS = (
    "LOAD_FLAG,EXTRACT_COUNT,SENT_COUNT,LOAD_COUNT,LOAD_ID,COMMON_FLAG,ROUTER_MILLIS,EXTRACT_MILLIS,"
    "TRANSFORM_EXTRACT_MILLIS,TRANSFORM_LOAD_MILLIS,RELOAD_ROW_COUNT,OTHER_ROW_COUNT,DATA_ROW_COUNT,"
    "DATA_INSERT_ROW_COUNT,DATA_UPDATE_ROW_COUNT,DATA_DELETE_ROW_COUNT,EXTRACT_ROW_COUNT,EXTRACT_INSERT_ROW_COUNT,"
    "EXTRACT_UPDATE_ROW_COUNT,EXTRACT_DELETE_ROW_COUNT,FAILED_DATA_ID"
)
WORDS = (
    "malaria clinic visit follow up dose child mother stock truck delayed rain road closed sample positive negative "
    "refer hospital morning nurse card"
).split()
START = datetime.datetime(2024, 1, 15, 8, 0, 0)
SEED = 20240115
draw = random.Random(SEED)


def text(words):
    return " ".join(draw.choice(WORDS) for _ in range(words))


def stamp(index):
    moment = START + datetime.timedelta(seconds=index * 37, microseconds=draw.randrange(1000000))
    return moment.strftime("%Y-%m-%d %H:%M:%S.%f")


def uuid():
    return "%08x-%04x-4%03x-8%03x-%012x" % tuple(draw.getrandbits(bits) for bits in (32, 16, 12, 12, 48))


def reading(index):
    return [100000 + index, "ST%03d" % (index % 40), stamp(index), "%.2f" % (20 + draw.gauss(0, 5)), draw.randrange(3)]


def dataloader(index):
    return [
        index + 1, text(3)[:50], text(3)[:50], text(2)[:50], text(2)[:50], "2007-01-02 00:00:00", stamp(index),
        draw.choice("01"), draw.randrange(100), "%.2f" % draw.uniform(1, 99), "%.7f" % draw.gauss(0, 1),
    ]


def visit(index):
    row = [
        uuid(), 5000 + index // 3, "CL%02d" % (index % 12), stamp(index), text(4)[:60], draw.choice("MF"),
        draw.randrange(90), "%.1f" % draw.uniform(36, 41), "%.1f" % draw.uniform(3, 90),
    ]
    row += [draw.choice([None, "0", "1"]) for _ in range(12)]
    row += [
        text(18), "user%d" % (index % 7), stamp(index), None, None, "1", stamp(index), "user%d" % (index % 7), None,
    ]
    return row


class Table:
    """`types` has one letter per column, as a SQLite file stores it: i integer, r real, t text."""

    def __init__(self, generate, columns, types, changed):
        self.generate = generate
        self.columns = columns.split()
        self.types = types
        self.changed = changed  # the column that an update writes; the first column is the key


TABLES = {
    "reading": Table(reading, "id station taken_at val flag", "ittri", 3),
    "test_dataloader_table": Table(
        dataloader,
        "id string_value string_required_value char_value char_required_value date_value time_value boolean_value "
        "integer_value decimal_value double_value",
        "ittttttiirr", 8),
    "patient_visit": Table(
        visit,
        "visit_uuid patient_id clinic_code visit_time reason sex age temperature weight "
        + " ".join("q%02d" % number for number in range(12))
        + " notes created_by created_at voided_by voided_at status changed_at changed_by void_reason",
        "tittttirr" + "i" * 12 + "ttttttttt", 7),
}


def rows(table, operation, count):
    """(time offset in ms, old row or None, new row or None) for every row; drawn anew from the seed."""
    draw.seed(SEED)
    offset = 0
    for index in range(count):
        if index:
            offset += draw.randrange(200, 60000)
        row = table.generate(index)
        if operation == "insert":
            yield offset, None, row
        elif operation == "delete":
            yield offset, row, None
        else:
            new = list(row)
            new[table.changed] = draw.randrange(100)
            yield offset, row, new


def quote(value):
    if value is None:
        return ""
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'


def csv(values):
    return ",".join(quote(value) for value in values)


def batch(name, operation, count):
    table = TABLES[name]
    counts = {"insert": [count, 0, 0], "update": [0, count, 0], "delete": [0, 0, count]}[operation]
    lines = ["nodeid,clinic-07", "binary,BASE64", "channel,default", "batch,1001", "stats_columns," + STATISTICS]
    lines.append("stats,0,1,1,0,-1,0,12,35,0,0,0,0,%d,%d,%d,%d,%d,%d,%d,%d,0" % (count, *counts, count, *counts))
    lines += ["catalog,", "schema,", "table," + name, "keys," + table.columns[0], "columns," + ",".join(table.columns)]
    lines.append("basetime,1705305600000")
    last = 0
    for offset, old, new in rows(table, operation, count):
        if offset != last:
            lines.append("ts,%d" % offset)
            last = offset
        if old is None:
            lines.append("insert," + csv(new))
            continue
        lines.append("old," + csv(old))
        lines.append("delete," + csv(old[:1]) if new is None else "update," + csv(new) + "," + csv(old[:1]))
    lines.append("commit,1001")
    return ("\n".join(lines) + "\n").encode()


def gzip_size(content):
    """As java.util.zip.GZIPOutputStream with its default level and a flush before the end."""
    compressor = zlib.compressobj(6, zlib.DEFLATED, 31)
    return len(compressor.compress(content) + compressor.flush(zlib.Z_SYNC_FLUSH) + compressor.flush())


def typed(value, kind):
    """n (null), i<integer>, r<real> or t<text>: the storage class a SQLite file keeps."""
    if value is None:
        return "n"
    return kind + str(value)


def dump_rows(name, operation, count):
    """First line: table, then name and type of each column; then a line per row. Updates carry the key and the changed
    column, as a capture would. Fields are separated by tabs."""
    table = TABLES[name]
    print("\t".join([name] + [column + ":" + kind for column, kind in zip(table.columns, table.types)]))
    shown = [0, table.changed] if operation == "update" else [0] if operation == "delete" else range(len(table.types))
    for _, old, new in rows(table, operation, count):
        row = new if new is not None else old
        print("\t".join(typed(row[column], table.types[column]) for column in shown))


def main(arguments):
    if len(arguments) == 4:
        how, name, operation, count = arguments[0], arguments[1], arguments[2], int(arguments[3])
        if how == "--gzip":
            print(gzip_size(batch(name, operation, count)))
        elif how == "--rows":
            dump_rows(name, operation, count)
        else:
            sys.stdout.buffer.write(batch(name, operation, count))
        return
    print("%-22s %-7s %6s %10s %9s" % ("table", "op", "rows", "raw B", "gzip B"))
    for name in TABLES:
        for operation in ("insert", "update", "delete"):
            for count in (1, 10, 100, 1000):
                content = batch(name, operation, count)
                print("%-22s %-7s %6d %10d %9d" % (name, operation, count, len(content), gzip_size(content)))


if __name__ == "__main__":
    main(sys.argv[1:])
