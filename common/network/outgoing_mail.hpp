// A mail that was submitted, and as much of its envelope as is here: the host has all of it, and
// gives the rest piece by piece as it is wanted, so that memory does not grow with a mail's size.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>

#include "common/mail/message.hpp"
#include "common/transport/dialogue.hpp"
#include "common/transport/network_messages.hpp"

namespace postrider::network {

class OutgoingMail {
  public:
    explicit OutgoingMail(transport::Submit submit);

    [[nodiscard]] const transport::Submit &submit() const { return submit_; }

    /// From now on for these alone, from its beginning.
    void begin_again(std::vector<std::string> recipients);

    /// What to ask the host for, where so much has room; nothing while all is asked for.
    std::optional<transport::EnvelopeWanted> ask(std::uint64_t room);
    /// One that is not what comes next is of an earlier try, and dropped.
    void take(transport::EnvelopePiece piece);
    /// Fills the beginning of `into` with what is here, and gives how much.
    std::size_t read(std::span<std::uint8_t> into);

    /// Bytes that are asked for or here, and not read.
    [[nodiscard]] std::uint64_t ahead() const { return asked_ - read_; }

    /// Bytes that are here and not read.
    [[nodiscard]] std::uint64_t here() const { return here_ - read_; }

    [[nodiscard]] bool is_here_to_its_end() const { return here_ == submit_.envelope_bytes; }

  private:
    transport::Submit submit_;
    std::deque<Bytes> pieces_;
    std::size_t read_of_first_ = 0;
    std::uint64_t asked_ = 0;
    std::uint64_t here_ = 0;
    std::uint64_t read_ = 0;
};

/// The mail around its envelope, written while it is read.
class MailSource final : public transport::ContentSource {
  public:
    /// Fails as mail::MessageText::create does.
    static Result<std::unique_ptr<MailSource>> create(const mail::Message &message,
                                                      std::shared_ptr<OutgoingMail> mail);

    [[nodiscard]] std::size_t size() const { return text_->size(); }

    Result<std::size_t> read(std::span<std::uint8_t> into) override;

    [[nodiscard]] bool is_waiting() const override { return is_waiting_; }

  private:
    std::shared_ptr<OutgoingMail> mail_;
    std::optional<mail::MessageText> text_;
    bool is_waiting_ = false;
};

} // namespace postrider::network
