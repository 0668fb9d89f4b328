// Clauses of a task and its tables in the options of its offer: hours and priority, which table has
// a list of columns, and that its receiver keeps what is deleted. The columns themselves stand in
// the offered schema; SQL never travels.
#pragma once

#include <string>

#include "common/dialect/table_description.hpp"
#include "common/task/model.hpp"
#include "common/wire/control.hpp"

namespace postrider::engine {

/// The options about the `number`-th table of an offer, counted from 1.
std::string table_option(std::size_t number);
std::string lossy_option(std::size_t number);
std::string private_option(std::size_t number);

/// What an offer says of a table in these options, one after the other; empty: nothing.
struct OfferedClauses {
    std::string words;
    std::string lossy;
    std::string hidden;
};

OfferedClauses offered_clauses(const task::Task &task, const task::Table &table);

/// Gives the mirror's `table` the clauses. Words that are not known here are not obeyed.
void take_offered_clauses(const OfferedClauses &clauses,
                          const TableSchema &offered,
                          const dialect::TableDescription &local,
                          task::Table &table);

/// How the peer wants us to pace what we send to it. `refused` for what is not known here.
Result<void> take_pacing(const wire::Offer &offer, task::Task &task);

} // namespace postrider::engine
