// Compression history: which earlier frames of a stream a batch is compressed with
// (docs/protocol.md, "History").
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "common/base/bytes.hpp"
#include "common/wire/frame.hpp"

namespace postrider::wire {

/// Tells one past from another.
using HistoryName = FixedBytes<8>;

/// What the header of a batch says of history. That it says anything means that the batch is kept
/// as history itself.
struct History {
    std::uint64_t floor = 1; // what lies below is not needed again
    std::uint64_t last = 0;  // batches floor..last are the history; none where it is below floor
    HistoryName name{};      // of the prefixes
    auto operator<=>(const History &) const = default;
};

/// What frames of changes are compressed with, by table. Never that of another table: sizes would
/// tell of its rows.
using Prefixes = std::map<std::string, Bytes>;

/// Gives the prefix of a table, as far as it is here.
using HistoryReader = std::function<Bytes(const History &history, const std::string &table)>;

/// What is kept of a frame of changes: its end, of at most limits::history_table_bytes_max.
ByteView kept_of(ByteView raw);

/// Puts the kept frames of a table together, the oldest first: again the end of it.
Bytes prefix_of_kept(std::span<const Bytes> kept);

/// H(8, "postrider past", -, size of the prefix 8 ‖ prefix, for each table in the order of frames).
HistoryName history_name(std::span<const std::string> tables, const Prefixes &prefixes);

} // namespace postrider::wire
