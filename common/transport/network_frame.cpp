// Lengths are checked before anything is waited for.
#include "common/transport/network_frame.hpp"

#include <sodium.h>

#include "common/base/ensure.hpp"
#include "common/base/limits.hpp"

namespace postrider::transport {

namespace {

constexpr std::size_t length_bytes = 4;

} // namespace

Bytes to_bytes(const Frame &frame) {
    ensure(frame.content.size() < limits::network_frame_bytes_max, "a message fits into a frame");
    ByteWriter out;
    out.reserve(length_bytes + 1 + frame.content.size());
    out.u32(static_cast<std::uint32_t>(frame.content.size() + 1));
    out.u8(frame.kind);
    out.raw(frame.content);
    return std::move(out).take();
}

void FrameReader::add(ByteView bytes) {
    if (read_ == buffer_.size()) {
        buffer_.clear();
        read_ = 0;
    }
    buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
}

Result<std::optional<Frame>> FrameReader::next() {
    ByteReader reader{ByteView{buffer_}.subspan(read_)};
    if (reader.remaining() < length_bytes) {
        return std::optional<Frame>{};
    }
    const std::size_t length = reader.u32();
    if (length == 0) {
        return Error{Errc::malformed,
                     "a message between the network process and its host is empty"};
    }
    if (length > limits::network_frame_bytes_max) {
        return Error{Errc::too_large, "a message between the network process and its host has " +
                                          std::to_string(length) + " bytes"};
    }
    if (reader.remaining() < length) {
        if (read_ > 0) { // what was given need not be kept while the rest of a large one comes
            buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(read_));
            read_ = 0;
        }
        return std::optional<Frame>{};
    }
    Frame frame;
    frame.kind = reader.u8();
    const ByteView content = reader.raw(length - 1);
    frame.content.assign(content.begin(), content.end());
    sodium_memzero(buffer_.data() + read_, length_bytes + length); // it may have been a secret
    read_ += length_bytes + length;
    return std::optional{std::move(frame)};
}

} // namespace postrider::transport
