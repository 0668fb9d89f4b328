// Bytes of an IMAP server to responses. Holds no more than a short response at a time, whatever the
// length of a list or a mail.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <variant>

#include "common/transport/imap_data.hpp"
#include "common/transport/imap_fetch.hpp"
#include "common/transport/imap_responses.hpp"
#include "common/transport/imap_search.hpp"
#include "common/transport/imap_tokens.hpp"

namespace postrider::transport::imap {

class ResponseReader {
  public:
    /// The next response, taking its bytes from the front of `rest`; nothing when there are too
    /// few. After an error nothing can be read.
    Result<std::optional<Response>> next(ByteView &rest);

    /// The bytes so far end within a literal: a mail is not complete.
    [[nodiscard]] bool is_in_literal() const { return tokens_.is_in_literal(); }

    /// The bytes so far end between two responses.
    [[nodiscard]] bool is_between_responses() const { return tokens_.is_between_responses(); }

  private:
    enum class Place { tag, condition, name, body };

    struct Skipper {};

    using Step = Result<std::optional<Response>>;

    Step take(const Token &token);
    Step take_tag(const Token &token);
    Step take_condition(const Token &token);
    Step take_name(const Token &token);
    Step take_body(const Token &token);
    Step take_status(const Token &token);

    TokenReader tokens_;
    Place place_ = Place::tag;
    std::string tag_;
    std::string word_; // OK or LIST
    std::optional<std::uint32_t> number_;
    std::optional<Status> status_; // read, its line not ended yet
    std::variant<Skipper, FetchReader, SearchReader, ItemGatherer> body_;
    std::deque<Response> ready_; // of a response that says several things
};

} // namespace postrider::transport::imap
