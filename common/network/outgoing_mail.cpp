// The pieces lie as they came until they are read.
#include "common/network/outgoing_mail.hpp"

#include <algorithm>
#include <utility>

#include "common/base/limits.hpp"

namespace postrider::network {

namespace {

/// Unless it is the rest: not a question for every few bytes that are read.
constexpr std::uint64_t asked_at_once_min = 2 * limits::network_piece_bytes_max;
static_assert(asked_at_once_min < limits::network_ahead_bytes_max / 2);

} // namespace

OutgoingMail::OutgoingMail(transport::Submit submit) : submit_(std::move(submit)) {
    if (submit_.beginning.size() > submit_.envelope_bytes) {
        submit_.beginning.resize(submit_.envelope_bytes);
    }
    asked_ = here_ = submit_.beginning.size();
    if (!submit_.beginning.empty()) {
        pieces_.push_back(std::exchange(submit_.beginning, {}));
    }
}

void OutgoingMail::begin_again(std::vector<std::string> recipients) {
    submit_.recipients = std::move(recipients);
    pieces_.clear();
    read_of_first_ = 0;
    asked_ = here_ = read_ = 0;
}

std::optional<transport::EnvelopeWanted> OutgoingMail::ask(std::uint64_t room) {
    const std::uint64_t left = submit_.envelope_bytes - asked_;
    const std::uint64_t bytes = std::min(left, room - std::min(room, ahead()));
    if (bytes == 0 || (bytes < left && bytes < asked_at_once_min)) {
        return std::nullopt;
    }
    asked_ += bytes;
    return transport::EnvelopeWanted{submit_.ticket, asked_ - bytes, bytes};
}

void OutgoingMail::take(transport::EnvelopePiece piece) {
    if (piece.from == here_ && !piece.bytes.empty() && piece.bytes.size() <= asked_ - here_) {
        here_ += piece.bytes.size();
        pieces_.push_back(std::move(piece.bytes));
    }
}

std::size_t OutgoingMail::read(std::span<std::uint8_t> into) {
    std::size_t filled = 0;
    while (filled < into.size() && !pieces_.empty()) {
        const ByteView left = ByteView{pieces_.front()}.subspan(read_of_first_);
        const std::size_t size = std::min(left.size(), into.size() - filled);
        std::copy_n(left.begin(), size, into.begin() + static_cast<std::ptrdiff_t>(filled));
        filled += size;
        read_of_first_ += size;
        if (size == left.size()) {
            pieces_.pop_front();
            read_of_first_ = 0;
        }
    }
    read_ += filled;
    return filled;
}

Result<std::unique_ptr<MailSource>> MailSource::create(const mail::Message &message,
                                                       std::shared_ptr<OutgoingMail> mail) {
    auto source = std::make_unique<MailSource>();
    auto text = mail::MessageText::create(
        message, mail->submit().envelope_bytes,
        [from = mail.get()](std::span<std::uint8_t> into) -> Result<std::size_t> {
            return from->read(into);
        });
    if (!text) {
        return text.error();
    }
    source->mail_ = std::move(mail);
    source->text_ = *std::move(text);
    return source;
}

/// The text reads no more of its envelope than is here.
Result<std::size_t> MailSource::read(std::span<std::uint8_t> into) {
    is_waiting_ = !mail_->is_here_to_its_end() &&
                  mail_->here() < into.size() + mail::envelope_read_ahead_bytes_max;
    return is_waiting_ ? std::size_t{0} : text_->read(into);
}

} // namespace postrider::network
