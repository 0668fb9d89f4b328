// The round, part by part. Each part is a transaction or several; a part that fails does not stop
// the others.
#include "common/engine/cycle.hpp"

#include <algorithm>
#include <set>

#include "common/base/limits.hpp"
#include "common/engine/alerts.hpp"
#include "common/engine/apply.hpp"
#include "common/engine/approval.hpp"
#include "common/engine/bounces.hpp"
#include "common/engine/build.hpp"
#include "common/engine/collect.hpp"
#include "common/engine/differences.hpp"
#include "common/engine/dispatch.hpp"
#include "common/engine/farewell.hpp"
#include "common/engine/keep.hpp"
#include "common/engine/lane_streams.hpp"
#include "common/engine/offers.hpp"
#include "common/engine/offers_mirror.hpp"
#include "common/engine/pacing.hpp"
#include "common/engine/pairing.hpp"
#include "common/engine/report.hpp"
#include "common/engine/rotation.hpp"
#include "common/engine/sign_of_life.hpp"
#include "common/engine/start.hpp"
#include "common/engine/store/log.hpp"
#include "common/engine/store/rows.hpp"
#include "common/engine/zones.hpp"

namespace postrider::engine {

namespace {

constexpr Duration inspect_every = std::chrono::minutes{1};
constexpr Duration prune_every = std::chrono::hours{1};

/// Another worker of this node took the lease over: everything of ours is undone, and its business.
class LeaseLost : public std::exception {
  public:
    [[nodiscard]] const char *what() const noexcept override { return "lease lost"; }
};

std::int64_t take_lease(Transaction &transaction, const std::string &holder) {
    transaction.execute("UPDATE @lease SET fencing = fencing + 1, holder = ?1",
                        {Value::text(holder)});
    return integer_at(*first_row(transaction, "SELECT fencing FROM @lease"), 0);
}

std::vector<Peer> peers_only_told(const Session &session) {
    std::vector<Peer> peers = load_peers(session.transaction);
    std::erase_if(peers, [&](const Peer &peer) { return !is_only_told(session, peer); });
    return peers;
}

bool is_due(std::optional<Timestamp> last, Duration every, Timestamp now) {
    return !last || now - *last >= every || *last > now;
}

void earliest(std::optional<Timestamp> &next, std::optional<Timestamp> time) {
    if (time && (!next || *time < *next)) {
        next = time;
    }
}

} // namespace

bool Engine::serves(std::int64_t peer_id) const {
    return !only_peer_ || *only_peer_ == peer_id;
}

std::vector<Peer> Engine::live_peers(const Session &session) const {
    std::vector<Peer> peers = load_peers(session.transaction);
    std::erase_if(peers, [&](const Peer &peer) {
        return !serves(peer.peer_id) || !is_usable(session.identity, peer) || !peer.held.empty();
    });
    return peers;
}

std::int64_t Engine::current_lease(Transaction &transaction) {
    const std::int64_t fencing =
        integer_at(*first_row(transaction, "SELECT fencing FROM @lease"), 0);
    if (fencing_ && *fencing_ != fencing) {
        fencing_.reset();
        throw LeaseLost{};
    }
    return fencing;
}

Result<void> Engine::write_if(Timestamp now, const Attempt &work) {
    due_.reset();
    const auto transaction = ports_.database.begin(Mode::write);
    std::int64_t fencing = current_lease(*transaction);
    if (!fencing_) {
        fencing = take_lease(*transaction, settings_.holder);
    }
    Result<void> done = work(session_at(*transaction, now));
    if (done) {
        transaction->commit();
        fencing_ = fencing;
    }
    return done;
}

void Engine::write(Timestamp now, const Work &work) {
    (void)write_if(now, [&](const Session &session) -> Result<void> {
        work(session);
        return {};
    });
}

void Engine::read(Timestamp now, const Work &work) {
    const auto transaction = ports_.database.begin(Mode::read);
    work(session_at(*transaction, now));
}

Session Engine::session_at(Transaction &transaction, Timestamp now) const {
    return {.transaction = transaction,
            .dialect = ports_.database.dialect(),
            .identity = identity_,
            .timing = settings_.timing,
            .now = now,
            .zone = zone_ ? &*zone_ : nullptr,
            .sizes = settings_.batches,
            .inspected_schema = inspected_schema_};
}

void Engine::guarded(CycleResult &result, const std::function<void()> &part) {
    try {
        part();
    } catch (const DatabaseError &error) {
        if (!result.problem) {
            result.problem = error.error();
        }
    }
}

Result<void> Engine::start(Timestamp now) {
    std::optional<Error> failed;
    read(now, [&](const Session &session) {
        Result<Identity> identity = load_identity(session.transaction, ports_.vault, &identity_);
        if (!identity) {
            failed = identity.error();
            return;
        }
        current_lease(session.transaction);
        if (identity->node != identity_.node) { // it was made another node meanwhile
            place_checked_ = false;
            stored_state_.reset();
            inspected_schema_.reset();
            replays_ = {};
        }
        identity_ = *std::move(identity);
        const std::string options =
            text_at(*first_row(session.transaction, "SELECT settings FROM @node"), 0);
        if (options != node_options_ || !zone_) { // a zone that is missing may be installed
            zone_ = stored_zone(options, ports_.vault);
            node_options_ = options;
        }
        if (const Result<void> goes_on = check_not_stopped(session); !goes_on) {
            failed = goes_on.error();
        }
    });
    if (failed) {
        return *failed;
    }
    if (place_checked_) {
        return {};
    }
    Identity identity = identity_;
    Result<void> place = write_if(
        now, [&](const Session &session) { return check_place(session, ports_.vault, identity); });
    if (place) {
        identity_ = std::move(identity);
        place_checked_ = true;
    }
    return place;
}

/// Reports may have told that our past is not the only one; nothing is built on it then.
Result<void> Engine::look_at_own_past(Timestamp now) {
    Result<void> goes_on;
    std::optional<Timestamp> due;
    read(now, [&](const Session &session) {
        goes_on = check_not_stopped(session);
        due = doubt_due(session);
    });
    if (!goes_on || !due || *due > now) {
        return goes_on;
    }
    Identity identity = identity_;
    write(now, [&](const Session &session) { settle_doubt(session, identity); });
    identity_ = std::move(identity);
    return {};
}

void Engine::show_unapproved(Timestamp now) {
    bool news = false;
    read(now, [&](const Session &session) { news = !approvals_to_show(session).empty(); });
    if (news) {
        write(now, [](const Session &session) { show_approvals(session); });
    }
}

void Engine::continue_offers(Timestamp now) {
    bool ready = false;
    read(now, [&](const Session &session) { ready = has_ready_offers(session); });
    if (ready) {
        write(now, continue_ready_offers);
    }
}

void Engine::collect_all(Timestamp now, CycleResult &result) {
    bool captured = false;
    bool altered = false;
    read(now, [&](const Session &session) {
        altered = catalogue_version(session) != inspected_schema_;
        captured = has_captured(session.transaction, session.dialect);
    });
    // Whoever reads a log asks for itself, in the transaction that does.
    const bool by_keys = ports_.database.dialect().keys() != nullptr;
    if ((captured && by_keys) || altered || is_due(inspected_at_, inspect_every, now)) {
        std::optional<std::int64_t> schema;
        write(now, [&](const Session &session) {
            schema = inspect_captures(session, inspected_schema_);
            captured = has_captured(session.transaction, session.dialect);
            if (altered) {
                note_differences(session);
            }
        });
        inspected_at_ = now;
        inspected_schema_ = schema;
    }
    if (!captured) {
        return;
    }
    if (!by_keys) {
        // No writer waits while a log is read.
        write(now, [&](const Session &session) {
            result.rows_collected += collect(session, session.sizes.chunk_bytes);
        });
    } else {
        GentleCollect gentle;
        write(now, [&](const Session &session) { gentle.mark(session); });
        read(now, [&](const Session &session) { gentle.read(session); });
        write(now, [&](const Session &session) {
            if (!gentle.is_whole()) {
                result.rows_collected += collect(session, session.sizes.chunk_bytes);
            } else if (gentle.is_current(session)) {
                result.rows_collected += gentle.append(session);
            } else {
                result.has_more = true;
            }
        });
    }
}

void Engine::build_all(Timestamp now, CycleResult &result) {
    std::vector<Peer> peers;
    read(now, [&](const Session &session) { peers = live_peers(session); });
    for (const Peer &known : peers) {
        guarded(result, [&] {
            if (!has_work(now, known)) {
                return;
            }
            show("builds batches for", known.name);
            build_for(now, known.peer_id, result);
        });
    }
}

/// A transaction for each step, so that the host's writers get their turn in between.
void Engine::build_for(Timestamp now, std::int64_t peer_id, CycleResult &result) {
    std::set<std::uint32_t> finished; // streams with nothing more to build
    std::size_t built = 0;
    do {
        write(now, [&](const Session &session) { built = build_next(session, peer_id, finished); });
        result.batches_built += built;
    } while (built > 0);
}

bool Engine::has_work(Timestamp now, const Peer &peer) {
    bool work = false;
    read(now, [&](const Session &session) { work = what_to_build(session, peer).now; });
    return work;
}

void Engine::show_what_waits(Timestamp now) {
    std::vector<Peer> changed;
    read(now, [&](const Session &session) {
        changed = live_peers(session);
        std::erase_if(changed, [&](const Peer &peer) {
            return !waits_changed(session, peer) && !is_silence_new(session, peer);
        });
    });
    if (!changed.empty()) {
        write(now, [&](const Session &session) {
            for (const Peer &peer : changed) {
                show_waits(session, peer);
                call_silent(session, peer);
            }
        });
    }
}

std::vector<Transmission> Engine::due_now(const Session &session) {
    std::vector<Transmission> out;
    const auto append = [&](std::vector<Transmission> more) {
        std::move(more.begin(), more.end(), std::back_inserter(out));
    };
    for (const PairingMail &mail : due_pairing_mails(session, only_peer_)) {
        const auto peer = load_peer(session.transaction, mail.peer_id);
        if (peer) {
            append(to_pair(session, *peer, mail, tickets_));
        }
    }
    for (const Peer &peer : peers_only_told(session)) {
        append(due_report(session, peer, tickets_));
    }
    const std::size_t parts_max = out.size() + limits::transmissions_at_once_max;
    const std::vector<Peer> peers = peers_by_turn(session);
    for (std::size_t index = 0; index < peers.size() && out.size() < parts_max; ++index) {
        const Peer &peer = peers[index];
        const std::size_t before = out.size();
        show("sends to", peer.name);
        append(due_transmissions(session, peer, tickets_, parts_max - out.size()));
        append(due_report(session, peer, tickets_));
        if (out.size() >= parts_max) {
            // It may have been cut short, and begins next time, unless it had all for itself.
            turn_of_ = peers[index == 0 ? 1 % peers.size() : index].peer_id;
        }
        if (out.size() > before && (out.size() < parts_max || !is_anything_due(session, peer))) {
            close_paths(session, peer, tickets_, std::span{out}.subspan(before));
        }
    }
    return out;
}

/// Those that are sent to, beginning with the one whose turn it is.
std::vector<Peer> Engine::peers_by_turn(const Session &session) const {
    std::vector<Peer> peers = live_peers(session);
    const auto first = std::find_if(peers.begin(), peers.end(),
                                    [&](const Peer &peer) { return peer.peer_id >= turn_of_; });
    std::rotate(peers.begin(), first, peers.end());
    return peers;
}

void Engine::send_all(Timestamp now, CycleResult &result) {
    const auto due = next_due_at(now);
    if (!due || *due > now) {
        return;
    }
    std::vector<Transmission> transmissions;
    StateFile state;
    write(now, [&](const Session &session) {
        rotate_if_due(session);
        transmissions = due_now(session);
        state = state_to_store(session, ports_.vault);
    });
    if (transmissions.empty()) {
        return;
    }
    // What leaves must be known outside the database first: a restored copy would use these numbers
    // again.
    if (!stored_state_ || *stored_state_ != state) {
        const Result<void> written = ports_.vault.store_state(state);
        if (!written) {
            result.problem = written.error();
            return;
        }
        stored_state_ = state;
    }
    result.parts_sent += transmissions.size();
    for (Transmission &transmission : transmissions) {
        ports_.transport.submit(std::move(transmission));
    }
}

void Engine::prune(Timestamp now) {
    if (!is_due(pruned_at_, prune_every, now)) {
        return;
    }
    std::uint32_t oldest = 0;
    write(now, [&](const Session &session) {
        end_farewells(session);
        let_go_of_silent(session);
        let_go_for_old_offers(session);
        prune_sending(session.transaction);
        prune_logs(session.transaction, now, logs_kept(session.transaction));
        prune_sent_mails(session.transaction, now);
        oldest = oldest_needed_generation(session);
    });
    pruned_at_ = now;
    if (oldest > identity_.ratchet.index) {
        const Result<crypto::Ratchet> advanced = crypto::advance(identity_.ratchet, oldest);
        if (advanced && ports_.vault.store_secret({.node = identity_.node,
                                                   .master = identity_.master,
                                                   .ratchet_index = advanced->index,
                                                   .ratchet_key = advanced->key})) {
            identity_.ratchet = *advanced;
        }
    }
}

std::optional<Timestamp> Engine::next_due_at(Timestamp now) {
    if (due_ && due_->asked_at == now) {
        return due_->next;
    }
    std::optional<Timestamp> next;
    read(now, [&](const Session &session) {
        earliest(next, next_pairing_mail(session));
        for (const Peer &peer : live_peers(session)) {
            earliest(next, next_due(session, peer));
        }
        for (const Peer &peer : peers_only_told(session)) {
            earliest(next, next_report(session, peer));
        }
    });
    due_ = Due{now, next};
    return next;
}

std::optional<Timestamp> Engine::next_at(Timestamp now) {
    std::optional<Timestamp> next = next_due_at(now);
    earliest(next, next_retry());
    read(now, [&](const Session &session) {
        earliest(next, doubt_due(session));
        earliest(next, openings_.next_change(session));
        if (const auto rule = alert_rule(session.transaction)) {
            earliest(next, next_alert(session, *rule));
            earliest(next, alerts_wait_until_);
        }
        for (const Peer &peer : live_peers(session)) {
            earliest(next, what_to_build(session, peer).later);
            earliest(next, silent_at(session, peer));
        }
        for (const StreamKey &key : incoming_streams(session.transaction)) {
            const auto from = next_try(load_incoming_alone(session.transaction, key), now);
            if (from && *from > now) { // else something else holds it
                earliest(next, from);
            }
        }
    });
    return next;
}

Result<CycleResult> Engine::cycle(Timestamp now) {
    due_.reset(); // others write too
    try {
        CycleResult result;
        const bool quiet = is_quiet(now);
        if (quiet) {
            arrived_ = ports_.transport.poll(now);
        }
        if (quiet && arrived_.empty()) {
            result.next_at = quiet_->next;
        } else {
            quiet_.reset();
            const std::optional<Row> counters = change_counters(now);
            if (const Result<void> done = whole_round(now, result); !done) {
                return done.error();
            }
            result.next_at = next_at(now);
            note_quiet(now, counters, result);
        }
        earliest(result.next_at, ports_.transport.next_look(now));
        return result;
    } catch (const LeaseLost &) {
        return Error{Errc::unavailable,
                     "another worker of this node is at work",
                     {},
                     "Nothing is lost; it goes on there. Run only one worker for a database."};
    } catch (const DatabaseError &error) {
        return error.error();
    }
}

Result<void> Engine::whole_round(Timestamp now, CycleResult &result) {
    const Result<void> started = start(now);
    if (!started) {
        return started.error();
    }
    guarded(result, [&] { show_unapproved(now); });
    configure_transport(now);
    guarded(result, [&] { handle_events(now, result); });
    if (const Result<void> goes_on = look_at_own_past(now); !goes_on) {
        return goes_on.error();
    }
    apply_all(now, result);
    guarded(result, [&] { retry_all(now, result); });
    guarded(result, [&] { continue_offers(now); });
    guarded(result, [&] { collect_all(now, result); });
    build_all(now, result);
    guarded(result, [&] { send_all(now, result); });
    // A transport that works at once has its outcomes ready.
    guarded(result, [&] { handle_events(now, result); });
    guarded(result, [&] { alert_people(now); });
    guarded(result, [&] { end_openings(now); });
    guarded(result, [&] { show_what_waits(now); });
    guarded(result, [&] { prune(now); });
    if (!zone_ && !result.problem) {
        result.problem = zone_.error();
    }
    return {};
}

} // namespace postrider::engine
