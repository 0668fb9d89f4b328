// The sender before a server that takes every mail, and before one that wants no second connection.
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
    std::vector<std::size_t> made;       // behind so many mails
    std::vector<std::size_t> mails_of{}; // each connection
    std::size_t closed = 0;
    std::size_t most_at_once = 0;
};

/// Answers each command as soon as it is written.
class WillingServer final : public Connection {
  public:
    /// `refusal`: what is said behind `mails_max` mails, with nothing behind it.
    WillingServer(
        Visits &visits, bool is_slow, State state, std::string refusal, std::size_t mails_max)
        : visits_(visits),
          number_(visits.made.size()),
          is_slow_(is_slow),
          state_(state),
          refusal_(std::move(refusal)),
          mails_max_(mails_max) {
        visits_.made.push_back(visits_.mails);
        visits_.mails_of.push_back(0);
        visits_.most_at_once = std::max(visits_.most_at_once, visits_.made.size() - visits_.closed);
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
        if (is_over_ && replies_.empty()) {
            return Error{Errc::unavailable, "the server has closed the connection"};
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
            visits_.mails_of[number_] += is_content_ ? 0U : 1U;
        } else if (line.starts_with("MAIL") && !refusal_.empty() &&
                   visits_.mails_of[number_] >= mails_max_) {
            replies_ += refusal_;
            is_over_ = true;
        } else if (line == "DATA") {
            is_content_ = true;
            replies_ += "354 go on\r\n";
        } else {
            replies_ += line == "QUIT" ? "221 bye\r\n" : "250 ok\r\n";
        }
    }

    Visits &visits_;
    std::size_t number_;
    Error error_;
    std::string said_;
    std::string replies_;
    bool is_content_ = false;
    bool is_slow_ = false; // silent after each reply
    State state_;
    std::string refusal_;
    std::size_t mails_max_;
    bool is_over_ = false;
    bool has_replied_ = false;
};

struct Willing final : Connections {
    std::unique_ptr<Connection> connect(const Endpoint & /*endpoint*/,
                                        transport::LoginSecrets /*secrets*/) override {
        const bool fails = visits.made.size() + 1 == fails_at;
        return std::make_unique<WillingServer>(
            visits, is_slow, fails ? Connection::State::failed : Connection::State::open,
            visits.made.size() == 1 && !refusal_of_second.empty() ? refusal_of_second
                                                                  : refusal_behind_them,
            visits.made.size() == 1 && !refusal_of_second.empty() ? 0 : mails_max);
    }

    Visits visits;
    bool is_slow = false;
    std::size_t fails_at = 0;
    std::string refusal_of_second;
    std::string refusal_behind_them; // behind `mails_max` of each connection
    std::size_t mails_max = 0;
};

struct CountingHost final : Host {
    void tell(const transport::NetworkReport &report) override {
        if (const auto *wanted = std::get_if<transport::EnvelopeWanted>(&report)) {
            wishes.push_back(*wanted);
        }
        if (const auto *outcome = std::get_if<transport::Delivered>(&report)) {
            accepted += outcome->accepted ? 1U : 0U;
            refused += outcome->accepted ? 0U : 1U;
            delivered.push_back(outcome->ticket);
        }
        const auto *doing = std::get_if<transport::Doing>(&report);
        is_sending = is_sending || (doing != nullptr && doing->words == "sends");
    }

    [[nodiscard]] bool is_busy() const override { return false; }

    std::size_t accepted = 0;
    std::size_t refused = 0;
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
    Sending() { start(); }

    void start() {
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

    /// So many were accepted, or it takes too long; the host gives what is wanted.
    void send_until(std::size_t accepted, int steps_max = 2000) {
        for (int steps = 0; steps < steps_max && host.accepted < accepted; ++steps) {
            sender->step(now);
            grant();
        }
    }

    Willing server;
    CountingHost host;
    NoonClock clock;
    Timestamp now{std::chrono::hours{1}};
    std::optional<Sender> sender;
};

TEST_F(Sending, ConnectsAgainAtOnceWhenMailsAreLeftBehindTheLastOfAConnection) {
    submit(101);
    for (int steps = 0; steps < 100 && server.visits.closed == 0; ++steps) {
        sender->step(now);
    }
    EXPECT_EQ(host.accepted, 100U);
    EXPECT_EQ(server.visits.made.size(), 2U) << "nothing wakes it for the mail that is left";
    sender->step(now);
    EXPECT_EQ(host.accepted, 101U);
}

/// One reply in a step: servers take their time.
TEST_F(Sending, UsesASecondConnectionWhileManyWaitOnceTheFirstHasProvedItself) {
    server.is_slow = true;
    submit(220);
    send_until(220);
    EXPECT_EQ(host.accepted, 220U);
    ASSERT_EQ(server.visits.made.size(), 4U) << "each twice";
    EXPECT_EQ(server.visits.made[0], 0U);
    EXPECT_EQ(server.visits.made[1], 1U);
    EXPECT_EQ(server.visits.most_at_once, 2U);
    EXPECT_EQ(*std::max_element(server.visits.mails_of.begin(), server.visits.mails_of.end()),
              100U);
}

TEST_F(Sending, SendsAFewSmallMailsOverOneConnection) {
    server.is_slow = true;
    submit(5);
    send_until(5, 1000);
    EXPECT_EQ(host.accepted, 5U);
    EXPECT_EQ(server.visits.made.size(), 1U) << "greetings cost more than they gain";
}

TEST_F(Sending, UsesASecondConnectionForOneLargeMailBehindAnother) {
    server.is_slow = true;
    submit(1);
    for (std::uint64_t ticket = 2; ticket <= 3; ++ticket) {
        sender->submit({ticket, "main", {"b@mail.example"}, 4'000'000, {}});
    }
    send_until(3, 20'000);
    EXPECT_EQ(host.accepted, 3U);
    EXPECT_EQ(server.visits.mails_of, (std::vector<std::size_t>{2, 1}));
}

TEST_F(Sending, GoesOnWithTheFirstWhereNoSecondConnectionComesAbout) {
    server.is_slow = true;
    server.fails_at = 2;
    submit(101);
    send_until(101);
    EXPECT_EQ(host.accepted, 101U);
    EXPECT_EQ(server.visits.made.size(), 3U) << "it is not tried for each mail";
}

TEST_F(Sending, GivesTheFirstConnectionWhatTheSecondCouldNotSend) {
    for (const std::string_view refusal : {"\r\n", "421 4.7.0 too many connections of yours\r\n",
                                           "432 4.3.2 Concurrent connections limit exceeded\r\n"}) {
        server.visits = {};
        host.accepted = host.refused = 0;
        server.is_slow = true;
        server.refusal_of_second = refusal;
        start();
        submit(20);
        send_until(20);
        EXPECT_EQ(host.accepted, 20U) << refusal;
        EXPECT_EQ(host.refused, 0U) << refusal;
        EXPECT_EQ(server.visits.mails_of, (std::vector<std::size_t>{20, 0})) << refusal;
        now += std::chrono::hours{1};
        submit(20);
        send_until(40);
        EXPECT_EQ(host.accepted, 40U) << refusal;
        EXPECT_GE(server.visits.made.size(), 3U) << "it is tried again an hour later";
    }
}

TEST_F(Sending, ConnectsAgainAtOnceWhereTheServerTakesOnlySoManyMailsOfOneConnection) {
    for (const std::string_view refusal : {"\r\n", "421 4.7.0 enough for one connection\r\n"}) {
        server.visits = {};
        host.accepted = host.refused = 0;
        server.is_slow = true;
        server.mails_max = 2;
        server.refusal_behind_them = refusal;
        start();
        submit(5);
        send_until(5, 1000);
        EXPECT_EQ(host.accepted, 5U) << refusal;
        EXPECT_EQ(host.refused, 0U) << refusal;
        EXPECT_EQ(server.visits.mails_of, (std::vector<std::size_t>{2, 2, 1})) << refusal;
    }
}

TEST_F(Sending, TellsOfWhatEvenTheOnlyConnectionCannotSend) {
    server.refusal_of_second = "421 4.7.0 too many connections of yours\r\n";
    submit(100);
    for (int steps = 0; steps < 100 && server.visits.closed == 0; ++steps) {
        sender->step(now);
    }
    ASSERT_EQ(host.accepted, 100U);
    submit(1);
    for (int steps = 0; steps < 100 && host.refused == 0; ++steps) {
        sender->step(now);
    }
    EXPECT_EQ(host.refused, 1U);
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
