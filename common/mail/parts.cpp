// The arithmetic of splitting. Nearly equal slices, because a last part of a few bytes would cost a
// whole mail with all its wraps.
#include "common/mail/parts.hpp"

#include <algorithm>
#include <string>

#include "common/base/limits.hpp"

namespace postrider::mail {

namespace {

// docs/protocol.md, "Envelope": prologue, stamp and wrap of each recipient, head box of a split
// part.
constexpr std::size_t prologue_bytes = 80;
constexpr std::size_t recipient_bytes = 64;
constexpr std::size_t split_head_bytes = 152;

} // namespace

Result<std::vector<Slice>> cut_body(std::uint64_t body_bytes, std::size_t slice_bytes_max) {
    if (body_bytes > limits::body_bytes_max) {
        return Error{Errc::too_large, "body of " + std::to_string(body_bytes) +
                                          " bytes is larger than a body may be"};
    }
    if (body_bytes == 0) {
        return Error{Errc::malformed, "body is empty"};
    }
    if (slice_bytes_max == 0) {
        return Error{Errc::refused, "the size limit of the path leaves no room for a body"};
    }
    const std::uint64_t count = 1 + (body_bytes - 1) / slice_bytes_max;
    if (count > limits::body_ranges_max) {
        return Error{Errc::too_large,
                     "body of " + std::to_string(body_bytes) + " bytes would need " +
                         std::to_string(count) + " parts",
                     "A body travels in at most " + std::to_string(limits::body_ranges_max) +
                         " parts.",
                     "Raise the size limit of the path."};
    }
    const std::uint64_t size = body_bytes / count;
    const std::uint64_t one_longer = body_bytes % count;
    std::vector<Slice> slices;
    slices.reserve(static_cast<std::size_t>(count));
    std::uint64_t offset = 0;
    for (std::uint64_t index = 0; index < count; ++index) {
        const std::uint64_t this_size = size + (index < one_longer ? 1 : 0);
        slices.push_back({offset, static_cast<std::size_t>(this_size)});
        offset += this_size;
    }
    return slices;
}

std::size_t envelope_bytes_around(std::size_t recipients) {
    return prologue_bytes + recipients * recipient_bytes + split_head_bytes;
}

std::size_t
slice_bytes_max_for(std::size_t mail_bytes, std::size_t recipients, Container container) {
    const std::size_t around = envelope_bytes_around(recipients);
    const std::size_t envelope = envelope_bytes_max_for(mail_bytes, container);
    return envelope <= around ? 0 : std::min(envelope - around, limits::part_body_bytes_max);
}

} // namespace postrider::mail
