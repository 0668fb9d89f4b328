// One SEARCH (RFC 3501 7.2.5) or ESEARCH (RFC 4731) response of any length, handed on in parts.
#pragma once

#include <optional>

#include "common/transport/imap_responses.hpp"
#include "common/transport/imap_tokens.hpp"

namespace postrider::transport::imap {

class SearchReader {
  public:
    explicit SearchReader(bool is_extended) : is_extended_(is_extended) {}

    /// Takes the tokens behind "* SEARCH" or "* ESEARCH", each with the depth after it; gives a
    /// part whenever one is full, and what is left, maybe nothing, with `line_end`.
    Result<std::optional<Response>> take(const Token &token, std::size_t depth);

  private:
    Result<void> take_found(std::string_view text);
    Result<void> take_extended(std::string_view text);

    bool is_extended_;
    bool is_wanted_ = false; // the values that come are those of ALL or MAX
    FoundPart part_;
};

} // namespace postrider::transport::imap
