// What plan and declare say of hours: when a task that is new or changed may travel first, and what
// waits already.
#include "common/engine/pace.hpp"
#include "common/engine/plan.hpp"
#include "common/engine/store/rows.hpp"
#include "common/engine/zones.hpp"

namespace postrider::engine {

namespace {

bool is_new(const Intention &intention, const task::Task &task) {
    for (const PlannedChange &change : intention.changes) {
        const auto *changed = std::get_if<task::Task>(&change.statement);
        if (changed != nullptr && changed->name.value == task.name.value) {
            return change.kind == PlannedChange::Kind::create ||
                   change.kind == PlannedChange::Kind::change;
        }
    }
    return false;
}

/// Until when changes of a task that is declared already wait at the latest.
std::optional<Timestamp> waits_until(Transaction &transaction, const task::Task &task) {
    const auto row = first_row(transaction,
                               "SELECT max(s.waits_until) FROM @stream_out s JOIN @task t"
                               " ON t.lane = s.lane JOIN @node n ON n.node_id = t.declared_by"
                               " JOIN @task_peer tp ON tp.task_id = t.task_id"
                               " AND tp.peer_id = s.peer_id WHERE t.name = ?1",
                               {Value::text(task.name.value)});
    return maybe_time_at(*row, 0);
}

std::string first_opening(const stream::Schedule &schedule, const TimeZone &zone, Timestamp now) {
    const Timestamp open = stream::next_opening(schedule, {now, std::nullopt}, zone, now);
    return open > now ? "What gathers travels as one, first at " + to_text(open) + "."
                      : "What gathers travels as one, first at once.";
}

} // namespace

Result<TimeZone> zone_of(const Intention &intention, const Vault &vault) {
    for (const task::Statement &statement : intention.after.statements) {
        if (const auto *node = std::get_if<task::Node>(&statement)) {
            return zone_of(*node, vault);
        }
    }
    return TimeZone{};
}

void add_waits(const DeclareSite &site,
               const Intention &intention,
               const TimeZone &zone,
               ActionRows &rows) {
    for (const task::Statement &statement : intention.after.statements) {
        const auto *task = std::get_if<task::Task>(&statement);
        if (task == nullptr) {
            continue;
        }
        const stream::Schedule schedule = pace_of(task->pacing).schedule;
        if (schedule.is_empty()) {
            continue;
        }
        const std::string object = object_of(statement);
        if (is_new(intention, *task)) {
            rows.push_back({"pace", object,
                            task->direction.value == task::Direction::send
                                ? first_opening(schedule, zone, site.now)
                                : "What gathers travels as one, by the clock of the peer."});
        } else if (const auto until = intention.before.has_tables
                                          ? waits_until(site.transaction, *task)
                                          : std::nullopt) {
            rows.push_back({"pace", object, "Its changes wait until " + to_text(*until) + "."});
        }
    }
}

} // namespace postrider::engine
