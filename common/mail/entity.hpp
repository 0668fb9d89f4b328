// The skeleton of a MIME entity (RFC 2045, 2046): its type, its encoding, its body, and the parts
// of a multipart. Lenient: it reads what is there and never fails. Views into the mail.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "common/base/bytes.hpp"

namespace postrider::mail {

enum class TransferEncoding { identity, base64, quoted_printable };

struct Entity {
    std::string type;          // in lower case, without parameters; empty when it is not said
    bool is_multipart = false; // and `boundary` is not empty
    bool is_message = false;   // message/rfc822 and its kin
    std::string boundary;
    TransferEncoding encoding = TransferEncoding::identity;
    std::string_view body;
};

/// Lines end with CRLF or LF. The header ends at an empty line or before a line that is no field.
Entity parse_entity(std::string_view text);

/// Whether the body of a multipart or a message shows its structure as it stands. The standards
/// forbid to encode either, some gateways do it all the same, and some only say so.
bool is_readable_container(const Entity &entity);

/// The body, decoded as a whole.
Bytes decoded_body(const Entity &entity);

/// Calls `visit` for what stands before, between and after the delimiter lines of a multipart body,
/// preamble and epilogue too. False when there is no delimiter line; then `visit` is not called.
bool for_each_part(std::string_view body,
                   std::string_view boundary,
                   const std::function<void(std::string_view)> &visit);

} // namespace postrider::mail
