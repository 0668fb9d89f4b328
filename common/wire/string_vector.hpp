// Vectors of byte strings (docs/protocol.md, "String vectors").
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/wire/size_estimate.hpp"
#include "common/wire/value_format.hpp"

namespace postrider::wire {

/// The most words that one vector may be cut into.
inline constexpr std::size_t vector_words_max = limits::batch_rows_max;

/// Appends the vector in the spelling that compresses best.
void encode_strings(CborWriter &out,
                    std::span<const std::string_view> strings,
                    const SizeEstimate &size_of);

/// Charges the sum of the lengths, before the strings are made; empty when the reader fails.
std::vector<std::string> decode_strings(CborReader &in, std::size_t count, Allowance &allowance);

} // namespace postrider::wire
