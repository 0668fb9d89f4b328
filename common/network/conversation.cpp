// Reads as long as there is something, then writes as long as the server takes it.
#include "common/network/conversation.hpp"

#include <array>
#include <utility>

#include "common/base/limits.hpp"

namespace postrider::network {

namespace {

constexpr std::size_t piece_bytes = 64 * limits::kib;
/// So that one fast server does not keep the others waiting.
constexpr int pieces_at_once = 16;

} // namespace

Conversation::Conversation(std::unique_ptr<Connection> connection,
                           transport::Dialogue &dialogue,
                           std::string server,
                           Timestamp now)
    : connection_(std::move(connection)),
      dialogue_(dialogue),
      server_(std::move(server)),
      moved_at_(now) {}

void Conversation::move(Timestamp now) {
    has_more_ = true;
    for (int piece = 0; piece < pieces_at_once && has_more_ && !is_closed_; ++piece) {
        const bool has_read = read();
        const bool has_written = !is_closed_ && write_on();
        has_more_ = has_read || has_written;
        if (has_more_) {
            moved_at_ = now;
        }
    }
    if (!is_closed_ && dialogue_.is_over() && output_.empty()) {
        is_closed_ = true;
    }
    const std::optional<Duration> patience = dialogue_.patience();
    if (!patience) {
        moved_at_ = now; // nothing was expected so far
    }
    if (!is_closed_ && patience && moved_at_ + *patience <= now) {
        give_up({Errc::timed_out,
                 server_ + " has been silent for too long",
                 {},
                 "The connection was given up. It is tried again."});
    }
}

void Conversation::hold(bool is_held, Timestamp now) {
    if (is_held_ && !is_held) {
        moved_at_ = now;
    }
    is_held_ = is_held;
}

bool Conversation::read() {
    if (dialogue_.is_over()) {
        return false; // how the server closes behind its goodbye is nobody's problem
    }
    std::array<std::uint8_t, piece_bytes> piece; // NOLINT(*-member-init): filled by `read`
    const Result<std::size_t> count = connection_->read(piece);
    if (!count) {
        give_up(count.error());
        return false;
    }
    if (*count == 0) {
        return false;
    }
    if (const Result<void> taken = dialogue_.receive(ByteView{piece}.first(*count)); !taken) {
        give_up(taken.error());
    }
    return true;
}

/// A piece: TLS takes it record by record.
bool Conversation::write_on() {
    bool has_written = false;
    while (!is_closed_ && write()) {
        has_written = true;
        if (output_.empty()) {
            break;
        }
    }
    return has_written;
}

bool Conversation::write() {
    if (output_.empty()) {
        output_ = dialogue_.output(piece_bytes);
        written_ = 0;
    }
    if (output_.empty()) {
        return false;
    }
    const Result<std::size_t> count = connection_->write(ByteView{output_}.subspan(written_));
    if (!count) {
        give_up(count.error());
        return false;
    }
    written_ += *count;
    if (written_ == output_.size()) {
        output_.clear();
    }
    return *count > 0;
}

void Conversation::give_up(const Error &reason) {
    if (!dialogue_.is_over()) {
        dialogue_.lost(reason);
    }
    problem_ = reason;
    is_closed_ = true;
}

std::optional<Timestamp> Conversation::deadline() const {
    if (is_held_) {
        return std::nullopt; // the host wakes us
    }
    if (has_more_) {
        return moved_at_; // what TLS has decrypted already wakes nobody
    }
    const std::optional<Duration> patience = dialogue_.patience();
    return patience ? std::optional{moved_at_ + *patience} : std::nullopt;
}

} // namespace postrider::network
