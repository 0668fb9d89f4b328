// Trying a mailbox on request: a network process of the call's own is asked, and what it says
// becomes the rows that people read. Waits until it is through; keeps nothing but an event.
#pragma once

#include <functional>
#include <string>

#include "common/engine/declare.hpp"
#include "common/engine/session.hpp"
#include "common/engine/transport.hpp"
#include "common/transport/mailbox_secrets.hpp"
#include "common/transport/network_child.hpp"

namespace postrider::transport {

/// How long a mailbox is tried where nobody says otherwise, and what may be said.
inline constexpr std::int64_t check_seconds_usual = 90;
inline constexpr std::int64_t check_seconds_min = 1;
inline constexpr std::int64_t check_seconds_max = 3600;

struct MailboxCheckSettings {
    std::string network_program; // its absolute path
    std::string version;         // ours
    MailboxSecretsSettings secrets;
    /// Returns when the descriptor is ready or the time is over; may throw to end it all.
    std::function<void(const std::optional<engine::Waking> &, Duration)> wait;
};

/// `refused` for seconds that are too few or too many; null stands for the usual ones.
Result<Duration> check_duration(const Value &seconds);

/// Of the node's own; `refused` where there is none of that name, or it waits for `approve`.
Result<engine::Mailbox> mailbox_to_check(const engine::Session &session, const std::string &name);

/// A row for each thing that was found out, and "to do" rows with what to do about those that
/// failed. Ends within `at_most` and a few seconds.
engine::ActionRows check_mailbox(const MailboxCheckSettings &settings,
                                 const engine::Mailbox &mailbox,
                                 Duration at_most);

/// Leaves an event that says how it went.
void note_check(const engine::Session &session,
                const std::string &mailbox,
                const engine::ActionRows &rows);

} // namespace postrider::transport
