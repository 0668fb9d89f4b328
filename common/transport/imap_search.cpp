// Numbers behind SEARCH; names and values behind ESEARCH, of which a value begins with a digit.
#include "common/transport/imap_search.hpp"

#include "common/base/limits.hpp"

namespace postrider::transport::imap {

Result<std::optional<Response>> SearchReader::take(const Token &token, std::size_t depth) {
    if (token.kind == Token::Kind::line_end) {
        return std::optional<Response>(std::move(part_));
    }
    // Lists, as (TAG "P4") and (MODSEQ 917), say nothing of what was found.
    if (token.kind != Token::Kind::atom || depth > 0) {
        return std::optional<Response>{};
    }
    if (auto taken = is_extended_ ? take_extended(token.text) : take_found(token.text); !taken) {
        return taken.error();
    }
    if (part_.ranges.size() < limits::imap_found_at_once_max) {
        return std::optional<Response>{};
    }
    FoundPart full;
    std::swap(full, part_);
    return std::optional<Response>(std::move(full));
}

Result<void> SearchReader::take_found(std::string_view text) {
    const auto range = parse_range(text);
    if (!range || (!is_extended_ && range->first != range->last)) {
        return Error{Errc::malformed, "could not read the IMAP server's answer to a SEARCH: "
                                      "something that is no number"};
    }
    const bool continues = !part_.ranges.empty() && part_.ranges.back().last != UINT32_MAX &&
                           part_.ranges.back().last + 1 == range->first;
    if (continues) {
        part_.ranges.back().last = range->last;
    } else {
        part_.ranges.push_back(*range);
    }
    return {};
}

Result<void> SearchReader::take_extended(std::string_view text) {
    const bool is_name = !text.empty() && (text.front() < '0' || text.front() > '9');
    if (is_name) {
        is_wanted_ = equal_without_case(text, "ALL") || equal_without_case(text, "MAX");
        return {};
    }
    return is_wanted_ ? take_found(text) : Result<void>{};
}

} // namespace postrider::transport::imap
