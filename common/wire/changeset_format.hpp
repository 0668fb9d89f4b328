// Changesets as frames and back (docs/protocol.md, "Change frames"). Columnar: the changes of a
// table are grouped into blocks of one operation and one set of columns, each column a vector in
// the encoding that compresses best.
#pragma once

#include <cstdint>
#include <set>
#include <span>
#include <vector>

#include "common/base/limits.hpp"
#include "common/model/changeset.hpp"
#include "common/wire/frame.hpp"
#include "common/wire/private_values.hpp"

namespace postrider::wire {

/// What a decoded changeset may cost; the defaults are the limits of the protocol.
struct ChangesetBudget {
    std::uint64_t rows_max = limits::batch_rows_max;
    std::uint64_t cell_bytes_max = limits::batch_cell_bytes_max;
};

/// Per table, in the order of names: its schema frame unless it is in `known_to_receiver`, then its
/// change frame, and the frame of its private values where it has such columns. Tables must have at
/// most limits::table_columns_max columns.
std::vector<Frame> encode_changeset(const Changeset &changeset,
                                    const std::set<SchemaName> &known_to_receiver = {},
                                    const PrivateColumns &private_columns = {});

/// Materialises the frames; control frames are passed over. A change frame whose
/// schema is neither in a frame before it nor in `known` is an error (gap); what exceeds the budget
/// or costs something else than its frame says is too_large or malformed.
Result<Changeset> decode_changeset(std::span<const Frame> frames,
                                   const KnownSchemas &known,
                                   const ChangesetBudget &budget = {});

/// Adds the schemas of the frames to what a receiver knows. Called once the batch is applied.
Result<void> learn_schemas(std::span<const Frame> frames, KnownSchemas &known);

/// A changeset as one self-contained byte string (schemas included, zstd level 1), the form in
/// which a node's own queue stores it. Not a wire format, but every released form stays readable.
Bytes pack_changeset(const Changeset &changeset);
Result<Changeset> unpack_changeset(ByteView packed);

} // namespace postrider::wire
