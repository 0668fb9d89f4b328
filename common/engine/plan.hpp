// What a text would change: compared with what was declared before, checked against the tables of
// this database. Writes nothing.
#pragma once

#include <string>
#include <vector>

#include "common/engine/declare.hpp"
#include "common/engine/declare_stored.hpp"
#include "common/engine/declare_tasks.hpp"

namespace postrider::engine {

struct PlannedChange {
    enum class Kind { create, change, keep, drop };

    Kind kind = Kind::keep;
    task::Statement statement;
    /// Of a changed task: more than its peers changed, so all of them get the offer anew.
    bool renewed = false;
};

struct Intention {
    DeclaredBefore before;
    task::TaskText after;               // everything that will be declared
    std::vector<PlannedChange> changes; // in the order in which they are done
    std::vector<task::Pause> pauses;
    std::vector<Mirror> dropped_mirrors;
    std::vector<ResolvedTask> tasks; // of `after`; those that stay as they are only if they resolve
    std::vector<std::string> captures_to_install;
    std::vector<std::string> captures_to_remove;
};

Result<Intention> make_intention(Transaction &transaction,
                                 const dialect::Dialect &dialect,
                                 const Declaration &declaration);

/// Mirrors of peers' tasks that stay.
std::vector<Mirror> remaining_mirrors(const Intention &intention);

/// The rows that plan and declare both answer with. `refused` when the time zone is not known here.
Result<ActionRows> answer(const DeclareSite &site, const Intention &intention);

/// The zone that the text names once it is declared. `refused` when it is not known here.
Result<TimeZone> zone_of(const Intention &intention, const Vault &vault);

/// Rows about hours, for `answer`.
void add_waits(const DeclareSite &site,
               const Intention &intention,
               const TimeZone &zone,
               ActionRows &rows);

/// Says that the changes of a table are captured from now on.
ActionRow capture_row(const dialect::Dialect &dialect, const std::string &table);

/// "peer branch7"
std::string object_of(const task::Statement &statement);

} // namespace postrider::engine
