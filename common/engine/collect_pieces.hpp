// Pieces of a step that is being collected: what is read of captured tables and of loads, handed on
// one after another.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "common/engine/load.hpp"
#include "common/engine/piece_writer.hpp"
#include "common/engine/queue.hpp"

namespace postrider::engine {

/// Schema columns are the table's visible columns: where each of them stands in the description,
/// and which of them are the key.
struct ColumnMap {
    TableSchema schema;
    std::vector<std::string> names;
    std::vector<std::uint32_t> outside_key;          // indexes into the schema
    std::map<std::uint32_t, std::uint32_t> of_table; // description index → schema index
    std::map<std::uint32_t, std::size_t> kept;       // schema index → place among the kept
};

ColumnMap map_columns(const dialect::TableDescription &table, const std::vector<std::string> &kept);

struct RowsOf {
    const std::string &table;
    const TableSchema &schema;
};

/// What is read, handed on piece by piece.
class Pieces {
  public:
    /// False: no more is wanted.
    using Take = std::function<bool(const Changeset &, const Receivers &)>;

    Pieces(const Session &session, Loads &loads, const Take &take)
        : session_(session),
          loads_(loads),
          writer_(session.sizes.piece_bytes,
                  [&](Changeset &&piece) { hand_on(std::move(piece), take); }) {}

    [[nodiscard]] bool go_on() const { return goes_on_; }

    /// A change of a row that has no other one in this step.
    void add(const RowsOf &rows, const Key &key, Change &&change);

    /// A change of a row that may have others before it.
    void add_next(const RowsOf &rows, const Key &key, Change &&change);

    /// The rows of the table that come are all it has.
    void begin_anew(const RowsOf &rows);

    /// The next rows of what is being loaded: as much for each of those who wait.
    void add_chunks(std::size_t bytes);

    /// What is added from now on goes to them.
    void begin_for(Receivers receivers);

    void finish() { writer_.finish(); }

  private:
    void hand_on(Changeset &&piece, const Take &take);

    const Session &session_;
    Loads &loads_;
    PieceWriter writer_;
    Receivers receivers_ = Receivers::all();
    bool goes_on_ = true;
};

} // namespace postrider::engine
