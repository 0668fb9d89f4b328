// Tasks against the database: the tables they name, their rows, who takes part, and the capture of
// what they send.
#pragma once

#include <string>
#include <vector>

#include "common/engine/column_list.hpp"
#include "common/engine/session.hpp"
#include "common/task/task_text.hpp"

namespace postrider::engine {

/// A table of a task as this database has it; without columns where it is still to be made.
struct ResolvedTable {
    dialect::TableDescription description;
    std::string wire_name;  // what both sides call it: its name where the rows come from
    std::string suggestion; // its name at the other side, as the task language writes it
    task::Table clauses;    // with columns as the catalogue spells them
    ColumnList columns;     // the same, to be looked up in
};

struct ResolvedTask {
    task::Task task;
    std::vector<ResolvedTable> tables;
};

/// The table of that name: as written if it was quoted, else without case if that is unique. With
/// a key that can be told apart, or why it cannot take part.
Result<dialect::TableDescription> resolve_table(Transaction &transaction,
                                                const dialect::Dialect &dialect,
                                                const task::ObjectName &name);

Result<ResolvedTask>
resolve_task(Transaction &transaction, const dialect::Dialect &dialect, const task::Task &task);

/// Paths, schedule, priority and ON ERROR in one canonical text: tasks with equal ones share a
/// stream.
std::string lane_of(const task::Task &task);

/// Rows that refer to each other must travel in one stream: refused with the two tasks' names.
Result<void> check_lanes(const dialect::Dialect &dialect, const std::vector<ResolvedTask> &tasks);

/// Makes or replaces a task of `declared_by` with its tables; its peers stay. Gives its id.
std::int64_t
store_task(const Session &session, const NodeId &declared_by, const ResolvedTask &task);

/// The id of a task, 0 when there is none.
std::int64_t
find_task(Transaction &transaction, const NodeId &declared_by, const std::string &name);

/// Brings the peers of one of our own tasks in step with its statement and the groups: new ones
/// wait for their offer, those who left are told. `renewed`: all of them get the offer anew.
void update_task_peers(const Session &session, std::int64_t task_id, bool renewed);

/// Removes the task's rows and tells nobody.
void forget_task(Transaction &transaction, std::int64_t task_id);

/// Removes one of our own tasks and tells the peers that know it.
void drop_task(const Session &session, std::int64_t task_id);

/// Captures exactly the tables that some task sends, gives the node the rights that tasks need on
/// their tables and no others, and notes how those that tasks take differ from the peers'. Tells
/// what was put on or taken off. Rows that are not approved put nothing on, and while there are any
/// nothing is taken off.
struct CaptureChanges {
    std::vector<std::string> installed;
    std::vector<std::string> removed;
};

Result<CaptureChanges> update_captures(const Session &session);

} // namespace postrider::engine
