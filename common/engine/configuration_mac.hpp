// Configuration that could do harm if somebody else wrote it carries a MAC under the secret file
// (docs/security.md, "Secrets at rest"): a row edited by hand, or brought by a foreign database
// file, is shown but not used until `approve`.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "common/engine/session.hpp"

namespace postrider::engine {

/// Tables with a column configuration_mac: peer, peer_path, mailbox, task_table, invitation. `key`
/// holds the values of the primary key, in its order.
struct ConfigurationKey {
    std::string table;
    std::vector<Value> key;
    auto operator<=>(const ConfigurationKey &) const = default;
};

/// Writes the MAC of a row that this node has just written itself.
void protect(const Session &session, const std::string &table, const std::vector<Value> &key);

/// The row is as `protect` or `approve` last saw it. False when there is no such row.
bool is_approved(const Session &session, const ConfigurationKey &row);

/// The columns that the MAC of a table covers, its key first, then configuration_mac: a reader that
/// selects them gives the row to `protected_row` and decides later.
std::string covered_columns(const std::string &table);

/// A row as it was read, to be judged where the master key is at hand.
struct ProtectedRow {
    Bytes canonical;
    std::optional<Bytes> mac;
};

/// `values`: those of `covered_columns`, in their order.
ProtectedRow protected_row(const std::string &table, std::span<const Value> values);

bool is_approved(const Identity &identity, const ProtectedRow &row);

/// Rows that are not used, in the order of tables and keys. A peer without keys needs no approval.
std::vector<ConfigurationKey> unapproved(const Session &session);

/// The operator says that all rows are as they should be. Gives how many were not approved before.
std::size_t approve(const Session &session);

/// What the MAC covers: table, then each covered column by name, kind and value, lengths before
/// texts and bytes. Only null, integer, text and bytes occur.
Bytes canonical_row(const std::string &table,
                    const std::vector<std::string> &columns,
                    const std::vector<Value> &values);

} // namespace postrider::engine
