// One round of everything a node does by itself: receive, apply, collect, dispatch, transmit. The
// host calls it again when it is woken or when `next_at` has come.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "common/engine/dispatch.hpp"
#include "common/engine/mailbox_openings.hpp"
#include "common/engine/replays.hpp"
#include "common/engine/session.hpp"
#include "common/engine/transmit.hpp"
#include "common/engine/transport.hpp"
#include "common/engine/vault.hpp"

namespace postrider::engine {

struct Ports {
    Database &database;
    Vault &vault;
    Transport &transport;
};

struct EngineSettings {
    stream::Timing timing;
    BatchSizes batches = {};
    std::string holder = "worker"; // names this process in `lease`
    /// Is told what a round does and for which peer, for whoever watches the process.
    std::function<void(const std::string &)> show = {};
};

struct CycleResult {
    std::uint64_t envelopes_received = 0;
    std::uint64_t steps_applied = 0;
    std::uint64_t rows_unparked = 0;
    std::uint64_t rows_collected = 0;
    std::uint64_t batches_built = 0;
    std::uint64_t parts_sent = 0;
    bool has_more = false;            // the transport has more to give
    std::optional<Timestamp> next_at; // empty: nothing will ever be due by time alone
    /// The first part of the round that failed. The others were done; what failed is tried again.
    std::optional<Error> problem;

    [[nodiscard]] bool did_anything() const {
        return has_more || envelopes_received + steps_applied + rows_unparked + rows_collected +
                                   batches_built + parts_sent >
                               0;
    }
};

/// Holds no state that matters: a node goes on from its tables after any crash.
class Engine {
  public:
    Engine(Ports ports, EngineSettings settings) : ports_(ports), settings_(std::move(settings)) {}

    /// Fails when the node cannot work at all: not declared, secret missing, a copy, another worker
    /// took over. What merely failed this time stands in `problem`.
    Result<CycleResult> cycle(Timestamp now);

    /// From now on nothing is taken from other peers, applied for them or sent to them.
    void serve_only(std::int64_t peer_id) {
        only_peer_ = peer_id;
        quiet_.reset();
    }

  private:
    using Work = std::function<void(const Session &)>;
    using Attempt = std::function<Result<void>(const Session &)>;

    /// Whether the last round found nothing to do and nothing has changed since.
    bool is_quiet(Timestamp now);
    /// Remembers that a round found nothing to do; `counters` are those before it.
    void note_quiet(Timestamp now, const std::optional<Row> &counters, const CycleResult &result);
    std::optional<Row> change_counters(Timestamp now);
    Result<void> whole_round(Timestamp now, CycleResult &result);
    Result<void> start(Timestamp now);
    Result<void> look_at_own_past(Timestamp now);
    void show_unapproved(Timestamp now);
    void configure_transport(Timestamp now);
    void handle_events(Timestamp now, CycleResult &result);

    /// What comes of events once their transaction is committed.
    struct Taken {
        std::vector<std::pair<Receipt, Settlement>> settlements;
        std::vector<ReplayedPart> final_parts;
        std::uint64_t envelopes = 0;
        bool has_servers = false; // of a mailbox were found
    };

    void take_message(const Session &session, const Event &event, Taken &taken);
    void take_mailbox_event(const Session &session, const Event &event, Taken &taken);
    void apply_all(Timestamp now, CycleResult &result);
    void
    apply_stream(Timestamp now, std::int64_t peer_id, const StreamKey &key, CycleResult &result);
    void retry_all(Timestamp now, CycleResult &result);
    void retry_for(Timestamp now, std::int64_t peer_id, CycleResult &result);
    bool retry_is_due(Timestamp now, const CycleResult &result);
    /// When many rows are parked and something was written that may help them.
    [[nodiscard]] std::optional<Timestamp> next_retry() const;
    void continue_offers(Timestamp now);
    void collect_all(Timestamp now, CycleResult &result);
    void build_all(Timestamp now, CycleResult &result);
    void build_for(Timestamp now, std::int64_t peer_id, CycleResult &result);
    void send_all(Timestamp now, CycleResult &result);
    void end_openings(Timestamp now);
    void alert_people(Timestamp now);
    [[nodiscard]] std::optional<Timestamp> next_due_through(const Session &session,
                                                            const std::string &mailbox) const;
    void prune(Timestamp now);
    [[nodiscard]] bool serves(std::int64_t peer_id) const;
    [[nodiscard]] std::vector<Peer> live_peers(const Session &session) const;
    bool has_work(Timestamp now, const Peer &peer);
    void show_what_waits(Timestamp now);
    [[nodiscard]] Session session_at(Transaction &transaction, Timestamp now) const;
    std::vector<Transmission> due_now(const Session &session);
    [[nodiscard]] std::vector<Peer> peers_by_turn(const Session &session) const;
    std::optional<Timestamp> next_due_at(Timestamp now);
    std::optional<Timestamp> next_at(Timestamp now);

    /// Throws LeaseLost where it was ours and another worker has taken it.
    std::int64_t current_lease(Transaction &transaction);
    /// A transaction under our lease. Throws DatabaseError; the work is then undone.
    void write(Timestamp now, const Work &work);
    /// The same; an Error of the work undoes it too, and is given.
    Result<void> write_if(Timestamp now, const Attempt &work);
    /// As `write`; where another session was faster, the work is done again at once, a few times.
    void write_persistently(Timestamp now, const Work &work);
    void read(Timestamp now, const Work &work);
    void guarded(CycleResult &result, const std::function<void()> &part);
    void show(const char *work, const std::string &peer) const;

    Ports ports_;
    EngineSettings settings_;
    std::optional<std::int64_t> only_peer_;
    Identity identity_;
    std::string node_options_; // those that `zone_` was found by
    Result<TimeZone> zone_ = TimeZone{};
    Tickets tickets_;
    MailboxOpenings openings_;
    std::optional<Timestamp> alerted_at_;        // when it was looked whether anybody is to be told
    std::optional<Timestamp> alerts_wait_until_; // it was not in this round, and is to be then
    std::int64_t turn_of_ = 0;                   // the peer that sending begins with
    Replays replays_;
    std::optional<std::int64_t> fencing_;
    bool place_checked_ = false;
    std::optional<StateFile> stored_state_;
    std::optional<Timestamp> inspected_at_;
    std::optional<std::int64_t> inspected_schema_; // its version
    std::optional<Timestamp> pruned_at_;
    std::optional<std::int64_t> retried_content_; // the database's content when rows were retried
    std::optional<Timestamp> retried_at_;
    bool retry_wanted_ = false;

    /// What `next_due_at` found; forgotten with every write.
    struct Due {
        Timestamp asked_at;
        std::optional<Timestamp> next;
    };

    std::optional<Due> due_;

    struct Quiet {
        Row counters;
        Timestamp since;
        Timestamp until;
        std::optional<Timestamp> next; // but for what the transport waits for
    };

    std::optional<Quiet> quiet_;
    std::vector<Event> arrived_; // what ended the quiet
};

} // namespace postrider::engine
