// Control messages: round trips, damage, limits.
#include <gtest/gtest.h>

#include "common/base/limits.hpp"
#include "common/wire/cbor.hpp"
#include "common/wire/control.hpp"

#include "tests/support/sample_batch.hpp"

namespace postrider::wire {
namespace {

TEST(Control, EveryMessageComesBackEqual) {
    for (const ControlMessage &message : test::sample_messages()) {
        const Frame frame = encode_control(message);
        EXPECT_EQ(frame.kind, FrameKind::control);
        const Result<ControlMessage> decoded = decode_control(frame.raw);
        ASSERT_TRUE(decoded.has_value()) << message.index();
        EXPECT_EQ(*decoded, message);
    }
}

TEST(Control, EachTruncationIsAnError) {
    for (const ControlMessage &message : test::sample_messages()) {
        const Bytes raw = encode_control(message).raw;
        for (std::size_t size = 0; size < raw.size(); ++size) {
            EXPECT_FALSE(decode_control(ByteView(raw).first(size)).has_value());
        }
    }
}

TEST(Control, EachFlippedBitIsAnErrorOrAnotherMessage) {
    for (const ControlMessage &message : test::sample_messages()) {
        const Bytes raw = encode_control(message).raw;
        for (std::size_t bit = 0; bit < raw.size() * 8; ++bit) {
            Bytes damaged = raw;
            damaged[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
            const Result<ControlMessage> decoded = decode_control(damaged);
            if (decoded) {
                EXPECT_NE(*decoded, message);
                EXPECT_EQ(encode_control(*decoded).raw, damaged); // one spelling
            }
        }
    }
}

TEST(Control, AMessageOfALaterVersionIsToldApart) {
    CborWriter out;
    out.array(2);
    out.unsigned_integer(12);
    out.null();
    const Result<ControlMessage> decoded = decode_control(out.view());
    ASSERT_FALSE(decoded.has_value());
    EXPECT_EQ(decoded.error().code, Errc::unsupported_version);
}

TEST(Control, HoldsTheTimeOfReportsToItsLimit) {
    EXPECT_TRUE(decode_control(encode_control(ReportEvery{limits::report_every_max}).raw));
    const Duration beyond = limits::report_every_max + std::chrono::seconds{1};
    EXPECT_FALSE(decode_control(encode_control(ReportEvery{beyond}).raw));
}

TEST(Control, HoldsTablesToTheirLimit) {
    TaskAccepted message;
    message.tables.resize(limits::control_items_max, "t");
    EXPECT_TRUE(decode_control(encode_control(message).raw).has_value());
    message.tables.emplace_back("t");
    EXPECT_FALSE(decode_control(encode_control(message).raw).has_value());
}

TEST(Control, HoldsTextsToTheirLimit) {
    TaskRefused message;
    message.reason = std::string(limits::control_text_bytes_max, 'r');
    EXPECT_TRUE(decode_control(encode_control(message).raw).has_value());
    message.reason += 'r';
    EXPECT_FALSE(decode_control(encode_control(message).raw).has_value());
}

TEST(Control, HoldsTheMessageToItsLimit) {
    const Bytes huge(limits::control_message_bytes_max + 1);
    EXPECT_EQ(decode_control(huge).error().code, Errc::too_large);
    EXPECT_EQ(decode_control(ByteView(huge).first(huge.size() - 1)).error().code, Errc::malformed);
}

TEST(Control, AnOfferNamesItsTablesOnce) {
    Offer offer = std::get<Offer>(test::sample_messages().front());
    offer.tables.front().wire_name = "other";
    EXPECT_FALSE(decode_control(encode_control(offer).raw).has_value());
}

} // namespace
} // namespace postrider::wire
