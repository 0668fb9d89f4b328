// Snapshots, collects and replays.
#include "tests/unit/sqlite_extension/capture_oracle.hpp"

#include <stdexcept>

#include "common/dialect/sqlite.hpp"

namespace postrider {

namespace {

engine::Row copy(const engine::Row &row, std::size_t begin, std::size_t count) {
    const auto first = row.begin() + static_cast<std::ptrdiff_t>(begin);
    return {first, first + static_cast<std::ptrdiff_t>(count)};
}

Key key_of(const dialect::TableDescription &table, const std::vector<Value> &row) {
    Key key;
    for (const std::uint32_t column : table.key) {
        key.push_back(row[column]);
    }
    return key;
}

} // namespace

HostConnection::HostConnection(const std::string &path) {
    if (sqlite3_open(path.c_str(), &connection_) != SQLITE_OK) {
        throw std::runtime_error("could not open " + path);
    }
}

HostConnection::~HostConnection() {
    sqlite3_close(connection_);
}

int HostConnection::run(const std::string &sql) const {
    return sqlite3_exec(connection_, sql.c_str(), nullptr, nullptr, nullptr);
}

void HostConnection::must(const std::string &sql) const {
    if (run(sql) != SQLITE_OK) {
        throw std::runtime_error(std::string{sqlite3_errmsg(connection_)} + " in " + sql);
    }
}

void create_epoch(const HostConnection &host) {
    host.must(dialect::sqlite().create_table(dialect::epoch_table()));
    host.must("INSERT INTO postrider_epoch(one, epoch) VALUES(1, 1)");
}

CapturedTable::CapturedTable(const HostConnection &host,
                             const std::string &name,
                             engine::Capture capture)
    : host_(host), capture_(capture) {
    const auto transaction = sqlite::join_transaction(host.handle());
    const auto described = engine::describe_table(*transaction, dialect::sqlite(), name);
    if (!described) {
        throw std::runtime_error(described.error().message);
    }
    description_ = *described;
    for (const auto &column : description_.columns) {
        columns_.push_back(column.name);
    }
    const auto installed =
        engine::install_capture(*transaction, dialect::sqlite(), description_, capture);
    if (!installed) {
        throw std::runtime_error(installed.error().message);
    }
    transaction->commit();
}

Rows CapturedTable::rows() const {
    const auto transaction = sqlite::join_transaction(host_.handle());
    Rows rows;
    const auto cursor = transaction->query(dialect::sqlite().select_all(description_, columns_));
    while (const engine::Row *row = cursor->next()) {
        rows.emplace(key_of(description_, *row), *row);
    }
    return rows;
}

std::vector<Collected> CapturedTable::collect() {
    const auto transaction = sqlite::join_transaction(host_.handle());
    const auto &dialect = dialect::sqlite();
    const Value epoch = transaction->query(dialect.keys()->current_epoch())->next()->front();
    transaction->execute(dialect.keys()->advance_epoch());
    std::vector<Collected> collected;
    const auto query =
        dialect.keys()->collect(description_, capture_.id, capture_.options, columns_);
    {
        const auto cursor = transaction->query(query.sql, {epoch});
        while (const engine::Row *row = cursor->next()) {
            Collected each;
            each.present = row->front() == Value{std::int64_t{1}};
            each.key = copy(*row, query.key_begin, query.key_count);
            for (const Value &word : copy(*row, query.mask_begin, query.mask_words)) {
                each.mask.push_back(*word.as<std::int64_t>());
            }
            each.row = copy(*row, query.row_begin, columns_.size());
            collected.push_back(std::move(each));
        }
    }
    transaction->execute(dialect.keys()->forget_collected(capture_.id), {epoch});
    transaction->commit();
    return collected;
}

Rows replay(const Rows &before, const std::vector<Collected> &collected) {
    Rows rows = before;
    for (const Collected &each : collected) {
        if (each.present) {
            rows[each.key] = each.row;
        } else {
            rows.erase(each.key);
        }
    }
    return rows;
}

} // namespace postrider
