// What declarations name of the machine under the database: directories, files and programs. The
// node uses them as the user of the operating system that it works as, so not everybody who may
// declare may name them (docs/security.md, "Paths and commands").
#pragma once

#include "common/engine/session.hpp"
#include "common/task/model.hpp"

namespace postrider::engine {

/// `not_permitted`, with its place in the text, where whoever asks may not name what the statement
/// names.
Result<void> check_machine(Transaction &transaction, const task::Statement &statement);

/// The same for what rows of the configuration name that are not approved yet.
Result<void> check_machine_of_unapproved(const Session &session);

} // namespace postrider::engine
