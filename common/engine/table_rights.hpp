// The rights that the node needs on the tables of its tasks, where the database knows rights
// (docs/security.md): given by whoever declares a task, and taken when the last task of a table
// goes.
#pragma once

#include <map>
#include <string>

#include "common/engine/plan.hpp"
#include "common/engine/session.hpp"

namespace postrider::engine {

/// By the table's name.
using TableUses = std::map<std::string, TableUse>;

/// What the tasks of now do with their tables.
TableUses stored_uses(Transaction &transaction);

/// What they will do once the intention is carried out.
TableUses intended_uses(const dialect::Dialect &dialect, const Intention &intention);

/// What has been given.
TableUses given_uses(Transaction &transaction);

/// What `follow_rights` will do for these uses, for people.
ActionRows rights_rows(Transaction &transaction, const TableUses &given, const TableUses &uses);

/// Gives the rights that the tasks of now need and none did before, and takes those that none needs
/// any more. What somebody has taken by hand is not given again.
void follow_rights(const Session &session);

/// Whether the node may read the table now. Where not, `tell_rights_missing`.
bool may_read(const Session &session, const std::string &table);

/// Once in a while, as long as it lasts.
void tell_rights_missing(const Session &session, const Error &reason);

} // namespace postrider::engine
