// Byte strings, and a bounds-checked big-endian reader and writer for fixed layouts.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.hpp"

namespace postrider {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

template <std::size_t size>
using FixedBytes = std::array<std::uint8_t, size>;

/// 16 random bytes that name a node, independent of its keys.
using NodeId = FixedBytes<16>;

/// The bytes of a text, without copying.
ByteView as_bytes(std::string_view text);
/// The bytes as a text, without copying and without any check of the encoding.
std::string_view as_text(ByteView bytes);

/// Appends big-endian integers and raw bytes.
class ByteWriter {
  public:
    void u8(std::uint8_t value) { bytes_.push_back(value); }

    void u16(std::uint16_t value);
    void u32(std::uint32_t value);
    void u64(std::uint64_t value);

    void raw(ByteView value) { bytes_.insert(bytes_.end(), value.begin(), value.end()); }

    void reserve(std::size_t size) { bytes_.reserve(size); }

    [[nodiscard]] std::size_t size() const { return bytes_.size(); }

    [[nodiscard]] ByteView view() const { return bytes_; }

    [[nodiscard]] Bytes take() && { return std::move(bytes_); }

  private:
    Bytes bytes_;
};

/// Reads what ByteWriter wrote. A read beyond the end gives zeros and makes `ok()` false for ever,
/// so that a fixed layout is read straight down and checked once.
class ByteReader {
  public:
    explicit ByteReader(ByteView bytes) : rest_(bytes) {}

    std::uint8_t u8();
    std::uint16_t u16();
    std::uint32_t u32();
    std::uint64_t u64();
    /// A view into the input; empty when fewer than `size` bytes are left.
    ByteView raw(std::size_t size);

    template <std::size_t size>
    FixedBytes<size> fixed() {
        FixedBytes<size> out{};
        const ByteView source = raw(size);
        for (std::size_t index = 0; index < source.size(); ++index) {
            out[index] = source[index];
        }
        return out;
    }

    [[nodiscard]] std::size_t remaining() const { return rest_.size(); }

    [[nodiscard]] bool ok() const { return ok_; }

    /// Everything was read, and nothing beyond it was asked for.
    [[nodiscard]] bool at_end() const { return ok_ && rest_.empty(); }

  private:
    std::uint64_t big_endian(std::size_t size);

    ByteView rest_;
    bool ok_ = true;
};

} // namespace postrider
