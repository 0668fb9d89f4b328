// Batch bodies: round trips, padding, damage, and compression that promises too much.
#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include "common/wire/batch.hpp"
#include "common/wire/changeset_format.hpp"

#include "tests/support/random_changeset.hpp"
#include "tests/support/sample_batch.hpp"

namespace postrider::wire {
namespace {

std::vector<Frame> sample_frames() {
    return encode_changeset(test::RandomChangeset(11).next(20));
}

std::vector<std::string> tables_in(std::span<const Frame> frames) {
    std::vector<std::string> tables;
    for (const Frame &frame : frames) {
        if (frame.kind == FrameKind::changes) {
            tables.push_back(frame.table);
        }
    }
    return tables;
}

/// The sample header, whose history holds nothing of these frames' tables.
BatchHeader sample_header_of(std::span<const Frame> frames) {
    BatchHeader header = test::sample_header();
    header.history->name = history_name(tables_in(frames), {});
    return header;
}

TEST(Batch, ComesBackEqualUnderEveryCompression) {
    for (const Compression method : {Compression::none, Compression::zstd, Compression::zlib}) {
        const std::vector<Frame> frames = sample_frames();
        BatchHeader header = sample_header_of(frames);
        header.compression = method;
        const Result<Batch> batch = decode_body(*encode_body(header, frames));
        ASSERT_TRUE(batch.has_value()) << batch.error().message;
        EXPECT_EQ(batch->header, header);
        EXPECT_EQ(batch->frames, frames);
    }
}

TEST(Batch, AnEmptyHeaderComesBackEqual) {
    const Result<Batch> batch = decode_body(*encode_body({}, {}));
    ASSERT_TRUE(batch.has_value());
    EXPECT_EQ(batch->header, BatchHeader{});
    EXPECT_TRUE(batch->frames.empty());
}

TEST(Batch, TheHeaderCanBeReadAlone) {
    const Bytes body = *encode_body(test::sample_header(), sample_frames());
    EXPECT_EQ(*decode_body_header(body), sample_header_of(sample_frames()));
}

TEST(Batch, EachTruncationWithinTheContentIsAnError) {
    const Bytes body = *encode_body(test::sample_header(), sample_frames(), {.padding = {1}});
    for (std::size_t size = 0; size < body.size(); ++size) {
        ASSERT_FALSE(decode_body(ByteView(body).first(size)).has_value()) << size;
    }
}

TEST(Batch, EachFlippedBitIsAnErrorOrAnotherBatch) {
    const Bytes body = *encode_body(test::sample_header(), sample_frames());
    const Batch batch = *decode_body(body);
    for (std::size_t bit = 0; bit < body.size() * 8; ++bit) {
        Bytes damaged = body;
        damaged[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
        const Result<Batch> decoded = decode_body(damaged);
        if (decoded) {
            // A flip that is not noticed would be a second spelling, unless zstd ignores the bit.
            EXPECT_TRUE(decoded->header != batch.header || decoded->frames != batch.frames ||
                        decoded->header.compression == Compression::zstd);
        }
    }
}

TEST(Batch, PaddingIsZeroAndNothingElse) {
    Bytes body = *encode_body({}, {});
    EXPECT_EQ(body.size(), 256U);
    body.back() = 1;
    EXPECT_FALSE(decode_body(body).has_value());
}

TEST(Batch, PadsByPadme) {
    EXPECT_EQ(padded_size(1, {}), 256U);
    EXPECT_EQ(padded_size(256, {}), 256U);
    EXPECT_EQ(padded_size(257, {}), 272U);
    EXPECT_EQ(padded_size(1000, {}), 1024U);
    EXPECT_EQ(padded_size(1'000'000, {}), 1'015'808U);
    EXPECT_EQ(padded_size(5000, {.step = 4096}), 8192U);
}

TEST(Batch, HoldsRawBytesRowsAndCellBytesToTheirLimits) {
    const std::vector<Frame> frames = sample_frames();
    BodyLimits limits{0, 0, 0};
    for (const Frame &frame : frames) {
        limits.raw_bytes_max += frame.raw.size();
        limits.rows_max += frame.rows;
        limits.cell_bytes_max += frame.cell_bytes;
    }
    const Bytes body = *encode_body({}, frames);
    EXPECT_TRUE(decode_body(body, limits).has_value());
    for (std::uint64_t BodyLimits::*limit :
         {&BodyLimits::raw_bytes_max, &BodyLimits::rows_max, &BodyLimits::cell_bytes_max}) {
        BodyLimits less = limits;
        --(less.*limit);
        const Result<Batch> out = decode_body(body, less);
        ASSERT_FALSE(out.has_value());
        EXPECT_EQ(out.error().code, Errc::too_large);
    }
}

TEST(Batch, HoldsTheHeaderToItsLimit) {
    BatchHeader header;
    for (std::uint64_t number = 0; number < limits::batch_origins_max; ++number) {
        header.origins[{test::filled<16>(1), number}] = ~std::uint64_t{0};
    }
    EXPECT_TRUE(encode_body(header, {}).has_value());
    Bytes body(4);
    body[1] = 1; // 65,536
    body.resize(4 + limits::batch_header_bytes_max);
    EXPECT_EQ(decode_body(body).error().code, Errc::malformed);
    body[3] = 1; // 65,537
    body.push_back(0);
    EXPECT_EQ(decode_body(body).error().code, Errc::too_large);
}

TEST(Batch, RefusesMoreOriginsThanAllowed) {
    BatchHeader header;
    for (std::uint64_t number = 0; number <= limits::batch_origins_max; ++number) {
        header.origins[{test::filled<16>(1), number}] = 1;
    }
    const Result<Batch> out = decode_body(*encode_body(header, {}));
    ASSERT_FALSE(out.has_value());
    EXPECT_EQ(out.error().code, Errc::too_large);
}

const Bytes &raw_sample() {
    static const Bytes raw(5000, 'a');
    return raw;
}

Bytes concatenated(ByteView first, ByteView second) {
    Bytes out(first.begin(), first.end());
    out.insert(out.end(), second.begin(), second.end());
    return out;
}

TEST(Compression, GivesExactlyTheDeclaredSize) {
    for (const Compression method : {Compression::none, Compression::zstd, Compression::zlib}) {
        const Bytes compressed = compress(raw_sample(), {.method = method});
        EXPECT_EQ(*decompress(compressed, 5000, {.method = method}), raw_sample());
        EXPECT_FALSE(decompress(compressed, 4999, {.method = method}).has_value());
        EXPECT_FALSE(decompress(compressed, 5001, {.method = method}).has_value());
        EXPECT_FALSE(decompress(compressed, 0, {.method = method}).has_value());
    }
}

TEST(Compression, RefusesASecondFrameAndTrailingBytes) {
    for (const Compression method : {Compression::zstd, Compression::zlib}) {
        const Bytes half = compress(ByteView(raw_sample()).first(2500), {.method = method});
        EXPECT_FALSE(decompress(concatenated(half, half), 5000, {.method = method}).has_value());
        EXPECT_FALSE(
            decompress(concatenated(half, Bytes{0}), 2500, {.method = method}).has_value());
    }
}

TEST(Compression, RefusesSkippableFrames) {
    const Bytes skippable = {0x50, 0x2a, 0x4d, 0x18, 1, 0, 0, 0, 7};
    const Bytes frame = compress(raw_sample(), {});
    EXPECT_FALSE(decompress(concatenated(skippable, frame), 5000, {}).has_value());
    EXPECT_FALSE(decompress(concatenated(frame, skippable), 5000, {}).has_value());
    EXPECT_FALSE(decompress(skippable, 0, {}).has_value());
}

/// A frame whose header asks for this window, with a few bytes in it.
Bytes frame_with_window(int window_log) {
    ZSTD_CCtx *context = ZSTD_createCCtx();
    ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, window_log);
    ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 0);
    Bytes out(1000);
    ZSTD_inBuffer input{raw_sample().data(), 100, 0};
    ZSTD_outBuffer output{out.data(), out.size(), 0};
    // Two calls, so that the size is not known and the window is taken as it was set.
    ZSTD_compressStream2(context, &output, &input, ZSTD_e_flush);
    ZSTD_compressStream2(context, &output, &input, ZSTD_e_end);
    ZSTD_freeCCtx(context);
    out.resize(output.pos);
    return out;
}

TEST(Compression, HoldsTheWindowToItsLimit) {
    const int log = static_cast<int>(limits::zstd_window_log_max);
    EXPECT_TRUE(decompress(frame_with_window(log), 100, {}).has_value());
    EXPECT_FALSE(decompress(frame_with_window(log + 1), 100, {}).has_value());
}

TEST(Compression, StopsABombAtTheDeclaredSize) {
    const Bytes zeros(64 * limits::mib);
    for (const Compression method : {Compression::zstd, Compression::zlib}) {
        const Bytes bomb = compress(zeros, {.method = method, .level = 1});
        EXPECT_LT(bomb.size(), zeros.size() / 500);
        EXPECT_FALSE(decompress(bomb, 1000, {.method = method}).has_value());
    }
}

} // namespace
} // namespace postrider::wire
