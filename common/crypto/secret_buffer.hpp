// A secret of any size, as a password or a private key in its text form: wiped when it goes, never
// printed. Keys of a fixed size are SecretBytes.
#pragma once

#include <utility>

#include <sodium.h>

#include "common/base/bytes.hpp"

namespace postrider::crypto {

/// Copies are wiped on their own; one that was moved from is empty.
class SecretBuffer {
  public:
    SecretBuffer() = default;

    SecretBuffer(Bytes bytes) : bytes_(std::move(bytes)) {} // NOLINT(*-explicit-*): it only guards

    /// A copy; the bytes stay the caller's to wipe.
    explicit SecretBuffer(ByteView bytes) : bytes_(bytes.begin(), bytes.end()) {}

    SecretBuffer(const SecretBuffer &) = default;

    SecretBuffer(SecretBuffer &&other) noexcept { bytes_.swap(other.bytes_); }

    SecretBuffer &operator=(const SecretBuffer &other) { return *this = SecretBuffer{other}; }

    SecretBuffer &operator=(SecretBuffer &&other) noexcept {
        SecretBuffer taken{std::move(other)}; // what was here goes with it, and is wiped
        bytes_.swap(taken.bytes_);
        return *this;
    }

    ~SecretBuffer() { wipe(); }

    void wipe() {
        sodium_memzero(bytes_.data(), bytes_.size());
        bytes_.clear();
    }

    [[nodiscard]] ByteView view() const { return bytes_; }

    [[nodiscard]] bool empty() const { return bytes_.empty(); }

    [[nodiscard]] std::size_t size() const { return bytes_.size(); }

    bool operator==(const SecretBuffer &) const = default;

  private:
    Bytes bytes_;
};

} // namespace postrider::crypto
