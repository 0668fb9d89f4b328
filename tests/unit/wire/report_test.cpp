// Reports: round trip, damage, limits at n and n + 1.
#include <gtest/gtest.h>

#include "common/base/limits.hpp"
#include "common/wire/report.hpp"

#include "tests/support/sample_batch.hpp"

namespace postrider::wire {
namespace {

TEST(Report, ComesBackEqual) {
    const Report report = test::sample_report();
    EXPECT_EQ(*decode_report(encode_report(report)), report);
    EXPECT_EQ(*decode_report(encode_report({})), Report{});
}

TEST(Report, EachTruncationIsAnError) {
    const Bytes encoded = encode_report(test::sample_report());
    for (std::size_t size = 0; size < encoded.size(); ++size) {
        EXPECT_FALSE(decode_report(ByteView(encoded).first(size)).has_value());
    }
}

TEST(Report, EachFlippedBitIsAnErrorOrAnotherReport) {
    const Report report = test::sample_report();
    const Bytes encoded = encode_report(report);
    for (std::size_t bit = 0; bit < encoded.size() * 8; ++bit) {
        Bytes damaged = encoded;
        damaged[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
        const Result<Report> decoded = decode_report(damaged);
        if (decoded) {
            EXPECT_NE(*decoded, report);
            EXPECT_EQ(encode_report(*decoded), damaged); // one spelling
        }
    }
}

bool decodes(const Report &report) {
    return decode_report(encode_report(report)).has_value();
}

TEST(Report, HoldsNotesToTheirLimit) {
    Report report;
    for (std::uint64_t number = 1; number <= limits::report_notes_max; ++number) {
        report.notes.push_back({number, NoteKind::counts, 0, 0, 0, "", ""});
    }
    EXPECT_TRUE(decodes(report));
    report.notes.push_back({1000, NoteKind::counts, 0, 0, 0, "", ""});
    EXPECT_FALSE(decodes(report));
}

TEST(Report, HoldsStreamsToTheirLimit) {
    Report report;
    for (std::uint32_t stream = 0; stream < limits::report_streams_max; ++stream) {
        report.streams.push_back({stream, 0, 0, {}, {}, {}, false});
    }
    EXPECT_TRUE(decodes(report));
    report.streams.push_back({5000, 0, 0, {}, {}, {}, false});
    EXPECT_FALSE(decodes(report));
}

TEST(Report, HoldsRangesToTheirLimits) {
    Report report;
    report.streams.resize(1);
    for (std::uint64_t number = 1; number <= limits::window_numbers_max; ++number) {
        report.streams.front().stored.push_back({2 * number, 2 * number});
    }
    EXPECT_TRUE(decodes(report));
    report.streams.front().stored.push_back({1000, 1000});
    EXPECT_FALSE(decodes(report));

    Report parts;
    parts.streams.resize(1);
    parts.streams.front().missing.push_back({1, test::filled<32>(1), {}});
    std::vector<ByteRange> &ranges = parts.streams.front().missing.front().ranges;
    for (std::uint64_t range = 0; range < limits::body_ranges_max; ++range) {
        ranges.push_back({range * 10, 5});
    }
    EXPECT_TRUE(decodes(parts));
    ranges.push_back({limits::body_ranges_max * 10, 5});
    EXPECT_FALSE(decodes(parts));
}

TEST(Report, RefusesRangesOutOfOrder) {
    Report report = test::sample_report();
    std::swap(report.streams.front().stored.front(), report.streams.front().stored.back());
    EXPECT_FALSE(decodes(report));
    report = test::sample_report();
    report.streams.front().stored.front() = {40, 41}; // not beyond what is applied
    EXPECT_FALSE(decodes(report));
}

TEST(Report, CutsMessagesAndTakesControlCharactersOut) {
    Report report;
    report.notes.push_back(
        {1, NoteKind::error, 0, 0, 0, "internal", "\x1b[31m" + std::string(1000, 'x')});
    const Report decoded = *decode_report(encode_report(report));
    EXPECT_EQ(decoded.notes.front().message.size(), limits::note_message_bytes_max);
    EXPECT_EQ(decoded.notes.front().message.front(), '?');
}

} // namespace
} // namespace postrider::wire
