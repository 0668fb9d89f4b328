// The mail that is being fetched: gathered in memory to be judged as a whole, or, where it is
// large, decoded while it comes and handed on to the host piece by piece.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/base/limits.hpp"
#include "common/mail/envelope_stream.hpp"
#include "common/network/host.hpp"

namespace postrider::network {

/// Above this a mail of ours is handed on while it comes.
inline constexpr std::uint64_t small_mail_bytes_max = 256 * limits::kib;

class IncomingMail {
  public:
    explicit IncomingMail(Host &host) : host_(host) {}

    /// A mail begins; what there was of another is dropped, here and at the host.
    void gather();
    void stream(const transport::MailAccount &account);

    void add(ByteView bytes);

    [[nodiscard]] bool is_streamed() const { return stream_.has_value(); }

    /// Of a mail that is gathered.
    [[nodiscard]] const Bytes &text() const { return text_; }

    /// The mail has ended. False where it was not as ours are, or bears no stamp of ours: it has to
    /// be gathered then to be judged.
    bool end_stream();
    /// After that: the host has it now.
    void hand_over(const std::string &receipt);

  private:
    void hand_on();

    Host &host_;
    Bytes text_; // gathered, or decoded and not handed on yet
    std::optional<mail::EnvelopeStream> stream_;
    std::string account_;
    std::vector<FixedBytes<32>> stamp_keys_;
    std::uint64_t handed_on_bytes_ = 0;
    std::optional<bool> is_ours_; // once its stamp was looked at
};

} // namespace postrider::network
