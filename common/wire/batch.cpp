// Body plaintext:
//
//   0  4  length of the header, at most 64 KiB
//   4     header, a map
//         the frames, compressed, in the order of the header
//         zeros up to the padded size
//
// Header keys, absent where the value is empty, false or zero:
//   0 prev_chain    5 frames         [+ [kind, table, compressed size, raw size, rows, cell bytes]]
//   1 content_hash  6 suites         [* suite]
//   2 low           7 continues      true
//   3 created, ms   8 origins        [+ [node, incarnation, collect number]]
//   4 compression   9 dependencies   [+ [stream, incarnation, batch number, position]]
//                  10 history [floor, last, name]  11 notes seen  12 report  13 key
//                  14 rebase [incarnation, number, chain]
#include "common/wire/batch.hpp"

#include <algorithm>
#include <set>

#include "common/wire/envelope_body.hpp"
#include "common/wire/report_format.hpp"

namespace postrider::wire {

namespace {

enum HeaderKey : std::uint8_t {
    key_prev_chain = 0,
    key_content_hash = 1,
    key_low = 2,
    key_created = 3,
    key_compression = 4,
    key_frames = 5,
    key_suites = 6,
    key_continues = 7,
    key_origins = 8,
    key_dependencies = 9,
    key_history = 10,
    key_notes_seen = 11,
    key_report = 12,
    key_receiving_key = 13,
    key_rebase = 14,
};

constexpr std::uint64_t header_keys = 15;
constexpr std::size_t frame_parts = 6;
constexpr std::size_t triple_parts = 3;
constexpr std::size_t dependency_parts = 4;
constexpr std::size_t head_length_bytes = 4;
constexpr std::uint64_t compressions = 3;

/// A frame as the header describes it.
struct FrameEntry {
    Frame frame; // without `raw`
    std::uint64_t compressed_size = 0;
    std::uint64_t raw_size = 0;
};

struct ParsedHeader {
    BatchHeader header;
    std::vector<FrameEntry> frames;
};

class HeaderWriter {
  public:
    explicit HeaderWriter(const BatchHeader &header) : header_(header) {}

    Bytes write(std::span<const FrameEntry> frames);

  private:
    void write_required(std::span<const FrameEntry> frames);
    void write_lists();
    void write_options();

    /// Counts the pair and writes its key.
    CborWriter &pair(HeaderKey key) {
        ++pairs_;
        out_.unsigned_integer(key);
        return out_;
    }

    const BatchHeader &header_;
    CborWriter out_;
    std::size_t pairs_ = 0;
};

Bytes HeaderWriter::write(std::span<const FrameEntry> frames) {
    write_required(frames);
    write_lists();
    write_options();
    CborWriter whole;
    whole.map(pairs_);
    whole.raw(out_.view());
    return std::move(whole).take();
}

void HeaderWriter::write_required(std::span<const FrameEntry> frames) {
    pair(key_prev_chain).bytes(header_.prev_chain);
    pair(key_content_hash).bytes(header_.content_hash);
    pair(key_low).unsigned_integer(header_.low);
    pair(key_created).integer(to_milliseconds(header_.created));
    pair(key_compression).unsigned_integer(static_cast<std::uint64_t>(header_.compression));
    pair(key_frames).array(frames.size());
    for (const FrameEntry &entry : frames) {
        out_.array(frame_parts);
        out_.unsigned_integer(static_cast<std::uint64_t>(entry.frame.kind));
        out_.text(entry.frame.table);
        out_.unsigned_integer(entry.compressed_size);
        out_.unsigned_integer(entry.raw_size);
        out_.unsigned_integer(entry.frame.rows);
        out_.unsigned_integer(entry.frame.cell_bytes);
    }
    write_suites(pair(key_suites), header_.suites);
    if (header_.continues) {
        pair(key_continues).boolean(true);
    }
}

void HeaderWriter::write_lists() {
    if (!header_.origins.empty()) {
        pair(key_origins).array(header_.origins.size());
        for (const auto &[origin, collect_number] : header_.origins) {
            out_.array(triple_parts);
            out_.bytes(origin.node);
            out_.unsigned_integer(origin.incarnation);
            out_.unsigned_integer(collect_number);
        }
    }
    if (!header_.dependencies.empty()) {
        pair(key_dependencies).array(header_.dependencies.size());
        for (const auto &[stream, dependency] : header_.dependencies) {
            out_.array(dependency_parts);
            out_.unsigned_integer(stream);
            out_.unsigned_integer(dependency.incarnation);
            out_.unsigned_integer(dependency.batch_number);
            out_.unsigned_integer(dependency.queue_position);
        }
    }
    if (header_.history) {
        pair(key_history).array(triple_parts);
        out_.unsigned_integer(header_.history->floor);
        out_.unsigned_integer(header_.history->last);
        out_.bytes(header_.history->name);
    }
}

void HeaderWriter::write_options() {
    if (header_.notes_seen != 0) {
        pair(key_notes_seen).unsigned_integer(header_.notes_seen);
    }
    if (header_.report) {
        write_report(pair(key_report), *header_.report);
    }
    if (header_.key) {
        write_key(pair(key_receiving_key), *header_.key);
    }
    if (header_.rebase) {
        pair(key_rebase).array(triple_parts);
        out_.unsigned_integer(header_.rebase->incarnation);
        out_.unsigned_integer(header_.rebase->number);
        out_.bytes(header_.rebase->chain);
    }
}

class HeaderReader {
  public:
    explicit HeaderReader(ByteView encoded) : in_(encoded) {}

    Result<ParsedHeader> read();

  private:
    void read_pair(std::uint64_t key);
    void read_frames();
    void read_origins();
    void read_dependencies();
    void read_history();
    void read_rebase();

    /// The values that are left out must not be written.
    void require(bool condition) {
        if (!condition) {
            in_.fail();
        }
    }

    CborReader in_;
    ParsedHeader out_;
};

Result<ParsedHeader> HeaderReader::read() {
    const std::size_t pairs = in_.map(header_keys);
    std::set<std::uint64_t> keys;
    for (std::size_t index = 0; index < pairs && in_.ok(); ++index) {
        const std::uint64_t key = in_.choice(header_keys);
        require(keys.empty() || key > *keys.rbegin());
        keys.insert(key);
        read_pair(key);
    }
    for (std::uint64_t key = key_prev_chain; key <= key_suites; ++key) {
        require(keys.contains(key));
    }
    if (!in_.at_end()) {
        in_.fail();
        return in_.error("batch header");
    }
    return std::move(out_);
}

// NOLINTNEXTLINE(readability-function-size): one flat switch of a codec
void HeaderReader::read_pair(std::uint64_t key) {
    BatchHeader &header = out_.header;
    switch (key) {
    case key_prev_chain:
        header.prev_chain = in_.fixed<32>();
        break;
    case key_content_hash:
        header.content_hash = in_.fixed<32>();
        break;
    case key_low:
        header.low = in_.unsigned_integer();
        break;
    case key_created:
        header.created = from_milliseconds(in_.integer());
        break;
    case key_compression:
        header.compression = static_cast<Compression>(in_.choice(compressions));
        break;
    case key_frames:
        read_frames();
        break;
    case key_suites:
        header.suites = read_suites(in_);
        break;
    case key_continues:
        header.continues = in_.boolean();
        require(header.continues);
        break;
    case key_origins:
        read_origins();
        break;
    case key_dependencies:
        read_dependencies();
        break;
    case key_history:
        read_history();
        break;
    case key_notes_seen:
        header.notes_seen = in_.unsigned_integer();
        require(header.notes_seen != 0);
        break;
    case key_report:
        header.report = read_report(in_);
        break;
    case key_receiving_key:
        header.key = read_key(in_);
        break;
    default:
        read_rebase();
        break;
    }
}

void HeaderReader::read_frames() {
    const std::size_t count = in_.array(limits::batch_frames_max);
    for (std::size_t index = 0; index < count && in_.ok(); ++index) {
        FrameEntry entry;
        expect_array(in_, frame_parts);
        entry.frame.kind = static_cast<FrameKind>(in_.choice(frame_kinds));
        entry.frame.table = in_.text(limits::name_bytes_max);
        entry.compressed_size = in_.unsigned_integer(limits::body_bytes_max);
        entry.raw_size = in_.unsigned_integer(limits::body_bytes_max);
        entry.frame.rows = in_.unsigned_integer();
        entry.frame.cell_bytes = in_.unsigned_integer();
        out_.frames.push_back(std::move(entry));
    }
}

void HeaderReader::read_origins() {
    auto &origins = out_.header.origins;
    const std::size_t count = in_.array(limits::batch_origins_max);
    require(count > 0);
    for (std::size_t index = 0; index < count && in_.ok(); ++index) {
        expect_array(in_, triple_parts);
        Origin origin;
        origin.node = in_.fixed<16>();
        origin.incarnation = in_.unsigned_integer();
        require(origins.empty() || origins.rbegin()->first < origin);
        origins[origin] = in_.unsigned_integer();
    }
}

void HeaderReader::read_dependencies() {
    auto &dependencies = out_.header.dependencies;
    const std::size_t count = in_.array(limits::batch_dependencies_max);
    require(count > 0);
    for (std::size_t index = 0; index < count && in_.ok(); ++index) {
        expect_array(in_, dependency_parts);
        const std::uint32_t stream = in_.uint32();
        require(dependencies.empty() || dependencies.rbegin()->first < stream);
        Dependency &dependency = dependencies[stream];
        dependency.incarnation = in_.unsigned_integer();
        dependency.batch_number = in_.unsigned_integer();
        dependency.queue_position = in_.unsigned_integer();
    }
}

void HeaderReader::read_history() {
    expect_array(in_, triple_parts);
    History history;
    history.floor = in_.unsigned_integer();
    history.last = in_.unsigned_integer();
    history.name = in_.fixed<8>();
    require(history.floor > 0 && history.last >= history.floor - 1);
    out_.header.history = history;
}

void HeaderReader::read_rebase() {
    expect_array(in_, triple_parts);
    Rebase rebase;
    rebase.incarnation = in_.unsigned_integer();
    rebase.number = in_.unsigned_integer();
    rebase.chain = in_.fixed<32>();
    out_.header.rebase = rebase;
}

Error too_large(const char *what) {
    return {Errc::too_large, std::string(what) + " exceeds a limit of the protocol"};
}

Error malformed_header() {
    return {Errc::malformed, "malformed batch body"};
}

/// What the frames say they will cost, before any of it is made.
Result<void> check_limits(std::span<const FrameEntry> frames, const BodyLimits &limits) {
    std::uint64_t raw_left = limits.raw_bytes_max;
    std::uint64_t rows_left = limits.rows_max;
    std::uint64_t cell_bytes_left = limits.cell_bytes_max;
    for (const FrameEntry &entry : frames) {
        if (entry.raw_size > raw_left || entry.frame.rows > rows_left ||
            entry.frame.cell_bytes > cell_bytes_left) {
            return too_large("batch");
        }
        raw_left -= entry.raw_size;
        rows_left -= entry.frame.rows;
        cell_bytes_left -= entry.frame.cell_bytes;
    }
    return {};
}

/// The header, and where the frames begin.
Result<ParsedHeader> parse_header(ByteView body, ByteView &rest) {
    ByteReader reader(body);
    const std::uint32_t size = reader.u32();
    if (size > limits::batch_header_bytes_max) {
        return too_large("batch header");
    }
    const ByteView encoded = reader.raw(size);
    if (!reader.ok()) {
        return malformed_header();
    }
    rest = body.subspan(head_length_bytes + size);
    return HeaderReader(encoded).read();
}

std::vector<std::string> tables_of(std::span<const FrameEntry> entries) {
    std::vector<std::string> tables;
    for (const FrameEntry &entry : entries) {
        if (entry.frame.kind == FrameKind::changes) {
            tables.push_back(entry.frame.table);
        }
    }
    return tables;
}

/// The prefixes of the frames, which must be those that the header names.
Result<Prefixes> read_prefixes(const ParsedHeader &parsed, const HistoryReader &history) {
    Prefixes prefixes;
    if (!parsed.header.history) {
        return prefixes;
    }
    const std::vector<std::string> tables = tables_of(parsed.frames);
    for (const std::string &table : tables) {
        const bool is_new =
            prefixes.emplace(table, history ? history(*parsed.header.history, table) : Bytes{})
                .second;
        if (!is_new) {
            return malformed_header();
        }
    }
    if (history_name(tables, prefixes) != parsed.header.history->name) {
        return Error{Errc::gap, "the history that a batch is compressed with is not here"};
    }
    return prefixes;
}

ByteView prefix_of(const Prefixes &prefixes, const Frame &frame) {
    const auto found = prefixes.find(frame.table);
    const bool has_one = frame.kind == FrameKind::changes && found != prefixes.end();
    return has_one ? ByteView{found->second} : ByteView{};
}

/// The header with the name of its history.
BatchHeader named_header(const BatchHeader &header,
                         std::span<const FrameEntry> entries,
                         const Prefixes &prefixes) {
    BatchHeader named = header;
    if (named.history) {
        named.history->name = history_name(tables_of(entries), prefixes);
    }
    return named;
}

} // namespace

Result<Bytes>
encode_body(const BatchHeader &header, std::span<const Frame> frames, const BodyOptions &options) {
    const Prefixes &prefixes = header.history ? options.history : Prefixes{};
    std::vector<FrameEntry> entries;
    Bytes content;
    for (const Frame &frame : frames) {
        if (frame.kind == FrameKind::private_values) {
            entries.push_back({{frame.kind, frame.table, {}, frame.rows, frame.cell_bytes},
                               frame.raw.size(),
                               frame.raw.size()});
            content.insert(content.end(), frame.raw.begin(), frame.raw.end());
            continue;
        }
        Bytes compressed = compress(frame.raw, {.method = header.compression,
                                                .level = options.level,
                                                .history = prefix_of(prefixes, frame)});
        if (compressed.size() >= frame.raw.size()) {
            compressed = frame.raw; // stored, as its size says
        }
        entries.push_back({{frame.kind, frame.table, {}, frame.rows, frame.cell_bytes},
                           compressed.size(),
                           frame.raw.size()});
        content.insert(content.end(), compressed.begin(), compressed.end());
    }
    if (auto within = check_limits(entries, {}); !within) {
        return within.error();
    }
    const Bytes encoded = HeaderWriter(named_header(header, entries, prefixes)).write(entries);
    if (encoded.size() > limits::batch_header_bytes_max ||
        entries.size() > limits::batch_frames_max) {
        return too_large("batch header");
    }
    ByteWriter out;
    out.u32(static_cast<std::uint32_t>(encoded.size()));
    out.raw(encoded);
    out.raw(content);
    Bytes body = std::move(out).take();
    body.resize(padded_size(body.size(), options.padding));
    if (body.size() > limits::body_bytes_max) {
        return too_large("batch body");
    }
    return body;
}

Result<BatchHeader> decode_body_header(ByteView body) {
    ByteView rest;
    Result<ParsedHeader> parsed = parse_header(body, rest);
    if (!parsed) {
        return parsed.error();
    }
    return std::move(parsed->header);
}

Result<void> check_history(ByteView body, const HistoryReader &history) {
    ByteView rest;
    const Result<ParsedHeader> parsed = parse_header(body, rest);
    if (!parsed) {
        return parsed.error();
    }
    const Result<Prefixes> prefixes = read_prefixes(*parsed, history);
    return prefixes ? Result<void>{} : Result<void>{prefixes.error()};
}

Result<Batch> decode_body(ByteView body, const BodyLimits &limits, const HistoryReader &history) {
    ByteView rest;
    Result<ParsedHeader> parsed = parse_header(body, rest);
    if (!parsed) {
        return parsed.error();
    }
    if (auto within = check_limits(parsed->frames, limits); !within) {
        return within.error();
    }
    const Result<Prefixes> prefixes = read_prefixes(*parsed, history);
    if (!prefixes) {
        return prefixes.error();
    }
    Batch out;
    out.header = std::move(parsed->header);
    for (FrameEntry &entry : parsed->frames) {
        if (entry.compressed_size > rest.size() || entry.compressed_size > entry.raw_size) {
            return malformed_header();
        }
        const bool is_stored = entry.compressed_size == entry.raw_size;
        if (entry.frame.kind == FrameKind::private_values && !is_stored) {
            return malformed_header();
        }
        const Compression method = is_stored ? Compression::none : out.header.compression;
        Result<Bytes> raw =
            decompress(rest.first(entry.compressed_size), entry.raw_size,
                       {.method = method, .history = prefix_of(*prefixes, entry.frame)});
        if (!raw) {
            return raw.error();
        }
        entry.frame.raw = std::move(*raw);
        out.frames.push_back(std::move(entry.frame));
        rest = rest.subspan(entry.compressed_size);
    }
    const auto is_zero = [](std::uint8_t byte) { return byte == 0; };
    if (!std::all_of(rest.begin(), rest.end(), is_zero)) {
        return malformed_header();
    }
    return out;
}

std::size_t padded_size(std::size_t size, const Padding &padding) {
    if (padding.step == 0) {
        return padme(size);
    }
    return (size + padding.step - 1) / padding.step * padding.step;
}

} // namespace postrider::wire
