// Decodes the envelope of a mail while the mail comes, for mails as message.hpp writes them: lines
// of base64 that begin with the magic. It keeps some kilobytes, however large the mail is. A mail
// that anything was done to on its way, or that holds several envelopes, is not whole here: that is
// for extract.hpp, which wants all of it at once.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "common/base/bytes.hpp"
#include "common/mail/transfer_encoding.hpp"

namespace postrider::mail {

class EnvelopeStream {
  public:
    /// Takes the next bytes of the mail and adds what they tell of the envelope to `out`: nothing
    /// before the prologue is there, then that at once.
    void feed(ByteView piece, Bytes &out);
    /// The mail ends here.
    void finish(Bytes &out);

    /// Of the envelope, as its prologue says; 0 before anything was given.
    [[nodiscard]] std::size_t envelope_bytes() const { return envelope_bytes_; }

    /// One envelope was given from its beginning to its end, and nothing else seems to be there.
    /// Holds from `finish` on.
    [[nodiscard]] bool is_whole() const {
        return !is_odd_ && envelope_bytes_ != 0 && given_bytes_ == envelope_bytes_;
    }

  private:
    void take(std::string_view lines, Bytes &out);
    std::string_view skip_to_run(std::string_view lines);
    void take_decoded(std::size_t had_bytes, Bytes &out);
    void look_at_prologue(Bytes &out);

    Base64Decoder decoder_;
    std::string line_; // begun, not ended yet
    Bytes begun_;      // decoded, up to the end of the prologue
    std::size_t envelope_bytes_ = 0;
    std::size_t given_bytes_ = 0;
    bool is_running_ = false; // the lines of an envelope
    bool is_odd_ = false;
};

} // namespace postrider::mail
