// Selecting and cutting changesets.
#include "common/engine/step.hpp"

namespace postrider::engine {

namespace {

std::size_t cell_bytes(const Image &image) {
    std::size_t bytes = 0;
    for (const Value &value : image.values) {
        bytes += value.cell_bytes();
    }
    return bytes;
}

std::size_t cost_of(const Key &key, const postrider::Change &change) {
    std::size_t bytes = cell_bytes(change.new_values) + cell_bytes(change.old_values);
    for (const Value &value : key) {
        bytes += value.cell_bytes();
    }
    return bytes;
}

/// Column numbers become those of the wire.
void leave_out_columns(Image &image, const WireShape &shape) {
    Image out;
    for (std::size_t index = 0; index < image.columns.size(); ++index) {
        if (const auto position = shape.position[image.columns[index]]) {
            out.columns.push_back(*position);
            out.values.push_back(std::move(image.values[index]));
        }
    }
    image = std::move(out);
}

class Pieces {
  public:
    explicit Pieces(std::size_t bytes_max) : bytes_max_(bytes_max) {}

    OneWayChanges &table(const std::string &name, const TableSchema &schema) {
        if (pieces_.empty()) {
            pieces_.emplace_back();
        }
        TableChanges &changes = pieces_.back().tables[name];
        changes.schema = schema;
        return std::get<OneWayChanges>(changes.changes);
    }

    /// Makes room for a row: begins a new piece where the open one is full.
    void charge(std::size_t bytes) {
        if (bytes_ > 0 && bytes_ + bytes > bytes_max_) {
            pieces_.emplace_back();
            bytes_ = 0;
        }
        bytes_ += bytes;
    }

    std::vector<Changeset> take() && { return std::move(pieces_); }

  private:
    std::size_t bytes_max_;
    std::size_t bytes_ = 0;
    std::vector<Changeset> pieces_;
};

} // namespace

Changeset
select_tables(Changeset &&changeset, const SentTables &tables, std::uint64_t queue_position) {
    std::erase_if(changeset.tables, [&](const auto &table) {
        const auto sent = tables.find(table.first);
        return sent == tables.end() || queue_position <= sent->second.from_position;
    });
    return std::move(changeset);
}

Changeset to_wire(Changeset &&changeset, const SentTables &tables) {
    Changeset out;
    for (auto &[name, table] : changeset.tables) {
        const SentTable &sent = tables.at(name);
        auto &rows = std::get<OneWayChanges>(table.changes);
        if (sent.without_delete) {
            keep_deleted(rows);
        }
        if (!rows.truncated && rows.changes.empty()) {
            continue;
        }
        WireShape shape = on_wire(table.schema, sent.columns);
        shape.schema.name = sent.wire_name;
        for (auto &[key, change] : rows.changes) {
            change.old_values = {};
            if (change.operation == Operation::insert) {
                change.operation = Operation::upsert; // it may have been absent here alone
            }
            if (!sent.columns.is_whole()) {
                leave_out_columns(change.new_values, shape);
            }
        }
        out.tables.emplace(sent.wire_name, TableChanges{std::move(shape.schema), std::move(rows)});
    }
    return out;
}

void keep_deleted(OneWayChanges &rows) {
    rows.truncated = false;
    std::erase_if(rows.changes, [](const auto &row) { return ends_row(row.second.operation); });
}

std::size_t cost_of(const Changeset &changeset) {
    std::size_t bytes = 0;
    for (const auto &[name, table] : changeset.tables) {
        for (const auto &[key, change] : std::get<OneWayChanges>(table.changes).changes) {
            bytes += cost_of(key, change);
        }
    }
    return bytes;
}

std::vector<Changeset> cut_changeset(Changeset &&changeset, std::size_t piece_bytes_max) {
    Pieces pieces{piece_bytes_max};
    for (auto &[name, table] : changeset.tables) {
        auto &changes = std::get<OneWayChanges>(table.changes);
        pieces.table(name, table.schema).truncated = changes.truncated;
        for (auto &[key, change] : changes.changes) {
            pieces.charge(cost_of(key, change));
            pieces.table(name, table.schema).changes.emplace(key, std::move(change));
        }
    }
    return std::move(pieces).take();
}

} // namespace postrider::engine
