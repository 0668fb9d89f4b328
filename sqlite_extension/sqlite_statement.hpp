// Prepared statements with their values: kept per connection, so that each text is compiled once.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "common/engine/database.hpp"

#include "sqlite_extension/sqlite_api.hpp"

namespace postrider::sqlite {

struct FinalizeStatement {
    void operator()(sqlite3_stmt *statement) const noexcept { sqlite3_finalize(statement); }
};

using StatementHandle = std::unique_ptr<sqlite3_stmt, FinalizeStatement>;

/// Whether SQLite may keep pointing at a bound text or blob, or must copy it.
enum class Lifetime { until_reset, copied };

/// Binds `value` as ?`index` (from 1). Kinds that SQLite does not have are bound as the dialect
/// stores them; one without an exact form is a constraint error.
void bind_value(sqlite3_stmt *statement, int index, const Value &value, Lifetime lifetime);

/// Column `index` (from 0) of the current row, exact to the bit.
Value column_value(sqlite3_stmt *statement, int index);
/// The same for an argument of a SQL function.
Value argument_value(sqlite3_value *argument);

/// Prepared statements by text, `@name` standing for a state table. One in use is out of the cache,
/// so a text may be in use twice.
class StatementCache {
  public:
    /// One text of the engine's with the statements of it that nobody uses.
    struct Kept {
        std::string sql; // expanded
        std::vector<StatementHandle> free;
        std::size_t on_loan = 0;
    };

    explicit StatementCache(sqlite3 *connection) : connection_(connection) {}

    /// The text stays known while a statement of it is on loan.
    std::pair<StatementHandle, Kept *> take(std::string_view sql);
    /// Resets the statement, forgets its values and keeps it.
    void give_back(StatementHandle statement, Kept &kept) noexcept;

    [[nodiscard]] sqlite3 *connection() const { return connection_; }

  private:
    /// Looks a text up as it is, without a copy of it.
    struct HashText {
        using is_transparent = void;

        std::size_t operator()(std::string_view text) const {
            return std::hash<std::string_view>{}(text);
        }
    };

    Kept &kept_for(std::string_view sql);
    StatementHandle prepare(const std::string &sql);

    sqlite3 *connection_;
    // By the text as the engine writes it. Each query asks here, and texts are long and begin
    // alike: their hash is quicker than their order.
    std::unordered_map<std::string, Kept, HashText, std::equal_to<>> kept_;
};

/// A statement on loan from the cache.
class Statement {
  public:
    Statement(StatementCache &cache, std::string_view sql) : cache_(cache) {
        std::tie(handle_, kept_) = cache.take(sql);
    }

    Statement(const Statement &) = delete;
    Statement &operator=(const Statement &) = delete;

    ~Statement() { cache_.give_back(std::move(handle_), *kept_); }

    void bind(engine::Parameters parameters, Lifetime lifetime);
    /// True: a row is there; false: done. Throws DatabaseError.
    bool step();
    /// Ready to be bound and run again.
    void reset() noexcept;

    [[nodiscard]] sqlite3_stmt *handle() const { return handle_.get(); }

  private:
    StatementCache &cache_;
    StatementHandle handle_;
    StatementCache::Kept *kept_ = nullptr;
};

} // namespace postrider::sqlite
