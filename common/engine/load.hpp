// First loads, in chunks (docs/correctness.md, C5): each round of collecting reads the next rows of
// the tables that are being loaded, in key order, in the snapshot in which it reads what was
// captured, and queues both as one step: the rows behind the changes, and for those alone who wait
// for them (load_request.hpp). What changes behind a chunk comes later in the queue, and so
// does the chunk that what changes before it belongs to; nothing needs to be remembered or skipped.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/engine/load_request.hpp"
#include "common/engine/session.hpp"
#include "common/model/changeset.hpp"

namespace postrider::engine {

/// A table whose rows are being sent. `after`: the greatest key that was read; none: it begins.
struct OpenLoad {
    std::int64_t load_id = 0;
    std::string name; // as the queue knows it: as it was spelled when it was declared
    dialect::TableDescription table;
    std::vector<std::string> kept; // columns whose old values filters need
    PeerSet peers;                 // who waits for it
    std::optional<Key> after;
    std::uint64_t rows = 0;
    std::uint64_t estimated = 0;
    std::optional<Timestamp> started_at;
    std::optional<Error> unreadable; // the node lacks the right to read the table
    bool waits = false;    // nobody has taken the last chunk yet, or the table cannot be read
    bool was_read = false; // in this round
    bool finished = false;
};

class Loads {
  public:
    /// In the transaction in which everything else is read.
    explicit Loads(const Session &session);

    [[nodiscard]] bool empty() const { return loads_.empty(); }

    /// Who waits together, of the loads that can go on.
    [[nodiscard]] std::set<PeerSet> waiting() const;

    /// The next rows for those who wait together, parents before children, about `bytes` of them,
    /// at least one.
    void read_chunk(const Session &session,
                    Changeset &changeset,
                    std::size_t bytes,
                    const PeerSet &peers);

    /// Rows that the changes refer to and that no chunk has brought yet, with those that they refer
    /// to themselves: whoever applies the changes needs them.
    [[nodiscard]] Changeset parents_of(const Session &session, const Changeset &changeset) const;

    /// Whether every load and every request for one is still as it was when this was read.
    [[nodiscard]] bool is_current(Transaction &transaction) const;

    /// Notes how far each load is, with the queue as it now is. Gives whether anything was read.
    [[nodiscard]] bool save(const Session &session) const;

  private:
    std::vector<OpenLoad> loads_;
    std::vector<std::vector<Value>> requests_;
};

/// Whether a load can go on.
bool has_open_load(Transaction &transaction);

/// The table was read whole, in one step, for a load that asks for that.
void note_whole_load(const Session &session, std::int64_t load_id, std::uint64_t rows);

/// Puts the rows of `more` into `changeset`; both are of this database, so shapes are equal.
void merge_rows(Changeset &changeset, Changeset &&more);

} // namespace postrider::engine
