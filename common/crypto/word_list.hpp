// The words of words.hpp as one text, sorted, with single spaces between.
#pragma once

namespace postrider::crypto {

extern const char word_list_text[];

} // namespace postrider::crypto
