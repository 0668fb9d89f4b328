// Header fields and delimiter lines, each looked at once.
#include "common/mail/entity.hpp"

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

bool equal_ignoring_case(std::string_view left, std::string_view right) {
    return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                      [](char a, char b) { return lower(a) == lower(b); });
}

/// Takes the first line off `rest`, without its line end.
std::string_view take_line(std::string_view &rest) {
    const std::size_t end = rest.find('\n');
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    if (line.ends_with('\r')) {
        line.remove_suffix(1);
    }
    return line;
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

std::string_view trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos) {
        return {};
    }
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
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

/// The boundary parameter of a Content-Type value; empty when there is none. Quoted strings before
/// it may hold semicolons.
std::string boundary_of(std::string_view content_type) {
    constexpr std::string_view name = "boundary";
    content_type = trimmed(content_type); // else every trimming below would run over its end
    bool quoted = false;
    for (std::size_t index = 0; index < content_type.size(); ++index) {
        if (content_type[index] == '"') {
            quoted = !quoted;
        }
        if (quoted || content_type[index] != ';') {
            continue;
        }
        const std::string_view parameter = trimmed(content_type.substr(index + 1));
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

void read_content_type(std::string_view value, Entity &entity) {
    const std::string_view type = trimmed(value.substr(0, value.find_first_of(";(")));
    if (equal_ignoring_case(type.substr(0, 10), "multipart/")) {
        entity.boundary = boundary_of(value);
        entity.is_multipart = !entity.boundary.empty();
    }
    entity.is_message =
        equal_ignoring_case(type, "message/rfc822") || equal_ignoring_case(type, "message/global");
}

void read_transfer_encoding(std::string_view value, Entity &entity) {
    const std::string_view name = trimmed(value.substr(0, value.find_first_of(";(")));
    if (equal_ignoring_case(name, "base64")) {
        entity.encoding = TransferEncoding::base64;
    } else if (equal_ignoring_case(name, "quoted-printable")) {
        entity.encoding = TransferEncoding::quoted_printable;
    }
}

void read_field(std::string_view name, std::string_view value, Entity &entity) {
    if (equal_ignoring_case(name, "content-type")) {
        read_content_type(value, entity);
    } else if (equal_ignoring_case(name, "content-transfer-encoding")) {
        read_transfer_encoding(value, entity);
    }
}

/// Where a delimiter line begins, and where the line after it does.
struct Delimiter {
    std::size_t begin = std::string_view::npos;
    std::size_t next_line = 0;
};

Delimiter find_delimiter(std::string_view body, std::string_view boundary, std::size_t from) {
    std::size_t line_begin = from;
    while (line_begin < body.size()) {
        const std::size_t line_end = std::min(body.find('\n', line_begin), body.size());
        std::string_view line = body.substr(line_begin, line_end - line_begin);
        if (line.starts_with("--") && line.substr(2).starts_with(boundary)) {
            line.remove_prefix(2 + boundary.size());
            if (line.starts_with("--")) {
                line.remove_prefix(2);
            }
            if (line.find_first_not_of(" \t\r") == std::string_view::npos) {
                return {line_begin, std::min(line_end + 1, body.size())};
            }
        }
        line_begin = line_end + 1;
    }
    return {};
}

} // namespace

Entity parse_entity(std::string_view text) {
    Entity entity;
    std::string_view rest = text;
    if (rest.starts_with("From ") || rest.starts_with(">From ")) {
        take_line(rest); // the separator line of an mbox
    }
    std::string_view name;
    std::string value;
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
        read_field(name, value, entity);
        name = line.substr(0, name_length);
        value = line.substr(name_length + 1, field_value_bytes_max);
        rest = after;
    }
    read_field(name, value, entity);
    entity.body = rest;
    return entity;
}

bool begins_with_field(std::string_view text) {
    return field_name_length(take_line(text)) != 0;
}

bool for_each_part(std::string_view body,
                   std::string_view boundary,
                   const std::function<void(std::string_view)> &visit) {
    Delimiter delimiter = find_delimiter(body, boundary, 0);
    if (delimiter.begin == std::string_view::npos) {
        return false;
    }
    std::size_t part_begin = 0;
    while (delimiter.begin != std::string_view::npos) {
        visit(body.substr(part_begin, delimiter.begin - part_begin));
        part_begin = delimiter.next_line;
        delimiter = find_delimiter(body, boundary, part_begin);
    }
    visit(body.substr(part_begin));
    return true;
}

} // namespace postrider::mail
