// Values in and out, and the cache of compiled statements.
#include "sqlite_extension/sqlite_statement.hpp"

#include <bit>
#include <cmath>
#include <new>
#include <unordered_map>

#include "common/dialect/sqlite.hpp"
#include "common/dialect/state_names.hpp"

#include "sqlite_extension/sqlite_error.hpp"

namespace postrider::sqlite {

namespace {

/// Enough for every statement of the engine and those of some dozens of user tables.
constexpr std::size_t texts_kept_max = 512;

sqlite3_destructor_type destructor_for(Lifetime lifetime) {
    return lifetime == Lifetime::copied ? SQLITE_TRANSIENT : SQLITE_STATIC;
}

int bind_text(sqlite3_stmt *statement, int index, const std::string &text, Lifetime lifetime) {
    return sqlite3_bind_text64(statement, index, text.data(), text.size(), destructor_for(lifetime),
                               SQLITE_UTF8);
}

int bind_bytes(sqlite3_stmt *statement, int index, const Bytes &bytes, Lifetime lifetime) {
    if (bytes.empty()) {
        return sqlite3_bind_zeroblob(statement, index, 0); // a null pointer would bind NULL
    }
    return sqlite3_bind_blob64(statement, index, bytes.data(), bytes.size(),
                               destructor_for(lifetime));
}

/// SQLITE_MISMATCH: the value is of a kind that SQLite does not have.
int bind_storage(sqlite3_stmt *statement, int index, const Value &value, Lifetime lifetime) {
    switch (value.kind()) {
    case Kind::null:
        return sqlite3_bind_null(statement, index);
    case Kind::int64:
        return sqlite3_bind_int64(statement, index, *value.as<std::int64_t>());
    case Kind::float64: {
        const auto number = std::bit_cast<double>(value.as<Float64>()->bits);
        // SQLite turns a NaN into NULL.
        return std::isnan(number) ? SQLITE_MISMATCH : sqlite3_bind_double(statement, index, number);
    }
    case Kind::text:
        return bind_text(statement, index, value.as<Text>()->text, lifetime);
    case Kind::bytes:
        return bind_bytes(statement, index, *value.as<Bytes>(), lifetime);
    default:
        return SQLITE_MISMATCH;
    }
}

Value text_value(const unsigned char *text, int size) {
    if (text == nullptr) {
        throw std::bad_alloc();
    }
    return Value::text(std::string{as_text(ByteView{text, static_cast<std::size_t>(size)})});
}

Value blob_value(const void *blob, int size) {
    const auto *first = static_cast<const std::uint8_t *>(blob); // null when it is empty
    return Bytes(first, first + size);
}

} // namespace

void bind_value(sqlite3_stmt *statement, int index, const Value &value, Lifetime lifetime) {
    int code = bind_storage(statement, index, value, lifetime);
    if (code == SQLITE_MISMATCH) {
        const Result<Value> stored = dialect::sqlite().to_storage(value);
        if (!stored) {
            throw engine::DatabaseError(engine::DatabaseError::Reason::constraint, stored.error());
        }
        code = bind_storage(statement, index, *stored, Lifetime::copied);
    }
    if (code != SQLITE_OK) {
        throw_last_error(sqlite3_db_handle(statement), "bind a parameter", "");
    }
}

Value column_value(sqlite3_stmt *statement, int index) {
    switch (sqlite3_column_type(statement, index)) {
    case SQLITE_INTEGER:
        return static_cast<std::int64_t>(sqlite3_column_int64(statement, index));
    case SQLITE_FLOAT:
        return Value::float64(sqlite3_column_double(statement, index));
    case SQLITE_TEXT: {
        const unsigned char *text = sqlite3_column_text(statement, index);
        return text_value(text, sqlite3_column_bytes(statement, index));
    }
    case SQLITE_BLOB: {
        const void *blob = sqlite3_column_blob(statement, index);
        return blob_value(blob, sqlite3_column_bytes(statement, index));
    }
    default:
        return Null{};
    }
}

Value argument_value(sqlite3_value *argument) {
    switch (sqlite3_value_type(argument)) {
    case SQLITE_INTEGER:
        return static_cast<std::int64_t>(sqlite3_value_int64(argument));
    case SQLITE_FLOAT:
        return Value::float64(sqlite3_value_double(argument));
    case SQLITE_TEXT: {
        const unsigned char *text = sqlite3_value_text(argument);
        return text_value(text, sqlite3_value_bytes(argument));
    }
    case SQLITE_BLOB: {
        const void *blob = sqlite3_value_blob(argument);
        return blob_value(blob, sqlite3_value_bytes(argument));
    }
    default:
        return Null{};
    }
}

StatementCache::Kept &StatementCache::kept_for(std::string_view sql) {
    if (const auto known = kept_.find(sql); known != kept_.end()) {
        return known->second;
    }
    if (kept_.size() >= texts_kept_max) {
        std::erase_if(kept_, [](const auto &text) { return text.second.on_loan == 0; });
    }
    Kept kept{dialect::expand_state_names(sql, dialect::sqlite()), {}, 0};
    return kept_.emplace(sql, std::move(kept)).first->second;
}

StatementHandle StatementCache::prepare(const std::string &sql) {
    sqlite3_stmt *prepared = nullptr;
    const char *tail = nullptr;
    const int code = sqlite3_prepare_v3(connection_, sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &prepared, &tail);
    StatementHandle statement{prepared};
    if (code != SQLITE_OK) {
        throw_last_error(connection_, "prepare a statement", sql);
    }
    ensure(prepared != nullptr, "a text to be run holds a statement");
    ensure(tail == sql.data() + sql.size(), "execute and query take one statement without a tail");
    return statement;
}

std::pair<StatementHandle, StatementCache::Kept *> StatementCache::take(std::string_view sql) {
    Kept &kept = kept_for(sql);
    StatementHandle statement;
    if (kept.free.empty()) {
        kept.free.reserve(kept.on_loan + 1); // so that giving back needs no memory
        statement = prepare(kept.sql);
    } else {
        statement = std::move(kept.free.back());
        kept.free.pop_back();
    }
    ++kept.on_loan;
    return {std::move(statement), &kept};
}

void StatementCache::give_back(StatementHandle statement, Kept &kept) noexcept {
    sqlite3_reset(statement.get());
    sqlite3_clear_bindings(statement.get());
    --kept.on_loan;
    kept.free.push_back(std::move(statement));
}

void Statement::bind(engine::Parameters parameters, Lifetime lifetime) {
    ensure(sqlite3_bind_parameter_count(handle()) == static_cast<int>(parameters.size()),
           "a statement gets as many values as it has parameters");
    int index = 0;
    for (const Value &value : parameters) {
        bind_value(handle(), ++index, value, lifetime);
    }
}

bool Statement::step() {
    const int code = sqlite3_step(handle());
    if (code == SQLITE_ROW) {
        return true;
    }
    if (code != SQLITE_DONE) {
        throw_last_error(cache_.connection(), "run a statement", sqlite3_sql(handle()));
    }
    return false;
}

void Statement::reset() noexcept {
    sqlite3_reset(handle());
}

} // namespace postrider::sqlite
