// Frames: the pieces that a batch's content is made of. A frame is of one kind and about one table,
// and is compressed by itself.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "common/base/bytes.hpp"
#include "common/model/table.hpp"

namespace postrider::wire {

/// The numbers are those of the wire; never renumber.
enum class FrameKind : std::uint8_t {
    schema = 0,         // the shape of a table
    changes = 1,        // changes of one table
    control = 2,        // one message of stream 0
    private_values = 3, // values that are missing in the changes of one table
};

inline constexpr std::uint64_t frame_kinds = 4;

/// `raw` is what content_hash covers, uncompressed. `rows` and `cell_bytes` say what the frame
/// costs once materialised (Value::cell_bytes); both are zero but for changes, private values have
/// the latter.
struct Frame {
    FrameKind kind = FrameKind::changes;
    std::string table; // wire name; empty for control
    Bytes raw;
    std::uint64_t rows = 0;
    std::uint64_t cell_bytes = 0;
    bool operator==(const Frame &) const = default;
};

/// The first 8 bytes of BLAKE2b-256 over the raw schema frame.
using SchemaHash = FixedBytes<8>;

/// How change frames name the schema they need.
struct SchemaName {
    std::string table;
    SchemaHash hash{};
    auto operator<=>(const SchemaName &) const = default;
};

/// The schemas that a receiver has seen from one sender, whose frames need not be sent again.
using KnownSchemas = std::map<SchemaName, TableSchema>;

/// The raw schema frame, the one spelling of a schema.
Frame encode_schema(const TableSchema &schema);
/// Errors: malformed, too_large (columns, names).
Result<TableSchema> decode_schema(ByteView raw);
SchemaName schema_name(const TableSchema &schema);

/// The raw frames in order, one after the other: the bytes under content_hash.
Bytes canonical_bytes(std::span<const Frame> frames);

} // namespace postrider::wire
