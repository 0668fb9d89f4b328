// ALERT: when something has been wrong with a peer for so long, a person gets one plain mail with
// the sentence of the status, and one more when all is well again.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/engine/session.hpp"
#include "common/engine/transmit.hpp"

namespace postrider::engine {

/// What the node's statement says.
struct AlertRule {
    std::string address;
    Duration after{};
};

std::optional<AlertRule> alert_rule(Transaction &transaction);

/// Since when something is wrong with whom: whether it is noted as it is now, and noting it.
/// Without a rule nothing is noted.
bool are_troubles_noted(const Session &session, const std::optional<AlertRule> &rule);
void note_troubles(const Session &session, const std::optional<AlertRule> &rule);

bool is_alert_due(const Session &session, const AlertRule &rule);

/// The mails that are due and not on their way. Booked; hand them over only after the commit.
std::vector<Transmission>
due_alerts(const Session &session, const AlertRule &rule, Tickets &tickets);

/// How a mail fared. One that did not leave is tried again.
void take_alert_outcome(const Session &session, const Tickets::Sent &sent, const Outcome &outcome);

/// When a mail is due next, or a batch has waited too long for its acknowledgement.
std::optional<Timestamp> next_alert(const Session &session, const AlertRule &rule);

} // namespace postrider::engine
