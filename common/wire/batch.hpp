// The plaintext of a batch's body: header, compressed frames, padding (docs/protocol.md, "Batch
// body").
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "common/base/clock.hpp"
#include "common/base/limits.hpp"
#include "common/model/changeset.hpp"
#include "common/wire/compression.hpp"
#include "common/wire/frame.hpp"
#include "common/wire/history.hpp"
#include "common/wire/report.hpp"

namespace postrider::wire {

/// One incarnation of a node, as changes name where they come from.
struct Origin {
    NodeId node{};
    std::uint64_t incarnation = 0;
    auto operator<=>(const Origin &) const = default;
};

/// What must be applied of another stream of the same sender before this batch: that number of that
/// incarnation, or anything of a greater one.
struct Dependency {
    std::uint64_t incarnation = 0;
    std::uint64_t batch_number = 0;
    std::uint64_t queue_position = 0;
    auto operator<=>(const Dependency &) const = default;
};

/// Number 1 of an incarnation that replaces another one: the receiver's position from which the
/// stream goes on (docs/correctness.md, B3 and B4).
struct Rebase {
    std::uint64_t incarnation = 0;
    std::uint64_t number = 0;
    Hash chain{};
    auto operator<=>(const Rebase &) const = default;
};

struct BatchHeader {
    Hash prev_chain{};
    Hash content_hash{};
    LogicalTime low = 0;    // everything this stream sends after this batch has a greater stamp
    bool continues = false; // the step goes on in the next batch
    Timestamp created{};
    std::map<Origin, std::uint64_t> origins; // collect numbers up to and including
    std::map<std::uint32_t, Dependency> dependencies;
    std::optional<History> history; // the batch is kept as history, and may need some
    Compression compression = Compression::zstd;
    std::uint64_t notes_seen = 0;
    std::vector<std::uint8_t> suites; // that the sender can open
    std::optional<Report> report;
    std::optional<KeyAnnouncement> key;
    std::optional<Rebase> rebase;
    bool operator==(const BatchHeader &) const = default;
};

/// How body plaintext is padded, so that its length says less about its content.
struct Padding {
    std::size_t step = 0; // 0: padme (envelope_body.hpp); else up to a multiple of it
};

struct BodyOptions {
    int level = 0;         // of zstd; 0: by the size of each frame
    Prefixes history = {}; // of header.history; left aside where that is empty
    Padding padding = {};
};

struct BodyLimits {
    std::uint64_t raw_bytes_max = limits::body_bytes_max;
    std::uint64_t rows_max = limits::batch_rows_max;
    std::uint64_t cell_bytes_max = limits::batch_cell_bytes_max;
};

struct Batch {
    BatchHeader header;
    std::vector<Frame> frames;
    bool operator==(const Batch &) const = default;
};

/// Fills in the name of header.history. Errors: too_large (the header, or what the limits say of
/// the frames).
Result<Bytes> encode_body(const BatchHeader &header,
                          std::span<const Frame> frames,
                          const BodyOptions &options = {});

/// Only the header: to see whether it is its turn.
Result<BatchHeader> decode_body_header(ByteView body);

/// Whether the history that the body needs is here. Errors: gap (it is not), malformed, too_large.
Result<void> check_history(ByteView body, const HistoryReader &history);

/// content_hash is not checked here: the caller hashes canonical_bytes(frames). Errors: malformed,
/// too_large, gap (history that the body needs is not here).
Result<Batch>
decode_body(ByteView body, const BodyLimits &limits = {}, const HistoryReader &history = {});

/// The padded size of `size` bytes.
std::size_t padded_size(std::size_t size, const Padding &padding);

} // namespace postrider::wire
