// What was handed on counts for nothing until the host is told that the mail has arrived.
#include "common/network/incoming_mail.hpp"

#include <algorithm>
#include <utility>

#include "common/base/limits.hpp"
#include "common/transport/stamps.hpp"

namespace postrider::network {

void IncomingMail::gather() {
    stream_.reset();
    text_.clear();
    handed_on_bytes_ = 0;
    is_ours_.reset();
}

void IncomingMail::stream(const transport::MailAccount &account) {
    gather();
    stream_.emplace();
    account_ = account.name;
    stamp_keys_ = account.stamp_keys;
}

void IncomingMail::add(ByteView bytes) {
    if (!stream_) {
        text_.insert(text_.end(), bytes.begin(), bytes.end());
    } else if (is_ours_.value_or(true)) {
        stream_->feed(bytes, text_);
        hand_on();
    }
}

/// The last piece stays, for `hand_over`.
void IncomingMail::hand_on() {
    if (!is_ours_ && !text_.empty()) {
        is_ours_ = transport::bears_stamp_of(text_, stamp_keys_);
    }
    while (is_ours_.value_or(false) && text_.size() > limits::network_piece_bytes_max) {
        const auto end =
            text_.begin() + static_cast<std::ptrdiff_t>(limits::network_piece_bytes_max);
        host_.tell(transport::EnvelopeArrives{account_, stream_->envelope_bytes(), handed_on_bytes_,
                                              Bytes(text_.begin(), end)});
        handed_on_bytes_ += limits::network_piece_bytes_max;
        text_.erase(text_.begin(), end);
    }
}

bool IncomingMail::end_stream() {
    if (is_ours_.value_or(true)) {
        stream_->finish(text_);
        hand_on();
    }
    return is_ours_.value_or(false) && stream_->is_whole();
}

void IncomingMail::hand_over(const std::string &receipt) {
    host_.tell(transport::MailArrived{account_, receipt, std::move(text_), handed_on_bytes_});
    gather();
}

} // namespace postrider::network
