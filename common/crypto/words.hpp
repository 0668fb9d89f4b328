// Four words that two people compare over the telephone after pairing.
#pragma once

#include <string>
#include <string_view>

#include "common/base/result.hpp"
#include "common/crypto/hash.hpp"

namespace postrider::crypto {

inline constexpr std::size_t word_list_size = 2048;

/// The word of an 11-bit index (docs/protocol.md, "Words").
std::string_view word(std::size_t index);

/// The first 44 bits of `hash`, highest first, as four words with single spaces between.
std::string words_of(const Hash &hash);

/// What a person typed, brought to the form of `words_of`: lower case, single spaces. Malformed
/// with the word named when there are not four words or one is not in the list.
Result<std::string> normalized_words(std::string_view typed);

} // namespace postrider::crypto
