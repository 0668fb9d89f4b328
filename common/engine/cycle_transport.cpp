// What the transport is told of this node, and what it has to tell.
#include <algorithm>
#include <set>

#include "common/base/utf8.hpp"
#include "common/engine/alerts.hpp"
#include "common/engine/bounces.hpp"
#include "common/engine/budgets.hpp"
#include "common/engine/cycle.hpp"
#include "common/engine/junk_mails.hpp"
#include "common/engine/mailbox_health.hpp"
#include "common/engine/mailbox_share.hpp"
#include "common/engine/pacing.hpp"
#include "common/engine/pairing.hpp"
#include "common/engine/receive.hpp"
#include "common/engine/store/log.hpp"
#include "common/engine/store/mailboxes.hpp"
#include "common/engine/store/rows.hpp"

namespace postrider::engine {

namespace {

/// More than the transport gives at once, so that a round ends.
constexpr int polls_max = 64;
constexpr Duration alert_every = std::chrono::minutes{1};

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
/// looked into then. Outside of its hours no other one is fetched from.
std::vector<Inlet> mailbox_inlets(const Session &session,
                                  std::vector<StoredMailbox> mailboxes,
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
        } else if (opens_at(session, stored.hours) > session.now) {
            stored.mailbox.receive.clear();
            stored.mailbox.finds_receive = false;
        }
        inlets.push_back({.path_kind = "mail",
                          .source = stored.mailbox.name,
                          .stamp_keys = keys,
                          .cursor = std::move(stored.cursor),
                          .mailbox = std::move(stored.mailbox)});
    }
    return inlets;
}

bool take_servers(const Session &session, Timestamp now, const ServersFound &found) {
    if (!store_found(session, found)) {
        return false;
    }
    const std::string with =
        (found.receive.empty() ? "" : " receives from " + found.receive) +
        std::string{found.receive.empty() || found.send.empty() ? "" : " and"} +
        (found.send.empty() ? "" : " sends by " + found.send);
    log_event(session.transaction, now,
              {.kind = "mailbox",
               .peer_id = std::nullopt,
               .message = "mailbox \"" + printable(found.source) + "\" has found its servers: it" +
                          printable(with) + " (" + printable(found.how) + ")"});
    return true;
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
        std::vector<Inlet> inlets = mailbox_inlets(session, std::move(mailboxes), keys, places);
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

/// The status of all peers is looked at for it: once a minute is enough.
void Engine::alert_people(Timestamp now) {
    std::optional<AlertRule> rule;
    bool is_noted = true;
    bool is_due = false;
    alerts_wait_until_.reset();
    read(now, [&](const Session &session) {
        rule = alert_rule(session.transaction);
        if (rule && alerted_at_ && *alerted_at_ <= now && now < *alerted_at_ + alert_every) {
            alerts_wait_until_ = *alerted_at_ + alert_every;
            return;
        }
        is_noted = are_troubles_noted(session, rule);
        is_due = rule && is_alert_due(session, *rule);
    });
    if (alerts_wait_until_) {
        return;
    }
    alerted_at_ = now;
    std::vector<Transmission> mails;
    if (!is_noted || is_due) {
        write(now, [&](const Session &session) {
            note_troubles(session, rule);
            if (rule) {
                mails = due_alerts(session, *rule, tickets_);
            }
        });
    }
    for (Transmission &mail : mails) {
        ports_.transport.submit(std::move(mail));
    }
}

std::optional<Timestamp> Engine::next_due_through(const Session &session,
                                                  const std::string &mailbox) const {
    std::optional<Timestamp> next;
    for (const Peer &peer : live_peers(session)) {
        const std::vector<PeerPath> paths = load_paths(session, peer.peer_id);
        const bool goes_through = std::any_of(
            paths.begin(), paths.end(), [&](const auto &path) { return path.mailbox == mailbox; });
        if (const auto due = goes_through ? next_due(session, peer) : std::nullopt) {
            next = next ? std::min(*next, *due) : due;
        }
    }
    return next;
}

void Engine::end_openings(Timestamp now) {
    std::vector<UsedOpening> used;
    read(now, [&](const Session &session) {
        used = openings_.used_up(
            session, [&](const std::string &mailbox) { return next_due_through(session, mailbox); },
            ports_.transport.is_busy());
    });
    if (!used.empty()) {
        write(now, [&](const Session &session) { close_mailboxes(session, used); });
        configure_transport(now);
    }
}

void Engine::take_message(const Session &session, const Event &event, Taken &taken) {
    if (const auto *arrived = std::get_if<Arrived>(&event)) {
        const Reception reception =
            take_envelope(session, arrived->envelope, arrived->receipt, &replays_);
        taken.settlements.emplace_back(arrived->receipt, reception.settlement);
        if (reception.is_final) {
            taken.final_parts.push_back(reception.part);
        }
        if (!arrived->source.empty()) {
            book_arrival(session, arrived->source, wire_bytes(arrived->envelope.size()));
            note_arrival(session, arrived->source);
        }
        ++taken.envelopes;
    } else if (const auto *unusable = std::get_if<Unusable>(&event)) {
        log_refused(session.transaction, session.now,
                    {std::nullopt, unusable->receipt, unusable->reason});
        taken.settlements.emplace_back(unusable->receipt, Settlement::set_aside);
    } else if (const auto *bounced = std::get_if<Bounced>(&event)) {
        taken.settlements.emplace_back(bounced->receipt, take_bounce(session, *bounced));
    } else if (const auto *outcome = std::get_if<Outcome>(&event)) {
        const auto sent = tickets_.take(outcome->ticket);
        if (sent && !sent->alert_through.empty()) {
            take_alert_outcome(session, *sent, *outcome);
        } else if (sent) {
            take_outcome(session, *sent, *outcome);
            if (!outcome->message_name.empty()) {
                remember_mail(session, *sent, outcome->message_name);
            }
        }
    }
}

void Engine::take_mailbox_event(const Session &session, const Event &event, Taken &taken) {
    if (const auto *notice = std::get_if<Notice>(&event);
        notice != nullptr && notice->reason.code != Errc::unknown_peer) {
        // Mails of others are normal in a shared place; everything else is news.
        log_refused(session.transaction, session.now,
                    {std::nullopt, notice->source, notice->reason});
    } else if (const auto *moved = std::get_if<CursorMoved>(&event)) {
        store_cursor(session.transaction, moved->source, moved->cursor);
    } else if (const auto *looked = std::get_if<Looked>(&event)) {
        openings_.note_looked(*looked, session.now);
    } else if (const auto *in_junk = std::get_if<InJunk>(&event)) {
        note_in_junk(session, *in_junk);
    } else if (const auto *filled = std::get_if<Filled>(&event)) {
        note_filled(session, *filled);
    } else if (const auto *receiving = std::get_if<Receiving>(&event)) {
        note_receiving(session, *receiving);
    } else if (const auto *found = std::get_if<ServersFound>(&event)) {
        taken.has_servers = take_servers(session, session.now, *found) || taken.has_servers;
    }
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
        Taken taken;
        try {
            write(now, [&](const Session &session) {
                for (const Event &event : events) {
                    take_message(session, event, taken);
                    take_mailbox_event(session, event, taken);
                }
            });
        } catch (...) {
            keep_all(events, ports_.transport); // they are shown again
            throw;
        }
        result.envelopes_received += taken.envelopes;
        for (const ReplayedPart &part : taken.final_parts) {
            replays_.note(part, now);
        }
        // Only now that their content is committed may the messages go.
        for (const auto &[receipt, settlement] : taken.settlements) {
            ports_.transport.settle(receipt, settlement);
        }
        if (taken.has_servers) {
            configure_transport(now);
        }
    }
    result.has_more = true;
}

} // namespace postrider::engine
