// Everything is tried in a savepoint; what is refused is left out, and the rest is tried again.
#include "common/engine/apply_fitting.hpp"

#include <algorithm>
#include <optional>

#include "common/engine/hangs_on.hpp"
#include "common/engine/late_refusals.hpp"
#include "common/engine/own_effects.hpp"
#include "common/engine/reference_keeper.hpp"
#include "common/engine/row_writer.hpp"

namespace postrider::engine {

namespace {

Error because(std::string message, std::string hint) {
    return {Errc::conflict, std::move(message), {}, std::move(hint)};
}

Error no_parent(const dialect::Reference &reference) {
    return because("it refers to a row of table \"" + reference.parent->name +
                       "\" that is not here" +
                       (reference.key.match_full && reference.key.columns.size() > 1
                            ? ", or only a part of what it refers by is NULL"
                            : ""),
                   "Have the missing row sent too, or put it here.");
}

Error still_referred(const dialect::Reference &reference) {
    return because("rows of table \"" + reference.child->name + "\" refer to it",
                   "Delete or change the rows that refer to it.");
}

/// As the database says it, without what we were doing.
Error refusal_of(Error error) {
    constexpr std::string_view doing = "run a statement: ";
    if (const std::size_t at = error.message.find(doing); at != std::string::npos) {
        error.message.erase(0, at + doing.size());
    }
    error.detail.clear();
    error.hint = "Change the row or the constraint that is in its way here.";
    return error;
}

Error hangs_on_parked() {
    return because("it hangs on a row that is parked",
                   "It follows by itself once that row can be applied.");
}

class Fitter {
  public:
    Fitter(Transaction &transaction,
           const dialect::Dialect &dialect,
           const std::vector<TargetTable> &targets,
           const std::vector<TargetTable> &pending)
        : transaction_(transaction),
          dialect_(dialect),
          targets_(targets),
          pending_(pending),
          left_out_(targets.size()),
          references_(transaction, dialect) {}

    Result<Fitting> run() {
        transaction_.defer_foreign_keys();
        find_givers_to_pending();
        leave_out_found();
        while (true) {
            found_.clear();
            const Result<void> done = transaction_.attempt([this] { return try_once(); });
            if (done) {
                return std::move(fitting_);
            }
            const bool is_news = leave_out_found();
            if ((!is_news && is_careful_) || done.error().code == Errc::schema_mismatch) {
                return done.error();
            }
            // What the database does not say of a set of rows it says of each of them.
            is_careful_ = is_careful_ || (is_slow_ && !is_news);
            is_slow_ = true;
        }
    }

  private:
    /// Referenced values that a row had before it was written.
    struct Released {
        std::size_t target;
        const Key *key;
        const dialect::Reference *reference;
        Row values;
    };

    Result<void> try_once() {
        Result<std::vector<TableWork>> built =
            build_works(transaction_, dialect_, targets_, left_out_);
        if (!built) {
            return built.error();
        }
        std::vector<TableWork> &works = *built;
        const RowKeys kept = rows_to_keep(works);
        const std::vector<Released> released = is_slow_ && dialect_.kept_references() == nullptr
                                                   ? released_by(works)
                                                   : std::vector<Released>{};
        OwnEffects effects{transaction_, dialect_};
        if (effects.may_come_of(works)) {
            effects.mark(works, references_);
        }
        ReferenceKeeper keeper{transaction_, dialect_.kept_references(), references_};
        for (const TableWork &work : works) {
            keeper.look_before(work);
        }
        RowWriter writer{transaction_, dialect_, references_, works};
        writer.keep(kept);
        writer.follow(keeper);
        if (is_careful_) {
            writer.one_by_one();
        }
        writer.write();
        for (TableWork &work : works) {
            if (Result<void> seen = look_at(work, kept); !seen) {
                return seen;
            }
        }
        if (transaction_.has_broken_references()) {
            find_orphans(works);
            find_referred(released);
            return because("rows refer to rows that are not here",
                           "Have the missing rows sent too, or put them here.");
        }
        find_broken(works, keeper);
        if (found_.empty()) { // else rows might be in the way that will be left out
            find_late(works);
        }
        if (!found_.empty()) {
            return found_.front().reason;
        }
        effects.drop_written(works);
        count(works);
        return {};
    }

    void count(const std::vector<TableWork> &works) {
        fitting_.counts = {};
        for (const TableWork &work : works) {
            fitting_.counts.rows += work.target->changes.changes.size();
            fitting_.counts.missing += work.missing();
        }
        for (const RefusedChange &refused : fitting_.refused) {
            const auto &changes = targets_[refused.target].changes.changes;
            fitting_.counts.rows -= changes.contains(refused.key) ? 1U : 0U;
        }
    }

    [[nodiscard]] std::size_t index_of(const TableWork &work) const {
        return static_cast<std::size_t>(work.target - targets_.data());
    }

    void find(const TableWork &work, const Key &key, Error reason) {
        found_.push_back({index_of(work), key, std::move(reason)});
    }

    /// What the rows refer to that are left out, and those that wait elsewhere.
    RowKeys rows_to_keep(const std::vector<TableWork> &works) {
        RowKeys waiting;
        for (const TargetTable &target : pending_) {
            for (const auto &[key, change] : target.changes.changes) {
                waiting[target.table.name].insert(own_key(target, key));
            }
        }
        for (std::size_t index = 0; index < targets_.size(); ++index) {
            for (const Key &key : left_out_[index]) {
                waiting[targets_[index].table.name].insert(own_key(targets_[index], key));
            }
        }
        const bool removes = std::any_of(works.begin(), works.end(), [](const TableWork &work) {
            return !work.removals.rows.empty();
        });
        return removes && !waiting.empty() ? references_.ancestors_of(waiting) : RowKeys{};
    }

    Result<void> look_at(TableWork &work, const RowKeys &kept) {
        for (const UnfitRow &row : work.unfit) {
            find(work, *row.key, row.reason);
        }
        for (RowBlock &block : work.writes) {
            if (Result<void> seen = look_at(work, block); !seen) {
                return seen;
            }
        }
        if (const auto keys = kept.find(work.target->table.name); keys != kept.end()) {
            std::erase_if(work.removals.waiting, [&](std::size_t index) {
                const bool keep = keys->second.contains(key_here(work, index));
                if (keep) {
                    find(work, *work.removals.keys[index],
                         because("rows that refer to it are parked",
                                 "It follows by itself once they can be applied."));
                }
                return keep;
            });
        }
        return look_at(work, work.removals);
    }

    Key key_here(const TableWork &work, std::size_t index) {
        const auto found =
            transaction_.query(dialect_.select_row(work.target->table, work.key_columns),
                               Parameters{work.removals.rows[index]});
        const Row *row = found->next();
        return row == nullptr ? Key{} : *row;
    }

    Result<void> look_at(const TableWork &work, RowBlock &block) {
        std::vector<std::size_t> refused;
        for (const std::size_t index : block.waiting) {
            Result<void> done = run_one(transaction_, block, index);
            if (done) {
                continue;
            }
            if (done.error().code == Errc::schema_mismatch) {
                return done; // nothing of the row's
            }
            find(work, *block.keys[index], refusal_of(done.error()));
            refused.push_back(index);
        }
        block.waiting = std::move(refused);
        return {};
    }

    std::vector<Released> released_by(const std::vector<TableWork> &works) {
        std::vector<Released> released;
        for (const TableWork &work : works) {
            for (const dialect::Reference *reference : references_.to(work.target->table.name)) {
                note_released(work, work.removals, *reference, released);
                if (!is_within(reference->key.parent_columns, work.key_columns)) {
                    for (const RowBlock &block : work.writes) {
                        note_released(work, block, *reference, released);
                    }
                }
            }
        }
        return released;
    }

    static bool is_within(const std::vector<std::string> &names,
                          const std::vector<std::string> &others) {
        return std::all_of(names.begin(), names.end(), [&](const std::string &name) {
            return std::find(others.begin(), others.end(), name) != others.end();
        });
    }

    void note_released(const TableWork &work,
                       const RowBlock &block,
                       const dialect::Reference &reference,
                       std::vector<Released> &released) {
        const std::string sql =
            dialect_.select_row(work.target->table, reference.key.parent_columns);
        for (std::size_t index = 0; index < block.rows.size(); ++index) {
            const Key key = work.key_of(block.rows[index]);
            const auto found = transaction_.query(sql, Parameters{key});
            if (const Row *row = found->next()) {
                released.push_back({index_of(work), block.keys[index], &reference, *row});
            }
        }
    }

    void find_orphans(const std::vector<TableWork> &works) {
        for (const TableWork &work : works) {
            for (const dialect::Reference *reference : references_.from(work.target->table.name)) {
                const std::string sql = dialect_.find_orphan(*reference);
                for (const RowBlock &block : work.writes) {
                    for (std::size_t index = 0; index < block.rows.size(); ++index) {
                        const Key key = work.key_of(block.rows[index]);
                        if (transaction_.query(sql, Parameters{key})->next() != nullptr) {
                            find(work, *block.keys[index], no_parent(*reference));
                        }
                    }
                }
            }
        }
    }

    /// Where the database does not look at foreign keys.
    void find_broken(const std::vector<TableWork> &works, ReferenceKeeper &keeper) {
        keeper.act();
        for (const Stranding &stranding : keeper.stranding()) {
            find(*stranding.work, *stranding.key, still_referred(*stranding.reference));
        }
        for (const TableWork &work : works) {
            for (const Orphan &orphan : keeper.find_orphans(work)) {
                find(work, *orphan.block->keys[orphan.index], no_parent(*orphan.reference));
            }
        }
    }

    void find_late(const std::vector<TableWork> &works) {
        for (const TableWork &work : works) {
            for (LateRefusal &late : late_refusals(transaction_, dialect_, work)) {
                const bool is_told = !late.reason.hint.empty();
                find(work, *late.block->keys[late.index],
                     is_told ? std::move(late.reason) : refusal_of(std::move(late.reason)));
            }
        }
    }

    void find_referred(const std::vector<Released> &released) {
        for (const Released &each : released) {
            const std::string sql = dialect_.find_referring(*each.reference);
            if (transaction_.query(sql, Parameters{each.values})->next() != nullptr) {
                found_.push_back({each.target, *each.key, still_referred(*each.reference)});
            }
        }
    }

    bool leave_out(RefusedChange change) {
        if (!left_out_.at(change.target).insert(change.key).second) {
            return false;
        }
        fitting_.refused.push_back(std::move(change));
        return true;
    }

    void find_givers_to_pending() {
        for (const TargetTable &target : pending_) {
            const auto references = references_.to(target.table.name);
            if (std::all_of(references.begin(), references.end(),
                            [](const auto *reference) { return leads_to_key(*reference); })) {
                continue;
            }
            for (const auto &[key, change] : target.changes.changes) {
                for (const ChangePlace &giver : hangs_on().givers_to(target, key)) {
                    found_.push_back({giver.first, giver.second, hangs_on_parked()});
                }
            }
        }
    }

    const HangsOn &hangs_on() {
        if (!hangs_on_) {
            hangs_on_.emplace(transaction_, dialect_, references_, targets_);
        }
        return *hangs_on_;
    }

    void leave_out_all(const std::vector<ChangePlace> &places) {
        for (const ChangePlace &place : places) {
            leave_out({place.first, place.second, hangs_on_parked()});
        }
    }

    /// What was found and what hangs on it; false when that is nothing new.
    bool leave_out_found() {
        const std::size_t first = fitting_.refused.size();
        for (const RefusedChange &change : found_) {
            leave_out(change);
        }
        if (fitting_.refused.size() == first) {
            return false;
        }
        for (std::size_t index = first; index < fitting_.refused.size(); ++index) {
            const ChangePlace place{fitting_.refused[index].target, fitting_.refused[index].key};
            leave_out_all(hangs_on().children_of(place));
            leave_out_all(hangs_on().takers_from(place));
            leave_out_all(hangs_on().givers_to(targets_[place.first], place.second));
        }
        return true;
    }

    Transaction &transaction_;
    const dialect::Dialect &dialect_;
    const std::vector<TargetTable> &targets_;
    const std::vector<TargetTable> &pending_;
    std::vector<std::set<Key>> left_out_;
    std::vector<RefusedChange> found_; // in this try
    Fitting fitting_;
    bool is_slow_ = false;    // something was refused: what rows were before is looked at as well
    bool is_careful_ = false; // each row by itself
    References references_;
    std::optional<HangsOn> hangs_on_;
};

} // namespace

Result<Fitting> apply_fitting(Transaction &transaction,
                              const dialect::Dialect &dialect,
                              const std::vector<TargetTable> &targets,
                              const std::vector<TargetTable> &pending) {
    return Fitter{transaction, dialect, targets, pending}.run();
}

} // namespace postrider::engine
