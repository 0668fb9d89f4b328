// Vectors of 64-bit integers, the ground of most column encodings (docs/protocol.md, "Integer
// vectors"). Integers are taken modulo 2^64, so signed and unsigned ones travel alike.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "common/wire/cbor.hpp"
#include "common/wire/size_estimate.hpp"

namespace postrider::wire {

inline std::int64_t as_signed(std::uint64_t value) {
    return static_cast<std::int64_t>(value);
}

/// Appends the vector in the spelling that compresses best. Its length is not written: the reader
/// knows it.
void encode_integers(CborWriter &out,
                     std::span<const std::uint64_t> values,
                     const SizeEstimate &size_of);

/// `count` integers; empty when the reader fails. The caller has checked `count` against a limit.
std::vector<std::uint64_t> decode_integers(CborReader &in, std::size_t count);

/// As above, and each integer is at most `max`.
std::vector<std::uint64_t>
decode_integers_up_to(CborReader &in, std::size_t count, std::uint64_t max);

} // namespace postrider::wire
