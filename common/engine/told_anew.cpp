// Rows read before and after an apply.
#include "common/engine/told_anew.hpp"

#include <algorithm>

#include "common/engine/kept_columns.hpp"
#include "common/engine/store/rows.hpp"

namespace postrider::engine {

namespace {

std::vector<std::string> names_of(const TableSchema &schema) {
    std::vector<std::string> names;
    for (const Column &column : schema.columns) {
        names.push_back(column.name);
    }
    return names;
}

/// Where the names stand in the schema.
std::vector<std::uint32_t> positions_of(const TableSchema &schema,
                                        const std::vector<std::string> &names) {
    std::vector<std::uint32_t> positions;
    for (std::uint32_t index = 0; index < schema.columns.size(); ++index) {
        if (std::find(names.begin(), names.end(), schema.columns[index].name) != names.end()) {
            positions.push_back(index);
        }
    }
    return positions;
}

/// The row as it stands, all but its key.
Image whole_image(const TableSchema &schema, const Row &row) {
    Image image;
    for (std::uint32_t index = 0; index < schema.columns.size(); ++index) {
        if (std::find(schema.key.begin(), schema.key.end(), index) == schema.key.end()) {
            image.columns.push_back(index);
            image.values.push_back(row[index]);
        }
    }
    return image;
}

Key key_in(const TableSchema &schema, const Row &row) {
    Key key;
    for (const std::uint32_t column : schema.key) {
        key.push_back(row[column]);
    }
    return key;
}

} // namespace

std::vector<std::string> kept_columns(Transaction &transaction, const std::string &table) {
    const auto row = first_row(transaction, "SELECT kept FROM @capture WHERE table_name = ?1",
                               {Value::text(table)});
    return row ? read_kept(text_at(*row, 0)) : std::vector<std::string>{};
}

bool is_told_anew(Transaction &transaction, const ColumnList &columns, const std::string &name) {
    return !columns.is_whole() || !kept_columns(transaction, name).empty();
}

void ToldAnew::before(const Session &session,
                      const std::string &name,
                      const dialect::TableDescription &table,
                      const TableSchema &came,
                      const OneWayChanges &changes) {
    std::vector<std::string> kept = kept_columns(session.transaction, name);
    if (!check_kept(table, kept)) {
        kept.clear(); // the filter waits for its task to be declared anew
    }
    const TableSchema schema = table.schema();
    const std::vector<std::uint32_t> positions = positions_of(schema, kept);
    const LocalKeys keys{session, table, came};
    Table told{name, table, came, {.truncated = changes.truncated, .changes = {}}};
    std::vector<std::string> asked;
    asked.reserve(positions.size() + keys.names().size());
    for (const std::uint32_t position : positions) {
        asked.push_back(schema.columns[position].name);
    }
    asked.insert(asked.end(), keys.names().begin(), keys.names().end());
    for (const auto &[key, change] : changes.changes) {
        const Result<Key> local = keys.local(key);
        if (!local) {
            continue;
        }
        Change old{.operation = Operation::insert, .new_values = {}, .old_values = {}};
        if (const auto row = keys.row(*local, asked)) {
            old.operation =
                change.operation == Operation::leave ? Operation::leave : Operation::remove;
            old.old_values = {
                positions,
                {row->begin(), row->begin() + static_cast<std::ptrdiff_t>(positions.size())}};
        }
        told.changes.changes.insert_or_assign(*local, std::move(old));
    }
    tables_.push_back(std::move(told));
}

void ToldAnew::leave_out(const Session &session, const Key &came) {
    for (Table &table : tables_) {
        const Result<Key> local = LocalKeys{session, table.description, table.came}.local(came);
        if (local) {
            table.changes.changes.erase(*local);
        }
    }
}

void ToldAnew::after(const Session &session, Changeset &forwarded) const {
    for (const Table &table : tables_) {
        const TableSchema schema = table.description.schema();
        const LocalKeys keys{session, table.description, table.came};
        const std::vector<std::string> names = names_of(schema);
        OneWayChanges rows{.truncated = table.changes.truncated, .changes = {}};
        for (const auto &[key, before] : table.changes.changes) {
            Change change = before;
            const bool was_there = before.operation != Operation::insert;
            const auto row = keys.row(key, names);
            if (!row && !was_there) {
                continue;
            }
            if (row) {
                change.operation = was_there ? Operation::upsert : Operation::insert;
                change.new_values = whole_image(schema, *row);
            }
            rows.changes.insert_or_assign(row ? key_in(schema, *row) : key, std::move(change));
        }
        TableChanges changes{.schema = schema, .changes = std::move(rows)};
        changes.schema.name = table.name;
        forwarded.tables.insert_or_assign(table.name, std::move(changes));
    }
}

} // namespace postrider::engine
