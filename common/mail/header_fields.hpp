// Header fields (RFC 5322 section 2.2) as they arrive: folded, badly folded, cut. The same form is
// used by mails, by their parts, and by the groups of a delivery status (RFC 3464). Lenient: it
// reads what is there and never fails.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace postrider::mail {

/// Takes the first line off `rest`, without its line end (CRLF or LF).
std::string_view take_line(std::string_view &rest);

/// Without blanks at both ends.
std::string_view trimmed(std::string_view text);

/// ASCII letters only; others stay as they are.
std::string in_lower_case(std::string_view text);
bool equal_ignoring_case(std::string_view left, std::string_view right);

/// The text begins with a header field.
bool begins_with_field(std::string_view text);

/// Calls `visit` with the name and the unfolded value (at most 8192 bytes of it) of each field. The
/// header ends at an empty line or before a line that is no field; gives what follows.
std::string_view
for_each_field(std::string_view text,
               const std::function<void(std::string_view name, std::string_view value)> &visit);

/// What a structured value says before its parameters: "text/plain" of `text/plain; charset=x`.
std::string_view without_parameters(std::string_view value);

/// A parameter of a structured value (RFC 2045 section 5.1); empty when there is none. Quoted
/// strings before it may hold semicolons.
std::string parameter_of(std::string_view value, std::string_view name);

} // namespace postrider::mail
