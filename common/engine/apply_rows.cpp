// The whole step or nothing: ON ERROR STOP.
#include "common/engine/apply_rows.hpp"

#include "common/engine/foreign_keys.hpp"
#include "common/engine/late_refusals.hpp"
#include "common/engine/own_effects.hpp"
#include "common/engine/reference_keeper.hpp"
#include "common/engine/row_writer.hpp"

namespace postrider::engine {

namespace {

Error stuck_removals(const TableWork &work) {
    return {Errc::conflict,
            std::to_string(work.removals.waiting.size()) + " rows of table \"" +
                work.target->table.name + "\" cannot be deleted: other rows refer to them",
            {},
            "Delete the rows that refer to them; the batch is tried again by itself."};
}

Error stuck_writes(std::size_t rows, const std::string &table) {
    return {Errc::conflict,
            std::to_string(rows) + " rows cannot be written, the first into table \"" + table +
                "\": a constraint refuses them",
            "A row that is only here holds a unique value, or the table has a condition that the "
            "sender's has not.",
            "Change the row or the constraint here; the batch is tried again by itself."};
}

Result<void> check_done(const std::vector<TableWork> &works) {
    std::size_t waiting = 0;
    std::string table;
    for (const TableWork &work : works) {
        for (const RowBlock &block : work.writes) {
            waiting += block.waiting.size();
            table = table.empty() && !block.waiting.empty() ? work.target->table.name : table;
        }
        if (!work.removals.waiting.empty()) {
            return stuck_removals(work);
        }
    }
    if (waiting > 0) {
        return stuck_writes(waiting, table);
    }
    return {};
}

/// Where the database does not look at foreign keys.
Result<void> check_references(const std::vector<TableWork> &works, ReferenceKeeper &keeper) {
    keeper.act();
    if (!keeper.stranding().empty()) {
        const Stranding &first = keeper.stranding().front();
        return Error{Errc::conflict,
                     "rows of table \"" + first.work->target->table.name +
                         "\" cannot be deleted or changed: rows of table \"" +
                         first.reference->child->name + "\" refer to them",
                     {},
                     "Delete or change the rows that refer to them; the batch is tried again by "
                     "itself."};
    }
    for (const TableWork &work : works) {
        const std::vector<Orphan> orphans = keeper.find_orphans(work);
        if (!orphans.empty()) {
            return Error{Errc::conflict,
                         "rows of table \"" + work.target->table.name +
                             "\" refer to rows of table \"" +
                             orphans.front().reference->parent->name + "\" that are not here",
                         {},
                         "Have the missing rows sent too, or put them here; the batch is tried "
                         "again by itself."};
        }
    }
    return {};
}

Result<void> check_late(Transaction &transaction,
                        const dialect::Dialect &dialect,
                        const std::vector<TableWork> &works) {
    for (const TableWork &work : works) {
        const auto late = late_refusals(transaction, dialect, work);
        if (!late.empty()) {
            const Error &first = late.front().reason;
            return first.hint.empty() ? stuck_writes(late.size(), work.target->table.name) : first;
        }
    }
    return {};
}

} // namespace

Result<std::vector<TableWork>> build_works(Transaction &transaction,
                                           const dialect::Dialect &dialect,
                                           const std::vector<TargetTable> &targets,
                                           const std::vector<std::set<Key>> &left_out) {
    std::vector<const dialect::TableDescription *> tables;
    tables.reserve(targets.size());
    for (const TargetTable &target : targets) {
        tables.push_back(&target.table);
    }
    const std::set<Key> none;
    std::vector<TableWork> works;
    for (const std::size_t index : parents_first(dialect, tables)) {
        const TargetTable &target = targets[index];
        if (Result<void> fits = check_shape(target.table, target.schema, target.changes); !fits) {
            return fits.error();
        }
        works.push_back(
            build_work(transaction, dialect, target, left_out.empty() ? none : left_out.at(index)));
    }
    return works;
}

Result<ApplyCounts> apply_rows(Transaction &transaction,
                               const dialect::Dialect &dialect,
                               const std::vector<TargetTable> &targets) {
    transaction.defer_foreign_keys();
    Result<std::vector<TableWork>> works = build_works(transaction, dialect, targets);
    if (!works) {
        return works.error();
    }
    ApplyCounts counts;
    for (const TableWork &work : *works) {
        if (!work.unfit.empty()) {
            return work.unfit.front().reason;
        }
        counts.rows += work.target->changes.changes.size();
    }
    OwnEffects effects{transaction, dialect};
    const References references{transaction, dialect};
    if (effects.may_come_of(*works)) {
        effects.mark(*works, references);
    }
    ReferenceKeeper keeper{transaction, dialect.kept_references(), references};
    for (const TableWork &work : *works) {
        keeper.look_before(work);
    }
    RowWriter writer{transaction, dialect, references, *works};
    writer.follow(keeper);
    writer.write();
    if (Result<void> done = check_done(*works); !done) {
        return done.error();
    }
    if (Result<void> kept = check_references(*works, keeper); !kept) {
        return kept.error();
    }
    if (Result<void> stays = check_late(transaction, dialect, *works); !stays) {
        return stays.error();
    }
    for (const TableWork &work : *works) {
        counts.missing += work.missing();
    }
    effects.drop_written(*works);
    return counts;
}

} // namespace postrider::engine
