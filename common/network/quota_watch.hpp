// How full the storage of an account is, as its IMAP server says (RFC 9208).
#pragma once

#include <optional>
#include <string>

#include "common/network/host.hpp"
#include "common/transport/imap_responses.hpp"

namespace postrider::network {

class QuotaWatch {
  public:
    [[nodiscard]] bool is_due(Timestamp now) const { return !next_ || *next_ <= now; }

    void look_now() { next_.reset(); }

    void begin(Timestamp now);
    /// Of several roots the fullest counts.
    void take(const transport::imap::Quota &quota);
    /// The server has said all. The host is told the first time, and when a step of 5 % is passed
    /// at 80 % or above.
    void end(Host &host, const std::string &account);

  private:
    std::optional<Timestamp> next_; // empty: at once
    std::optional<std::uint64_t> percent_;
    std::optional<std::uint64_t> told_;
};

} // namespace postrider::network
