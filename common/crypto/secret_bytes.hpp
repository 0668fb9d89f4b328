// Key material: fixed size, wiped when it goes, compared in constant time, never printed.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <sodium.h>

#include "common/base/bytes.hpp"
#include "common/base/ensure.hpp"

namespace postrider::crypto {

/// Copies are allowed and wiped on their own; a moved-from object still holds its bytes until it is
/// destroyed.
template <std::size_t size_>
class SecretBytes {
  public:
    static constexpr std::size_t size = size_;

    SecretBytes() = default;

    explicit SecretBytes(const FixedBytes<size_> &bytes) : bytes_(bytes) {}

    SecretBytes(const SecretBytes &) = default;
    SecretBytes &operator=(const SecretBytes &) = default;

    ~SecretBytes() { sodium_memzero(bytes_.data(), bytes_.size()); }

    /// `bytes` must have exactly the size; check it before where it comes from outside.
    static SecretBytes from(ByteView bytes) {
        ensure(bytes.size() == size_, "a key is copied from bytes of its own size");
        SecretBytes out;
        std::copy(bytes.begin(), bytes.end(), out.bytes_.begin());
        return out;
    }

    static SecretBytes random() {
        SecretBytes out;
        randombytes_buf(out.bytes_.data(), out.bytes_.size());
        return out;
    }

    [[nodiscard]] ByteView view() const { return bytes_; }

    [[nodiscard]] const std::uint8_t *data() const { return bytes_.data(); }

    [[nodiscard]] std::uint8_t *data() { return bytes_.data(); }

    bool operator==(const SecretBytes &other) const {
        return sodium_memcmp(bytes_.data(), other.bytes_.data(), bytes_.size()) == 0;
    }

  private:
    FixedBytes<size_> bytes_{};
};

using Key = SecretBytes<32>;

/// Fills a byte array that is not a key: nonces, node ids, incarnations.
template <std::size_t size>
FixedBytes<size> random_bytes() {
    FixedBytes<size> out{};
    randombytes_buf(out.data(), out.size());
    return out;
}

} // namespace postrider::crypto
