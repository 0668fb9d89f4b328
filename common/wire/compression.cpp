// libzstd and zlib, held to one frame of a known size.
#include "common/wire/compression.hpp"

#include <algorithm>
#include <bit>
#include <memory>
#include <new>

#include <zlib.h>
#include <zstd.h>

#include "common/base/limits.hpp"

namespace postrider::wire {

namespace {

// Higher levels cost time in proportion; mail costs more than a few milliseconds.
constexpr std::size_t small_bytes_max = 256 * limits::kib;
constexpr std::size_t middle_bytes_max = 2 * limits::mib;
constexpr int small_level = 19;
constexpr int middle_level = 15;
constexpr int large_level = 9;
constexpr int zlib_level = 9;
constexpr int window_log_min = 10;
constexpr std::size_t context_bytes_max = 1 * limits::mib;

using CompressionContext = std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)>;
using DecompressionContext = std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)>;

int level_for(std::size_t size) {
    if (size <= small_bytes_max) {
        return small_level;
    }
    return size <= middle_bytes_max ? middle_level : large_level;
}

Error malformed_frame() {
    return {Errc::malformed, "malformed compressed frame"};
}

void ensure_set(std::size_t outcome) {
    ensure(ZSTD_isError(outcome) == 0U, "zstd knows the parameters that we set");
}

Bytes compress_zstd(ByteView raw, const CompressionOptions &options) {
    const CompressionContext context(ZSTD_createCCtx(), &ZSTD_freeCCtx);
    if (!context) {
        throw std::bad_alloc();
    }
    const int level = options.level == 0 ? level_for(raw.size()) : options.level;
    ensure_set(ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, level));
    if (!options.history.empty()) {
        const std::size_t reach = options.history.size() + raw.size();
        const int window_log = std::clamp(static_cast<int>(std::bit_width(reach)), window_log_min,
                                          static_cast<int>(limits::zstd_window_log_max));
        ensure_set(ZSTD_CCtx_setParameter(context.get(), ZSTD_c_windowLog, window_log));
        ensure_set(
            ZSTD_CCtx_refPrefix(context.get(), options.history.data(), options.history.size()));
    }
    Bytes out(ZSTD_compressBound(raw.size()));
    const std::size_t size =
        ZSTD_compress2(context.get(), out.data(), out.size(), raw.data(), raw.size());
    ensure(ZSTD_isError(size) == 0U, "the bound that zstd gave holds");
    out.resize(size);
    return out;
}

Bytes compress_zlib(ByteView raw) {
    uLongf size = compressBound(raw.size());
    Bytes out(size);
    ensure(compress2(out.data(), &size, raw.data(), raw.size(), zlib_level) == Z_OK,
           "the bound that zlib gave holds");
    out.resize(size);
    return out;
}

/// Of this thread: to make one costs more than to decompress a few rows. One that has grown for a
/// frame that does not tell its size is not kept.
ZSTD_DCtx *decompression_context() {
    thread_local DecompressionContext context(nullptr, &ZSTD_freeDCtx);
    if (!context || ZSTD_sizeof_DCtx(context.get()) > context_bytes_max) {
        context.reset(ZSTD_createDCtx());
        if (!context) {
            throw std::bad_alloc();
        }
    }
    ensure_set(ZSTD_DCtx_reset(context.get(), ZSTD_reset_session_and_parameters));
    return context.get();
}

Result<Bytes> decompress_zstd(ByteView compressed, std::size_t raw_size, ByteView history) {
    ZSTD_DCtx *context = decompression_context();
    ensure_set(ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax,
                                      static_cast<int>(limits::zstd_window_log_max)));
    if (!history.empty()) {
        ensure_set(ZSTD_DCtx_refPrefix(context, history.data(), history.size()));
    }
    Bytes out(raw_size);
    ZSTD_outBuffer output{out.data(), out.size(), 0};
    ZSTD_inBuffer input{compressed.data(), compressed.size(), 0};
    std::size_t outcome = 0;
    bool progress = true;
    do {
        const std::size_t before = input.pos + output.pos;
        outcome = ZSTD_decompressStream(context, &output, &input);
        progress = input.pos + output.pos > before;
    } while (ZSTD_isError(outcome) == 0U && outcome != 0 && progress);
    // 0: a frame is complete and flushed; a second one would leave input over.
    if (outcome != 0 || input.pos != input.size || output.pos != raw_size) {
        return malformed_frame();
    }
    return out;
}

Result<Bytes> decompress_zlib(ByteView compressed, std::size_t raw_size) {
    Bytes out(raw_size);
    uLongf size = raw_size;
    uLong used = compressed.size();
    if (uncompress2(out.data(), &size, compressed.data(), &used) != Z_OK || size != raw_size ||
        used != compressed.size()) {
        return malformed_frame();
    }
    return out;
}

} // namespace

Bytes compress(ByteView raw, const CompressionOptions &options) {
    switch (options.method) {
    case Compression::zstd:
        return compress_zstd(raw, options);
    case Compression::zlib:
        return compress_zlib(raw);
    case Compression::none:
        break;
    }
    return {raw.begin(), raw.end()};
}

Result<Bytes> decompress(ByteView compressed, std::size_t raw_size, const CompressionOptions &how) {
    if (raw_size == 0) {
        return malformed_frame();
    }
    switch (how.method) {
    case Compression::zstd:
        return decompress_zstd(compressed, raw_size, how.history);
    case Compression::zlib:
        return decompress_zlib(compressed, raw_size);
    case Compression::none:
        break;
    }
    if (compressed.size() != raw_size) {
        return malformed_frame();
    }
    return Bytes(compressed.begin(), compressed.end());
}

} // namespace postrider::wire
