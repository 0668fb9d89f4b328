// The rows of `parked_row`: what could not be applied, with the schema it came with.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/engine/row_work.hpp"
#include "common/engine/session.hpp"
#include "common/engine/store/peers.hpp"
#include "common/engine/store/streams.hpp"

namespace postrider::engine {

/// One change that waits.
struct ParkedChange {
    std::int64_t parked_id = 0; // in the order in which rows were parked
    std::int64_t peer_id = 0;
    std::uint32_t stream = 0;
    std::uint64_t batch_number = 0;
    TableSchema schema; // its name is the one on the wire
    Key key;
    postrider::Change change;
    Timestamp parked_at{};
};

bool has_parked(Transaction &transaction, std::int64_t peer_id);
std::int64_t count_parked(Transaction &transaction, std::int64_t peer_id);

/// The changes of a peer that were parked after `after`, in their order, as many as are tried at
/// once.
std::vector<ParkedChange>
parked_after(Transaction &transaction, std::int64_t peer_id, std::int64_t after);

std::optional<ParkedChange> find_parked(Transaction &transaction, std::int64_t parked_id);

/// Encoded key → number of all that is parked of one table of a peer.
using ParkedKeys = std::map<Bytes, std::int64_t>;
ParkedKeys
parked_keys(Transaction &transaction, std::int64_t peer_id, const std::string &wire_name);

/// A number of 0 is given anew. What was parked of the same row is replaced.
void store_parked(const Session &session,
                  const ParkedChange &change,
                  const std::string &local_name,
                  const Error &reason);
void delete_parked(Transaction &transaction, std::int64_t parked_id);
void delete_parked_table(Transaction &transaction,
                         std::int64_t peer_id,
                         const std::string &wire_name);
/// It was tried again, in vain.
void note_tried(const Session &session, std::int64_t parked_id, const Error &reason);

/// The change as one of a table of that shape: columns by name, those that it lacks left out.
/// Nothing when the key has other columns.
std::optional<ParkedChange> in_shape(const ParkedChange &change, const TableSchema &schema);

/// What is parked of a row and a later change of it, in that shape. Nothing: the row came and went.
std::optional<postrider::Change> compose_parked(const ParkedChange &before,
                                                const TableSchema &schema,
                                                const postrider::Change &later);

} // namespace postrider::engine
