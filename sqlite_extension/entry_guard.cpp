// Results and errors of SQL functions.
#include "sqlite_extension/entry_guard.hpp"

#include <bit>

#include "common/engine/rounds.hpp"

namespace postrider::sqlite {

void set_result(sqlite3_context *context, const Value &value) noexcept {
    switch (value.kind()) {
    case Kind::int64:
        sqlite3_result_int64(context, *value.as<std::int64_t>());
        return;
    case Kind::float64:
        sqlite3_result_double(context, std::bit_cast<double>(value.as<Float64>()->bits));
        return;
    case Kind::text: {
        const std::string &text = value.as<Text>()->text;
        sqlite3_result_text64(context, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
        return;
    }
    case Kind::bytes: {
        const Bytes &bytes = *value.as<Bytes>();
        const void *first = bytes.empty() ? static_cast<const void *>("") : bytes.data();
        sqlite3_result_blob64(context, first, bytes.size(), SQLITE_TRANSIENT);
        return;
    }
    default:
        sqlite3_result_null(context);
    }
}

void set_error(sqlite3_context *context, const Error &error) noexcept {
    try {
        const std::string text = engine::one_text(error);
        sqlite3_result_error(context, text.data(), static_cast<int>(text.size()));
        sqlite3_result_error_code(context, result_code(error.code));
    } catch (const std::bad_alloc &) {
        sqlite3_result_error_nomem(context);
    }
}

} // namespace postrider::sqlite
