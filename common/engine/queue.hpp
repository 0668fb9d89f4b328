// The queue: the ordered log of changesets that were captured here or applied for others. What
// belongs to one step lies in one entry or, where it is large, in several that continue each other.
#pragma once

#include <optional>

#include "common/engine/session.hpp"
#include "common/model/changeset.hpp"

namespace postrider::engine {

/// One entry. `from_peer` is 0 for our own.
struct QueueEntry {
    NodeId origin{};
    std::uint64_t incarnation = 0;
    std::uint64_t collect_number = 0;
    std::int64_t from_peer = 0;
    std::uint64_t rows = 0;
    Bytes content; // wire::pack_changeset
};

/// The entries of one step, one after another, so that one at a time lies in memory. In one
/// transaction.
class QueueRun {
  public:
    explicit QueueRun(const Session &session) : session_(session) {}

    /// Under the next collect number of ours. It does not go to `from_peer`.
    void add_own(const Changeset &piece, std::int64_t from_peer = 0);
    /// The same, packed already.
    void add_own(Bytes content, std::uint64_t rows, std::int64_t from_peer = 0);
    /// Of another node, as it says in the entry.
    void add(QueueEntry entry);
    /// Without it the last entry is lost.
    void finish();

  private:
    void append(bool continues);

    const Session &session_;
    std::optional<QueueEntry> last_; // whether it continues shows with the next one
};

/// Appends a changeset as one step under the next collect number of ours. It does not go to
/// `from_peer`.
void append_collected(const Session &session, Changeset &&changeset, std::int64_t from_peer);

/// The position of the youngest entry that there ever was, as far as anybody still goes by it.
std::uint64_t last_queue_position(Transaction &transaction);

/// Removes what every stream has passed.
void prune_queue(Transaction &transaction);

} // namespace postrider::engine
