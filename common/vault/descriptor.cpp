// Calls that a signal may interrupt, and that may do less than they were asked for.
#include "common/vault/descriptor.hpp"

#include <cerrno>

#include <unistd.h>

namespace postrider::vault {

Descriptor::~Descriptor() {
    if (number_ >= 0) {
        ::close(number_);
    }
}

std::optional<Bytes> read_up_to(int file, std::size_t bytes_max) {
    Bytes content(bytes_max);
    std::size_t have = 0;
    while (have < content.size()) {
        const ssize_t got = ::read(file, content.data() + have, content.size() - have);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return std::nullopt;
        }
        if (got == 0) {
            break;
        }
        have += static_cast<std::size_t>(got);
    }
    content.resize(have);
    return content;
}

bool write_all(int file, ByteView content) {
    while (!content.empty()) {
        const ssize_t written = ::write(file, content.data(), content.size());
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written < 0) {
            return false;
        }
        content = content.subspan(static_cast<std::size_t>(written));
    }
    return true;
}

} // namespace postrider::vault
