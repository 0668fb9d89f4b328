// The task language: from text to model and back, and what makes a model wrong. Pure; what only a
// database knows (do the tables exist, do they have keys) is the engine's.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/base/result.hpp"
#include "common/task/model.hpp"

namespace postrider::task {

/// Reads a text of at most task_text_bytes_max bytes. Every Error says line, column, what was
/// expected and what stands there; the hint names the nearest known word or the way out.
/// `unsupported_version` for POSTRIDER 2 and above, `too_large`, else `malformed`.
Result<TaskText> parse(std::string_view text);

/// As `parse` for a text that was printed before and kept: the model has no places, so that
/// messages about it name no line of a text that nobody sees.
Result<TaskText> parse_stored(std::string_view text);

/// The name of a table alone, as a peer suggests it.
Result<ObjectName> parse_object(std::string_view text);

/// The clauses of a schedule and a limit alone, as `print` gives them.
Result<Pacing> parse_pacing(std::string_view text);
/// The word behind PRIORITY.
Result<Priority> parse_priority(std::string_view text);

/// A table of a task with its clauses, as `print_columns` and `print_clauses` wrote them behind its
/// name.
Result<Table> parse_table(std::string_view text);

/// Canonical text; parses back to an equal model.
std::string print(const TaskText &text);
/// One statement with its semicolon, without a line break at the end.
std::string print(const Statement &statement);
/// The text of one piece, as it stands inside a statement.
std::string print(const ObjectName &name);
std::string print(const Conflict &conflict);
/// "(sku, name AS title)"
std::string print(const Columns &columns);
/// What follows the columns of a table: WHERE, WITHOUT DELETE, ON CONFLICT.
std::string print_clauses(const Table &table);
std::string print(const By &by);
std::string print(const Pacing &pacing);
std::string print(Priority priority);
std::string print(const Path &path);
std::string print(const Keep &keep);
/// The clauses of a statement that describe what no column of its own holds, without the name:
/// TIME ZONE, KEEP, ALERT; USER, PASSWORD and pacing; the attributes without parentheses; KEEP and
/// REPORT EVERY.
std::string print_options(const Node &node);
std::string print_options(const Mailbox &mailbox);
std::string print_attributes(const Peer &peer);
std::string print_options(const Peer &peer);
/// 'text' with its quotes doubled.
std::string quote_string(std::string_view text);
/// A name of ours, in quotes where a bare word would not do.
std::string quote_name(std::string_view name);

/// What is wrong with the statements by themselves and with each other. References to what the
/// text does not declare are left alone: the text may build on what was declared before.
Result<void> check(const TaskText &text);

/// As `check` for a text that is everything a node has: every peer, group, node and mailbox that is
/// named must be declared in it.
Result<void> check_whole(const TaskText &text);

/// The first clause that this version reads but cannot do: `refused`, with its place and name.
std::optional<Error> unavailable(const TaskText &text);

} // namespace postrider::task
