// Whatever was sent is wiped: it may have been a password.
#include "common/transport/network_link.hpp"

#include <array>
#include <cerrno>

#include <sodium.h>
#include <sys/socket.h>

#include "common/base/limits.hpp"

namespace postrider::transport {

namespace {

constexpr std::size_t link_piece_bytes = 64 * limits::kib;

bool would_block() {
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

} // namespace

void let_hold_much(int descriptor) {
    constexpr int wanted_bytes = 1024 * 1024;
    (void)::setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &wanted_bytes, sizeof wanted_bytes);
}

NetworkLink::~NetworkLink() {
    for (Bytes &bytes : unsent_) {
        sodium_memzero(bytes.data(), bytes.size());
    }
}

void NetworkLink::tell(const NetworkRequest &request) {
    unsent_.push_back(to_bytes(request));
    unsent_bytes_ += unsent_.back().size();
    write();
}

/// A process that has gone is noticed where it is read from: what it said before counts.
void NetworkLink::write() {
    while (!unsent_.empty()) {
        Bytes &first = unsent_.front();
        const ssize_t count = ::send(descriptor_, first.data() + written_of_first_,
                                     first.size() - written_of_first_, MSG_NOSIGNAL);
        if (count <= 0) {
            return;
        }
        written_of_first_ += static_cast<std::size_t>(count);
        written_bytes_ += static_cast<std::uint64_t>(count);
        unsent_bytes_ -= static_cast<std::size_t>(count);
        if (written_of_first_ == first.size()) {
            sodium_memzero(first.data(), first.size());
            unsent_.pop_front();
            written_of_first_ = 0;
        }
    }
}

Result<std::optional<Frame>> NetworkLink::next() {
    while (true) {
        Result<std::optional<Frame>> frame = reader_.next();
        if (!frame || *frame || !read()) {
            return frame;
        }
    }
}

/// False where nothing was there.
bool NetworkLink::read() {
    std::array<std::uint8_t, link_piece_bytes> piece; // NOLINT(*-member-init): filled by recv
    const ssize_t count = ::recv(descriptor_, piece.data(), piece.size(), 0);
    if (count > 0) {
        reader_.add(ByteView{piece}.first(static_cast<std::size_t>(count)));
        read_bytes_ += static_cast<std::uint64_t>(count);
        return true;
    }
    is_over_ = is_over_ || count == 0 || !would_block();
    return false;
}

} // namespace postrider::transport
