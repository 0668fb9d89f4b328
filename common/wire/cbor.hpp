// Strict deterministic CBOR (RFC 8949 section 4.2.1) over libcbor's streaming encoder and decoder:
// shortest integers, definite lengths, rising map keys, no tags, no floats.
#pragma once

#include <cstdint>
#include <string_view>

#include "common/base/bytes.hpp"

namespace postrider::wire {

/// Appends items. Arrays and maps are announced by their size, then followed by their items.
class CborWriter {
  public:
    void unsigned_integer(std::uint64_t value);
    void integer(std::int64_t value);
    void boolean(bool value);
    void null();
    void bytes(ByteView value);
    /// The caller vouches for UTF-8; what need not be UTF-8 is written as bytes.
    void text(std::string_view value);
    void array(std::size_t size);
    /// `size` pairs, keys in rising order.
    void map(std::size_t size);

    void raw(ByteView encoded) { bytes_.insert(bytes_.end(), encoded.begin(), encoded.end()); }

    [[nodiscard]] std::size_t size() const { return bytes_.size(); }

    [[nodiscard]] ByteView view() const { return bytes_; }

    [[nodiscard]] Bytes take() && { return std::move(bytes_); }

  private:
    Bytes bytes_;
};

/// Reads items straight down. After the first error every read gives zeros and empty views, and
/// `ok()` stays false, so that a structure is read whole and checked once; loops over counts must
/// watch `ok()`. Views point into the input.
class CborReader {
  public:
    explicit CborReader(ByteView input) : rest_(input) {}

    std::uint64_t unsigned_integer();
    /// At most `max`, else an error.
    std::uint64_t unsigned_integer(std::uint64_t max);
    /// One of `count` numbered choices; another number is malformed.
    std::uint64_t choice(std::uint64_t count);
    /// An integer below 2^32; a greater one is malformed.
    std::uint32_t uint32();
    std::int64_t integer();
    bool boolean();
    ByteView bytes();
    ByteView bytes(std::size_t size_max);
    /// Well-formed UTF-8 of at most `size_max` bytes.
    std::string_view text(std::size_t size_max);
    /// The number of items; never more than bytes are left, nor than `size_max`.
    std::size_t array(std::size_t size_max);
    /// The number of pairs, as above.
    std::size_t map(std::size_t size_max);
    /// Exactly `size` bytes.
    template <std::size_t size>
    FixedBytes<size> fixed();
    /// Takes a null if one is next.
    bool skip_null();

    /// Makes everything after fail: for checks that only the caller can make.
    void fail() { fail_with(Errc::malformed); }

    void fail_with(Errc code);

    [[nodiscard]] bool ok() const { return ok_; }

    [[nodiscard]] bool at_end() const { return ok_ && rest_.empty(); }

    [[nodiscard]] std::size_t remaining() const { return rest_.size(); }

    /// What went wrong, for `what` ("report", "change frame").
    [[nodiscard]] Error error(std::string_view what) const;

  private:
    struct Item;
    Item next();

    ByteView rest_;
    bool ok_ = true;
    Errc code_ = Errc::malformed;
};

template <std::size_t size>
FixedBytes<size> CborReader::fixed() {
    FixedBytes<size> out{};
    const ByteView source = bytes(size);
    if (source.size() != size) {
        fail();
        return out;
    }
    for (std::size_t index = 0; index < size; ++index) {
        out[index] = source[index];
    }
    return out;
}

} // namespace postrider::wire
