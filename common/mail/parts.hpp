// How a body is cut into the slices that travel as parts. Putting them together again is
// stream/ranges.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "common/base/result.hpp"
#include "common/mail/message.hpp"

namespace postrider::mail {

struct Slice {
    std::uint64_t offset = 0;
    std::size_t size = 0;

    friend bool operator==(const Slice &, const Slice &) = default;
};

/// Cuts `body_bytes` into as few slices as possible of at most `slice_bytes_max` each, nearly equal
/// in size. `malformed` for an empty body; `too_large` above `limits::body_bytes_max`, or when it
/// would take more than `limits::body_ranges_max` slices; `refused` for a maximum of 0.
Result<std::vector<Slice>> cut_body(std::uint64_t body_bytes, std::size_t slice_bytes_max);

/// What a part adds to its slice.
std::size_t envelope_bytes_around(std::size_t recipients);

/// The largest slice whose part, sealed for `recipients` recipients and put into a mail, stays
/// within `mail_bytes`; 0 when none does. At most `limits::part_body_bytes_max`.
std::size_t slice_bytes_max_for(std::size_t mail_bytes,
                                std::size_t recipients,
                                Container container = Container::mixed);

} // namespace postrider::mail
