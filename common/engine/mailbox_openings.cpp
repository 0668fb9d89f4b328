// From which opening to which a mailbox is used.
#include "common/engine/mailbox_openings.hpp"

#include <algorithm>

#include "common/engine/pacing.hpp"
#include "common/engine/store/mailboxes.hpp"
#include "common/engine/store/rows.hpp"

namespace postrider::engine {

namespace {

/// So long an opening lasts whose mails do not leave, or whose server does not answer.
constexpr Duration opening_max = std::chrono::hours{1};
/// What is due so soon, as the acknowledgement of what has just come, still goes in this opening.
constexpr Duration same_opening = std::chrono::minutes{2};

bool has_openings(const StoredMailbox &stored) {
    return stream::rhythm(stored.hours.schedule).has_value();
}

/// Others are read from a directory, or not at all.
bool is_fetched(const StoredMailbox &stored) {
    const std::string &receive = stored.mailbox.receive;
    return stored.mailbox.finds_receive ||
           (!receive.empty() && !receive.starts_with(mailbox_maildir_scheme));
}

/// Most nodes have none: they do not read what is known of their mailboxes for it.
std::vector<StoredMailbox> mailboxes_with_hours(const Session &session) {
    std::vector<StoredMailbox> mailboxes;
    if (has_paced_mailbox(session.transaction)) {
        mailboxes = load_mailboxes(session);
        std::erase_if(mailboxes, [](const StoredMailbox &stored) {
            return !stored.approved || stored.hours.schedule.is_empty();
        });
    }
    return mailboxes;
}

} // namespace

void MailboxOpenings::note_looked(const Looked &looked, Timestamp now) {
    if (looked.reached) {
        openings_.try_emplace(looked.source, Opening{now}).first->second.is_looked_into = true;
    }
}

std::vector<UsedOpening>
MailboxOpenings::used_up(const Session &session, const NextDue &next_due, bool is_busy) {
    std::vector<UsedOpening> used;
    std::map<std::string, Opening> openings;
    for (const StoredMailbox &stored : mailboxes_with_hours(session)) {
        if (!has_openings(stored) || opens_at(session, stored.hours) > session.now) {
            continue;
        }
        const auto known = openings_.find(stored.mailbox.name);
        const Opening opening =
            known == openings_.end() ? Opening{session.now, !is_fetched(stored)} : known->second;
        const auto is_waited_for = [&] {
            const auto due = next_due(stored.mailbox.name);
            return due && *due <= session.now + same_opening;
        };
        const bool is_done = opening.is_looked_into && !is_busy && !is_waited_for();
        const bool is_over = session.now < opening.since || // the clock was set back
                             session.now - opening.since >= opening_max;
        if (is_done || is_over) {
            used.push_back({stored.mailbox.name, std::min(opening.since, session.now)});
        } else {
            openings.emplace(stored.mailbox.name, opening);
        }
    }
    openings_ = std::move(openings);
    return used;
}

std::optional<Timestamp> MailboxOpenings::next_change(const Session &session) const {
    std::optional<Timestamp> next;
    const auto earlier = [&](Timestamp time) { next = next ? std::min(*next, time) : time; };
    for (const StoredMailbox &stored : mailboxes_with_hours(session)) {
        const Timestamp opens = opens_at(session, stored.hours);
        if (opens > session.now) {
            earlier(opens);
        } else if (const auto closes =
                       stream::closing(stored.hours.schedule, local_zone(session), session.now)) {
            earlier(*closes);
        }
        if (const auto found = openings_.find(stored.mailbox.name); found != openings_.end()) {
            earlier(found->second.since + opening_max);
        }
    }
    return next;
}

void close_mailboxes(const Session &session, const std::vector<UsedOpening> &used) {
    for (const UsedOpening &opening : used) {
        session.transaction.execute("UPDATE @mailbox SET used_at = ?2 WHERE name = ?1",
                                    {Value::text(opening.mailbox), stored(opening.since)});
    }
}

} // namespace postrider::engine
