// How much may go in a period: AT MOST. Pure: what was spent and the time in, what may go out.
// Periods are those of the clock on the wall: minutes, hours, days and months. Part of a budget is
// kept back for reports, and mails that can wait are spread over the second half of it, so that
// whoever is limited never falls silent for the rest of a period.
#pragma once

#include <cstdint>
#include <optional>

#include "common/base/time_zone.hpp"

namespace postrider::stream {

enum class BudgetUnit { bytes, mails };
enum class BudgetPeriod { minute, hour, day, month };

struct Budget {
    std::uint64_t most = 0;
    BudgetUnit unit = BudgetUnit::mails;
    BudgetPeriod period = BudgetPeriod::day;
    bool has_reports = true; // they are of this budget too, so that a part is kept for them
    bool operator==(const Budget &) const = default;
};

/// One row of `budget`. In a clock that was set back the period may lie ahead: what was spent then
/// counts as spent now.
struct Spent {
    Timestamp period{}; // its beginning
    std::uint64_t used = 0;
    std::optional<Timestamp> last; // when something was booked last
    bool operator==(const Spent &) const = default;
};

enum class Urgency {
    usual,
    urgent, // is not spread over the period
    report, // what is kept back is for it
};

/// When the period began in which `now` lies, and when the next one does.
Timestamp period_begin(BudgetPeriod period, const TimeZone &zone, Timestamp now);
Timestamp period_end(BudgetPeriod period, const TimeZone &zone, Timestamp now);

struct Mail {
    Urgency urgency = Urgency::usual;
    std::uint64_t bytes = 0;
};

/// When the mail may go: `now` where it may already. One that no period lets pass is held
/// to what a whole period lets pass.
Timestamp next_passage(const Budget &budget,
                       const Spent &spent,
                       const Mail &mail,
                       const TimeZone &zone,
                       Timestamp now);

/// The most that a mail of this urgency may ever have; UINT64_MAX where only mails are counted.
std::uint64_t mail_bytes_max(const Budget &budget, Urgency urgency);

/// What was used of the present period.
std::uint64_t
used_of_period(const Budget &budget, const Spent &spent, const TimeZone &zone, Timestamp now);

/// Of a budget of both directions: what a node may send itself, of which so much came in the
/// present period. Half is its peers', and a tenth stays for reports whatever came.
Budget share_of_own(const Budget &budget, std::uint64_t came);

/// What each of so many peers may send of it; at least a mail or a byte, so that a budget should
/// have two mails for each.
Budget share_of_peer(const Budget &budget, std::uint64_t peers);

/// A mail of `bytes` leaves. Commit before it does.
Spent booked(
    const Budget &budget, Spent spent, std::uint64_t bytes, const TimeZone &zone, Timestamp now);

/// One that was booked at `then` did not leave after all. Where that was in a period before the
/// present one, nothing is given back.
Spent given_back(const Budget &budget, Spent spent, std::uint64_t bytes, Timestamp then);

} // namespace postrider::stream
