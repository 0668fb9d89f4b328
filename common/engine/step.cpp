// Selecting and cutting changesets.
#include "common/engine/step.hpp"

#include "common/engine/piece_writer.hpp"

namespace postrider::engine {

namespace {

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

std::vector<Changeset> cut_changeset(Changeset &&changeset, std::size_t piece_bytes_max) {
    std::vector<Changeset> pieces;
    PieceWriter writer{piece_bytes_max,
                       [&](Changeset &&piece) { pieces.push_back(std::move(piece)); }};
    for (auto &[name, table] : changeset.tables) {
        auto &rows = std::get<OneWayChanges>(table.changes);
        writer.changes(name, table.schema).truncated = rows.truncated;
        for (auto &[key, change] : rows.changes) {
            writer.make_room(cost_of(key, change));
            writer.changes(name, table.schema).changes.emplace(key, std::move(change));
        }
    }
    writer.finish();
    return pieces;
}

} // namespace postrider::engine
