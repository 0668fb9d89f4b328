// Frames compressed with earlier ones: per table, named, bounded, and refused where they are not
// here.
#include <algorithm>
#include <random>

#include <gtest/gtest.h>

#include "common/base/limits.hpp"
#include "common/wire/batch.hpp"
#include "common/wire/integer_vector.hpp"

namespace postrider::wire {
namespace {

constexpr Padding no_padding{1};

Frame changes_of(const std::string &table, const std::string &text) {
    return {FrameKind::changes, table, Bytes(text.begin(), text.end()), 1, 64};
}

/// Bytes that nothing compresses.
std::string noise(std::uint64_t seed, std::size_t size) {
    std::mt19937_64 random(seed);
    std::string out;
    while (out.size() < size) {
        out += static_cast<char>(random() % 256);
    }
    return out;
}

BatchHeader header_with_history() {
    BatchHeader header;
    header.history = History{1, 2, {}};
    return header;
}

Bytes bytes_of(const std::string &text) {
    return {text.begin(), text.end()};
}

HistoryReader reader_of(const Prefixes &prefixes) {
    return [prefixes](const History &, const std::string &table) {
        const auto found = prefixes.find(table);
        return found == prefixes.end() ? Bytes{} : found->second;
    };
}

Bytes body_with(const std::vector<Frame> &frames, const Prefixes &prefixes) {
    return encode_body(header_with_history(), frames, {.history = prefixes, .padding = no_padding})
        .value();
}

TEST(History, MakesSmallWhatTheReceiverKnowsAndIsNeededToReadIt) {
    const std::string text = noise(1, 500);
    const std::vector<Frame> frames = {changes_of("visit", text)};
    const Prefixes past = {{"visit", bytes_of("before " + text)}};
    const Bytes body = body_with(frames, past);
    EXPECT_LT(body.size(), 300U);
    EXPECT_EQ(decode_body(body, {}, reader_of(past))->frames, frames);
    EXPECT_EQ(decode_body(body, {}, reader_of({})).error().code, Errc::gap);
    EXPECT_EQ(decode_body(body).error().code, Errc::gap);
}

TEST(History, OfAnotherPastIsNoticedBeforeAnythingIsDecompressed) {
    const std::vector<Frame> frames = {changes_of("visit", noise(1, 500))};
    const Bytes body = body_with(frames, {{"visit", bytes_of(noise(1, 500))}});
    const Prefixes other = {{"visit", bytes_of(noise(2, 500))}};
    EXPECT_EQ(decode_body(body, {}, reader_of(other)).error().code, Errc::gap);
    EXPECT_EQ(check_history(body, reader_of(other)).error().code, Errc::gap);
}

TEST(History, IsNeverSharedByTwoTables) {
    const std::string text = noise(3, 2000);
    const Bytes alone = body_with({changes_of("visit", text)}, {});
    const Bytes beside = body_with({changes_of("visit", text)}, {{"patient", bytes_of(text)}});
    EXPECT_EQ(beside.size(), alone.size());
    const Bytes same = body_with({changes_of("visit", text)}, {{"visit", bytes_of(text)}});
    EXPECT_LT(same.size(), alone.size() / 2);
}

TEST(History, IsNotUsedByFramesThatAreNotChanges) {
    const std::string text = noise(4, 2000);
    const std::vector<Frame> frames = {{FrameKind::control, {}, bytes_of(text), 0, 0},
                                       {FrameKind::schema, "visit", bytes_of(text), 0, 0}};
    const Prefixes past = {{"visit", bytes_of(text)}, {"", bytes_of(text)}};
    EXPECT_EQ(body_with(frames, past).size(), body_with(frames, {}).size());
}

TEST(History, IsLeftAsideWhereTheHeaderNamesNone) {
    const std::string text = noise(5, 2000);
    const std::vector<Frame> frames = {changes_of("visit", text)};
    const Prefixes past = {{"visit", bytes_of(text)}};
    const Bytes body = encode_body({}, frames, {.history = past, .padding = no_padding}).value();
    EXPECT_EQ(decode_body(body)->frames, frames);
    EXPECT_EQ(decode_body(body, {}, reader_of(past))->frames, frames);
}

TEST(History, TwoFramesOfOneTableCannotShareIt) {
    const std::vector<Frame> frames = {changes_of("visit", "one"), changes_of("visit", "two")};
    const Bytes body = body_with(frames, {});
    EXPECT_EQ(decode_body(body).error().code, Errc::malformed);
}

TEST(History, RefusesRangesThatMakeNoSense) {
    for (const auto &[floor, last] : {std::pair<std::uint64_t, std::uint64_t>{0, 0}, {3, 1}}) {
        BatchHeader header;
        header.history = History{floor, last, {}};
        EXPECT_EQ(decode_body(*encode_body(header, {})).error().code, Errc::malformed);
    }
    BatchHeader none;
    none.history = History{3, 2, {}};
    EXPECT_TRUE(decode_body(*encode_body(none, {})).has_value());
}

TEST(History, APrefixIsTheEndOfWhatIsKept) {
    constexpr std::size_t most = limits::history_table_bytes_max;
    const Bytes whole(most, 1);
    const Bytes longer(most + 1, 2);
    EXPECT_EQ(kept_of(whole).size(), most);
    EXPECT_EQ(kept_of(longer).size(), most);
    const std::vector<Bytes> kept = {whole, Bytes{7, 8}};
    const Bytes prefix = prefix_of_kept(kept);
    ASSERT_EQ(prefix.size(), most);
    EXPECT_EQ(prefix[most - 1], 8);
    EXPECT_EQ(prefix[most - 2], 7);
    EXPECT_EQ(prefix[0], 1);
    EXPECT_EQ(prefix_of_kept({}), Bytes{});
}

TEST(History, ItsNameTellsWhereAPrefixEnds) {
    const std::vector<std::string> tables = {"a", "b"};
    const Prefixes one = {{"a", {1, 2}}, {"b", {3}}};
    const Prefixes two = {{"a", {1}}, {"b", {2, 3}}};
    EXPECT_NE(history_name(tables, one), history_name(tables, two));
    EXPECT_EQ(history_name(tables, one), history_name(tables, one));
}

TEST(History, DoesNotLiftTheLimitsOfADecompressedFrame) {
    const std::string text(5000, 'a');
    const Prefixes past = {{"visit", bytes_of(text)}};
    const Bytes body = body_with({changes_of("visit", text)}, past);
    EXPECT_TRUE(decode_body(body, {.raw_bytes_max = 5000}, reader_of(past)).has_value());
    EXPECT_EQ(decode_body(body, {.raw_bytes_max = 4999}, reader_of(past)).error().code,
              Errc::too_large);
    for (std::size_t size = 0; size < body.size(); ++size) {
        ASSERT_FALSE(decode_body(ByteView(body).first(size), {}, reader_of(past)).has_value());
    }
}

TEST(History, FindsSingleWideValuesThatCameInAnotherOrder) {
    std::mt19937_64 random(6);
    std::vector<std::uint64_t> values(10);
    for (std::uint64_t &value : values) {
        value = random();
    }
    const SizeEstimate size_of;
    CborWriter before;
    encode_integers(before, values, size_of);
    std::reverse(values.begin(), values.end());
    std::swap(values[2], values[5]);
    CborWriter now;
    encode_integers(now, values, size_of);
    EXPECT_LT(compress(now.view(), {.history = before.view()}).size(), now.size() * 7 / 10);
    CborReader in(now.view());
    EXPECT_EQ(decode_integers(in, values.size()), values);
    EXPECT_TRUE(in.at_end());
}

} // namespace
} // namespace postrider::wire
