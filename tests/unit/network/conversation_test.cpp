// A dialogue over a connection that gives and takes what a test says.
#include <deque>
#include <string>

#include <gtest/gtest.h>

#include "common/network/conversation.hpp"

namespace postrider::network {
namespace {

using std::chrono::seconds;

/// Gives its pieces one by one, and takes so many bytes at a time.
class PlayedConnection final : public Connection {
  public:
    [[nodiscard]] State state() const override { return State::open; }

    [[nodiscard]] const Error &error() const override { return error_; }

    [[nodiscard]] int descriptor() const override { return 7; }

    Result<std::size_t> read(std::span<std::uint8_t> into) override {
        if (pieces.empty()) {
            return is_gone ? Result<std::size_t>{Error{Errc::unavailable, "gone"}}
                           : Result<std::size_t>{std::size_t{0}};
        }
        const std::string piece = pieces.front();
        pieces.pop_front();
        std::copy(piece.begin(), piece.end(), into.begin());
        return piece.size();
    }

    Result<std::size_t> write(ByteView bytes) override {
        if (waiting != nullptr) {
            EXPECT_EQ(bytes.data(), waiting) << "TLS has begun with these bytes";
        }
        waiting = takes_at_once == 0 ? bytes.data() : nullptr;
        const std::size_t count = std::min(takes_at_once, bytes.size());
        written += as_text(bytes.first(count));
        return count;
    }

    std::deque<std::string> pieces;
    bool is_gone = false;
    std::size_t takes_at_once = 1000;
    std::string written;

  private:
    Error error_;
    const std::uint8_t *waiting = nullptr;
};

/// Answers every piece with its length, and is patient for ten seconds.
class PlayedDialogue final : public transport::Dialogue {
  public:
    Result<void> receive(ByteView bytes) override {
        heard += as_text(bytes);
        if (heard.find("nonsense") != std::string::npos) {
            return Error{Errc::malformed, "that is nonsense"};
        }
        to_say += std::to_string(bytes.size());
        has_said_goodbye = has_said_goodbye || heard.find("goodbye") != std::string::npos;
        return {};
    }

    Bytes output(std::size_t /*bytes_max*/) override {
        const std::string said = std::exchange(to_say, {});
        return {said.begin(), said.end()};
    }

    void lost(const Error &reason) override { lost_by = reason.message; }

    [[nodiscard]] std::optional<Duration> patience() const override {
        return is_patient ? std::nullopt : std::optional<Duration>{seconds{10}};
    }

    [[nodiscard]] bool is_over() const override { return has_said_goodbye; }

    std::string heard;
    std::string to_say;
    std::string lost_by;
    bool is_patient = false;
    bool has_said_goodbye = false;
};

struct Talk : testing::Test {
    Talk() {
        auto made = std::make_unique<PlayedConnection>();
        connection = made.get();
        conversation.emplace(std::move(made), dialogue, "imaps://mail.example", start);
    }

    const Timestamp start{};
    PlayedDialogue dialogue;
    PlayedConnection *connection = nullptr;
    std::optional<Conversation> conversation;
};

TEST_F(Talk, MovesBytesBothWaysUntilNobodyHasMore) {
    connection->pieces = {"abc", "de"};
    conversation->move(start);
    EXPECT_EQ(dialogue.heard, "abcde");
    EXPECT_EQ(connection->written, "32");
    EXPECT_FALSE(conversation->watched().for_writing);
}

TEST_F(Talk, OffersTheSameBytesAgainThatWereNotTaken) {
    connection->takes_at_once = 0;
    connection->pieces = {"abc"};
    conversation->move(start);
    EXPECT_TRUE(conversation->watched().for_writing);
    connection->pieces = {"defg"};
    conversation->move(start);
    connection->takes_at_once = 1;
    conversation->move(start);
    EXPECT_EQ(connection->written, "34");
}

TEST_F(Talk, ComesBackAtOnceWhereItStoppedForTheSakeOfOthers) {
    connection->pieces.assign(20, "x");
    conversation->move(start);
    EXPECT_LT(dialogue.heard.size(), 20U);
    EXPECT_EQ(conversation->deadline(), start);
    conversation->move(start);
    EXPECT_EQ(dialogue.heard.size(), 20U);
    EXPECT_EQ(conversation->deadline(), start + seconds{10});
}

TEST_F(Talk, LosesNoPatienceWhileItIsHeldOrNothingIsExpected) {
    conversation->hold(true, start);
    EXPECT_TRUE(conversation->is_held());
    EXPECT_FALSE(conversation->deadline());
    conversation->hold(false, start + seconds{50});
    conversation->move(start + seconds{59});
    EXPECT_FALSE(conversation->is_closed());
    dialogue.is_patient = true;
    conversation->move(start + seconds{90});
    dialogue.is_patient = false;
    conversation->move(start + seconds{99});
    EXPECT_FALSE(conversation->is_closed());
    conversation->move(start + seconds{100});
    EXPECT_TRUE(conversation->is_closed());
}

TEST_F(Talk, GivesUpAServerThatIsSilentForLongerThanTheDialogueIsPatient) {
    connection->pieces = {"abc"};
    conversation->move(start + seconds{5});
    conversation->move(start + seconds{14});
    EXPECT_FALSE(conversation->is_closed());
    conversation->move(start + seconds{15});
    EXPECT_TRUE(conversation->is_closed());
    EXPECT_EQ(dialogue.lost_by, "imaps://mail.example has been silent for too long");
    EXPECT_EQ(conversation->problem()->code, Errc::timed_out);
}

TEST_F(Talk, WaitsForEverWhereNothingIsExpected) {
    dialogue.is_patient = true;
    conversation->move(start + std::chrono::hours{1000});
    EXPECT_FALSE(conversation->is_closed());
    EXPECT_EQ(conversation->deadline(), std::nullopt);
}

TEST_F(Talk, TellsTheDialogueWhenTheServerIsGone) {
    connection->pieces = {"abc"};
    connection->is_gone = true;
    conversation->move(start);
    EXPECT_EQ(dialogue.heard, "abc") << "what came before is still read";
    EXPECT_EQ(dialogue.lost_by, "gone");
    EXPECT_TRUE(conversation->is_closed());
}

TEST_F(Talk, ClosesOnNonsense) {
    connection->pieces = {"nonsense", "more"};
    conversation->move(start);
    EXPECT_EQ(dialogue.lost_by, "that is nonsense");
    EXPECT_EQ(dialogue.heard, "nonsense");
}

TEST_F(Talk, EndsWithoutAProblemAfterAGoodbye) {
    dialogue.has_said_goodbye = true;
    conversation->move(start);
    EXPECT_TRUE(conversation->is_closed());
    EXPECT_EQ(conversation->problem(), std::nullopt);
    EXPECT_EQ(dialogue.lost_by, "");
}

TEST_F(Talk, HasNoProblemWithAServerThatIsGoneRightBehindItsGoodbye) {
    connection->pieces = {"goodbye"};
    connection->is_gone = true;
    conversation->move(start);
    EXPECT_TRUE(conversation->is_closed());
    EXPECT_EQ(conversation->problem(), std::nullopt);
}

} // namespace
} // namespace postrider::network
