// What the readers of both directions of streams share.
#pragma once

#include "common/engine/store/rows.hpp"
#include "common/engine/store/streams.hpp"

namespace postrider::engine {

inline Value stored_stream(const StreamKey &key) {
    return std::int64_t{key.stream};
}

inline stream::StreamState state_at(const Row &row, std::size_t index) {
    const std::int64_t number = integer_at(row, index);
    ensure(number >= 0 && number <= 3, "a stored stream state is one of the four");
    return static_cast<stream::StreamState>(number);
}

inline Value stored(stream::StreamState state) {
    return std::int64_t{static_cast<std::uint8_t>(state)};
}

/// A re-base stands in three columns from `index` on; a null chain: none.
inline std::optional<stream::Position> rebase_at(const Row &row, std::size_t index) {
    if (row.at(index + 2).is_null()) {
        return std::nullopt;
    }
    return stream::Position{unsigned_at(row, index), unsigned_at(row, index + 1),
                            fixed_at<32>(row, index + 2)};
}

inline Value stored_chain(const std::optional<stream::Position> &rebase) {
    return rebase ? stored(rebase->chain) : Value{};
}

} // namespace postrider::engine
