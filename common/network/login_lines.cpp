// Lines as they come, with their ends.
#include "common/network/login_lines.hpp"

#include <algorithm>
#include <array>

namespace postrider::network {

namespace {

constexpr std::array<std::string_view, 5> login_words{"AUTH", "AUTHENTICATE", "LOGIN", "APOP",
                                                      "USER"};

/// Up to a blank or the end of the line.
std::string_view take_word(std::string_view &rest) {
    const std::string_view word = rest.substr(0, rest.find_first_of(" \r\n"));
    rest.remove_prefix(std::min(word.size() + 1, rest.size()));
    return word;
}

bool is_login_word(std::string_view word) {
    return std::find(login_words.begin(), login_words.end(), word) != login_words.end();
}

} // namespace

bool begins_login(std::string_view command) {
    const std::string_view first = take_word(command);
    return is_login_word(first) || (first != "EHLO" && is_login_word(take_word(command)));
}

std::string_view challenge_in(std::string_view line) {
    const std::string_view first = take_word(line);
    return first == "334" || first == "+" ? take_word(line) : std::string_view{};
}

} // namespace postrider::network
