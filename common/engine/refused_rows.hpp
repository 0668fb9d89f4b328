// What comes and is not taken: shown here and told to the sender, while the rest of the step goes
// on (docs/security.md).
#pragma once

#include <string>

#include "common/engine/lanes.hpp"
#include "common/engine/store/peers.hpp"
#include "common/model/changeset.hpp"

namespace postrider::engine {

/// A table that no task takes from the peer.
void refuse_table(const Session &session,
                  const Peer &peer,
                  const std::string &table,
                  const TableChanges &changes);

/// Rows with a column that no task takes from it.
void refuse_column(const Session &session,
                   const Peer &peer,
                   const TableSchema &table,
                   const std::string &column,
                   std::uint64_t rows);

/// Updates of rows that are not here, which are passed over.
void note_missing_rows(const Session &session, const Peer &peer, std::uint64_t rows);

/// The WHERE of RECEIVE: takes away what lies outside of it. `changes` by the columns' names here.
Result<void> guard_rows(const Session &session,
                        const Peer &peer,
                        const TakenTable &taken,
                        const dialect::TableDescription &table,
                        TableChanges &changes);

} // namespace postrider::engine
