// The attributes of a FETCH response.
#include "common/transport/imap_fetch.hpp"

#include <algorithm>

#include "common/base/limits.hpp"

namespace postrider::transport::imap {

namespace {

constexpr std::size_t internal_date_bytes_max = 64;

Error broken_fetch(std::string_view what) {
    return Error{Errc::malformed,
                 "could not read the IMAP server's answer to a FETCH: " + std::string(what)};
}

std::size_t kept_bytes_max(bool is_header) {
    return is_header ? limits::imap_header_bytes_max : internal_date_bytes_max;
}

} // namespace

FetchReader::Step FetchReader::take(const Token &token, std::size_t depth) {
    switch (place_) {
    case Place::before:
        if (token.kind != Token::Kind::list_open) {
            return broken_fetch("no list of attributes");
        }
        place_ = Place::name;
        return std::optional<Response>{};
    case Place::name:
        return take_name(token);
    case Place::section:
        return take_section(token);
    case Place::value:
        return take_value(token, depth);
    case Place::after:
        if (token.kind != Token::Kind::line_end) {
            return broken_fetch("something behind the list of attributes");
        }
        return std::optional<Response>(std::move(fetched_));
    }
    return broken_fetch("no place");
}

FetchReader::Step FetchReader::take_name(const Token &token) {
    place_ = Place::value;
    attribute_ = Attribute::other;
    value_.clear();
    if (token.kind == Token::Kind::list_close) {
        place_ = Place::after;
    } else if (token.kind == Token::Kind::section_open) {
        place_ = Place::section;
        section_is_empty_ = true;
    } else if (token.kind != Token::Kind::atom) {
        return broken_fetch("an attribute without a name");
    } else if (equal_without_case(token.text, "UID")) {
        attribute_ = Attribute::uid;
    } else if (equal_without_case(token.text, "RFC822.SIZE")) {
        attribute_ = Attribute::size;
    } else if (equal_without_case(token.text, "FLAGS")) {
        attribute_ = Attribute::flags;
    } else if (equal_without_case(token.text, "INTERNALDATE")) {
        attribute_ = Attribute::received;
    }
    return std::optional<Response>{};
}

/// "BODY[]" is the mail, "BODY[HEADER.FIELDS (…)]" its header fields; other sections are skipped.
FetchReader::Step FetchReader::take_section(const Token &token) {
    if (token.kind == Token::Kind::section_close) {
        place_ = Place::value;
        attribute_ = section_is_empty_ ? Attribute::body : attribute_;
    } else if (section_is_empty_) {
        section_is_empty_ = false;
        const bool is_header =
            token.kind == Token::Kind::atom && equal_without_case(token.text, "HEADER.FIELDS");
        attribute_ = is_header ? Attribute::header : Attribute::other;
    }
    return std::optional<Response>{};
}

FetchReader::Step FetchReader::take_value(const Token &token, std::size_t depth) {
    switch (token.kind) {
    case Token::Kind::atom:
        if (depth > 1) {
            fetched_.is_seen |=
                attribute_ == Attribute::flags && equal_without_case(token.text, "\\Seen");
            fetched_.is_deleted |=
                attribute_ == Attribute::flags && equal_without_case(token.text, "\\Deleted");
            return std::optional<Response>{};
        }
        // "BODY[]<0>": where the text begins; the value is still to come.
        if (token.text.starts_with('<')) {
            return std::optional<Response>{};
        }
        place_ = Place::name;
        if (auto taken = take_atom(token.text); !taken) {
            return taken.error();
        }
        return std::optional<Response>{};
    case Token::Kind::list_open:
        return std::optional<Response>{};
    case Token::Kind::list_close:
        if (depth == 0) {
            return broken_fetch("an attribute without a value");
        }
        place_ = depth == 1 ? Place::name : Place::value;
        return std::optional<Response>{};
    case Token::Kind::string_begin:
    case Token::Kind::string_piece:
    case Token::Kind::string_end:
        if (depth > 1) {
            return std::optional<Response>{};
        }
        return take_text(token);
    default:
        return broken_fetch("an attribute without a value");
    }
}

FetchReader::Step FetchReader::take_text(const Token &token) {
    const bool is_header = attribute_ == Attribute::header;
    const bool is_body = attribute_ == Attribute::body;
    if (token.kind == Token::Kind::string_begin) {
        if (!is_body) {
            return std::optional<Response>{};
        }
        if (fetched_.body_bytes) {
            return broken_fetch("the text of a mail comes twice");
        }
        fetched_.body_bytes = token.size;
        return std::optional<Response>(BodyBegin{token.size});
    }
    if (token.kind == Token::Kind::string_piece) {
        if (is_body) {
            return std::optional<Response>(BodyBytes{token.bytes});
        }
        if (is_header || attribute_ == Attribute::received) {
            const std::size_t room = kept_bytes_max(is_header) - value_.size();
            const std::size_t size = std::min(room, token.bytes.size());
            value_ += as_text(token.bytes.first(size));
            fetched_.header_is_cut |= is_header && size < token.bytes.size();
        }
        return std::optional<Response>{};
    }
    place_ = Place::name;
    if (is_header) {
        fetched_.header = std::move(value_);
    } else if (attribute_ == Attribute::received) {
        fetched_.received = parse_internal_date(value_);
    }
    return std::optional<Response>{};
}

Result<void> FetchReader::take_atom(std::string_view atom) {
    if (attribute_ == Attribute::uid) {
        const auto uid = parse_number(atom);
        if (!uid || *uid == 0) {
            return broken_fetch("a UID that is no number");
        }
        fetched_.uid = *uid;
    } else if (attribute_ == Attribute::size) {
        const auto size = parse_number64(atom);
        if (!size) {
            return broken_fetch("a size that is no number");
        }
        fetched_.size = *size;
    } else if (attribute_ == Attribute::header) {
        fetched_.header = ""; // NIL
    }
    return {};
}

} // namespace postrider::transport::imap
