// Secrets that come this way are wiped where they were read, as far as they are ours to wipe.
#include "common/network/host_socket.hpp"

#include <array>
#include <cerrno>

#include <fcntl.h>
#include <sodium.h>
#include <sys/socket.h>

#include "common/base/limits.hpp"
#include "common/transport/network_link.hpp"

namespace postrider::network {

namespace {

constexpr std::size_t read_at_once_bytes = 64 * limits::kib;
/// What is read is looked at before more is: a host may have much to say.
constexpr int reads_at_once = 8;
/// Enough for a host that comes to read now and then.
constexpr std::size_t unsent_enough_bytes = 1 * limits::mib;

bool would_wait() {
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

} // namespace

HostSocket::HostSocket(int descriptor) : descriptor_(descriptor) {
    const int flags = fcntl(descriptor_, F_GETFL);
    if (flags < 0 || fcntl(descriptor_, F_SETFL, flags | O_NONBLOCK) < 0) {
        is_over_ = true;
    }
    transport::let_hold_much(descriptor_);
}

void HostSocket::tell(const transport::NetworkReport &report) {
    unsent_.push_back(transport::to_bytes(report));
    unsent_bytes_ += unsent_.back().size();
    write();
}

bool HostSocket::is_busy() const {
    return unsent_bytes_ > unsent_enough_bytes;
}

void HostSocket::move() {
    read();
    write();
}

void HostSocket::read() {
    std::array<std::uint8_t, read_at_once_bytes> piece; // NOLINT(*-member-init): filled by recv
    for (int reads = 0; reads < reads_at_once && !is_over_; ++reads) {
        const ssize_t count = recv(descriptor_, piece.data(), piece.size(), 0);
        if (count > 0) {
            reader_.add(ByteView{piece}.first(static_cast<std::size_t>(count)));
            sodium_memzero(piece.data(), static_cast<std::size_t>(count));
        } else if (count < 0 && would_wait()) {
            return;
        } else {
            is_over_ = true;
        }
    }
}

void HostSocket::write() {
    while (!is_over_ && !unsent_.empty()) {
        const Bytes &first = unsent_.front();
        const ssize_t count =
            send(descriptor_, first.data() + written_, first.size() - written_, MSG_NOSIGNAL);
        if (count < 0) {
            is_over_ = !would_wait();
            return;
        }
        written_ += static_cast<std::size_t>(count);
        if (written_ == first.size()) {
            unsent_bytes_ -= first.size();
            unsent_.pop_front();
            written_ = 0;
        }
    }
}

std::optional<transport::NetworkRequest> HostSocket::next() {
    Result<std::optional<transport::Frame>> frame = reader_.next();
    if (frame && !*frame) {
        return std::nullopt;
    }
    if (frame) {
        Result<transport::NetworkRequest> request = transport::request_of(**frame);
        sodium_memzero((*frame)->content.data(), (*frame)->content.size());
        if (request) {
            return *std::move(request);
        }
    }
    is_over_ = true;
    return std::nullopt;
}

} // namespace postrider::network
