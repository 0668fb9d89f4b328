// Two passes: the rows of each batch, and what goes.
#include "common/engine/apply_piecewise.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <string>
#include <utility>

#include "common/engine/arrived_batches.hpp"
#include "common/engine/differences.hpp"
#include "common/engine/foreign_keys.hpp"
#include "common/engine/late_refusals.hpp"
#include "common/engine/load.hpp"
#include "common/engine/own_effects.hpp"
#include "common/engine/own_tables.hpp"
#include "common/engine/parked_rows.hpp"
#include "common/engine/reference_keeper.hpp"
#include "common/engine/step_keys.hpp"
#include "common/engine/store/rows.hpp"
#include "common/engine/targets.hpp"

namespace postrider::engine {

namespace {

/// Rows whose parents have not come yet; with more of them the step is composed.
constexpr std::size_t orphans_max = 100'000;

/// Seen by nobody: the step is composed.
Error needs_the_whole() {
    return {Errc::conflict, "the step has to be seen as a whole"};
}

class Piecewise {
  public:
    Piecewise(const Session &session, const Peer &peer, const IncomingRow &row, OwnTables &tables)
        : session_(session),
          peer_(peer),
          row_(row),
          tables_(tables),
          references_(session.transaction, session.dialect),
          keeper_(session.transaction, session.dialect.kept_references(), references_),
          keys_(session),
          effects_(session.transaction, session.dialect) {}

    Result<ApplyCounts> apply(const stream::Step &step) {
        session_.transaction.defer_foreign_keys();
        BatchReader reader{session_, peer_, row_};
        QueueRun run{session_};
        std::vector<ArrivedBatch> batches;
        for (const stream::InboxKey &body : step.bodies) {
            Result<ArrivedBatch> batch = reader.read(body);
            Result<void> taken = batch ? take(*batch, run) : Result<void>{batch.error()};
            if (!taken) {
                return taken.error();
            }
            batches.push_back(*std::move(batch));
        }
        run.finish();
        if (Result<void> gone = remove(); !gone) {
            return gone.error();
        }
        if (session_.transaction.has_broken_references() || breaks_references()) {
            return needs_the_whole();
        }
        keys_.forget();
        keep_of(session_, row_, batches);
        return counts_;
    }

  private:
    /// A table of the step.
    struct Table {
        TargetTable target; // without changes
        bool comes_whole = false;
        bool loses_rows = false;
    };

    Result<void> take(ArrivedBatch &batch, QueueRun &run) {
        if (Result<void> fits = tables_.check_shapes(batch.changes); !fits) {
            return fits;
        }
        note_shapes(session_, peer_, batch.changes);
        for (const auto &[wire_name, changes] : batch.changes.tables) {
            if (!is_simple(wire_name, changes)) {
                return needs_the_whole();
            }
        }
        Result<Targets> targets =
            find_targets(session_, peer_, tables_, std::exchange(batch.changes, {}));
        if (!targets) {
            return targets.error();
        }
        if (!targets->told_anew.empty()) {
            return needs_the_whole();
        }
        forward(session_, peer_, batch.header, std::move(targets->forwarded), run);
        return write(targets->tables);
    }

    /// Whether each row of it can be guarded by itself.
    bool is_simple(const std::string &wire_name, const TableChanges &changes) {
        const auto *rows = std::get_if<OneWayChanges>(&changes.changes);
        const auto table = tables_.find(wire_name);
        const bool is_taken = table && *table != nullptr;
        return rows != nullptr && is_taken &&
               !(rows->truncated && !tables_.taken(wire_name).where.empty());
    }

    Result<void> write(std::vector<TargetTable> &targets) {
        for (TargetTable &target : targets) {
            Result<Table *> table = table_of(target);
            if (!table) {
                return table.error();
            }
            target.changes.truncated = false; // what is not there is looked for at the end
            counts_.rows += target.changes.changes.size();
        }
        Result<std::vector<TableWork>> works =
            build_works(session_.transaction, session_.dialect, targets);
        if (!works) {
            return works.error();
        }
        for (TableWork &work : *works) {
            if (Result<void> written = write(work); !written) {
                return written;
            }
        }
        return {};
    }

    Result<Table *> table_of(const TargetTable &target) {
        const auto [place, is_new] = known_.try_emplace(target.table.name);
        if (!is_new && (target.changes.truncated || target.schema != place->second.target.schema)) {
            return needs_the_whole(); // it takes back what came before, or comes in two shapes
        }
        if (is_new) {
            const auto references = references_.to(target.table.name);
            if (!std::all_of(references.begin(), references.end(),
                             [](const auto *reference) { return leads_to_key(*reference); })) {
                return needs_the_whole();
            }
            place->second.target.table = target.table;
            place->second.target.schema = target.schema;
            place->second.comes_whole = target.changes.truncated;
        }
        return &place->second;
    }

    Result<void> write(TableWork &work) {
        if (!work.unfit.empty() || work.has_other_forms) {
            return needs_the_whole();
        }
        const std::string &name = work.target->table.name;
        Table &table = known_.at(name);
        run_blocks(session_.transaction, work.write_blocks());
        for (const RowBlock &block : work.writes) {
            if (!block.waiting.empty()) {
                return needs_the_whole();
            }
            if (table.comes_whole) {
                keys_.add_staying(name, keys_here(work, block));
            } else if (table.loses_rows) {
                keys_.take_back(name, keys_of(work, block));
            }
        }
        if (!late_refusals(session_.transaction, session_.dialect, work).empty()) {
            return needs_the_whole(); // what another batch gives up may be in the way
        }
        note_orphans(work);
        if (orphans_count_ > orphans_max) {
            return needs_the_whole();
        }
        counts_.missing += work.missing();
        if (!work.removals.rows.empty()) {
            table.loses_rows = true;
            keys_.add_going(name, work.removals.rows);
        }
        return {};
    }

    /// Rows whose parents may come with another batch.
    void note_orphans(const TableWork &work) {
        for (const Orphan &orphan : keeper_.find_orphans(work)) {
            orphans_[orphan.reference].push_back(work.key_of(orphan.block->rows[orphan.index]));
            ++orphans_count_;
        }
    }

    bool breaks_references() {
        keeper_.act();
        return !keeper_.stranding().empty() ||
               std::any_of(orphans_.begin(), orphans_.end(), [&](const auto &each) {
                   return keeper_.are_orphans(*each.first, each.second);
               });
    }

    static std::vector<Row> keys_of(const TableWork &work, const RowBlock &block) {
        std::vector<Row> keys;
        keys.reserve(block.rows.size());
        for (const Row &row : block.rows) {
            keys.push_back(work.key_of(row));
        }
        return keys;
    }

    /// The keys of written rows as the table holds them.
    std::vector<Row> keys_here(const TableWork &work, const RowBlock &block) {
        std::vector<Row> keys = keys_of(work, block);
        const std::string sql = session_.dialect.select_row(work.target->table, work.key_columns);
        for (Row &key : keys) {
            const bool is_plain = std::all_of(key.begin(), key.end(), [](const Value &value) {
                return value.as<std::int64_t>() != nullptr;
            });
            if (is_plain) {
                continue;
            }
            const auto here = session_.transaction.query(sql, Parameters{key});
            if (const Row *found = here->next()) {
                key = *found;
            }
        }
        return keys;
    }

    Result<void> remove() {
        std::vector<Table *> tables;
        std::vector<const dialect::TableDescription *> descriptions;
        for (auto &[name, table] : known_) {
            if (table.comes_whole) {
                keys_.add_absent(table.target.table);
            }
            if (table.comes_whole || table.loses_rows) {
                tables.push_back(&table);
                descriptions.push_back(&table.target.table);
            }
        }
        std::vector<std::size_t> order = parents_first(session_.dialect, descriptions);
        std::reverse(order.begin(), order.end());
        for (const std::size_t index : order) {
            if (Result<void> gone = remove_of(tables[index]->target); !gone) {
                return gone;
            }
        }
        return effects_.has_marked() ? drop_marks(tables) : Result<void>{};
    }

    /// A row that was marked for going with another may have gone by itself, too.
    Result<void> drop_marks(const std::vector<Table *> &tables) {
        for (const Table *table : tables) {
            (void)each_removal(table->target, [&](std::vector<TableWork> &works) {
                effects_.drop_written(works);
                return Result<void>{};
            });
        }
        return {};
    }

    Result<void> remove_of(const TargetTable &target) {
        return each_removal(target, [&](std::vector<TableWork> &works) -> Result<void> {
            if (effects_.may_come_of(works)) {
                effects_.mark(works, references_);
            }
            keeper_.look_before(works.front());
            RowBlock &block = works.front().removals;
            run_blocks(session_.transaction, std::array{&block});
            keeper_.forget_settled();
            return block.waiting.empty() ? Result<void>{} : Result<void>{needs_the_whole()};
        });
    }

    Result<void> each_removal(const TargetTable &target,
                              const std::function<Result<void>(std::vector<TableWork> &)> &take) {
        return keys_.each_going(target.table.name, [&](std::vector<Row> &&keys) -> Result<void> {
            std::vector<TableWork> works;
            works.push_back(build_work(session_.transaction, session_.dialect, target, {}));
            RowBlock &block = works.front().removals;
            block.rows = std::move(keys);
            block.lots.assign(block.rows.size(), 0);
            for (std::size_t index = 0; index < block.rows.size(); ++index) {
                block.waiting.push_back(index);
            }
            return take(works);
        });
    }

    const Session &session_;
    const Peer &peer_;
    const IncomingRow &row_;
    OwnTables &tables_;
    References references_;
    ReferenceKeeper keeper_;
    std::map<const dialect::Reference *, std::vector<Row>> orphans_; // until now
    std::size_t orphans_count_ = 0;
    StepKeys keys_;
    OwnEffects effects_;
    std::map<std::string, Table> known_; // by local name
    ApplyCounts counts_;
};

} // namespace

std::optional<ApplyCounts> apply_piecewise(const Session &session,
                                           const Peer &peer,
                                           const IncomingRow &row,
                                           const stream::Step &step) {
    Transaction &transaction = session.transaction;
    Result<OwnTables> tables = OwnTables::load(session, peer);
    if (!tables || step.bodies.size() < 2 || has_parked(transaction, peer.peer_id) ||
        has_open_load(transaction)) {
        return std::nullopt;
    }
    std::optional<ApplyCounts> counts;
    const Result<void> done = transaction.attempt([&]() -> Result<void> {
        const Result<ApplyCounts> applied = Piecewise{session, peer, row, *tables}.apply(step);
        if (!applied) {
            return applied.error();
        }
        counts = *applied;
        return {};
    });
    return done ? counts : std::nullopt;
}

} // namespace postrider::engine
