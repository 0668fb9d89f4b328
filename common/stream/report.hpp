// What the two sides of a stream tell each other about it: positions, and the receiver's report.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/bytes.hpp"
#include "common/stream/ranges.hpp"

namespace postrider::stream {

using ChainHash = FixedBytes<32>;
using BodyHash = FixedBytes<32>;

/// A point in the life of a stream: after number `number`, where the chain hash is `chain`. The
/// hash alone tells two points apart, since it covers the other two; zeros: nothing was applied
/// ever. Number 0 of an incarnation is the point where it begins, with the hash of where it came
/// from.
struct Position {
    std::uint64_t incarnation = 0;
    std::uint64_t number = 0;
    ChainHash chain{};
    auto operator<=>(const Position &) const = default;
};

/// What did not arrive of a number: some ranges of a body of which others did; or, with no ranges
/// and a hash of zeros, everything although later numbers did; or, with no ranges and the hash of a
/// body, the history that it is compressed with.
struct MissingParts {
    std::uint64_t number = 0;
    BodyHash body_hash{};
    std::vector<Range> ranges;
    bool operator==(const MissingParts &) const = default;
};

/// At most so many missing numbers and ranges are named in one report of a stream; the rest is
/// named by a later one.
inline constexpr std::size_t report_ranges_max = 256;

/// The receiver's view of one stream (docs/protocol.md, "Report").
struct StreamReport {
    std::uint32_t stream = 0;
    /// The reporting node's own incarnation and its counter of reports to this peer: a greater pair
    /// is younger.
    std::uint64_t reporter_incarnation = 0;
    std::uint64_t counter = 0;
    Position applied; // position_of (incoming.hpp)
    /// Numbers beyond `applied` whose bodies are complete and durably stored.
    std::vector<Range> stored;
    std::vector<MissingParts> missing; // rising by number
    /// The number after `applied` came with two contents, or continues another past: the receiver
    /// applies nothing more of `applied.incarnation`.
    bool forked = false;
    bool operator==(const StreamReport &) const = default;
};

/// Of either side of a stream. Only `open` numbers, sends and applies.
enum class StreamState : std::uint8_t {
    open = 0,
    held = 1,    // waits for something, named in `reason`; goes on by itself or by the operator
    forked = 2,  // two pasts under one number: only a new incarnation helps
    stopped = 3, // ended for good
};

std::string_view name_of(StreamState state);

} // namespace postrider::stream
