// Finds the envelopes in a mail, whatever gateways, lists and mail programs did to it: names, types
// and structure are hints, the magic and the lengths in the prologue are what counts. It does not
// judge who wrote an envelope; that is the stamp's and the signature's work.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "common/base/bytes.hpp"
#include "common/base/result.hpp"

namespace postrider::mail {

/// An envelope whose end is missing. Its prologue and head are enough to check a stamp, that is: to
/// know whether it was for us.
struct TruncatedEnvelope {
    Bytes beginning; // prologue, stamps, wraps and head box where they are there; no body
    std::size_t declared_bytes = 0;
    std::size_t present_bytes = 0;
    /// `malformed`: "envelope is truncated: 58549 of 60000 bytes are there".
    [[nodiscard]] Error reason() const;
};

struct Extraction {
    /// Whole envelopes in the order in which they were found, each exactly as long as its prologue
    /// says, equal ones once.
    std::vector<Bytes> envelopes;
    std::vector<TruncatedEnvelope> truncated;
    /// Set when `envelopes` is empty although the mail bears traces of one: `malformed` (truncated,
    /// or damaged by a change of line ends, by removed NULs or by a strange prologue), `too_large`
    /// (the mail, or its nesting), `unsupported_version`. Neither envelopes nor a problem: somebody
    /// else's mail, or one whose attachment was stripped.
    std::optional<Error> problem;
};

/// Never fails, never throws but for memory. Takes time linear in the mail and memory for at most
/// four copies of it. Bounds: `limits::mail_bytes_max`, `mime_depth_max`, `mime_parts_max`,
/// `mail_envelopes_max`; what lies beyond them is not looked at.
Extraction extract_envelopes(ByteView mail);

} // namespace postrider::mail
