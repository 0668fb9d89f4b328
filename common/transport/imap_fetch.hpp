// One FETCH response (RFC 3501 7.4.2), attribute by attribute in whatever order they come. The text
// of the mail passes through; what was not asked for is skipped, however large.
#pragma once

#include <optional>

#include "common/transport/imap_responses.hpp"
#include "common/transport/imap_tokens.hpp"

namespace postrider::transport::imap {

class FetchReader {
  public:
    /// Takes the tokens behind "* n FETCH", each with the depth after it; `line_end` gives Fetched.
    Result<std::optional<Response>> take(const Token &token, std::size_t depth);

  private:
    enum class Place { before, name, section, value, after };
    enum class Attribute { other, uid, size, flags, received, header, body };

    using Step = Result<std::optional<Response>>;

    Step take_name(const Token &token);
    Step take_section(const Token &token);
    Step take_value(const Token &token, std::size_t depth);
    Step take_text(const Token &token);
    Result<void> take_atom(std::string_view atom);

    Place place_ = Place::before;
    Attribute attribute_ = Attribute::other;
    bool section_is_empty_ = false;
    std::string value_; // a short string that is being read
    Fetched fetched_;
};

} // namespace postrider::transport::imap
