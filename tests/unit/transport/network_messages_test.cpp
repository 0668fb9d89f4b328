// Frames and messages between the network process and its host.
#include <gtest/gtest.h>

#include "common/base/limits.hpp"
#include "common/transport/network_messages.hpp"

namespace postrider::transport {
namespace {

std::vector<NetworkRequest> every_request() {
    MailAccount account{"main",
                        "sync@example.org",
                        "imaps://mail.example",
                        "smtps://mail.example",
                        true,
                        false,
                        "sync",
                        LoginKind::certificate,
                        "[postrider]",
                        {FixedBytes<32>{1, 2}, FixedBytes<32>{3}},
                        {9, 8, 7}};
    return {Configure{{account, {}}},
            Secret{7, {Bytes{1, 2, 3}, Bytes{4}, Bytes{5, 6}, Bytes{7}}, {}},
            Secret{8, {}, {Errc::refused, "no password", "", "Write it."}},
            Submit{std::uint64_t{1} << 40,
                   "main",
                   {"a@x.example", "b@x.example"},
                   std::uint64_t{1} << 33,
                   Bytes(1000, 5),
                   true,
                   "subject",
                   mail::Container::armour},
            Settle{"main", "17:4", engine::Settlement::set_aside},
            LookNow{"main"},
            Ping{},
            EnvelopePiece{5, std::uint64_t{1} << 34, Bytes(1000, 6)},
            CheckMailbox{account, 90'000}};
}

std::vector<NetworkReport> every_report() {
    const Error error{Errc::refused, "message", "Detail.", "Hint."};
    return {Started{"0.1", "no Landlock"},
            SecretWanted{3, "main", true},
            MailArrived{"main", "1:2", Bytes(100, 1), 7},
            MailUnusable{"main", "1:3", error},
            Delivered{4, "a@x.example", false, error, 360, "name", true},
            Told{"main", 12, error},
            CursorMoved{"main", {1}},
            Doing{"main", "receive", "waits for mail"},
            Pong{},
            Looked{"main"},
            EnvelopeWanted{5, std::uint64_t{1} << 35, 77},
            EnvelopeArrives{"main", 1000, 10, Bytes(100, 2)},
            Receiving{"main", false, error},
            BounceArrived{"main",
                          "1:4",
                          {"name", "other"},
                          {{"a@x.example", mail::BounceReason::policy, "5.7.1", "no"}, {}}},
            InJunk{"main", {1, 2}},
            Filled{"main", 85},
            ServersFound{"main", "imaps://mail.example:993", "", "DNS names it"},
            CheckStep{"send", {}, error},
            Checked{}};
}

Frame frame_in(ByteView bytes) {
    FrameReader reader;
    reader.add(bytes);
    const Result<std::optional<Frame>> frame = reader.next();
    EXPECT_TRUE(frame && *frame);
    return frame && *frame ? **frame : Frame{};
}

TEST(NetworkMessages, ComeBackAsTheyWent) {
    for (const NetworkRequest &request : every_request()) {
        const Bytes bytes = to_bytes(request);
        const Result<NetworkRequest> back = request_of(frame_in(bytes));
        ASSERT_TRUE(back.has_value());
        EXPECT_EQ(back->index(), request.index());
        EXPECT_EQ(to_bytes(*back), bytes);
    }
    for (const NetworkReport &report : every_report()) {
        const Bytes bytes = to_bytes(report);
        const Result<NetworkReport> back = report_of(frame_in(bytes));
        ASSERT_TRUE(back.has_value());
        EXPECT_EQ(back->index(), report.index());
        EXPECT_EQ(to_bytes(*back), bytes);
    }
}

TEST(NetworkMessages, KeepWhatTheySay) {
    const Result<NetworkReport> back =
        report_of(frame_in(to_bytes(NetworkReport{every_report()[4]})));
    const auto &delivered = std::get<Delivered>(*back);
    EXPECT_EQ(delivered.ticket, 4U);
    EXPECT_EQ(delivered.recipient, "a@x.example");
    EXPECT_EQ(delivered.problem.code, Errc::refused);
    EXPECT_EQ(delivered.problem.hint, "Hint.");
    EXPECT_EQ(delivered.wait_seconds, 360U);
}

TEST(NetworkMessages, AreRefusedWhereTheyAreCutOrGoOn) {
    for (const NetworkRequest &request : every_request()) {
        const Frame whole = frame_in(to_bytes(request));
        for (std::size_t size = 0; size < whole.content.size(); ++size) {
            Frame cut = whole;
            cut.content.resize(size);
            EXPECT_FALSE(request_of(cut).has_value()) << size;
        }
        Frame longer = whole;
        longer.content.push_back(0);
        EXPECT_FALSE(request_of(longer).has_value());
    }
}

TEST(NetworkMessages, OfUnknownKindsAndValuesAreRefused) {
    EXPECT_FALSE(request_of(Frame{200, {}}).has_value());
    EXPECT_FALSE(report_of(Frame{200, {}}).has_value());
    Frame settle = frame_in(to_bytes(NetworkRequest{Settle{}}));
    settle.content.back() = 4;
    EXPECT_FALSE(request_of(settle).has_value());
    Frame submit = frame_in(to_bytes(NetworkRequest{Submit{}}));
    submit.content.back() = static_cast<std::uint8_t>(mail::Container::letter);
    EXPECT_FALSE(request_of(submit).has_value()) << "an envelope never goes as a letter";
}

TEST(NetworkMessages, HoldOnlySoManyItems) {
    Submit submit;
    submit.recipients.resize(limits::network_items_max);
    EXPECT_TRUE(request_of(frame_in(to_bytes(NetworkRequest{submit}))).has_value());
    submit.recipients.emplace_back();
    EXPECT_FALSE(request_of(frame_in(to_bytes(NetworkRequest{submit}))).has_value());
}

TEST(FrameReader, CutsAStreamWhereverItIsTorn) {
    Bytes stream;
    std::vector<Bytes> sent;
    for (const NetworkReport &report : every_report()) {
        sent.push_back(to_bytes(report));
        stream.insert(stream.end(), sent.back().begin(), sent.back().end());
    }
    for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, stream.size()}) {
        FrameReader reader;
        std::size_t count = 0;
        for (std::size_t at = 0; at < stream.size(); at += piece) {
            reader.add(ByteView{stream}.subspan(at, std::min(piece, stream.size() - at)));
            while (const auto frame = reader.next().value()) {
                ASSERT_LT(count, sent.size());
                EXPECT_EQ(to_bytes(*frame), sent[count++]);
            }
        }
        EXPECT_EQ(count, sent.size());
    }
}

TEST(FrameReader, TakesFramesUpToTheLimitAndNoneBeyond) {
    FrameReader reader;
    const Bytes largest = to_bytes(Frame{1, Bytes(limits::network_frame_bytes_max - 1)});
    reader.add(largest);
    EXPECT_TRUE(reader.next().value().has_value());
    ByteWriter beyond;
    beyond.u32(static_cast<std::uint32_t>(limits::network_frame_bytes_max + 1));
    reader.add(beyond.view());
    EXPECT_FALSE(reader.next().has_value());
    FrameReader other;
    other.add(Bytes(4));
    EXPECT_FALSE(other.next().has_value());
}

} // namespace
} // namespace postrider::transport
