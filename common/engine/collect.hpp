// From captured keys to a changeset in the queue (docs/correctness.md, A2 and A3).
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "common/engine/load.hpp"
#include "common/engine/session.hpp"
#include "common/model/changeset.hpp"

namespace postrider::engine {

/// Whether anything was captured or asked to be read again, or a key table is missing, so that
/// nobody knows. Cheap, in any transaction.
bool has_captured(Transaction &transaction, const dialect::Dialect &dialect);

/// A number that changes with every alteration of the schema; nothing where the database has none.
std::optional<std::int64_t> catalogue_version(const Session &session);

/// Looks at every captured table: one that was altered or has lost a trigger gets its capture anew
/// and is read again whole, one that is gone is held and shown. In a write transaction. `seen`:
/// what the last call that was committed gave; nothing is looked at while the schema is still that.
std::optional<std::int64_t> inspect_captures(const Session &session,
                                             std::optional<std::int64_t> seen);

/// Looks at tables that were altered, takes all captured keys that are visible, reads their rows
/// again in the same snapshot, appends what came of it to the queue as one step, one piece after
/// another, and removes the keys. Holds the write lock while it reads: precedes every apply. Gives
/// the number of rows appended. A capture whose key table is missing is passed over until
/// `inspect_captures` has renewed it. `chunk_bytes`: what is read of the tables that are being
/// loaded.
std::uint64_t collect(const Session &session, std::size_t chunk_bytes = 0);

/// Queues what rows that came from others refer to and no chunk of a load has brought yet.
void append_parents(const Session &session, const Changeset &changeset);

/// Captures whose keys were read, and loads for which a table was read whole.
struct TakenCaptures {
    std::vector<std::int64_t> read;
    std::vector<std::int64_t> with_kept;                       // those of them that keep old values
    std::vector<std::pair<std::int64_t, std::uint64_t>> whole; // load and rows
};

/// The same in three transactions so that writers wait for two short writes only: mark, read,
/// append.
class GentleCollect {
  public:
    /// In a write transaction: what is written from now on belongs to a later epoch.
    void mark(const Session &session);
    /// In a read transaction. Reads the next chunk of the tables that are being loaded, too.
    void read(const Session &session);

    /// False: there was more than may lie in memory, and nothing is to be appended. `collect` takes
    /// it.
    [[nodiscard]] bool is_whole() const { return is_whole_; }

    /// Whether what was read is still all that was asked for, and no table was in a shape that
    /// nobody had looked at. A peer that has just joined needs parents of what was read before.
    [[nodiscard]] bool is_current(const Session &session) const;
    /// In a write transaction. Gives the number of rows appended.
    std::uint64_t append(const Session &session);

  private:
    struct Piece {
        Bytes content;
        std::uint64_t rows = 0;
        Receivers receivers;
    };

    std::int64_t epoch_ = 0;
    bool is_whole_ = true;
    std::vector<Piece> pieces_;
    TakenCaptures taken_;
    std::optional<Loads> loads_;
    std::optional<std::int64_t> schema_; // when it was read
};

} // namespace postrider::engine
