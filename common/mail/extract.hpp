// Finds the envelopes in a mail, whatever gateways, lists and mail programs did to it: names, types
// and structure are hints, the magic and the lengths in the prologue are what counts. It does not
// judge who wrote an envelope; that is the stamp's and the signature's work.
//
// A mail from a server is looked at twice: the beginning, to learn whether it is for us, and then
// the whole, from a file that is mapped into memory.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "common/base/bytes.hpp"
#include "common/base/result.hpp"

namespace postrider::mail {

/// An envelope of which the end is not there (yet). Its prologue and head are enough to check a
/// stamp, that is: to know whether it is for us.
struct TruncatedEnvelope {
    Bytes beginning; // prologue, stamps, wraps and head box; no body
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

/// Never fails, never throws but for memory. Takes time linear in the mail, and memory for the
/// envelopes that it gives and some blocks of 64 KiB: decoding goes piece by piece. Only what
/// gateways encoded once more is decoded into memory: text that holds base64 (one part at a time),
/// and whole multiparts or messages (`limits::mime_encoded_depth_max` within each other). Other
/// bounds: `limits::mail_bytes_max`, `mime_depth_max`, `mime_parts_max`, `mail_envelopes_max`; what
/// lies beyond them is not looked at.
Extraction extract_envelopes(ByteView mail);

/// What the first `limits::mail_first_look_bytes` of a mail tell, or all of it where it is shorter.
struct FirstLook {
    /// Of every envelope that begins there, whole or not.
    std::vector<TruncatedEnvelope> beginnings;
    /// As in Extraction, where no envelope begins. A mail that has neither is not for us: the rest
    /// of it need not be fetched.
    std::optional<Error> problem;
};

/// Takes what it is given, at most `limits::mail_first_look_bytes` of it.
FirstLook look_at_beginning(ByteView first_bytes);

} // namespace postrider::mail
