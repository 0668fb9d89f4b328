// The host's end with the program postrider-network itself, without a mail server: that they
// understand each other, and what happens when the program is killed. With servers: tests/mail.
#include <functional>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/transport/mailbox_secrets.hpp"
#include "common/transport/network_transport.hpp"
#include "common/transport/steady_clock.hpp"

#include "tests/support/temporary_directory.hpp"

namespace postrider::transport {
namespace {

using namespace std::chrono_literals;

/// A port of this machine at which nobody listens.
std::string closed_port() {
    const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto *plain = reinterpret_cast<sockaddr *>(&address);
    EXPECT_EQ(::bind(descriptor, plain, size), 0);
    EXPECT_EQ(::getsockname(descriptor, plain, &size), 0);
    ::close(descriptor);
    return std::to_string(ntohs(address.sin_port));
}

class WatchedStarter final : public NetworkStarter {
  public:
    Result<std::unique_ptr<NetworkChild>> start() override {
        auto child = program_.start();
        if (child) {
            last = child->get();
            ++starts;
        }
        return child;
    }

    NetworkChild *last = nullptr;
    int starts = 0;

  private:
    NetworkProgram program_{POSTRIDER_NETWORK};
};

class NetworkProcessTest : public ::testing::Test {
  protected:
    NetworkProcessTest() {
        const std::string server = "127.0.0.1:" + closed_port() + "?encryption=none";
        engine::Inlet inlet{"mail", "main", {FixedBytes<32>{1}}, {}, {}};
        inlet.mailbox = engine::Mailbox{
            "main", "a@x.example", "imap://" + server, "smtp://" + server, "user", {}};
        transport_.configure({inlet});
    }

    /// Waits as a worker does, until an event is the one.
    template <class Event>
    Event wait_for(const std::function<bool(const Event &)> &is_it) {
        const auto deadline = std::chrono::steady_clock::now() + 60s;
        while (std::chrono::steady_clock::now() < deadline) {
            for (engine::Event &event : transport_.poll(wall_)) {
                if (auto *found = std::get_if<Event>(&event); found && is_it(*found)) {
                    return std::move(*found);
                }
            }
            const Duration pause = transport_.next_look(wall_).value_or(wall_ + 1s) - wall_;
            pollfd waiting{-1, 0, 0};
            if (const auto waking = transport_.waking()) {
                waiting.fd = waking->descriptor;
                waiting.events =
                    static_cast<short>(waking->wants_to_write ? POLLIN | POLLOUT : POLLIN);
            }
            ::poll(&waiting, 1, static_cast<int>(std::min<Duration>(pause, 1s).count()));
        }
        ADD_FAILURE() << "it does not come";
        return {};
    }

    engine::Outcome outcome_of(std::uint64_t ticket) {
        transport_.submit({ticket, "mail", "b@x.example", "main", Bytes(1000)});
        return wait_for<engine::Outcome>(
            [&](const engine::Outcome &outcome) { return outcome.ticket == ticket; });
    }

    test::TemporaryDirectory directory_;
    WatchedStarter starter_;
    MailboxSecrets secrets_{{.directory = directory_.path()}};
    SteadyClock clock_;
    NetworkTransport transport_{{starter_, secrets_, clock_}, {.version = POSTRIDER_VERSION}};
    Timestamp wall_{24h};
};

TEST_F(NetworkProcessTest, HearsWhyNothingCanBeSentOrReceived) {
    const auto notice =
        wait_for<engine::Notice>([](const engine::Notice &each) { return each.source == "main"; });
    EXPECT_NE(notice.reason.hint.find("main.password"), std::string::npos)
        << notice.reason.message << notice.reason.hint;
    const auto outcome = outcome_of(1);
    ASSERT_FALSE(outcome.result);
    EXPECT_NE(outcome.result.error().hint.find("main.password"), std::string::npos)
        << outcome.result.error().message;
    EXPECT_FALSE(transport_.doing().empty());
}

TEST_F(NetworkProcessTest, GoesOnAfterItWasKilled) {
    EXPECT_FALSE(outcome_of(1).result);
    ASSERT_EQ(starter_.starts, 1) << "what ended before cannot be killed";
    starter_.last->kill();
    const auto notice = wait_for<engine::Notice>([](const engine::Notice &each) {
        return each.source == "postrider-network" && each.reason.message.ends_with("signal 9");
    });
    EXPECT_EQ(notice.reason.message, "the network process ended: signal 9");
    EXPECT_FALSE(outcome_of(2).result);
    EXPECT_EQ(starter_.starts, 2);
}

} // namespace
} // namespace postrider::transport
