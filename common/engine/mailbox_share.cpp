// Shares of a mailbox's budget.
#include "common/engine/mailbox_share.hpp"

#include <algorithm>

#include "common/engine/budgets.hpp"
#include "common/engine/declare_stored.hpp"
#include "common/engine/offers_out.hpp"
#include "common/engine/store/mailboxes.hpp"
#include "common/engine/store/rows.hpp"
#include "common/task/task_text.hpp"

namespace postrider::engine {

namespace {

/// What was told is not known; no text says so.
constexpr const char *untold = "?";

/// The first that the peer has by mail: to its address the peer writes.
std::string mailbox_towards(const Session &session, const Peer &peer) {
    for (const PeerPath &path : load_paths(session, peer.peer_id)) {
        if (path.kind == "mail" && path.approved) {
            return path.mailbox;
        }
    }
    return {};
}

std::uint64_t peers_through(const Session &session, const std::string &mailbox) {
    const std::vector<Peer> peers = load_peers(session.transaction);
    const auto count = std::count_if(peers.begin(), peers.end(), [&](const Peer &peer) {
        return is_paired(peer.state) && mailbox_towards(session, peer) == mailbox;
    });
    return static_cast<std::uint64_t>(count);
}

task::LimitPeriod period_of(stream::BudgetPeriod period) {
    switch (period) {
    case stream::BudgetPeriod::minute:
        return task::LimitPeriod::minute;
    case stream::BudgetPeriod::hour:
        return task::LimitPeriod::hour;
    case stream::BudgetPeriod::day:
        return task::LimitPeriod::day;
    case stream::BudgetPeriod::month:
        break;
    }
    return task::LimitPeriod::month;
}

task::Limit limit_of(const stream::Budget &budget) {
    constexpr std::uint64_t kb = 1000;
    const bool is_mails = budget.unit == stream::BudgetUnit::mails;
    return {is_mails ? budget.most : std::max<std::uint64_t>(1, budget.most / kb),
            is_mails ? task::LimitUnit::mails : task::LimitUnit::kb, period_of(budget.period)};
}

/// What the peer is to keep to; empty: nothing.
std::string asked_of(const Session &session, const Peer &peer) {
    const std::string name = mailbox_towards(session, peer);
    task::Pacing pacing;
    for (const StoredMailbox &stored : load_mailboxes(session)) {
        if (stored.mailbox.name != name) {
            continue;
        }
        if (stored.budget) {
            pacing.at_most = {
                limit_of(stream::share_of_peer(*stored.budget, peers_through(session, name))), {}};
        }
        if (const auto rhythm = stream::rhythm(stored.hours.schedule)) {
            pacing.every = {*rhythm, {}};
        }
    }
    return task::print(pacing);
}

std::string told_to(const Session &session, const Peer &peer) {
    return text_at(*first_row(session.transaction, "SELECT pace_told FROM @peer WHERE peer_id = ?1",
                              {peer.peer_id}),
                   0);
}

} // namespace

bool is_share_news(const Session &session, const Peer &peer) {
    if (!is_paired(peer.state) || peer.state == PeerState::leaving) {
        return false;
    }
    const std::string told = told_to(session, peer);
    // Most nodes limit none of their mailboxes, and do not read them for it.
    return (!told.empty() || has_paced_mailbox(session.transaction)) &&
           told != asked_of(session, peer);
}

void tell_share(const Session &session, const Peer &peer) {
    if (!is_share_news(session, peer)) {
        return;
    }
    const std::string asked = asked_of(session, peer);
    queue_control(session.transaction, peer.peer_id, wire::KeepTo{asked});
    session.transaction.execute("UPDATE @peer SET pace_told = ?2 WHERE peer_id = ?1",
                                {peer.peer_id, Value::text(asked)});
}

void forget_that_share_was_told(const Session &session, const Peer &peer) {
    session.transaction.execute("UPDATE @peer SET pace_told = ?2 WHERE peer_id = ?1"
                                " AND pace_told <> ''",
                                {peer.peer_id, Value::text(untold)});
}

Result<void> keep_to(const Session &session, const Peer &peer, const wire::KeepTo &asked) {
    if (!asked.pacing.empty()) {
        if (const auto pacing = task::parse_pacing(asked.pacing); !pacing) {
            return pacing.error();
        }
    }
    session.transaction.execute("UPDATE @peer SET pace_kept = ?2 WHERE peer_id = ?1",
                                {peer.peer_id, Value::text(asked.pacing)});
    return {};
}

void book_arrival(const Session &session, const std::string &mailbox, std::uint64_t bytes) {
    if (!has_paced_mailbox(session.transaction)) {
        return;
    }
    for (const StoredMailbox &stored : load_mailboxes(session)) {
        if (stored.mailbox.name == mailbox && stored.budget) {
            book_incoming(session, mailbox, *stored.budget, bytes);
        }
    }
}

} // namespace postrider::engine
