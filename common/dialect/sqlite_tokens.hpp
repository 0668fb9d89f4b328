// Just enough of SQLite's tokens to find words outside of strings, quoted names and comments.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace postrider::dialect::sqlite_text {

/// A letter, digit or whatever else a bare name may hold.
bool is_word(char letter);

bool is_space(char letter);

/// The end of the token that begins at `at`. A doubled quote reads as two tokens side by side.
std::size_t token_end(std::string_view sql, std::size_t at);

/// The end of the token that begins at `at`, a quoted one with the quotes that are doubled in it.
std::size_t whole_token_end(std::string_view sql, std::size_t at);

/// The name that a bare or quoted token gives.
std::string name_of_token(std::string_view token);

} // namespace postrider::dialect::sqlite_text
