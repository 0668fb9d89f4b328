// Small pieces from which the dialects put SQL together.
#pragma once

#include <string>
#include <string_view>

namespace postrider::dialect {

/// `text` in `quote`s, each one inside doubled.
std::string quoted(std::string_view text, char quote);

/// Appends `piece`, after `separator` where `text` is not empty yet.
void append(std::string &text, std::string_view separator, std::string_view piece);

/// ASCII letters in lower case; other bytes as they are.
std::string lower_ascii(std::string_view text);

} // namespace postrider::dialect
