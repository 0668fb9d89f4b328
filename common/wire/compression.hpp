// zstd and zlib around whole frames: the output size is known beforehand and exact.
#pragma once

#include <cstdint>

#include "common/base/bytes.hpp"

namespace postrider::wire {

/// The numbers are those of the wire; never renumber.
enum class Compression : std::uint8_t {
    none = 0,
    zstd = 1,
    zlib = 2,
};

struct CompressionOptions {
    Compression method = Compression::zstd;
    int level = 0;         // of zstd; 0: chosen by the size of the input
    ByteView history = {}; // raw bytes that the other side has too; only zstd uses it
};

/// One zstd frame, one zlib stream, or the bytes as they are.
Bytes compress(ByteView raw, const CompressionOptions &options);

/// Exactly `raw_size` bytes, at least one, or an error (malformed): nothing after the frame, no
/// second or skippable frame, no window beyond limits::zstd_window_log_max. The caller has checked
/// `raw_size` against its limit.
Result<Bytes> decompress(ByteView compressed, std::size_t raw_size, const CompressionOptions &how);

} // namespace postrider::wire
