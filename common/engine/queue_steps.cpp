// Reading, selecting and composing entries.
#include "common/engine/queue_steps.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "common/engine/queue.hpp"
#include "common/engine/step.hpp"
#include "common/engine/store/rows.hpp"
#include "common/wire/changeset_format.hpp"

namespace postrider::engine {

namespace {

struct EntryRow {
    std::uint64_t position = 0;
    wire::Origin origin;
    std::uint64_t collect_number = 0;
    bool continues = false;
    bool is_for_peer = false;
    std::uint64_t rows = 0;
    Bytes content;
};

/// Behind a position (?1), as a peer (?2) sees them.
std::string select_entries() {
    return "SELECT q.queue_position, q.origin, q.incarnation, q.collect_number, q.continues, " +
           Receivers::include("?2") +
           ", q.rows, q.content FROM @queue q WHERE q.queue_position > ?1"
           " ORDER BY q.queue_position";
}

EntryRow read_entry(const Row &row) {
    return {.position = unsigned_at(row, 0),
            .origin = {fixed_at<16>(row, 1), unsigned_at(row, 2)},
            .collect_number = unsigned_at(row, 3),
            .continues = integer_at(row, 4) != 0,
            .is_for_peer = integer_at(row, 5) != 0,
            .rows = unsigned_at(row, 6),
            .content = blob_at(row, 7)};
}

void note_origin(Origins &origins, const EntryRow &entry) {
    std::uint64_t &number = origins[entry.origin];
    number = std::max(number, entry.collect_number);
}

struct StepSize {
    LargeStep step;
    std::uint64_t bytes = 0;
};

StepSize step_at(const Session &session, std::uint64_t first) {
    const Row last = *first_row(session.transaction,
                                "SELECT min(queue_position) FROM @queue"
                                " WHERE queue_position >= ?1 AND continues = 0",
                                {stored(first)});
    const Row sums = *first_row(session.transaction,
                                "SELECT CAST(sum(length(content)) AS BIGINT),"
                                " CAST(sum(rows) AS BIGINT) FROM @queue"
                                " WHERE queue_position >= ?1 AND queue_position <= ?2",
                                {stored(first), last.at(0)});
    return {{first, unsigned_at(last, 0)},
            unsigned_at(sums, 0) + row_memory_bytes * unsigned_at(sums, 1)};
}

/// Composes whole steps of the queue, as many as make one step of the stream.
class QueueComposer {
  public:
    QueueComposer(const Session &session, const SentTables &tables, std::uint64_t cursor)
        : session_(session), tables_(tables) {
        out_.cursor = cursor;
    }

    Composed compose_from(const StreamKey &key) {
        const std::uint64_t begin = out_.cursor;
        const auto entries =
            session_.transaction.query(select_entries(), {stored(begin), key.peer_id});
        while (const Row *row = entries->next()) {
            const EntryRow entry = read_entry(*row);
            if (!is_within_ && !may_begin(entry, begin)) {
                break;
            }
            is_within_ = entry.continues;
            add(entry);
            if (!is_within_ && !end_unit(entry.position)) {
                break; // a table was altered in between: the other shape is the next step
            }
        }
        return std::move(out_);
    }

  private:
    bool may_begin(const EntryRow &entry, std::uint64_t begin) {
        const std::uint64_t bytes_max = session_.sizes.step_bytes;
        if (bytes_ > bytes_max) {
            return false;
        }
        if (!entry.continues) {
            return true;
        }
        const StepSize size = step_at(session_, entry.position);
        if (size.bytes > bytes_max && out_.cursor == begin) {
            out_.large_step = size.step;
        }
        return size.bytes <= bytes_max;
    }

    void add(const EntryRow &entry) {
        if (!entry.is_for_peer) {
            return;
        }
        Changeset selected = select_entry(entry.content, tables_, entry.position);
        if (selected.empty()) {
            return;
        }
        Result<Changeset> composed = compose(std::move(unit_), std::move(selected));
        ensure(composed.has_value(), "one step of the queue shows one shape of a table");
        unit_ = *std::move(composed);
        unit_bytes_ += entry.content.size() + row_memory_bytes * entry.rows;
        note_origin(unit_origins_, entry);
    }

    /// False, and as if it were not there: it does not fit to what is before.
    bool end_unit(std::uint64_t position) {
        if (out_.changeset.empty()) {
            out_.changeset = std::exchange(unit_, {});
        } else if (!unit_.empty()) {
            Result<Changeset> composed = compose(out_.changeset, std::exchange(unit_, {}));
            if (!composed) {
                return false;
            }
            out_.changeset = *std::move(composed);
        }
        out_.cursor = position;
        bytes_ += std::exchange(unit_bytes_, 0);
        for (const auto &[origin, number] : std::exchange(unit_origins_, {})) {
            out_.origins[origin] = std::max(out_.origins[origin], number);
        }
        return true;
    }

    const Session &session_;
    const SentTables &tables_;
    Composed out_;
    std::uint64_t bytes_ = 0;
    bool is_within_ = false; // a step of the queue
    Changeset unit_;         // what it brings so far
    std::uint64_t unit_bytes_ = 0;
    Origins unit_origins_;
};

} // namespace

Composed compose_queue(const Session &session,
                       const StreamKey &key,
                       const SentTables &tables,
                       std::uint64_t cursor) {
    return QueueComposer{session, tables, cursor}.compose_from(key);
}

SentEntry next_entry(const Session &session,
                     const StreamKey &key,
                     const SentTables &tables,
                     std::uint64_t position) {
    const auto row = first_row(session.transaction, select_entries() + " LIMIT 1",
                               {stored(position), key.peer_id});
    ensure(row.has_value(), "a step of the queue is there to its end");
    const EntryRow entry = read_entry(*row);
    SentEntry out{.position = entry.position, .origins = {}, .changeset = {}};
    if (entry.is_for_peer) {
        note_origin(out.origins, entry);
        out.changeset = select_entry(entry.content, tables, entry.position);
    }
    return out;
}

Changeset select_entry(const Bytes &content, const SentTables &tables, std::uint64_t position) {
    Result<Changeset> entry = wire::unpack_changeset(content);
    ensure(entry.has_value(), "the queue holds what pack_changeset made");
    return select_tables(*std::move(entry), tables, position);
}

} // namespace postrider::engine
