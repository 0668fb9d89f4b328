// Header fields, each line looked at once.
#include "common/mail/header_fields.hpp"

#include <algorithm>

namespace postrider::mail {

namespace {

constexpr std::size_t field_value_bytes_max = 8192;
constexpr std::string_view blanks = " \t";

bool is_blank(char character) {
    return character == ' ' || character == '\t';
}

char lower(char character) {
    return character >= 'A' && character <= 'Z' ? static_cast<char>(character - 'A' + 'a')
                                                : character;
}

/// The length of the field name at the beginning of a line; 0 when the line is no field. RFC 5322
/// allows printable ASCII but the colon; names are short in practice, so the search is bounded.
std::size_t field_name_length(std::string_view line) {
    constexpr std::size_t name_bytes_max = 128;
    const std::size_t colon = line.substr(0, name_bytes_max).find(':');
    if (colon == std::string_view::npos) {
        return 0;
    }
    const std::string_view name = line.substr(0, colon);
    const bool is_name = std::all_of(name.begin(), name.end(), [](char character) {
        return character > ' ' && character <= '~';
    });
    return is_name ? colon : 0;
}

/// The value of a parameter after `name=`: quoted with escapes, or up to a blank or ';'.
std::string parameter_value(std::string_view text) {
    text = trimmed(text);
    if (!text.starts_with('"')) {
        return std::string(text.substr(0, text.find_first_of(" \t;")));
    }
    std::string value;
    for (std::size_t index = 1; index < text.size() && text[index] != '"'; ++index) {
        if (text[index] == '\\' && index + 1 < text.size()) {
            ++index;
        }
        value.push_back(text[index]);
    }
    return value;
}

} // namespace

std::string_view take_line(std::string_view &rest) {
    const std::size_t end = rest.find('\n');
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    if (line.ends_with('\r')) {
        line.remove_suffix(1);
    }
    return line;
}

std::string_view trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos) {
        return {};
    }
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::string in_lower_case(std::string_view text) {
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(), lower);
    return result;
}

bool equal_ignoring_case(std::string_view left, std::string_view right) {
    return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                      [](char a, char b) { return lower(a) == lower(b); });
}

bool begins_with_field(std::string_view text) {
    return field_name_length(take_line(text)) != 0;
}

std::string_view
for_each_field(std::string_view text,
               const std::function<void(std::string_view name, std::string_view value)> &visit) {
    std::string_view rest = text;
    std::string_view name;
    std::string value;
    const auto give = [&] {
        if (!name.empty()) {
            visit(name, value);
        }
    };
    while (!rest.empty()) {
        std::string_view after = rest;
        const std::string_view line = take_line(after);
        if (!name.empty() && !line.empty() && is_blank(line.front())) {
            value += line.substr(0, field_value_bytes_max -
                                        std::min(value.size(), field_value_bytes_max));
            rest = after;
            continue;
        }
        const std::size_t name_length = field_name_length(line);
        if (name_length == 0) {
            rest = line.empty() ? after : rest;
            break;
        }
        give();
        name = line.substr(0, name_length);
        value = line.substr(name_length + 1, field_value_bytes_max);
        rest = after;
    }
    give();
    return rest;
}

std::string_view without_parameters(std::string_view value) {
    return trimmed(value.substr(0, value.find_first_of(";(")));
}

std::string parameter_of(std::string_view value, std::string_view name) {
    value = trimmed(value); // else every trimming below would run over its end
    bool quoted = false;
    for (std::size_t index = 0; index < value.size(); ++index) {
        if (value[index] == '"') {
            quoted = !quoted;
        }
        if (quoted || value[index] != ';') {
            continue;
        }
        const std::string_view parameter = trimmed(value.substr(index + 1));
        if (!equal_ignoring_case(parameter.substr(0, name.size()), name)) {
            continue;
        }
        const std::string_view rest = trimmed(parameter.substr(name.size()));
        if (rest.starts_with('=')) {
            return parameter_value(rest.substr(1));
        }
    }
    return {};
}

} // namespace postrider::mail
