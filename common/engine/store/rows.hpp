// Small readers for rows of the state tables: what a column must hold is known, so a wrong kind is
// a damaged database.
#pragma once

#include <optional>
#include <string>

#include "common/base/clock.hpp"
#include "common/engine/database.hpp"

namespace postrider::engine {

std::int64_t integer_at(const Row &row, std::size_t index);
std::string text_at(const Row &row, std::size_t index);
Bytes blob_at(const Row &row, std::size_t index);
std::optional<std::int64_t> maybe_integer_at(const Row &row, std::size_t index);
std::optional<Bytes> maybe_blob_at(const Row &row, std::size_t index);
Timestamp time_at(const Row &row, std::size_t index);
std::optional<Timestamp> maybe_time_at(const Row &row, std::size_t index);

/// A blob of exactly this size; anything else is a damaged database.
template <std::size_t size>
FixedBytes<size> fixed_at(const Row &row, std::size_t index) {
    const Bytes bytes = blob_at(row, index);
    ensure(bytes.size() == size, "a fixed-size column of a state table holds exactly its size");
    FixedBytes<size> out{};
    std::copy(bytes.begin(), bytes.end(), out.begin());
    return out;
}

// Unsigned 64-bit numbers (incarnations) are stored in the signed integers that every engine has,
// bit for bit.
constexpr std::int64_t to_stored(std::uint64_t number) {
    return static_cast<std::int64_t>(number);
}

constexpr std::uint64_t from_stored(std::int64_t number) {
    return static_cast<std::uint64_t>(number);
}

inline std::uint64_t unsigned_at(const Row &row, std::size_t index) {
    return from_stored(integer_at(row, index));
}

// Parameters.
inline Value stored(std::uint64_t number) {
    return to_stored(number);
}

inline Value stored(Timestamp time) {
    return to_milliseconds(time);
}

inline Value stored(std::optional<Timestamp> time) {
    return time ? Value{to_milliseconds(*time)} : Value{};
}

inline Value stored(bool flag) {
    return std::int64_t{flag ? 1 : 0};
}

inline Value stored(ByteView bytes) {
    return Bytes(bytes.begin(), bytes.end());
}

template <std::size_t size>
Value stored(const FixedBytes<size> &bytes) {
    return Bytes(bytes.begin(), bytes.end());
}

/// The first row of a query, copied.
std::optional<Row> first_row(Transaction &transaction,
                             std::string_view sql,
                             std::initializer_list<Value> parameters = {});
/// All rows of a query whose size is bounded by its WHERE or by the number of peers and tasks.
std::vector<Row> all_rows(Transaction &transaction,
                          std::string_view sql,
                          std::initializer_list<Value> parameters = {});

} // namespace postrider::engine
