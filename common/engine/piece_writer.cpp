// Counting and handing on.
#include "common/engine/piece_writer.hpp"

#include <utility>

namespace postrider::engine {

namespace {

std::size_t cells_of(const Image &image) {
    std::size_t bytes = 0;
    for (const Value &value : image.values) {
        bytes += value.cell_bytes();
    }
    return bytes;
}

} // namespace

std::size_t cost_of(const Key &key, const Change &change) {
    std::size_t bytes =
        row_memory_bytes + cells_of(change.new_values) + cells_of(change.old_values);
    for (const Value &value : key) {
        bytes += value.cell_bytes();
    }
    return bytes;
}

OneWayChanges &
changes_of(Changeset &changeset, const std::string &table, const TableSchema &schema) {
    const auto place = changeset.tables.try_emplace(table, TableChanges{schema, OneWayChanges{}});
    return std::get<OneWayChanges>(place.first->second.changes);
}

void PieceWriter::make_room(std::size_t bytes) {
    if (bytes_ > 0 && bytes_ + bytes > bytes_max_) {
        take_(std::exchange(piece_, {}));
        bytes_ = 0;
    }
    bytes_ += bytes;
}

OneWayChanges &PieceWriter::changes(const std::string &table, const TableSchema &schema) {
    return changes_of(piece_, table, schema);
}

void PieceWriter::finish() {
    if (!piece_.empty()) {
        take_(std::exchange(piece_, {}));
    }
    bytes_ = 0;
}

} // namespace postrider::engine
