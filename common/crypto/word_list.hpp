// The words of words.hpp as one text, sorted, with single spaces between.
#pragma once

#include <string_view>

namespace postrider::crypto {

extern const std::string_view word_list_text;

} // namespace postrider::crypto
