// What goes from the queue into one step of a stream: pure, so that it is tested without a
// database.
#pragma once

#include <string>
#include <vector>

#include "common/engine/lanes.hpp"
#include "common/model/changeset.hpp"

namespace postrider::engine {

/// The tables of a changeset at that position of the queue that the lane sends.
Changeset
select_tables(Changeset &&changeset, const SentTables &tables, std::uint64_t queue_position);

/// The changes as they travel: without what was before, under the names of the wire, without
/// columns that the tasks leave out, and without what their receivers keep. Tables of which nothing
/// is left are left out.
Changeset to_wire(Changeset &&changeset, const SentTables &tables);

/// What WITHOUT DELETE makes of changes: rows that went stay, and none goes for not being among
/// those of a load.
void keep_deleted(OneWayChanges &rows);

/// Cuts a changeset into pieces that fit into a batch each; composed again in order they give the
/// whole. Rows are never cut; a single row greater than a batch is a piece of its own.
std::vector<Changeset> cut_changeset(Changeset &&changeset, std::size_t piece_bytes_max);

} // namespace postrider::engine
