// Asking and booking.
#include "common/engine/budgets.hpp"

#include <algorithm>

#include "common/base/limits.hpp"
#include "common/engine/store/rows.hpp"
#include "common/mail/parts.hpp"

namespace postrider::engine {

namespace {

/// Less of a body than this is not worth a mail of its own.
constexpr std::size_t slice_bytes_least = 16 * limits::kib;

Duration length_of(stream::BudgetPeriod period) {
    switch (period) {
    case stream::BudgetPeriod::minute:
        return std::chrono::minutes{1};
    case stream::BudgetPeriod::hour:
        return std::chrono::hours{1};
    case stream::BudgetPeriod::day:
        return std::chrono::hours{24};
    case stream::BudgetPeriod::month:
        break;
    }
    return std::chrono::hours{24 * 30};
}

/// What was spent of mails says nothing of bytes.
std::string scope_of(const std::string &whose, stream::BudgetUnit unit) {
    return whose + (unit == stream::BudgetUnit::mails ? " mails" : " bytes");
}

std::string whose(const std::string &mailbox) {
    return "mailbox " + mailbox;
}

std::string what_came_through(const std::string &mailbox) {
    return "into mailbox " + mailbox;
}

} // namespace

Limits::Limits(const Session &session, std::int64_t peer_id, const PeerPath &path)
    : session_(session),
      rhythms_{stream::rhythm(path.pace.schedule), stream::rhythm(path.mailbox_hours.schedule),
               stream::rhythm(path.asked.schedule)},
      mail_bytes_max_(path.mail_bytes_max) {
    if (path.pace.budget) {
        limits_.push_back(
            {peer_id, scope_of("path", path.pace.budget->unit), path.ordinal, *path.pace.budget});
    }
    if (path.mailbox_budget) {
        const stream::Budget &whole = *path.mailbox_budget;
        const Limit came{spent_by_all, scope_of(what_came_through(path.mailbox), whole.unit), 0,
                         whole};
        limits_.push_back({spent_by_all, scope_of(whose(path.mailbox), whole.unit), 0,
                           stream::share_of_own(whole, stream::used_of_period(whole, spent(came),
                                                                              local_zone(session),
                                                                              session.now))});
    }
    if (path.asked.budget) {
        limits_.push_back(
            {peer_id, scope_of("asked", path.asked.budget->unit), 0, *path.asked.budget});
    }
}

Limits::Limits(const Session &session, const std::string &mailbox, const stream::Budget &budget)
    : session_(session),
      limits_{{spent_by_all, scope_of(what_came_through(mailbox), budget.unit), 0, budget}} {}

Limits::Limits(const Session &session, const LanePace &lane, const PeerPath &path)
    : Limits(session, lane.key.peer_id, path) {
    if (lane.pace.budget) {
        limits_.push_back({lane.key.peer_id, scope_of("stream", lane.pace.budget->unit),
                           std::int64_t{lane.key.stream}, *lane.pace.budget});
        limits_.back().budget.has_reports = false;
    }
}

Timestamp Limits::next_passage(stream::Urgency urgency, std::uint64_t bytes) const {
    Timestamp passage = session_.now;
    for (const Limit &limit : limits_) {
        passage =
            std::max(passage, stream::next_passage(limit.budget, spent(limit), {urgency, bytes},
                                                   local_zone(session_), session_.now));
    }
    return passage;
}

std::size_t Limits::slice_bytes(stream::Urgency urgency,
                                std::uint64_t body_bytes,
                                mail::Container container) const {
    std::size_t slice = limits::part_body_bytes_default;
    const auto fit_into = [&](std::uint64_t mail_bytes) {
        if (mail_bytes < limits::mail_bytes_max) {
            slice = std::min(slice, mail::slice_bytes_max_for(static_cast<std::size_t>(mail_bytes),
                                                              1, container));
        }
    };
    if (container == mail::Container::armour) {
        fit_into(limits::mail_armour_bytes_max);
    }
    fit_into(mail_bytes_max_.value_or(limits::mail_bytes_max));
    for (const Limit &limit : limits_) {
        fit_into(stream::mail_bytes_max(limit.budget, urgency) / 4);
    }
    // The receiver takes no more parts than this of one body.
    const auto least = static_cast<std::size_t>(body_bytes / (limits::body_ranges_max / 2));
    return std::max({slice, least, slice_bytes_least});
}

stream::Timing Limits::timing() const {
    stream::Timing timing = session_.timing;
    const auto wait = [&](Duration time) {
        timing.retransmission_min =
            std::max(timing.retransmission_min, std::min(time, timing.retransmission_max));
    };
    for (const Limit &limit : limits_) {
        wait(length_of(limit.budget.period) / 4);
    }
    for (const std::optional<Duration> &rhythm : rhythms_) {
        if (rhythm) {
            wait(*rhythm * 3 / 2); // jitter must not bring it before the answer is fetched
        }
    }
    return timing;
}

void Limits::book(std::uint64_t bytes) const {
    for (const Limit &limit : limits_) {
        store(limit, stream::booked(limit.budget, spent(limit), bytes, local_zone(session_),
                                    session_.now));
    }
}

void Limits::give_back(std::uint64_t bytes, Timestamp then) const {
    for (const Limit &limit : limits_) {
        store(limit, stream::given_back(limit.budget, spent(limit), bytes, then));
    }
}

stream::Spent Limits::spent(const Limit &limit) const {
    const auto row = first_row(session_.transaction,
                               "SELECT period_start, used, last_at FROM @budget WHERE peer_id = ?1"
                               " AND scope = ?2 AND number = ?3",
                               {limit.peer_id, Value::text(limit.scope), limit.number});
    return row ? stream::Spent{time_at(*row, 0), unsigned_at(*row, 1), maybe_time_at(*row, 2)}
               : stream::Spent{};
}

void Limits::store(const Limit &limit, const stream::Spent &spent) const {
    session_.transaction.execute(
        "INSERT INTO @budget (peer_id, scope, number, period_start, used, last_at)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (peer_id, scope, number) DO UPDATE SET"
        " period_start = excluded.period_start, used = excluded.used, last_at = excluded.last_at",
        {limit.peer_id, Value::text(limit.scope), limit.number, stored(spent.period),
         stored(spent.used), stored(spent.last)});
}

void forget_spent(Transaction &transaction, const std::string &mailbox) {
    for (const auto unit : {stream::BudgetUnit::mails, stream::BudgetUnit::bytes}) {
        transaction.execute("DELETE FROM @budget WHERE peer_id = ?1 AND scope IN (?2, ?3)",
                            {spent_by_all, Value::text(scope_of(whose(mailbox), unit)),
                             Value::text(scope_of(what_came_through(mailbox), unit))});
    }
}

void book_incoming(const Session &session,
                   const std::string &mailbox,
                   const stream::Budget &budget,
                   std::uint64_t bytes) {
    Limits{session, mailbox, budget}.book(bytes);
}

stream::Urgency urgency_of(const LanePace &lane) {
    return lane.key.stream == control_stream || lane.priority == 0 ? stream::Urgency::urgent
                                                                   : stream::Urgency::usual;
}

std::optional<std::uint64_t> after_refusal_of(std::uint64_t mail_bytes) {
    return mail_bytes / 2 < wire_bytes_of_slice(slice_bytes_least) ? std::nullopt
                                                                   : std::optional{mail_bytes / 2};
}

std::uint64_t wire_bytes(std::size_t envelope_bytes, mail::Container container) {
    return mail::message_bytes_max_for(envelope_bytes, container);
}

std::uint64_t wire_bytes_of_slice(std::size_t slice_bytes, mail::Container container) {
    return mail::message_bytes_max_for(slice_bytes + mail::envelope_bytes_around(1), container);
}

} // namespace postrider::engine
