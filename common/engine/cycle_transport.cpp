// What the transport is told of this node, and what it has to tell.
#include <set>

#include "common/engine/bounces.hpp"
#include "common/engine/cycle.hpp"
#include "common/engine/junk_mails.hpp"
#include "common/engine/mailbox_health.hpp"
#include "common/engine/pairing.hpp"
#include "common/engine/receive.hpp"
#include "common/engine/store/log.hpp"
#include "common/engine/store/mailboxes.hpp"
#include "common/engine/store/rows.hpp"

namespace postrider::engine {

namespace {

/// More than the transport gives at once, so that a round ends.
constexpr int polls_max = 64;

void keep_all(const std::vector<Event> &events, Transport &transport) {
    for (const Event &event : events) {
        if (const auto *arrived = std::get_if<Arrived>(&event)) {
            transport.settle(arrived->receipt, Settlement::keep);
        } else if (const auto *unusable = std::get_if<Unusable>(&event)) {
            transport.settle(unusable->receipt, Settlement::keep);
        } else if (const auto *bounced = std::get_if<Bounced>(&event)) {
            transport.settle(bounced->receipt, Settlement::keep);
        }
    }
}

/// Mailboxes that may be used. A mail server may put what comes for one into a maildir, which is
/// looked into then.
std::vector<Inlet> mailbox_inlets(std::vector<StoredMailbox> mailboxes,
                                  const std::vector<FixedBytes<32>> &keys,
                                  std::set<std::string> &maildirs) {
    std::vector<Inlet> inlets;
    for (StoredMailbox &stored : mailboxes) {
        if (!stored.approved) {
            continue;
        }
        if (stored.mailbox.receive.starts_with(mailbox_maildir_scheme)) {
            maildirs.insert(stored.mailbox.receive.substr(mailbox_maildir_scheme.size()));
            stored.mailbox.receive.clear();
        }
        inlets.push_back({.path_kind = "mail",
                          .source = stored.mailbox.name,
                          .stamp_keys = keys,
                          .cursor = std::move(stored.cursor),
                          .mailbox = std::move(stored.mailbox)});
    }
    return inlets;
}

} // namespace

void Engine::configure_transport(Timestamp now) {
    read(now, [&](const Session &session) {
        std::vector<FixedBytes<32>> keys = pairing_stamp_keys(session, only_peer_);
        std::set<std::string> places; // maildirs
        std::vector<StoredMailbox> mailboxes = load_mailboxes(session);
        for (const Peer &peer : load_peers(session.transaction)) {
            if (peer.state == PeerState::revoked || !serves(peer.peer_id)) {
                continue;
            }
            for (const PeerPath &path : load_paths(session, peer.peer_id, mailboxes)) {
                if (path.approved && path.kind == "maildir") {
                    places.emplace(path.target);
                }
            }
            const Result<PeerKeys> shared = peer_keys(identity_, peer);
            if (shared && peer.state != PeerState::disputed) {
                FixedBytes<32> key{};
                std::copy_n(shared->stamp_in.data(), key.size(), key.begin());
                keys.push_back(key);
            }
        }
        std::vector<Inlet> inlets = mailbox_inlets(std::move(mailboxes), keys, places);
        for (const std::string &place : places) {
            inlets.push_back({.path_kind = "maildir",
                              .source = place,
                              .stamp_keys = keys,
                              .cursor = {},
                              .mailbox = {}});
        }
        ports_.transport.configure(std::move(inlets));
    });
}

void Engine::handle_events(Timestamp now, CycleResult &result) {
    for (int round = 0; round < polls_max; ++round) {
        std::vector<Event> events = std::exchange(arrived_, {});
        if (events.empty()) {
            events = ports_.transport.poll(now);
        }
        if (events.empty()) {
            return;
        }
        std::vector<std::pair<Receipt, Settlement>> settlements;
        std::vector<ReplayedPart> final_parts;
        const auto take = [&](const Session &session) {
            for (const Event &event : events) {
                if (const auto *arrived = std::get_if<Arrived>(&event)) {
                    const Reception reception =
                        take_envelope(session, arrived->envelope, arrived->receipt, &replays_);
                    settlements.emplace_back(arrived->receipt, reception.settlement);
                    if (reception.is_final) {
                        final_parts.push_back(reception.part);
                    }
                    if (!arrived->source.empty()) {
                        note_arrival(session, arrived->source);
                    }
                    ++result.envelopes_received;
                } else if (const auto *unusable = std::get_if<Unusable>(&event)) {
                    log_refused(session.transaction, now,
                                {std::nullopt, unusable->receipt, unusable->reason});
                    settlements.emplace_back(unusable->receipt, Settlement::set_aside);
                } else if (const auto *notice = std::get_if<Notice>(&event);
                           notice != nullptr && notice->reason.code != Errc::unknown_peer) {
                    // Mails of others are normal in a shared place; everything else is news.
                    log_refused(session.transaction, now,
                                {std::nullopt, notice->source, notice->reason});
                } else if (const auto *outcome = std::get_if<Outcome>(&event)) {
                    if (const auto sent = tickets_.take(outcome->ticket)) {
                        take_outcome(session, *sent, *outcome);
                        if (!outcome->message_name.empty()) {
                            remember_mail(session, *sent, outcome->message_name);
                        }
                    }
                } else if (const auto *moved = std::get_if<CursorMoved>(&event)) {
                    store_cursor(session.transaction, moved->source, moved->cursor);
                } else if (const auto *bounced = std::get_if<Bounced>(&event)) {
                    settlements.emplace_back(bounced->receipt, take_bounce(session, *bounced));
                } else if (const auto *in_junk = std::get_if<InJunk>(&event)) {
                    note_in_junk(session, *in_junk);
                } else if (const auto *filled = std::get_if<Filled>(&event)) {
                    note_filled(session, *filled);
                } else if (const auto *receiving = std::get_if<Receiving>(&event)) {
                    note_receiving(session, *receiving);
                }
            }
        };
        try {
            write(now, take);
        } catch (...) {
            keep_all(events, ports_.transport); // they are shown again
            throw;
        }
        for (const ReplayedPart &part : final_parts) {
            replays_.note(part, now);
        }
        // Only now that their content is committed may the messages go.
        for (const auto &[receipt, settlement] : settlements) {
            ports_.transport.settle(receipt, settlement);
        }
    }
    result.has_more = true;
}

} // namespace postrider::engine
