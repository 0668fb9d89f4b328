// The task language at work: a text declares what this node is, whom it knows and what it exchanges
// with them (docs/task_language.md).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.hpp"
#include "common/dialect/dialect.hpp"
#include "common/engine/database.hpp"
#include "common/engine/vault.hpp"

namespace postrider::engine {

/// One line of an answer. `action` is create, change, drop, keep, pause, resume, accept, note or
/// "to do"; `object` such as "peer branch7"; `detail` a sentence, a statement, or for "to do" the
/// command to give next.
struct ActionRow {
    std::string action;
    std::string object;
    std::string detail;
    bool operator==(const ActionRow &) const = default;
};

using ActionRows = std::vector<ActionRow>;

/// Where a text is declared. `transaction` is a write transaction, or the caller's own with a
/// savepoint; a node need not be there yet.
struct DeclareSite {
    Transaction &transaction;
    const dialect::Dialect &dialect;
    Vault &vault;
    Timestamp now;
};

/// `exact`: what the text does not name is dropped; otherwise it is kept.
struct Declaration {
    std::string_view text;
    bool exact = false;
};

/// Does what the text says, whole or not at all, and tells what it did. The first declaration makes
/// the state tables and the node's identity; its text begins with NODE. Errors as task::parse and
/// task::check give them, `refused` for tables that cannot take part.
Result<ActionRows> declare(const DeclareSite &site, const Declaration &declaration);

/// What `declare` would do. Writes nothing.
Result<ActionRows> plan(const DeclareSite &site, const Declaration &declaration);

/// The text that declares this node as it is; tasks that peers offered stand in it as comments.
/// With `object` only the statements of that name; `refused` if there is none.
Result<std::string> describe(const DeclareSite &site, const std::string &object = {});

} // namespace postrider::engine
