// The queue: the ordered log of changesets that were captured here or applied for others. What
// belongs to one step lies in one entry or, where it is large, in several that continue each other.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "common/engine/session.hpp"
#include "common/model/changeset.hpp"

namespace postrider::engine {

/// Peers by number.
using PeerSet = std::set<std::int64_t>;

/// To whom an entry goes: everybody but the peer that sent it, or some of them.
class Receivers {
  public:
    /// `from_peer` is 0 for our own.
    static Receivers all(std::int64_t from_peer = 0) { return {from_peer, ""}; }

    static Receivers only(const PeerSet &peers);
    static Receivers all_but(const PeerSet &peers);

    [[nodiscard]] bool is_all() const { return from_peer_ == 0 && peers_.empty(); }

    [[nodiscard]] std::int64_t from_peer() const { return from_peer_; }

    bool operator==(const Receivers &) const = default;

    /// As the queue keeps it: empty, or + (only) or - (all but), and the numbers between commas.
    [[nodiscard]] const std::string &peers() const { return peers_; }

    /// Part of a condition: the entry `q` of the queue goes to `peer`, a column or a parameter.
    static std::string include(const std::string &peer);

  private:
    Receivers(std::int64_t from_peer, std::string peers)
        : from_peer_(from_peer), peers_(std::move(peers)) {}

    std::int64_t from_peer_;
    std::string peers_;
};

/// One entry.
struct QueueEntry {
    NodeId origin{};
    std::uint64_t incarnation = 0;
    std::uint64_t collect_number = 0;
    Receivers receivers = Receivers::all();
    std::uint64_t rows = 0;
    Bytes content; // wire::pack_changeset
};

/// The entries of one step, one after another, so that one at a time lies in memory. In one
/// transaction.
class QueueRun {
  public:
    explicit QueueRun(const Session &session) : session_(session) {}

    /// Under the next collect number of ours.
    void add_own(const Changeset &piece, const Receivers &receivers);
    /// The same, packed already.
    void add_own(Bytes content, std::uint64_t rows, const Receivers &receivers);
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

/// The number of the peer may be given to a new one, which is none of those that entries name.
void forget_receiver(Transaction &transaction, std::int64_t peer_id);

/// Removes what every stream has passed.
void prune_queue(Transaction &transaction);

} // namespace postrider::engine
