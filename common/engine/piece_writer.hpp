// Rows one after another into changesets of about so many bytes.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "common/engine/batch_sizes.hpp"
#include "common/model/changeset.hpp"

namespace postrider::engine {

/// What a change takes in memory, in bytes.
std::size_t cost_of(const Key &key, const Change &change);

/// The changes of a table, none yet where it is new.
OneWayChanges &
changes_of(Changeset &changeset, const std::string &table, const TableSchema &schema);

/// Hands on each piece when it is full; composed in order they give the whole. Rows are never cut:
/// a single row that is greater is a piece of its own.
class PieceWriter {
  public:
    using Take = std::function<void(Changeset &&)>;

    PieceWriter(std::size_t bytes_max, Take take) : bytes_max_(bytes_max), take_(std::move(take)) {}

    /// Before a row is put into `changes`: makes room for it.
    void make_room(std::size_t bytes);

    /// Where changes of the table go now.
    OneWayChanges &changes(const std::string &table, const TableSchema &schema);

    /// The piece that is not full yet.
    Changeset &open_piece() { return piece_; }

    /// Hands on the last piece.
    void finish();

  private:
    std::size_t bytes_max_;
    Take take_;
    Changeset piece_;
    std::size_t bytes_ = 0;
};

} // namespace postrider::engine
