// Statements of the engine as plans that are kept for the life of the session.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/engine/database.hpp"

#include "pg_extension/spi_value.hpp"

extern "C" {
#include <executor/spi.h>

#include "pg_extension/statement_rights.h"
}

namespace postrider::pg {

/// Whose rights a text of the engine asks for.
StatementRights rights_of(std::string_view sql);
StatementRights rights_of(const dialect::BlockStatement &statement);

/// Prepares a text of the server for these rights, and keeps the plan. `parameters` and `options`
/// are those of SPI_prepare_cursor. Throws PgError.
struct PlanText {
    const char *sql;
    std::span<Oid> parameters;
    int options;
};

SPIPlanPtr prepare_plan(const PlanText &text, StatementRights rights);

/// One prepared statement. `?1` of the engine is `$1` here, and the server has found out from the
/// context of each parameter which type it has.
class Statement {
  public:
    /// Throws PgError.
    Statement(std::string_view sql, StatementRights rights);
    Statement(const Statement &) = delete;
    Statement &operator=(const Statement &) = delete;
    ~Statement();

    [[nodiscard]] SPIPlanPtr plan() const { return plan_; }

    [[nodiscard]] const std::vector<TypeForm> &parameters() const { return parameters_; }

    /// The parameters as the plan takes them; they live as long as the current memory context.
    struct Arguments {
        std::vector<Datum> datums;
        std::vector<char> nulls; // ' ' or 'n'
    };

    [[nodiscard]] Arguments arguments(engine::Parameters parameters) const;

  private:
    SPIPlanPtr plan_ = nullptr;
    std::vector<TypeForm> parameters_;
};

class ListStatement;
class CopyStatement;

/// By the engine's text. One for each session.
class StatementCache {
  public:
    StatementCache();
    StatementCache(const StatementCache &) = delete;
    StatementCache &operator=(const StatementCache &) = delete;
    ~StatementCache();

    /// Kept until it is forgotten; a statement that failed is to be, since what it was prepared for
    /// may have changed.
    Statement &prepare(std::string_view sql) { return prepare(sql, rights_of(sql)); }

    Statement &prepare(std::string_view sql, StatementRights rights);
    void forget(std::string_view sql);
    /// The forms for many rows, kept and forgotten like the other; null: there is none.
    ListStatement *prepare_lists(const dialect::BlockStatement &statement);
    CopyStatement *prepare_copy(const dialect::BlockStatement &statement);
    void copy_was_refused(const dialect::BlockStatement &statement);

    /// The forms of types are looked up once.
    const TypeForm &form(Oid type);

  private:
    void forget_forms();

    std::map<std::string, std::unique_ptr<Statement>, std::less<>> statements_;
    /// The same for those that ask the owners of tables: nobody else may come by their plans.
    std::map<std::string, std::unique_ptr<Statement>, std::less<>> of_owners_;
    std::map<std::string, std::unique_ptr<ListStatement>, std::less<>> lists_;
    std::map<std::string, std::unique_ptr<ListStatement>, std::less<>> lists_of_owners_;
    std::map<std::string, std::unique_ptr<CopyStatement>, std::less<>> copies_;
    std::map<Oid, TypeForm> forms_;
};

/// The engine's text with state tables named and parameters in the server's form.
std::string server_sql(std::string_view sql);

} // namespace postrider::pg
