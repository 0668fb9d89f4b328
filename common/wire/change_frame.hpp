// The changes of one table as a frame (docs/protocol.md, "Change frames"). A CBOR sequence:
//
//   schema hash, law, then
//   law 0 (one writer)  truncated, number of blocks, blocks of
//                       operation, rows, [* column], [* old column],
//                       a column vector per key column, column and old column
//   law 1 (SYNC)        node ids in one byte string, number of blocks, blocks of
//                       existence (0 absent, 1 gone, 2 there), rows, [* column],
//                       a column vector per key column,
//                       stamps and replaced stamps of existence unless absent,
//                       per column: column vector, stamps, replaced stamps
//
//   stamps              times, indexes of nodes (integer vectors)
//   replaced stamps     per row 0 or 1 (integer vector), then stamps of the rows with 1 if any
#pragma once

#include "common/model/changeset.hpp"
#include "common/wire/frame.hpp"
#include "common/wire/size_estimate.hpp"
#include "common/wire/value_format.hpp"

namespace postrider::wire {

/// What a register costs beside its value.
inline constexpr std::size_t register_bytes_fixed = 64;

Frame encode_changes(const TableChanges &table, const SizeEstimate &size_of);

/// The hash at the head of a change frame; it covers the table's name too.
Result<SchemaHash> read_schema_hash(ByteView raw);

/// Errors: malformed, too_large.
Result<TableChanges> decode_changes(ByteView raw, const TableSchema &schema, Allowance &allowance);

} // namespace postrider::wire
