// Looks for envelopes in decoded bytes that come piece by piece, and keeps what was found.
#pragma once

#include "common/mail/extract.hpp"

namespace postrider::mail {

/// What has been found in a mail so far.
class Findings {
  public:
    [[nodiscard]] std::size_t envelope_count() const { return extraction_.envelopes.size(); }

    /// Equal ones once, at most `limits::mail_envelopes_max`.
    void keep(Bytes envelope);
    void keep_truncated(TruncatedEnvelope envelope);
    /// The first problem is the one that is told.
    void note(Error problem);

    [[nodiscard]] Extraction take() &&;

  private:
    Extraction extraction_;
    std::optional<Error> problem_;
};

class EnvelopeFinder {
  public:
    /// At most `bytes_max` bytes will come: nothing is reserved beyond that.
    EnvelopeFinder(Findings &findings, std::size_t bytes_max)
        : findings_(findings), bytes_max_(bytes_max) {}

    void feed(ByteView piece);
    /// No more will come.
    void finish();

    /// All bytes are here.
    static void search(ByteView bytes, Findings &findings);

  private:
    std::size_t search_what_is_here(ByteView bytes);
    std::size_t look_at_prologue(ByteView bytes);

    Findings &findings_;
    std::size_t bytes_max_;
    bool is_last_ = false;
    /// Where `declared_bytes_` is not 0, an envelope up to where it is here; else what may be the
    /// beginning of one, less than the longest prologue.
    Bytes begun_;
    std::size_t declared_bytes_ = 0;
};

} // namespace postrider::mail
