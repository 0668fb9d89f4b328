// What is the same over all databases, and the one place that turns a lost statement into a value.
#include "common/engine/database.hpp"

namespace postrider::engine {

namespace {

bool is_mended_by_savepoint(DatabaseError::Reason reason) {
    return reason == DatabaseError::Reason::constraint ||
           reason == DatabaseError::Reason::missing || reason == DatabaseError::Reason::other;
}

} // namespace

std::vector<Row> Transaction::catalogue(std::string_view sql, Parameters parameters) {
    std::vector<Row> rows;
    const auto cursor = query(sql, parameters);
    while (const Row *row = cursor->next()) {
        rows.push_back(*row);
    }
    return rows;
}

Result<void> Transaction::attempt(const std::function<Result<void>()> &work) {
    savepoint();
    try {
        Result<void> done = work();
        if (done) {
            release();
        } else {
            rollback_to();
        }
        return done;
    } catch (const DatabaseError &error) {
        if (!is_mended_by_savepoint(error.reason())) {
            throw;
        }
        rollback_to();
        return error.error();
    }
}

} // namespace postrider::engine
