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

std::vector<FoundRow> Transaction::query_block(const dialect::BlockStatement &query,
                                               std::span<const Row> rows) {
    std::vector<FoundRow> found;
    for (std::size_t index = 0; index < rows.size(); ++index) {
        const auto cursor = this->query(query.one_row, Parameters{rows[index]});
        while (const Row *row = cursor->next()) {
            found.push_back({index, *row});
        }
    }
    return found;
}

void Transaction::define(std::string_view sql) {
    execute_script(sql);
}

Result<void> Transaction::may_decide(std::string_view /*table*/) {
    return {};
}

Result<void> Transaction::may_decide_all() {
    return {};
}

Result<void> Transaction::may_reach(const MachinePart & /*part*/) {
    return {};
}

Result<void> Transaction::may_use(std::string_view /*table*/, TableUse /*use*/) {
    return {};
}

bool Transaction::let_use(std::string_view /*table*/, TableUse /*use*/) {
    return false;
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
