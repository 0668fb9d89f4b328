// Packed keys in `step_key`.
#include "common/engine/step_keys.hpp"

#include <numeric>

#include "common/engine/packed_key.hpp"
#include "common/engine/row_work.hpp"
#include "common/engine/store/rows.hpp"

namespace postrider::engine {

namespace {

constexpr std::size_t keys_at_once = 1000;

std::vector<Row> packed(const std::string &table, const std::vector<Row> &keys) {
    std::vector<Row> rows;
    rows.reserve(keys.size());
    for (const Row &key : keys) {
        rows.push_back({Value::text(table), packed_key(key)});
    }
    return rows;
}

std::vector<std::size_t> all_of(const std::vector<Row> &rows) {
    std::vector<std::size_t> indexes(rows.size());
    std::iota(indexes.begin(), indexes.end(), std::size_t{0});
    return indexes;
}

} // namespace

void StepKeys::store(const std::string &table, const std::vector<Row> &keys, bool goes) {
    std::vector<Row> rows = packed(table, keys);
    for (Row &row : rows) {
        row.push_back(stored(goes));
    }
    session_.transaction.execute_block(
        {.one_row = "INSERT INTO @step_key (table_name, row_key, goes) VALUES (?1, ?2, ?3)"
                    " ON CONFLICT (table_name, row_key) DO UPDATE SET goes = excluded.goes"},
        rows, all_of(rows));
}

void StepKeys::take_back(const std::string &table, const std::vector<Row> &keys) {
    const std::vector<Row> rows = packed(table, keys);
    session_.transaction.execute_block(
        {.one_row = "DELETE FROM @step_key WHERE table_name = ?1 AND row_key = ?2"}, rows,
        all_of(rows));
}

void StepKeys::add_going(const std::string &table, const std::vector<Row> &keys) {
    store(table, keys, true);
}

void StepKeys::add_staying(const std::string &table, const std::vector<Row> &keys) {
    store(table, keys, false);
}

void StepKeys::add_absent(const dialect::TableDescription &table) {
    std::vector<Row> absent;
    const auto rows =
        session_.transaction.query(session_.dialect.select_all(table, key_names(table)), {});
    while (const Row *row = rows->next()) {
        if (first_row(session_.transaction,
                      "SELECT 1 FROM @step_key WHERE table_name = ?1 AND row_key = ?2",
                      {Value::text(table.name), packed_key(*row)})) {
            continue;
        }
        absent.push_back(*row);
        if (absent.size() == keys_at_once) {
            add_going(table.name, absent);
            absent.clear();
        }
    }
    add_going(table.name, absent);
}

Result<void> StepKeys::each_going(const std::string &table, const Take &take) const {
    Bytes last;
    for (bool goes_on = true; goes_on;) {
        std::vector<Row> keys;
        const auto rows =
            session_.transaction.query("SELECT row_key FROM @step_key WHERE table_name = ?1"
                                       " AND row_key > ?2 AND goes = 1 ORDER BY row_key LIMIT ?3",
                                       {Value::text(table), last, std::int64_t{keys_at_once}});
        while (const Row *row = rows->next()) {
            last = blob_at(*row, 0);
            keys.push_back(unpacked_key(last));
        }
        goes_on = keys.size() == keys_at_once;
        if (Result<void> taken = take(std::move(keys)); !taken) {
            return taken;
        }
    }
    return {};
}

void StepKeys::forget() {
    session_.transaction.execute("DELETE FROM @step_key");
}

} // namespace postrider::engine
