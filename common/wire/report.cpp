// Reports:
//
//   [incarnation, counter, hello, [* stream], [* note], [* suite], key / null, notes seen, start,
//    seen / null]
//   stream  [stream, incarnation, applied, chain, [* [first, last]], [* missing], forked]
//   missing [number, body hash, [* [offset, size]]]; no range and a hash of zeros: nothing came;
//           no range and another hash: the history of this body is not here
//   note    [number, kind, stream, batch number, rows, code, message]
//   key     [generation, receiving key]
//   start   [token, previous / null, since, claimed, proof]
//   seen    [incarnation, counter, token, claimed, proof]
#include <algorithm>

#include "common/base/limits.hpp"
#include "common/base/utf8.hpp"
#include "common/wire/report_format.hpp"

namespace postrider::wire {

namespace {

constexpr std::size_t report_parts = 10;
constexpr std::size_t stream_parts = 7;
constexpr std::size_t start_parts = 5;
constexpr std::size_t seen_parts = 5;
constexpr std::size_t missing_parts = 3;
constexpr std::size_t note_parts = 7;
constexpr std::size_t pair_parts = 2;
constexpr std::uint64_t note_kinds = static_cast<std::uint64_t>(NoteKind::error) + 1;
constexpr std::uint64_t suite_max = 255;

void write_stream(CborWriter &out, const StreamReport &stream) {
    out.array(stream_parts);
    out.unsigned_integer(stream.stream);
    out.unsigned_integer(stream.incarnation);
    out.unsigned_integer(stream.applied);
    out.bytes(stream.chain);
    out.array(stream.stored.size());
    for (const NumberRange &range : stream.stored) {
        out.array(pair_parts);
        out.unsigned_integer(range.first);
        out.unsigned_integer(range.last);
    }
    out.array(stream.missing.size());
    for (const MissingParts &missing : stream.missing) {
        out.array(missing_parts);
        out.unsigned_integer(missing.number);
        out.bytes(missing.body_hash);
        out.array(missing.ranges.size());
        for (const ByteRange &range : missing.ranges) {
            out.array(pair_parts);
            out.unsigned_integer(range.offset);
            out.unsigned_integer(range.size);
        }
    }
    out.boolean(stream.forked);
}

void write_start(CborWriter &out, const Start &start) {
    out.array(start_parts);
    out.bytes(start.token);
    if (start.previous) {
        out.bytes(*start.previous);
    } else {
        out.null();
    }
    out.unsigned_integer(start.since);
    out.boolean(start.claimed);
    out.bytes(start.proof);
}

void write_seen(CborWriter &out, const Seen &seen) {
    out.array(seen_parts);
    out.unsigned_integer(seen.incarnation);
    out.unsigned_integer(seen.counter);
    out.bytes(seen.token);
    out.boolean(seen.claimed);
    out.bytes(seen.proof);
}

void write_note(CborWriter &out, const Note &note) {
    out.array(note_parts);
    out.unsigned_integer(note.number);
    out.unsigned_integer(static_cast<std::uint64_t>(note.kind));
    out.unsigned_integer(note.stream);
    out.unsigned_integer(note.batch_number);
    out.unsigned_integer(note.rows);
    out.text(printable(note.code, limits::note_code_bytes_max));
    out.text(printable(note.message, limits::note_message_bytes_max));
}

NumberRange read_number_range(CborReader &in) {
    expect_array(in, pair_parts);
    const std::uint64_t first = in.unsigned_integer();
    return {first, in.unsigned_integer()};
}

ByteRange read_byte_range(CborReader &in) {
    expect_array(in, pair_parts);
    const std::uint64_t offset = in.unsigned_integer(limits::body_bytes_max);
    const ByteRange out{offset, in.unsigned_integer(limits::body_bytes_max)};
    if (out.size == 0) {
        in.fail();
    }
    return out;
}

MissingParts read_missing(CborReader &in) {
    MissingParts out;
    expect_array(in, missing_parts);
    out.number = in.unsigned_integer();
    out.body_hash = in.fixed<32>();
    const std::size_t count = in.array(limits::body_ranges_max);
    for (std::size_t index = 0; index < count && in.ok(); ++index) {
        const ByteRange range = read_byte_range(in);
        if (!out.ranges.empty() &&
            range.offset <= out.ranges.back().offset + out.ranges.back().size) {
            in.fail();
        }
        out.ranges.push_back(range);
    }
    if (!out.ranges.empty() && out.body_hash == Hash{}) {
        in.fail();
    }
    return out;
}

StreamReport read_stream(CborReader &in) {
    StreamReport out;
    expect_array(in, stream_parts);
    out.stream = in.uint32();
    out.incarnation = in.unsigned_integer();
    out.applied = in.unsigned_integer();
    out.chain = in.fixed<32>();
    std::uint64_t before = out.applied;
    const std::size_t ranges = in.array(limits::window_numbers_max);
    for (std::size_t index = 0; index < ranges && in.ok(); ++index) {
        const NumberRange range = read_number_range(in);
        if (range.first <= before || range.last < range.first) {
            in.fail();
        }
        before = range.last;
        out.stored.push_back(range);
    }
    before = out.applied;
    const std::size_t missing = in.array(limits::window_numbers_max);
    for (std::size_t index = 0; index < missing && in.ok(); ++index) {
        out.missing.push_back(read_missing(in));
        if (out.missing.back().number <= before) {
            in.fail();
        }
        before = out.missing.back().number;
    }
    out.forked = in.boolean();
    return out;
}

Start read_start(CborReader &in) {
    Start out;
    expect_array(in, start_parts);
    out.token = in.fixed<16>();
    if (!in.skip_null()) {
        out.previous = in.fixed<16>();
    }
    out.since = in.unsigned_integer();
    out.claimed = in.boolean();
    out.proof = in.fixed<16>();
    return out;
}

Seen read_seen(CborReader &in) {
    Seen out;
    expect_array(in, seen_parts);
    out.incarnation = in.unsigned_integer();
    out.counter = in.unsigned_integer();
    out.token = in.fixed<16>();
    out.claimed = in.boolean();
    out.proof = in.fixed<16>();
    return out;
}

/// Shown to people as it is, so it holds nothing that a terminal would obey.
std::string read_printable(CborReader &in, std::size_t bytes_max) {
    const std::string_view text = in.text(bytes_max);
    if (printable(text, bytes_max) != text) {
        in.fail();
    }
    return std::string(text);
}

Note read_note(CborReader &in) {
    Note out;
    expect_array(in, note_parts);
    out.number = in.unsigned_integer();
    out.kind = static_cast<NoteKind>(in.choice(note_kinds));
    out.stream = in.uint32();
    out.batch_number = in.unsigned_integer();
    out.rows = in.unsigned_integer();
    out.code = read_printable(in, limits::note_code_bytes_max);
    out.message = read_printable(in, limits::note_message_bytes_max);
    return out;
}

} // namespace

void expect_array(CborReader &in, std::size_t size) {
    if (in.array(size) != size) {
        in.fail();
    }
}

void write_suites(CborWriter &out, const std::vector<std::uint8_t> &suites) {
    out.array(suites.size());
    for (const std::uint8_t each : suites) {
        out.unsigned_integer(each);
    }
}

std::vector<std::uint8_t> read_suites(CborReader &in) {
    std::vector<std::uint8_t> out;
    const std::size_t count = in.array(limits::suites_max);
    for (std::size_t index = 0; index < count && in.ok(); ++index) {
        const auto each = static_cast<std::uint8_t>(in.choice(suite_max + 1));
        if (!out.empty() && each <= out.back()) {
            in.fail();
        }
        out.push_back(each);
    }
    return out;
}

void write_key(CborWriter &out, const KeyAnnouncement &key) {
    out.array(pair_parts);
    out.unsigned_integer(key.generation);
    out.bytes(key.receiving_key);
}

KeyAnnouncement read_key(CborReader &in) {
    KeyAnnouncement out;
    expect_array(in, pair_parts);
    out.generation = in.uint32();
    out.receiving_key = in.fixed<32>();
    return out;
}

void write_report(CborWriter &out, const Report &report) {
    out.array(report_parts);
    out.unsigned_integer(report.incarnation);
    out.unsigned_integer(report.counter);
    out.boolean(report.hello);
    out.array(report.streams.size());
    for (const StreamReport &stream : report.streams) {
        write_stream(out, stream);
    }
    out.array(report.notes.size());
    for (const Note &note : report.notes) {
        write_note(out, note);
    }
    write_suites(out, report.suites);
    if (report.key) {
        write_key(out, *report.key);
    } else {
        out.null();
    }
    out.unsigned_integer(report.notes_seen);
    write_start(out, report.start);
    if (report.seen) {
        write_seen(out, *report.seen);
    } else {
        out.null();
    }
}

Report read_report(CborReader &in) {
    Report out;
    expect_array(in, report_parts);
    out.incarnation = in.unsigned_integer();
    out.counter = in.unsigned_integer();
    out.hello = in.boolean();
    const std::size_t streams = in.array(limits::report_streams_max);
    for (std::size_t index = 0; index < streams && in.ok(); ++index) {
        StreamReport stream = read_stream(in);
        if (!out.streams.empty() && stream.stream <= out.streams.back().stream) {
            in.fail();
        }
        out.streams.push_back(std::move(stream));
    }
    const std::size_t notes = in.array(limits::report_notes_max);
    for (std::size_t index = 0; index < notes && in.ok(); ++index) {
        Note note = read_note(in);
        if (!out.notes.empty() && note.number <= out.notes.back().number) {
            in.fail();
        }
        out.notes.push_back(std::move(note));
    }
    out.suites = read_suites(in);
    if (!in.skip_null()) {
        out.key = read_key(in);
    }
    out.notes_seen = in.unsigned_integer();
    out.start = read_start(in);
    if (!in.skip_null()) {
        out.seen = read_seen(in);
    }
    return out;
}

Bytes encode_report(const Report &report) {
    CborWriter out;
    write_report(out, report);
    return std::move(out).take();
}

Result<Report> decode_report(ByteView encoded) {
    CborReader in(encoded);
    Report out = read_report(in);
    if (!in.at_end()) {
        in.fail();
        return in.error("report");
    }
    return out;
}

} // namespace postrider::wire
