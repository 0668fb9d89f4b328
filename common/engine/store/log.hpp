// What people look at afterwards: events, deliveries and what was refused. Each is bounded.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/base/clock.hpp"
#include "common/engine/database.hpp"

namespace postrider::engine {

/// `kind` is one word for programs, `message` a sentence for people, `action` what to do next (may
/// be empty).
struct EventRow {
    std::string kind;
    std::optional<std::int64_t> peer_id;
    std::string message;
    std::string action = {};
};

void log_event(Transaction &transaction, Timestamp now, const EventRow &event);

/// Whether an event of that kind with that message was logged after `since`.
bool is_told(Transaction &transaction, Timestamp since, const EventRow &event);

/// Something came in and is not taken. The same source and reason are counted in one row.
struct RefusedRow {
    std::optional<std::int64_t> peer_id;
    std::string source;
    Error reason;
};

void log_refused(Transaction &transaction, Timestamp now, const RefusedRow &refused);

/// A batch on its way: `direction` is "sent" or "received".
struct DeliveryKey {
    std::int64_t peer_id = 0;
    std::string direction;
    std::uint32_t stream = 0;
    std::uint64_t incarnation = 0;
    std::uint64_t number = 0;
};

struct DeliverySize {
    std::uint64_t rows = 0;
    std::uint64_t bytes = 0;
};

void log_delivery(Transaction &transaction,
                  Timestamp now,
                  const DeliveryKey &key,
                  const DeliverySize &size,
                  const std::string &state);
/// One more transmission of `mails` mails.
void log_transmission(Transaction &transaction,
                      Timestamp now,
                      const DeliveryKey &key,
                      std::uint64_t mails);
/// The batch has come to its end: "acknowledged", "applied", "refused", "replaced".
void finish_delivery(Transaction &transaction,
                     Timestamp now,
                     const DeliveryKey &key,
                     const std::string &state,
                     const std::string &detail = {});

/// Removes what is older than `keep`, and all but the newest refused rows.
void prune_logs(Transaction &transaction, Timestamp now, Duration keep);

} // namespace postrider::engine
