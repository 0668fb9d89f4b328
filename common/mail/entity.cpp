// Header fields and delimiter lines, each looked at once.
#include "common/mail/entity.hpp"

#include <algorithm>

#include "common/mail/header_fields.hpp"
#include "common/mail/transfer_encoding.hpp"

namespace postrider::mail {

namespace {

void read_content_type(std::string_view value, Entity &entity) {
    entity.type = in_lower_case(without_parameters(value));
    if (entity.type.starts_with("multipart/")) {
        entity.boundary = parameter_of(value, "boundary");
        entity.is_multipart = !entity.boundary.empty();
    }
    entity.is_message = entity.type == "message/rfc822" || entity.type == "message/global";
}

void read_transfer_encoding(std::string_view value, Entity &entity) {
    const std::string_view name = without_parameters(value);
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
    if (text.starts_with("From ") || text.starts_with(">From ")) {
        take_line(text); // the separator line of an mbox
    }
    entity.body = for_each_field(text, [&](std::string_view name, std::string_view value) {
        read_field(name, value, entity);
    });
    return entity;
}

bool is_readable_container(const Entity &entity) {
    return entity.is_message ? begins_with_field(entity.body)
                             : entity.body.find("--" + entity.boundary) != std::string_view::npos;
}

Bytes decoded_body(const Entity &entity) {
    switch (entity.encoding) {
    case TransferEncoding::base64:
        return decode_base64(entity.body);
    case TransferEncoding::quoted_printable:
        return decode_quoted_printable(entity.body);
    case TransferEncoding::identity:
        break;
    }
    const ByteView bytes = as_bytes(entity.body);
    return {bytes.begin(), bytes.end()};
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
