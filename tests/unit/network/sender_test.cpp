// The sender before a server that takes every mail.
#include <algorithm>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "common/base/limits.hpp"
#include "common/network/sender.hpp"

namespace postrider::network {
namespace {

/// Counts the connections that were made, and those that are closed.
struct Visits {
    std::size_t mails = 0;
    std::vector<std::size_t> made; // behind so many mails
    std::size_t closed = 0;
};

/// Answers each command as soon as it is written.
class WillingServer final : public Connection {
  public:
    WillingServer(Visits &visits, bool is_slow, State state)
        : visits_(visits), is_slow_(is_slow), state_(state) {
        visits_.made.push_back(visits_.mails);
    }

    WillingServer(const WillingServer &) = delete;
    WillingServer &operator=(const WillingServer &) = delete;

    ~WillingServer() override { ++visits_.closed; }

    [[nodiscard]] State state() const override { return state_; }

    [[nodiscard]] const Error &error() const override { return error_; }

    [[nodiscard]] int descriptor() const override { return 7; }

    Result<std::size_t> read(std::span<std::uint8_t> into) override {
        if (is_slow_ && std::exchange(has_replied_, !has_replied_)) {
            return std::size_t{0};
        }
        const std::size_t count = std::min(into.size(), replies_.size());
        std::copy_n(replies_.begin(), count, into.begin());
        replies_.erase(0, count);
        return count;
    }

    Result<std::size_t> write(ByteView bytes) override {
        said_ += as_text(bytes);
        for (std::size_t end = said_.find("\r\n"); end != std::string::npos;
             end = said_.find("\r\n")) {
            answer(said_.substr(0, end));
            said_.erase(0, end + 2);
        }
        return bytes.size();
    }

  private:
    void answer(std::string_view line) {
        if (is_content_) {
            is_content_ = line != ".";
            replies_ += is_content_ ? "" : "250 ok\r\n";
            visits_.mails += is_content_ ? 0U : 1U;
        } else if (line == "DATA") {
            is_content_ = true;
            replies_ += "354 go on\r\n";
        } else {
            replies_ += line == "QUIT" ? "221 bye\r\n" : "250 ok\r\n";
        }
    }

    Visits &visits_;
    Error error_;
    std::string said_;
    std::string replies_;
    bool is_content_ = false;
    bool is_slow_ = false; // silent after each reply
    State state_;
    bool has_replied_ = false;
};

struct Willing final : Connections {
    std::unique_ptr<Connection> connect(const Endpoint & /*endpoint*/,
                                        transport::LoginSecrets /*secrets*/) override {
        const bool fails = visits.made.size() + 1 == fails_at;
        return std::make_unique<WillingServer>(
            visits, is_slow, fails ? Connection::State::failed : Connection::State::open);
    }

    Visits visits;
    bool is_slow = false;
    std::size_t fails_at = 0;
};

struct CountingHost final : Host {
    void tell(const transport::NetworkReport &report) override {
        if (const auto *wanted = std::get_if<transport::EnvelopeWanted>(&report)) {
            wishes.push_back(*wanted);
        }
        if (const auto *outcome = std::get_if<transport::Delivered>(&report)) {
            accepted += outcome->accepted ? 1U : 0U;
            delivered.push_back(outcome->ticket);
        }
        const auto *doing = std::get_if<transport::Doing>(&report);
        is_sending = is_sending || (doing != nullptr && doing->words == "sends");
    }

    [[nodiscard]] bool is_busy() const override { return false; }

    std::size_t accepted = 0;
    std::vector<std::uint64_t> delivered; // tickets
    bool is_sending = false;
    std::vector<transport::EnvelopeWanted> wishes;
};

struct NoonClock final : Clock {
    [[nodiscard]] Timestamp now() const override {
        return Timestamp{std::chrono::hours{24 * 20000 + 12}};
    }
};

struct Sending : testing::Test {
    Sending() {
        transport::MailAccount account;
        account.name = "main";
        account.address = "a@mail.example";
        account.send = "smtp://mail.example:587";
        sender.emplace(Surroundings{host, server, clock, "localhost", ""}, account);
    }

    void submit(std::size_t mails) {
        for (std::size_t mail = 1; mail <= mails; ++mail) {
            sender->submit({mail, "main", {"b@mail.example"}, 100, Bytes(100)});
        }
    }

    /// The host gives what is wanted, to its end or not.
    std::uint64_t grant(std::size_t pieces_max = SIZE_MAX) {
        std::uint64_t given = 0;
        for (transport::EnvelopeWanted wanted : std::exchange(host.wishes, {})) {
            for (; wanted.bytes > 0; --pieces_max) {
                const std::uint64_t size = std::min<std::uint64_t>(wanted.bytes, 100'000);
                if (pieces_max == 0) {
                    host.wishes.push_back(wanted);
                    break;
                }
                transport::EnvelopePiece piece{wanted.ticket, wanted.from, Bytes(size)};
                EXPECT_TRUE(sender->on_piece(piece));
                wanted.from += size;
                wanted.bytes -= size;
                given += size;
            }
        }
        return given;
    }

    Willing server;
    CountingHost host;
    NoonClock clock;
    Timestamp now{std::chrono::hours{1}};
    std::optional<Sender> sender;
};

TEST_F(Sending, ConnectsAgainAtOnceWhenMailsAreLeftBehindTheLastOfAConnection) {
    submit(51);
    for (int steps = 0; steps < 100 && server.visits.closed == 0; ++steps) {
        sender->step(now);
    }
    EXPECT_EQ(host.accepted, 50U);
    EXPECT_EQ(server.visits.made.size(), 2U) << "nothing wakes it for the mail that is left";
    sender->step(now);
    EXPECT_EQ(host.accepted, 51U);
}

/// One reply in a step: servers take their time.
TEST_F(Sending, OpensTheNextConnectionWhileTheLastMailsGoOverTheOneThatThereIs) {
    server.is_slow = true;
    submit(120);
    for (int steps = 0; steps < 2000 && host.accepted < 120; ++steps) {
        sender->step(now);
    }
    EXPECT_EQ(host.accepted, 120U);
    EXPECT_EQ(server.visits.made, (std::vector<std::size_t>{0, 46, 96}));
}

TEST_F(Sending, LetsNoConnectionWaitForLargeMailsOfTheLastOne) {
    server.is_slow = true;
    submit(47);
    for (std::uint64_t ticket = 48; ticket <= 51; ++ticket) {
        sender->submit({ticket, "main", {"b@mail.example"}, 1'500'000, {}});
    }
    for (int steps = 0; steps < 20000 && host.accepted < 51; ++steps) {
        sender->step(now);
        grant();
    }
    EXPECT_EQ(host.accepted, 51U);
    EXPECT_EQ(server.visits.made, (std::vector<std::size_t>{0, 49}));
}

TEST_F(Sending, ConnectsAgainWhereTheServerWantsNoSecondConnection) {
    server.is_slow = true;
    server.fails_at = 2;
    submit(51);
    for (int steps = 0; steps < 2000 && host.accepted < 51; ++steps) {
        sender->step(now);
    }
    EXPECT_EQ(host.accepted, 51U);
    EXPECT_EQ(server.visits.made.size(), 3U);
}

TEST_F(Sending, AsksForALargeEnvelopeAsItIsSentAndNeverForMoreThanItsWindow) {
    constexpr std::uint64_t size = 10 * limits::network_ahead_bytes_max;
    sender->submit({1, "main", {"b@mail.example"}, size, Bytes(1000)});
    std::uint64_t given = 1000;
    std::uint64_t most = 0;
    for (int steps = 0; steps < 2000 && host.accepted == 0; ++steps) {
        sender->step(now);
        const std::uint64_t now_given = grant(1);
        given += now_given;
        std::uint64_t wanted = 0;
        for (const transport::EnvelopeWanted &wish : host.wishes) {
            wanted += wish.bytes;
        }
        most = std::max(most, wanted + now_given);
    }
    EXPECT_EQ(host.accepted, 1U);
    EXPECT_EQ(given, size);
    EXPECT_LE(most, limits::network_ahead_bytes_max);
}

TEST_F(Sending, LetsWhatIsUrgentGoBeforeAllButTheMailThatIsOnItsWay) {
    server.is_slow = true;
    submit(3);
    while (!host.is_sending) {
        sender->step(now);
    }
    sender->submit({9, "main", {"b@mail.example"}, 100, Bytes(100), true});
    sender->submit({10, "main", {"b@mail.example"}, 100, Bytes(100), true});
    while (host.delivered.size() < 5) {
        sender->step(now += std::chrono::seconds{1});
    }
    EXPECT_EQ(host.delivered, (std::vector<std::uint64_t>{1, 9, 10, 2, 3}));
}

TEST_F(Sending, BringsTheNextMailWhileTheFirstIsOnItsWay) {
    for (std::uint64_t ticket = 1; ticket <= 3; ++ticket) {
        sender->submit({ticket, "main", {"b@mail.example"}, 500'000, Bytes(1000)});
    }
    sender->step(now);
    ASSERT_EQ(host.wishes.size(), 3U) << "they fit into the window together";
    EXPECT_EQ(host.wishes[2].ticket, 3U);
}

TEST_F(Sending, IsPatientWithAHostThatIsBusyInTheMiddleOfAMail) {
    sender->submit({1, "main", {"b@mail.example"}, 5'000'000, Bytes(1000)});
    for (int steps = 0; steps < 10; ++steps) {
        sender->step(now);
    }
    grant(3);
    sender->step(now);
    now += std::chrono::minutes{4};
    sender->step(now);
    EXPECT_EQ(server.visits.closed, 0U) << "the server was not silent, we were";
    for (int steps = 0; steps < 1000 && host.accepted == 0; ++steps) {
        grant();
        sender->step(now);
    }
    EXPECT_EQ(host.accepted, 1U);
}

} // namespace
} // namespace postrider::network
