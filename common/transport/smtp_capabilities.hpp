// What an SMTP server can do, as its reply to EHLO says (RFC 5321 section 4.1.1.1).
#pragma once

#include <cstdint>
#include <optional>

#include "common/transport/smtp_reply.hpp"

namespace postrider::transport {

struct SmtpCapabilities {
    bool size = false; // RFC 1870
    /// The largest mail that is taken, in bytes; nothing where the server does not say.
    std::optional<std::uint64_t> size_max;
    bool pipelining = false;            // RFC 2920
    bool eight_bit_mime = false;        // RFC 6152; our mails have 7 bits anyway
    bool enhanced_status_codes = false; // RFC 2034
    bool operator==(const SmtpCapabilities &) const = default;
};

/// Of a positive reply to EHLO. Keywords that are not known are passed over.
SmtpCapabilities smtp_capabilities(const SmtpReply &reply);

} // namespace postrider::transport
