// Types of parameters come from parse analysis, as in PREPARE without types.
#include "pg_extension/spi_statement.hpp"

#include <optional>

#include "common/base/ensure.hpp"
#include "common/dialect/postgresql.hpp"
#include "common/dialect/state_names.hpp"

#include "pg_extension/acting_user.hpp"
#include "pg_extension/spi_copy.hpp"
#include "pg_extension/spi_error.hpp"
#include "pg_extension/spi_lists.hpp"

extern "C" {
#include <parser/parser.h>
#include <utils/memutils.h>
}

namespace postrider::pg {

namespace {

/// More than the engine has texts: only those for users' tables could go on growing.
constexpr std::size_t statements_max = 1000;

struct ParameterTypes {
    Oid *types;
    int count;
};

/// In a memory context of its own, which the caller deletes.
ParameterTypes analyse(const char *sql) {
    return call([&]() noexcept {
        ParameterTypes found{nullptr, 0};
        List *statements = raw_parser(sql, RAW_PARSE_DEFAULT);
        if (list_length(statements) != 1) {
            ereport(ERROR, errcode(ERRCODE_INTERNAL_ERROR), errmsg("one statement is expected"));
        }
        postrider_analyze(linitial_node(RawStmt, statements), sql, &found.types, &found.count);
        return found;
    });
}

bool is_valid(SPIPlanPtr plan) {
    return call([&]() noexcept { return SPI_plan_is_valid(plan); });
}

/// Deletes what was allocated while it lived; also when C++ unwinds.
class ScratchContext {
  public:
    ScratchContext()
        : scratch_(call([]() noexcept {
              return AllocSetContextCreate(CurrentMemoryContext, "postrider statement",
                                           ALLOCSET_SMALL_SIZES);
          })),
          outer_(MemoryContextSwitchTo(scratch_)) {}

    ScratchContext(const ScratchContext &) = delete;
    ScratchContext &operator=(const ScratchContext &) = delete;

    ~ScratchContext() {
        MemoryContextSwitchTo(outer_);
        MemoryContextDelete(scratch_);
    }

  private:
    MemoryContext scratch_;
    MemoryContext outer_;
};

/// The server looks at the statement for these rights, once.
class Expectation {
  public:
    Expectation(StatementRights rights, const char *sql) {
        if (rights == RIGHTS_OF_OWNERS) {
            // Nothing of a user's is run until it is executed, and the role may have no right on
            // the schemas that are named.
            extension_.emplace(
                call([]() noexcept { return postrider_open_state(AccessShareLock); }));
            free_.emplace(ActingUser::PolicyFree{});
        }
        postrider_expect_statement(rights, sql);
    }

    Expectation(const Expectation &) = delete;
    Expectation &operator=(const Expectation &) = delete;

    ~Expectation() { postrider_forget_statement(); }

  private:
    std::optional<ActingUser> extension_;
    std::optional<ActingUser> free_;
};

ParameterTypes analyse_for(StatementRights rights, const char *sql) {
    const Expectation expectation{rights, sql};
    return analyse(sql);
}

} // namespace

std::string server_sql(std::string_view sql) {
    std::string text = dialect::expand_state_names(sql, dialect::postgresql());
    char quote = 0;
    for (char &character : text) {
        if (quote != 0) {
            quote = character == quote ? '\0' : quote; // a doubled quote closes and opens again
        } else if (character == '\'' || character == '"') {
            quote = character;
        } else if (character == '?') {
            character = '$';
        }
    }
    return text;
}

StatementRights rights_of(std::string_view sql) {
    return dialect::has_state_names(sql) ? RIGHTS_OF_EXTENSION : RIGHTS_OF_SESSION;
}

StatementRights rights_of(const dialect::BlockStatement &statement) {
    return statement.by_owners ? RIGHTS_OF_OWNERS : rights_of(statement.one_row);
}

SPIPlanPtr prepare_plan(const PlanText &text, StatementRights rights) {
    const Oid user = GetUserId();
    const Expectation expectation{rights, text.sql};
    SPIPlanPtr plan = call([&]() noexcept {
        SPIPlanPtr prepared = SPI_prepare_cursor(text.sql, static_cast<int>(text.parameters.size()),
                                                 text.parameters.data(), text.options);
        if (prepared == nullptr) {
            ereport(
                ERROR, errcode(ERRCODE_INTERNAL_ERROR),
                errmsg("could not prepare a statement: %s", SPI_result_code_string(SPI_result)));
        }
        SPI_keepplan(prepared);
        postrider_plan_is_for(prepared, user);
        return prepared;
    });
    ensure(postrider_statement_met(), "the server analyses what it prepares");
    return plan;
}

Statement::Statement(std::string_view sql, StatementRights rights) {
    const std::string text = server_sql(sql);
    const ScratchContext scratch;
    const ParameterTypes found = analyse_for(rights, text.c_str());
    parameters_.reserve(static_cast<std::size_t>(found.count));
    for (int index = 0; index < found.count; ++index) {
        parameters_.push_back(form_of(found.types[index]));
    }
    plan_ = prepare_plan({text.c_str(), {found.types, static_cast<std::size_t>(found.count)}, 0},
                         rights);
}

Statement::~Statement() {
    if (plan_ != nullptr) {
        SPI_freeplan(plan_);
    }
}

Statement::Arguments Statement::arguments(engine::Parameters parameters) const {
    ensure(parameters.size() >= parameters_.size(), "every parameter of a statement is given");
    Arguments given;
    given.datums.reserve(parameters_.size());
    given.nulls.reserve(parameters_.size());
    for (std::size_t index = 0; index < parameters_.size(); ++index) {
        const ServerValue value = to_server(parameters_[index], parameters[index]);
        given.datums.push_back(value.datum);
        given.nulls.push_back(value.is_null ? 'n' : ' ');
    }
    return given;
}

StatementCache::StatementCache() = default;
StatementCache::~StatementCache() = default;

Statement &StatementCache::prepare(std::string_view sql, StatementRights rights) {
    auto &statements = rights == RIGHTS_OF_OWNERS ? of_owners_ : statements_;
    const auto known = statements.find(sql);
    if (known != statements.end()) {
        if (rights != RIGHTS_OF_OWNERS || is_valid(known->second->plan())) {
            return *known->second;
        }
        // The server would analyse it anew by itself, and ask the session's user then.
        statements.erase(known);
        lists_of_owners_.clear();
    }
    if (statements_.size() + of_owners_.size() >= statements_max) {
        statements_.clear();
        of_owners_.clear();
        forget_forms();
    }
    auto statement = std::make_unique<Statement>(sql, rights);
    return *statements.emplace(std::string{sql}, std::move(statement)).first->second;
}

void StatementCache::forget(std::string_view sql) {
    for (auto *statements : {&statements_, &of_owners_}) {
        if (const auto known = statements->find(sql); known != statements->end()) {
            statements->erase(known);
        }
    }
    // They have their types from statements for one row, of which this may be the one.
    forget_forms();
}

void StatementCache::forget_forms() {
    lists_.clear();
    lists_of_owners_.clear();
    copies_.clear();
    forms_.clear();
}

ListStatement *StatementCache::prepare_lists(const dialect::BlockStatement &statement) {
    if (statement.many_rows.empty()) {
        return nullptr;
    }
    const StatementRights rights = rights_of(statement);
    const bool is_of_owners = rights == RIGHTS_OF_OWNERS;
    auto &lists = is_of_owners ? lists_of_owners_ : lists_;
    auto known = lists.find(statement.many_rows);
    if (known != lists.end() && is_of_owners && known->second->is_usable() &&
        !is_valid(known->second->plan())) {
        lists.erase(known);
        known = lists.end();
    }
    if (known == lists.end()) {
        auto made = std::make_unique<ListStatement>(statement.many_rows, rights,
                                                    prepare(statement.one_row, rights));
        known = lists.emplace(statement.many_rows, std::move(made)).first;
    }
    return known->second->is_usable() ? known->second.get() : nullptr;
}

CopyStatement *StatementCache::prepare_copy(const dialect::BlockStatement &statement) {
    if (statement.many_new_rows.empty()) {
        return nullptr;
    }
    auto known = copies_.find(statement.many_new_rows);
    if (known == copies_.end()) {
        auto copy =
            std::make_unique<CopyStatement>(statement.many_new_rows, prepare(statement.one_row));
        known = copies_.emplace(statement.many_new_rows, std::move(copy)).first;
    }
    return known->second->is_hopeful() ? known->second.get() : nullptr;
}

void StatementCache::copy_was_refused(const dialect::BlockStatement &statement) {
    if (const auto known = copies_.find(statement.many_new_rows); known != copies_.end()) {
        known->second->was_refused();
    }
}

const TypeForm &StatementCache::form(Oid type) {
    const auto known = forms_.find(type);
    return known != forms_.end() ? known->second
                                 : forms_.emplace(type, form_of(type)).first->second;
}

} // namespace postrider::pg
