// Periods, shares and spreading.
#include "common/stream/budget.hpp"

#include <algorithm>

namespace postrider::stream {

namespace {

using std::chrono::days;
using std::chrono::local_days;
using std::chrono::months;
using std::chrono::year_month_day;

local_days first_day_of_month(Timestamp now, const TimeZone &zone, months later) {
    const local_days today = std::chrono::floor<days>(zone.to_local(now));
    const year_month_day date{today};
    return local_days{(date.year() / date.month() + later) / 1};
}

std::uint64_t kept_for_reports(const Budget &budget) {
    return budget.has_reports && budget.most > 1 ? std::max<std::uint64_t>(1, budget.most / 10) : 0;
}

std::uint64_t share_of(const Budget &budget, Urgency urgency) {
    return urgency == Urgency::report ? budget.most : budget.most - kept_for_reports(budget);
}

/// What was spent of the present period.
Spent brought_to(const Budget &budget, const Spent &spent, const TimeZone &zone, Timestamp now) {
    const Timestamp begin = period_begin(budget.period, zone, now);
    Spent present = spent;
    if (spent.period < begin) {
        present.used = 0;
    }
    present.period = begin;
    return present;
}

/// From when on the next mail keeps to the pace at which the rest of the share lasts.
Timestamp spread(const Budget &budget,
                 const Spent &present,
                 Urgency urgency,
                 const TimeZone &zone,
                 Timestamp now) {
    const std::uint64_t share = share_of(budget, urgency);
    const bool is_spread = budget.unit == BudgetUnit::mails && urgency != Urgency::urgent;
    if (!is_spread || !present.last || *present.last > now || present.used * 2 < share) {
        return now;
    }
    const Timestamp from = std::max(*present.last, present.period);
    const Duration rest = period_end(budget.period, zone, now) - from;
    return std::max(now, from + rest / static_cast<std::int64_t>(share - present.used + 1));
}

std::uint64_t amount_of(const Budget &budget, std::uint64_t bytes) {
    return budget.unit == BudgetUnit::mails ? 1 : bytes;
}

} // namespace

Timestamp period_begin(BudgetPeriod period, const TimeZone &zone, Timestamp now) {
    switch (period) {
    case BudgetPeriod::minute:
        return std::chrono::floor<std::chrono::minutes>(now);
    case BudgetPeriod::hour:
        return std::chrono::floor<std::chrono::hours>(now);
    case BudgetPeriod::day:
        return zone.first_at(std::chrono::floor<days>(zone.to_local(now)));
    case BudgetPeriod::month:
        break;
    }
    return zone.first_at(first_day_of_month(now, zone, months{0}));
}

Timestamp period_end(BudgetPeriod period, const TimeZone &zone, Timestamp now) {
    switch (period) {
    case BudgetPeriod::minute:
        return period_begin(period, zone, now) + std::chrono::minutes{1};
    case BudgetPeriod::hour:
        return period_begin(period, zone, now) + std::chrono::hours{1};
    case BudgetPeriod::day: {
        // A day that the zone leaves out ends where it begins.
        local_days day = std::chrono::floor<days>(zone.to_local(now));
        Timestamp end = now;
        while (end <= now) {
            day += days{1};
            end = zone.first_at(day);
        }
        return end;
    }
    case BudgetPeriod::month:
        break;
    }
    return zone.first_at(first_day_of_month(now, zone, months{1}));
}

Timestamp next_passage(const Budget &budget,
                       const Spent &spent,
                       const Mail &mail,
                       const TimeZone &zone,
                       Timestamp now) {
    const Spent present = brought_to(budget, spent, zone, now);
    const std::uint64_t share = share_of(budget, mail.urgency);
    const std::uint64_t amount = std::min(amount_of(budget, mail.bytes), share);
    if (present.used + amount > share) {
        return period_end(budget.period, zone, now);
    }
    return spread(budget, present, mail.urgency, zone, now);
}

std::uint64_t mail_bytes_max(const Budget &budget, Urgency urgency) {
    return budget.unit == BudgetUnit::mails ? UINT64_MAX : share_of(budget, urgency);
}

std::uint64_t
used_of_period(const Budget &budget, const Spent &spent, const TimeZone &zone, Timestamp now) {
    return brought_to(budget, spent, zone, now).used;
}

Budget share_of_own(const Budget &budget, std::uint64_t came) {
    Budget own = budget;
    const std::uint64_t others = std::min(std::max(budget.most / 2, came), budget.most);
    own.most = std::max({std::uint64_t{1}, budget.most / 10, budget.most - others});
    return own;
}

Budget share_of_peer(const Budget &budget, std::uint64_t peers) {
    Budget share = budget;
    share.most = std::max<std::uint64_t>(1, budget.most / 2 / std::max<std::uint64_t>(1, peers));
    return share;
}

Spent booked(
    const Budget &budget, Spent spent, std::uint64_t bytes, const TimeZone &zone, Timestamp now) {
    spent = brought_to(budget, spent, zone, now);
    spent.used += amount_of(budget, bytes);
    spent.last = now;
    return spent;
}

Spent given_back(const Budget &budget, Spent spent, std::uint64_t bytes, Timestamp then) {
    if (then < spent.period) {
        return spent;
    }
    spent.used -= std::min(spent.used, amount_of(budget, bytes));
    return spent;
}

} // namespace postrider::stream
