// What goes from the queue into one step of a stream: pure, so that it is tested without a
// database.
#pragma once

#include <string>
#include <vector>

#include "common/engine/lanes.hpp"
#include "common/model/changeset.hpp"

namespace postrider::engine {

/// The tables of the changeset that the lane sends, under their names on the wire.
Changeset select_tables(Changeset &&changeset, const SentTables &tables);

/// What the changes take in memory, in bytes.
std::size_t cost_of(const Changeset &changeset);

/// Cuts a changeset into pieces that fit into a batch each; composed again in order they give the
/// whole. Rows are never cut; a single row greater than a batch is a piece of its own.
std::vector<Changeset> cut_changeset(Changeset &&changeset, std::size_t piece_bytes_max);

} // namespace postrider::engine
