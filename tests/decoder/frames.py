"""Reads schema, change and control frames, from docs/protocol.md alone, into the lines that its section "Vectors of
frames and bodies" describes. Kept simple: it trusts sizes, since it reads vectors, not mails."""
import datetime
import hashlib
import io
import struct

import cbor2

WORD = 1 << 64
OPERATIONS = ("insert", "upsert", "update", "remove", "leave")
NULL, FLOAT64, FLOAT32, TEXT, INTERVAL, UUID, ARRAY = 0, 4, 5, 6, 13, 14, 17
BITS = 16
STRING_KINDS = (3, 6, 7, 15, 18)
CELL, REGISTER = 32, 64


class FormatError(Exception):
    pass


def require(condition, what):
    if not condition:
        raise FormatError(what)


class Items:
    """A sequence of CBOR items."""

    def __init__(self, content):
        self.stream = io.BytesIO(content)
        self.size = len(content)
        self.decoder = cbor2.CBORDecoder(self.stream)

    def next(self):
        return self.decoder.decode()

    def at_end(self):
        return self.stream.tell() == self.size


def one_item(content):
    items = Items(content)
    item = items.next()
    require(items.at_end(), "bytes are left over")
    require(cbor2.dumps(item) == content, "not the deterministic encoding")
    return item


def signed(number):
    number %= WORD
    return number - WORD if number >= WORD // 2 else number


# --- vectors ----------------------------------------------------------------------------------------------------------


def integers(items, count):
    """An integer vector, as unsigned numbers below 2^64."""
    form = items.next()
    require(0 <= form <= 5, "form of an integer vector")
    if form >= 3:
        value = items.next() % WORD
        out = [value]
        for difference in packed_integers(items, form - 3, count - 1):
            value = (value + difference) % WORD
            out.append(value)
        return out
    return packed_integers(items, form, count)


def packed_integers(items, form, count):
    if form == 0:
        return [items.next() % WORD] * count
    width, unit, base, packed = (items.next() for _ in range(4))
    if form == 1:
        require(len(packed) == (count * width + 7) // 8, "size of packed bits")
        bits = "".join(format(byte, "08b") for byte in packed)
        fields = [int(bits[row * width : (row + 1) * width], 2) for row in range(count)]
    else:
        require(len(packed) == count * width, "size of planes")
        fields = [int.from_bytes(packed[row::count], "big") if count else 0 for row in range(count)]
    return [(base + field * unit) % WORD for field in fields]


def cut(lengths, content):
    out = []
    place = 0
    for length in lengths:
        out.append(content[place : place + length])
        place += length
    require(place == len(content), "lengths fill the bytes")
    return out


def strings(items, count):
    form = items.next()
    if form == 0:
        return cut(integers(items, count), items.next())
    if form == 1:
        shared = integers(items, count)
        out = []
        previous = b""
        for size, rest in zip(shared, cut(integers(items, count), items.next())):
            require(size <= len(previous), "shared bytes")
            previous = previous[:size] + rest
            out.append(previous)
        return out
    require(form == 2, "form of a string vector")
    counts = integers(items, count)
    distinct = items.next()
    words = cut(integers(items, distinct), items.next())
    indexes = iter(integers(items, sum(counts)))
    return [b" ".join(words[next(indexes)] for _ in range(size)) for size in counts]


# --- values as text: KIND or KIND:CONTENT -----------------------------------------------------------------------------


def shown(kind, content):
    return str(kind) if kind == NULL else f"{kind}:{content}"


def value_text(value):
    """A value as one CBOR item."""
    if value is None:
        return shown(NULL, "")
    kind, *parts = value
    if kind == ARRAY:
        dimensions = ",".join(f"{lower}+{length}" for lower, length in parts[0])
        return shown(kind, f"[{dimensions}]{{{','.join(value_text(element) for element in parts[1])}}}")
    texts = [part.hex() if isinstance(part, bytes) else str(int(part)) for part in parts]
    return shown(kind, "/".join(texts))


def integers_text(kind, parts):
    if kind in (FLOAT64, FLOAT32):
        return shown(kind, parts[0])
    if kind == UUID:
        return shown(kind, b"".join(part.to_bytes(8, "big") for part in parts).hex())
    return shown(kind, "/".join(str(signed(part)) for part in parts))


def parts_of(kind):
    return {10: 2, INTERVAL: 3, UUID: 2}.get(kind, 1)


def number_text(kind, unscaled, scale):
    if kind == FLOAT64:
        return shown(kind, struct.unpack(">Q", struct.pack(">d", unscaled / 10**scale))[0])
    digits = str(abs(unscaled)).rjust(scale + 1, "0")
    if scale:
        digits = digits[:-scale] + "." + digits[-scale:]
    return shown(kind, (("-" if unscaled < 0 else "") + digits).encode().hex())


def uuid_text(high, low):
    digits = format(high, "016x") + format(low, "016x")
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def time_text(layout, units):
    if layout == 0:
        return date_text(units)
    digits, separator, zulu = (layout - 1) % 7, " T"[(layout - 1) // 7 % 2], (layout - 1) // 14
    seconds, fraction = divmod(units, 10**digits)
    days, second = divmod(seconds, 86400)
    clock = f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
    tail = f".{fraction:0{digits}}" if digits else ""
    return date_text(days) + separator + clock + tail + ("Z" if zulu else "")


def date_text(days):
    """Python knows no year 0; 400 years have the same days everywhere."""
    era = 146097
    shift = 0 if days > -era else 1
    date = datetime.date(2000, 1, 1) + datetime.timedelta(days + shift * era)
    return f"{date.year - 400 * shift:04}-{date.month:02}-{date.day:02}"


# --- columns ----------------------------------------------------------------------------------------------------------


def column(items, count):
    """A column vector as texts."""
    form = items.next()
    if form == 0:
        return [value_text(items.next())] * count
    if form == 1:
        return mixed_column(items, count)
    if form == 2:
        distinct = column(items, items.next())
        return [distinct[index] for index in integers(items, count)]
    if form == 3:
        kind = items.next()
        parts = [integers(items, count) for _ in range(parts_of(kind))]
        return [integers_text(kind, row) for row in zip(*parts)]
    if form == 4:
        kind = items.next()
        require(kind in STRING_KINDS, "kind of strings")
        return [shown(kind, content.hex()) for content in strings(items, count)]
    if form == 5:
        kind = items.next()
        scales = integers(items, count)
        return [number_text(kind, signed(unscaled), scale) for unscaled, scale in zip(integers(items, count), scales)]
    if form == 6:
        high = integers(items, count)
        return [shown(TEXT, uuid_text(*halves).encode().hex()) for halves in zip(high, integers(items, count))]
    if form == 7:
        layout = items.next()
        return [shown(TEXT, time_text(layout, signed(units)).encode().hex()) for units in integers(items, count)]
    require(form == 8, "form of a column vector")
    return [value_text(items.next()) for _ in range(count)]


def mixed_column(items, count):
    kinds = items.next()
    indexes = integers(items, count)
    members = []
    for place, kind in enumerate(kinds):
        rows = indexes.count(place)
        members.append(iter([shown(NULL, "")] * rows if kind == NULL else column(items, rows)))
    return [next(members[index]) for index in indexes]


# --- frames -----------------------------------------------------------------------------------------------------------


def schema_hash(raw):
    return hashlib.blake2b(raw, digest_size=32).digest()[:8]


def schema_lines(schema):
    _, columns, key = schema
    for name, kind, element, precision, scale, native, nullable in columns:
        spelling = native.encode().hex() or "-"
        yield f"column {name.encode().hex()} {kind} {element} {precision} {scale} {spelling} " + (
            "null" if nullable else "not-null"
        )
    yield "key " + " ".join(str(index) for index in key)


def cell_bytes(text):
    """What a value costs, read from its text."""
    kind, _, content = text.partition(":")
    if int(kind) in STRING_KINDS:
        return CELL + len(content) // 2
    if int(kind) == BITS:
        return CELL + len(content.partition("/")[2]) // 2
    if int(kind) == ARRAY:
        dimensions, _, elements = content.partition("]{")
        cost = CELL + 8 * dimensions.count("+")
        return cost + sum(cell_bytes(element) for element in elements[:-1].split(",") if element)
    return CELL


def one_way_rows(items, key_size):
    for _ in range(items.next()):
        operation, count, columns, old_columns = (items.next() for _ in range(4))
        vectors = [column(items, count) for _ in range(key_size + len(columns) + len(old_columns))]
        for row in zip(*vectors):
            key, new = row[:key_size], row[key_size : key_size + len(columns)]
            old = row[key_size + len(columns) :]
            words = [OPERATIONS[operation], *key, "new"]
            words += [f"{index}={text}" for index, text in zip(columns, new)] + ["old"]
            words += [f"{index}={text}" for index, text in zip(old_columns, old)]
            yield key, " ".join(words), sum(cell_bytes(text) for text in row)


def stamps(items, count, nodes):
    times = integers(items, count)
    return [f"{time}.{nodes[index].hex()}" for time, index in zip(times, integers(items, count))]


def stamped(items, count, nodes):
    """"@STAMP" or "@STAMP<STAMP" per row."""
    written = stamps(items, count, nodes)
    present = integers(items, count)
    replaced = iter(stamps(items, sum(present), nodes) if any(present) else [])
    return ["@" + stamp + ("<" + next(replaced) if flag else "") for stamp, flag in zip(written, present)]


def sync_rows(items, key_size):
    ids = items.next()
    nodes = [ids[place : place + 16] for place in range(0, len(ids), 16)]
    for _ in range(items.next()):
        existence, count, columns = (items.next() for _ in range(3))
        keys = list(zip(*[column(items, count) for _ in range(key_size)]))
        lines = [["sync", *key] for key in keys]
        costs = [sum(cell_bytes(text) for text in key) for key in keys]
        registers = len(columns) + (1 if existence else 0)
        if existence:
            for line, stamp in zip(lines, stamped(items, count, nodes)):
                line.append("exists=" + (None, "gone", "there")[existence] + stamp)
        for index in columns:
            values = column(items, count)
            for row, (text, stamp) in enumerate(zip(values, stamped(items, count, nodes))):
                lines[row].append(f"{index}={text}{stamp}")
                costs[row] += cell_bytes(text)
        for key, line, cost in zip(keys, lines, costs):
            yield key, " ".join(line), cost + REGISTER * registers


def change_lines(raw, table, schemas):
    """The lines of a change frame, rows in the order in which they come, each with its key and cost."""
    items = Items(raw)
    name = items.next()
    require(name in schemas, "schema is known")
    schema = schemas[name]
    require(schema[0] == table, "the schema is this table's")
    law = items.next()
    truncated = law == 0 and items.next()
    head = f"table {table.encode().hex()} {name.hex()} " + ("sync" if law else "one-way")
    rows = list((sync_rows if law else one_way_rows)(items, len(schema[2])))
    require(items.at_end(), "bytes are left over")
    return [head + (" truncated" if truncated else ""), *schema_lines(schema)], rows


def padme(size):
    if size <= 256:
        return 256
    exponent = size.bit_length() - 1
    step = 1 << (exponent - exponent.bit_length())
    return (size + step - 1) // step * step


def with_private(raw, table, schemas, cells, lines):
    """The lines of a change frame with the values of its private frame in their places."""
    items = Items(raw)
    schema = schemas[items.next()]
    require(schema[0] == table, "the schema is this table's")
    columns = items.next()
    require(columns and columns == sorted(set(columns)) and not set(columns) & set(schema[2]), "private columns")
    values = [value_text(items.next()) for _ in range(items.next())]
    size = items.stream.tell()
    require(len(raw) == padme(size) and not any(raw[size:]), "padding of a private frame")
    require(sum(cell_bytes(value) for value in values) == cells, "cell bytes of a private frame")
    out = []
    for line in lines:
        before, _, after = line.partition(" new ")
        new, _, old = (after + " ").partition("old ")
        words = []
        for word in new.split():
            index, _, value = word.partition("=")
            if int(index) in columns:
                number = int(value.removeprefix("2:"))
                value, values[number] = values[number], None
            words.append(f"{index}={value}")
        out.append(" ".join([before, "new", *words, "old", *old.split()]))
    require(not any(values), "each private value once")
    return out


MESSAGE_ITEMS = {0: 10, 1: 3, 2: 7, 3: 4, 4: 3, 5: 3, 6: 1, 7: 4, 8: 2, 9: 3, 10: 2, 11: 2}


def check_control(raw):
    message = one_item(raw)
    require(len(message) == MESSAGE_ITEMS[message[0]], "items of a control message")
    if message[0] == 10:
        require(0 <= message[1] <= 315360000, "seconds of a control message")
    elif message[0] == 11:
        require(isinstance(message[1], str), "text of a control message")
    elif message[0] not in (6, 7, 8):
        require(len(message[1]) == 16 and isinstance(message[2], str), "task of a control message")
    if message[0] in (0, 2):
        for wire_name, _, schema, foreign_keys in message[4]:
            require(schema is None or one_item(schema)[0] == wire_name, "schema of an offered table")
            for columns, _, parent_columns in foreign_keys:
                require(0 < len(columns) == len(parent_columns), "columns of a foreign key")
