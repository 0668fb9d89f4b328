// Who is in trouble, and what people are told of it.
#include "common/engine/alerts.hpp"

#include <algorithm>

#include "common/engine/budgets.hpp"
#include "common/engine/store/mailboxes.hpp"
#include "common/engine/store/rows.hpp"
#include "common/task/task_text.hpp"

namespace postrider::engine {

namespace {

constexpr Duration usual_patience = std::chrono::hours{6};
constexpr Duration alert_again_after = std::chrono::minutes{15};

/// Those of the view `status` that do not pass without somebody, or should not last.
constexpr const char *troubled_states = "('unapproved', 'disputed', 'held', 'stale', 'stuck',"
                                        " 'unreachable', 'silent', 'waiting for table', 'refused',"
                                        " 'parked')";

/// Of the oldest batch that is not acknowledged.
constexpr const char *waiting_since =
    "(SELECT min(d.created_at) FROM @delivery d WHERE d.peer_id = p.peer_id"
    " AND d.direction = 'sent' AND d.finished_at IS NULL)";

/// A row of `trouble`; without `since` all is well again.
struct Trouble {
    std::optional<Timestamp> since;
    std::optional<Timestamp> told_at;
    bool operator==(const Trouble &) const = default;
};

using Troubles = std::map<std::int64_t, Trouble>;

Troubles troubles_noted(const Session &session) {
    Troubles troubles;
    for (const Row &row :
         all_rows(session.transaction, "SELECT peer_id, since, told_at FROM @trouble")) {
        troubles[integer_at(row, 0)] = {maybe_time_at(row, 1), maybe_time_at(row, 2)};
    }
    return troubles;
}

Troubles troubles_now(const Session &session, const AlertRule &rule) {
    const Troubles noted = troubles_noted(session);
    Troubles troubles;
    for (const auto &[peer_id, trouble] : noted) {
        if (trouble.told_at) {
            troubles[peer_id] = {std::nullopt, trouble.told_at};
        }
    }
    for (const Row &row :
         all_rows(session.transaction,
                  std::string{"SELECT p.peer_id, CASE WHEN s.state = 'sending'"
                              " THEN "} +
                      waiting_since +
                      " END FROM @status s JOIN @peer p ON p.name = s.peer"
                      " WHERE s.state IN " +
                      troubled_states + " OR (s.state = 'sending' AND " + waiting_since + " <= ?1)",
                  {stored(session.now - rule.after)})) {
        const auto known = noted.find(integer_at(row, 0));
        const Timestamp begin = maybe_time_at(row, 1).value_or(session.now);
        const bool is_known = known != noted.end() && known->second.since;
        troubles[integer_at(row, 0)].since =
            is_known ? std::min(*known->second.since, session.now) : begin;
    }
    return troubles;
}

Troubles troubles_to_note(const Session &session, const std::optional<AlertRule> &rule) {
    return rule ? troubles_now(session, *rule) : Troubles{};
}

std::string node_name(const Session &session) {
    return text_at(*first_row(session.transaction, "SELECT name FROM @node"), 0);
}

constexpr std::string_view what_follows = "\r\nOne more mail comes when it is over. The clause "
                                          "ALERT of the node asks for these mails.\r\n";

std::string joined(std::initializer_list<std::string_view> pieces) {
    std::string text;
    for (const std::string_view piece : pieces) {
        text += piece;
    }
    return text;
}

struct Letter {
    std::int64_t peer_id = 0;
    PlainMail mail;
};

std::vector<Letter> due_letters(const Session &session, const AlertRule &rule) {
    std::vector<Letter> letters;
    for (const Row &row :
         all_rows(session.transaction,
                  "SELECT t.peer_id, s.peer, s.state, s.summary, s.action, " +
                      session.dialect.time_text("t.since") +
                      ", t.since IS NULL FROM @trouble t JOIN @peer p ON p.peer_id = t.peer_id"
                      " JOIN @status s ON s.peer = p.name WHERE (t.try_at IS NULL"
                      " OR t.try_at <= ?1) AND ((t.since IS NULL AND t.told_at IS NOT NULL)"
                      " OR (t.since <= ?2 AND t.told_at IS NULL)) ORDER BY t.peer_id",
                  {stored(session.now), stored(session.now - rule.after)})) {
        const std::string peer = text_at(row, 1);
        const std::string state = text_at(row, 2);
        const std::string ours = joined({"at node \"", node_name(session), "\""});
        const std::string action = text_at(row, 4);
        PlainMail mail;
        if (integer_at(row, 6) != 0) {
            mail.subject = joined({"Postrider: ", peer, " is well again, ", ours});
            mail.text = joined(
                {"Peer \"", peer, "\" ", ours, " is well again: ", text_at(row, 3), ".\r\n"});
        } else {
            mail.subject = joined({"Postrider: ", peer, " is ", state, ", ", ours});
            mail.text =
                joined({"Peer \"", peer, "\" ", ours, " is ", state,
                        ", and something has been wrong since ", text_at(row, 5), ":\r\n\r\n",
                        text_at(row, 3), ".\r\n", action.empty() ? "" : "\r\nWhat to do: ", action,
                        action.empty() ? "" : "\r\n", what_follows});
        }
        letters.push_back({integer_at(row, 0), std::move(mail)});
    }
    return letters;
}

/// The limits of a mailbox alone.
PeerPath path_through(const StoredMailbox &stored) {
    PeerPath path;
    path.kind = "mail";
    path.mailbox = stored.mailbox.name;
    path.mailbox_budget = stored.budget;
    return path;
}

/// The first mailbox that may send so much now, and is not the one that failed last.
const StoredMailbox *mailbox_for_letter(const Session &session,
                                        std::span<const StoredMailbox> mailboxes,
                                        const std::string &failed,
                                        std::uint64_t bytes) {
    const StoredMailbox *found = nullptr;
    for (const StoredMailbox &stored : mailboxes) {
        const bool may_send = stored.approved && !stored.mailbox.send.empty() &&
                              opens_at(session, stored.hours) <= session.now &&
                              Limits{session, spent_by_all, path_through(stored)}.next_passage(
                                  stream::Urgency::report, bytes) <= session.now;
        if (may_send && (found == nullptr || found->mailbox.name == failed)) {
            found = &stored;
        }
    }
    return found;
}

} // namespace

std::optional<AlertRule> alert_rule(Transaction &transaction) {
    const auto row = first_row(transaction, "SELECT settings FROM @node");
    if (!row || text_at(*row, 0).empty()) {
        return std::nullopt;
    }
    const Result<task::TaskText> parsed = task::parse_stored("NODE n " + text_at(*row, 0) + ";");
    const auto *node = parsed ? std::get_if<task::Node>(&parsed->statements.front()) : nullptr;
    if (node == nullptr || !node->alert) {
        return std::nullopt;
    }
    const task::Alert &alert = node->alert->value;
    return AlertRule{alert.address, alert.after.value_or(usual_patience)};
}

bool are_troubles_noted(const Session &session, const std::optional<AlertRule> &rule) {
    return troubles_noted(session) == troubles_to_note(session, rule);
}

void note_troubles(const Session &session, const std::optional<AlertRule> &rule) {
    const Troubles noted = troubles_noted(session);
    const Troubles now = troubles_to_note(session, rule);
    for (const auto &[peer_id, trouble] : noted) {
        if (!now.contains(peer_id)) {
            session.transaction.execute("DELETE FROM @trouble WHERE peer_id = ?1", {peer_id});
        }
    }
    for (const auto &[peer_id, trouble] : now) {
        session.transaction.execute(
            "INSERT INTO @trouble (peer_id, since, told_at) VALUES (?1, ?2, ?3)"
            " ON CONFLICT (peer_id) DO UPDATE SET since = excluded.since",
            {peer_id, stored(trouble.since), stored(trouble.told_at)});
    }
}

bool is_alert_due(const Session &session, const AlertRule &rule) {
    return !due_letters(session, rule).empty();
}

std::vector<Transmission>
due_alerts(const Session &session, const AlertRule &rule, Tickets &tickets) {
    std::vector<Transmission> out;
    const std::vector<StoredMailbox> mailboxes = load_mailboxes(session);
    for (Letter &letter : due_letters(session, rule)) {
        const std::uint64_t bytes = wire_bytes(letter.mail.text.size());
        const auto failed =
            first_row(session.transaction, "SELECT failed_through FROM @trouble WHERE peer_id = ?1",
                      {letter.peer_id});
        const StoredMailbox *stored =
            mailbox_for_letter(session, mailboxes, text_at(*failed, 0), bytes);
        if (stored == nullptr || tickets.carries_alert_about(letter.peer_id)) {
            continue;
        }
        Limits{session, spent_by_all, path_through(*stored)}.book(bytes);
        const std::uint64_t ticket = tickets.add(
            {letter.peer_id, 0, std::nullopt, 0, 0, session.now, 0, stored->mailbox.name});
        out.push_back({.ticket = ticket,
                       .path_kind = "mail",
                       .target = rule.address,
                       .mailbox = stored->mailbox.name,
                       .envelope = {},
                       .plain = std::move(letter.mail),
                       .urgent = true});
    }
    return out;
}

void take_alert_outcome(const Session &session, const Tickets::Sent &sent, const Outcome &outcome) {
    Transaction &transaction = session.transaction;
    if (!outcome.result) {
        transaction.execute(
            "UPDATE @trouble SET try_at = ?2, failed_through = ?3 WHERE peer_id = ?1",
            {sent.peer_id, stored(session.now + std::max(alert_again_after, outcome.wait_at_least)),
             Value::text(sent.alert_through)});
        return;
    }
    // What it told of is not always what is noted now: then the other mail is due.
    transaction.execute("UPDATE @trouble SET told_at = CASE WHEN told_at IS NULL THEN ?2 END,"
                        " try_at = NULL, failed_through = '' WHERE peer_id = ?1",
                        {sent.peer_id, stored(session.now)});
    transaction.execute("DELETE FROM @trouble WHERE since IS NULL AND told_at IS NULL");
}

std::optional<Timestamp> next_alert(const Session &session, const AlertRule &rule) {
    const Row row =
        *first_row(session.transaction,
                   std::string{"SELECT (SELECT min(since) FROM @trouble WHERE told_at IS NULL),"
                               " (SELECT min(try_at) FROM @trouble WHERE try_at > ?1),"
                               " (SELECT min("} +
                       waiting_since +
                       ") FROM @peer p WHERE NOT EXISTS (SELECT 1 FROM @trouble t"
                       " WHERE t.peer_id = p.peer_id))",
                   {stored(session.now)});
    std::optional<Timestamp> next;
    const auto earlier = [&](std::optional<Timestamp> time) {
        if (time && *time > session.now && (!next || *time < *next)) {
            next = time;
        }
    };
    for (const std::size_t column : {std::size_t{0}, std::size_t{2}}) {
        if (const auto since = maybe_time_at(row, column)) {
            earlier(*since + rule.after);
        }
    }
    earlier(maybe_time_at(row, 1));
    return next;
}

} // namespace postrider::engine
