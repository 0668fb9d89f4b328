// A set of changes with the schemas of their tables. Changesets compose: `a + b` is the net effect
// of a, then b.
#pragma once

#include <map>
#include <string>
#include <variant>
#include <vector>

#include "common/model/change.hpp"

namespace postrider {

/// Changes of a table with one writer: the net effect. `truncated` comes before every change.
struct OneWayChanges {
    bool truncated = false;
    std::map<Key, Change> changes;
    bool operator==(const OneWayChanges &) const = default;
};

/// Changes of a table with several writers: the join of their registers.
struct SyncChanges {
    std::map<Key, SyncChange> changes;
    bool operator==(const SyncChanges &) const = default;
};

struct TableChanges {
    TableSchema schema;
    std::variant<OneWayChanges, SyncChanges> changes;
    bool operator==(const TableChanges &) const = default;
};

/// Tables in the order of their names; two shapes of one table never stand in one changeset.
struct Changeset {
    std::map<std::string, TableChanges> tables;
    bool operator==(const Changeset &) const = default;

    [[nodiscard]] std::size_t row_count() const;

    [[nodiscard]] bool empty() const { return tables.empty(); }
};

/// Where a changeset comes from. Numbers are never used twice within an incarnation.
struct ChangesetIdentity {
    NodeId node{};
    std::uint64_t incarnation = 0;
    std::uint64_t collect_number = 0;
    auto operator<=>(const ChangesetIdentity &) const = default;
};

/// The net effect of `first`, then `second`; one-way tables only by one-way tables, SYNC by SYNC
/// (both laws are associative; the join is also commutative and idempotent). A table whose schema
/// differs between the two is an error (schema_mismatch): the caller ends the batch before it.
Result<Changeset> compose(Changeset first, Changeset second);

/// The two laws for one row. `std::nullopt`: nothing is left to tell. Over valid histories (a row
/// is updated or ends only while it is there, and is inserted only while it is not) the one-way law
/// is associative but for one name: of a row that first left and was then inserted and removed, or
/// the other way round, the net effect says `remove` or `leave` as the grouping goes. Both end the
/// row.
std::optional<Change> compose_one_way(const Change &first, const Change &second);
SyncChange join(const SyncChange &first, const SyncChange &second);

} // namespace postrider
