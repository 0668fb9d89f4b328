// The grammar is the dot-atom of RFC 5321 alone: quoted local parts, address literals, comments and
// display names are legal mail but have never been needed by a mailbox for machines.
#include "common/mail/address.hpp"

#include <algorithm>
#include <string>

#include "common/base/limits.hpp"
#include "common/base/utf8.hpp"

namespace postrider::mail {

namespace {

constexpr std::size_t local_part_bytes_max = 64; // RFC 5321 section 4.5.3.1.1
constexpr std::size_t domain_label_bytes_max = 63;

bool is_letter_or_digit(char character) {
    return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
           (character >= '0' && character <= '9');
}

bool is_atom_character(char character) {
    constexpr std::string_view others = "!#$%&'*+-/=?^_`{|}~";
    return is_letter_or_digit(character) || others.find(character) != std::string_view::npos;
}

bool is_label_character(char character) {
    return is_letter_or_digit(character) || character == '-';
}

Error bad_address(std::string_view address, const char *reason) {
    return {Errc::malformed, "mail address \"" + printable(address) + "\" " + reason};
}

bool is_domain_label(std::string_view label) {
    return !label.empty() && label.size() <= domain_label_bytes_max &&
           std::all_of(label.begin(), label.end(), is_label_character) && label.front() != '-' &&
           label.back() != '-';
}

bool is_atom(std::string_view atom) {
    return !atom.empty() && std::all_of(atom.begin(), atom.end(), is_atom_character);
}

/// True when every piece between dots passes the test.
template <class Test>
bool all_between_dots(std::string_view text, Test test) {
    while (true) {
        const std::size_t dot = text.find('.');
        if (!test(text.substr(0, dot))) {
            return false;
        }
        if (dot == std::string_view::npos) {
            return true;
        }
        text.remove_prefix(dot + 1);
    }
}

} // namespace

Result<void> check_address(std::string_view address) {
    if (address.size() > limits::mail_address_bytes_max) {
        return Error{Errc::too_large, "mail address is longer than 254 bytes"};
    }
    const std::size_t at = address.rfind('@');
    if (at == std::string_view::npos) {
        return bad_address(address, "has no @");
    }
    const std::string_view local = address.substr(0, at);
    if (local.size() > local_part_bytes_max) {
        return bad_address(address, "has more than 64 bytes before the @");
    }
    if (!all_between_dots(local, is_atom)) {
        return bad_address(address, "has a part before the @ that is not letters, digits and "
                                    "!#$%&'*+-/=?^_`{|}~ between single dots");
    }
    if (!all_between_dots(address.substr(at + 1), is_domain_label)) {
        return bad_address(address, "has a domain that is not letters, digits and inner hyphens "
                                    "between single dots");
    }
    return {};
}

std::string_view domain_of(std::string_view address) {
    return address.substr(address.rfind('@') + 1);
}

Result<void> check_subject_prefix(std::string_view prefix) {
    if (prefix.size() > limits::mail_subject_prefix_bytes_max) {
        return Error{Errc::too_large, "subject prefix is longer than 40 bytes"};
    }
    const bool is_printable = std::all_of(prefix.begin(), prefix.end(), [](char character) {
        return character >= ' ' && character <= '~';
    });
    if (!is_printable) {
        return Error{Errc::malformed,
                     "subject prefix holds something else than printable ASCII characters"};
    }
    if (!prefix.empty() && (prefix.front() == ' ' || prefix.back() == ' ')) {
        return Error{Errc::malformed, "subject prefix begins or ends with a blank"};
    }
    return {};
}

} // namespace postrider::mail
