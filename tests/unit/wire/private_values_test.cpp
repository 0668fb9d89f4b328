// Private frames: values out of the reach of compression.
#include <algorithm>

#include <gtest/gtest.h>

#include "common/wire/batch.hpp"
#include "common/wire/changeset_format.hpp"
#include "common/wire/envelope_body.hpp"

#include "tests/support/sample_batch.hpp"

namespace postrider::wire {
namespace {

Changeset visits(std::size_t rows = 3) {
    OneWayChanges changes;
    for (std::size_t row = 0; row < rows; ++row) {
        changes.changes[{static_cast<std::int64_t>(row)}] = {
            Operation::upsert, {{1}, {row % 3 == 2 ? Value{} : Value::text("cough")}}, {}};
    }
    changes.changes[{std::int64_t{-1}}] = {Operation::remove, {}, {}};
    Changeset out;
    out.tables["visit"] = {test::sample_schema(), changes};
    return out;
}

const PrivateColumns reasons{{"visit", {"reason"}}};

std::vector<Frame> frames() {
    return encode_changeset(visits(), {}, reasons);
}

bool holds(ByteView bytes, std::string_view text) {
    const std::string_view all{reinterpret_cast<const char *>(bytes.data()), bytes.size()};
    return all.find(text) != std::string_view::npos;
}

Errc refusal_of(const std::vector<Frame> &all) {
    const Result<Changeset> decoded = decode_changeset(all, {});
    return decoded ? Errc::internal : decoded.error().code;
}

TEST(PrivateValues, TravelInAFrameOfTheirOwnAndComeBack) {
    const std::vector<Frame> all = frames();
    ASSERT_EQ(all.size(), 3U);
    EXPECT_FALSE(holds(all[1].raw, "cough"));
    EXPECT_EQ(all[2].kind, FrameKind::private_values);
    EXPECT_TRUE(holds(all[2].raw, "cough"));
    const Result<Changeset> decoded = decode_changeset(all, {});
    ASSERT_TRUE(decoded.has_value()) << decoded.error().message;
    EXPECT_EQ(*decoded, visits());
}

TEST(PrivateValues, ArePaddedAndNeverCompressed) {
    EXPECT_EQ(frames()[2].raw.size(), padme(0));
    const std::vector<Frame> many = encode_changeset(visits(1000), {}, reasons);
    const std::size_t size = many[2].raw.size();
    EXPECT_EQ(size, padme(size));
    BatchHeader header = test::sample_header();
    header.history.reset();
    const Result<Bytes> body = encode_body(header, many);
    ASSERT_TRUE(body.has_value());
    EXPECT_GT(body->size(), size);
    const Result<Batch> batch = decode_body(*body);
    ASSERT_TRUE(batch.has_value()) << batch.error().message;
    EXPECT_EQ(*decode_changeset(batch->frames, {}), visits(1000));
}

/// A frame of control that is compressed, called private in the header.
TEST(PrivateValues, ThatAreCompressedAreRefused) {
    BatchHeader header = test::sample_header();
    header.history.reset();
    Frame frame{FrameKind::control, "", Bytes(1000), 0, 0};
    Bytes body = *encode_body(header, std::vector<Frame>{frame});
    ASSERT_TRUE(decode_body(body).has_value());
    const Bytes entry{0x86, 0x02, 0x60}; // [2, "", …
    const auto place = std::search(body.begin(), body.end(), entry.begin(), entry.end());
    ASSERT_NE(place, body.end());
    *(place + 1) = 0x03;
    EXPECT_EQ(decode_body(body).error().code, Errc::malformed);
}

TEST(PrivateValues, AreChargedForWhatTheyAre) {
    std::vector<Frame> all = frames();
    EXPECT_EQ(all[2].cell_bytes, 2 * Value::text("cough").cell_bytes() + Value{}.cell_bytes());
    for (const std::uint64_t other : {all[2].cell_bytes - 1, all[2].cell_bytes + 1}) {
        all[2].cell_bytes = other;
        EXPECT_NE(refusal_of(all), Errc::internal);
    }
    all = frames();
    all[2].rows = 1;
    EXPECT_EQ(refusal_of(all), Errc::malformed);
}

TEST(PrivateValues, FitTheChangesOfTheirTable) {
    const std::vector<Frame> all = frames();
    const std::vector<Frame> open = encode_changeset(visits());
    EXPECT_EQ(refusal_of({all[0], all[2], all[1]}), Errc::malformed);
    EXPECT_EQ(refusal_of({all[0], all[2]}), Errc::malformed);
    EXPECT_EQ(refusal_of({all[0], all[1], all[2], all[2]}), Errc::malformed);
    EXPECT_EQ(refusal_of({all[0], open[1], all[2]}), Errc::malformed) << "texts, not numbers";
    const std::vector<Frame> fewer = encode_changeset(visits(2), {}, reasons);
    EXPECT_EQ(refusal_of({all[0], fewer[1], all[2]}), Errc::malformed) << "a value is left over";
    EXPECT_EQ(refusal_of({all[0], all[1], fewer[2]}), Errc::malformed) << "a value is missing";
}

TEST(PrivateValues, NumbersNameEachValueOnce) {
    std::vector<Frame> all = frames();
    Changeset twice = visits();
    for (auto &[key, change] : std::get<OneWayChanges>(twice.tables.at("visit").changes).changes) {
        for (Value &value : change.new_values.values) {
            value = std::int64_t{1};
        }
    }
    EXPECT_EQ(refusal_of({all[0], encode_changeset(twice)[1], all[2]}), Errc::malformed);
}

TEST(PrivateValues, EachBitAndEachTruncationIsNoticedOrHarmless) {
    const std::vector<Frame> all = frames();
    for (std::size_t size = 0; size < all[2].raw.size(); ++size) {
        std::vector<Frame> cut = all;
        cut[2].raw.resize(size);
        EXPECT_NE(refusal_of(cut), Errc::internal) << size;
    }
    for (std::size_t bit = 0; bit < all[2].raw.size() * 8; ++bit) {
        std::vector<Frame> flipped = all;
        flipped[2].raw[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
        if (const Result<Changeset> decoded = decode_changeset(flipped, {})) {
            EXPECT_EQ(*decode_changeset(encode_changeset(*decoded, {}, reasons), {}), *decoded);
        }
    }
}

} // namespace
} // namespace postrider::wire
