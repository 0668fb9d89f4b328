// Types of parameters come from parse analysis, as in PREPARE without types.
#include "pg_extension/spi_statement.hpp"

#include "common/dialect/postgresql.hpp"
#include "common/dialect/state_names.hpp"

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

Statement::Statement(std::string_view sql) {
    const std::string text = server_sql(sql);
    const ScratchContext scratch;
    const ParameterTypes found = analyse(text.c_str());
    parameters_.reserve(static_cast<std::size_t>(found.count));
    for (int index = 0; index < found.count; ++index) {
        parameters_.push_back(form_of(found.types[index]));
    }
    plan_ = call([&]() noexcept {
        SPIPlanPtr prepared = SPI_prepare(text.c_str(), found.count, found.types);
        if (prepared == nullptr) {
            ereport(
                ERROR, errcode(ERRCODE_INTERNAL_ERROR),
                errmsg("could not prepare a statement: %s", SPI_result_code_string(SPI_result)));
        }
        SPI_keepplan(prepared);
        return prepared;
    });
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

Statement &StatementCache::prepare(std::string_view sql) {
    const auto known = statements_.find(sql);
    if (known != statements_.end()) {
        return *known->second;
    }
    if (statements_.size() >= statements_max) {
        statements_.clear();
        lists_.clear();
        forms_.clear();
    }
    auto statement = std::make_unique<Statement>(sql);
    return *statements_.emplace(std::string{sql}, std::move(statement)).first->second;
}

void StatementCache::forget(std::string_view sql) {
    const auto known = statements_.find(sql);
    if (known != statements_.end()) {
        statements_.erase(known);
    }
    if (const auto list = lists_.find(sql); list != lists_.end()) {
        lists_.erase(list);
    }
    forms_.clear();
}

ListStatement *StatementCache::prepare_lists(const dialect::BlockStatement &statement) {
    if (statement.many_rows.empty()) {
        return nullptr;
    }
    auto known = lists_.find(statement.many_rows);
    if (known == lists_.end()) {
        const Statement &one_row = prepare(statement.one_row);
        known = lists_
                    .emplace(statement.many_rows,
                             std::make_unique<ListStatement>(statement.many_rows, one_row))
                    .first;
    }
    return known->second->is_usable() ? known->second.get() : nullptr;
}

const TypeForm &StatementCache::form(Oid type) {
    const auto known = forms_.find(type);
    return known != forms_.end() ? known->second
                                 : forms_.emplace(type, form_of(type)).first->second;
}

} // namespace postrider::pg
