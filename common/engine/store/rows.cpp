// Typed access to the columns of state tables.
#include "common/engine/store/rows.hpp"

namespace postrider::engine {

namespace {

template <class T>
const T &column(const Row &row, std::size_t index) {
    const T *value = row.at(index).as<T>();
    ensure(value != nullptr, "a column of a state table holds the type it was declared with");
    return *value;
}

} // namespace

/// Conditions among the columns are integers in one database and booleans in another.
std::int64_t integer_at(const Row &row, std::size_t index) {
    if (const bool *condition = row.at(index).as<bool>()) {
        return *condition ? 1 : 0;
    }
    return column<std::int64_t>(row, index);
}

std::string text_at(const Row &row, std::size_t index) {
    return column<Text>(row, index).text;
}

Bytes blob_at(const Row &row, std::size_t index) {
    return column<Bytes>(row, index);
}

std::optional<std::int64_t> maybe_integer_at(const Row &row, std::size_t index) {
    return row.at(index).is_null() ? std::nullopt : std::optional{integer_at(row, index)};
}

std::optional<Bytes> maybe_blob_at(const Row &row, std::size_t index) {
    return row.at(index).is_null() ? std::nullopt : std::optional{blob_at(row, index)};
}

Timestamp time_at(const Row &row, std::size_t index) {
    return from_milliseconds(integer_at(row, index));
}

std::optional<Timestamp> maybe_time_at(const Row &row, std::size_t index) {
    return row.at(index).is_null() ? std::nullopt : std::optional{time_at(row, index)};
}

std::optional<Row>
first_row(Transaction &transaction, std::string_view sql, std::initializer_list<Value> parameters) {
    const auto cursor = transaction.query(sql, parameters);
    const Row *row = cursor->next();
    return row == nullptr ? std::nullopt : std::optional{*row};
}

std::vector<Row>
all_rows(Transaction &transaction, std::string_view sql, std::initializer_list<Value> parameters) {
    std::vector<Row> rows;
    const auto cursor = transaction.query(sql, parameters);
    while (const Row *row = cursor->next()) {
        rows.push_back(*row);
    }
    return rows;
}

} // namespace postrider::engine
