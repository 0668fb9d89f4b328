// The search for servers in a net that the test makes up.
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "common/network/server_search.hpp"

namespace postrider::network {
namespace {

using namespace std::chrono_literals;

class PlayedConnection final : public Connection {
  public:
    PlayedConnection(State state, const std::string &server) : state_(state) {
        error_ = {Errc::unavailable, "could not connect to " + server + ": nobody answers there"};
    }

    [[nodiscard]] State state() const override { return state_; }

    [[nodiscard]] const Error &error() const override { return error_; }

    [[nodiscard]] int descriptor() const override { return -1; }

    Result<std::size_t> read(std::span<std::uint8_t> /*into*/) override { return error_; }

    Result<std::size_t> write(ByteView /*bytes*/) override { return error_; }

  private:
    State state_;
    Error error_;
};

template <class Value>
class Ready final : public Pending<Value> {
  public:
    explicit Ready(Result<Value> value) : value_(std::move(value)) {}

    std::optional<Result<Value>> take() override { return std::exchange(value_, std::nullopt); }

  private:
    std::optional<Result<Value>> value_;
};

struct PlayedNet final : Connections, Lookups {
    std::set<std::string> servers; // that are there
    std::map<std::string, Bytes> records;
    std::map<std::string, std::string> pages;
    bool has_names = true;
    std::vector<std::string> tried;
    std::set<transport::LoginKind> logins;

    std::unique_ptr<Connection> connect(const Endpoint &endpoint,
                                        transport::LoginSecrets secrets) override {
        const std::string server = mail::to_text(endpoint.url);
        tried.push_back(server);
        logins.insert(endpoint.login);
        EXPECT_TRUE(secrets.password.empty() && endpoint.user.empty());
        return std::make_unique<PlayedConnection>(
            servers.contains(server) ? Connection::State::open : Connection::State::failed, server);
    }

    std::unique_ptr<Pending<std::vector<Bytes>>> services(std::vector<std::string> names) override {
        if (!has_names) {
            return std::make_unique<Ready<std::vector<Bytes>>>(
                Error{Errc::unavailable, "no name server answers"});
        }
        std::vector<Bytes> answers;
        answers.reserve(names.size());
        for (const std::string &name : names) {
            answers.push_back(records[name]);
        }
        return std::make_unique<Ready<std::vector<Bytes>>>(std::move(answers));
    }

    std::unique_ptr<Pending<Bytes>> page(const std::string &url) override {
        const auto found = pages.find(url);
        if (found == pages.end()) {
            return std::make_unique<Ready<Bytes>>(Error{Errc::unavailable, "not there"});
        }
        const ByteView text = as_bytes(found->second);
        return std::make_unique<Ready<Bytes>>(Bytes{text.begin(), text.end()});
    }
};

struct ListeningHost final : Host {
    std::vector<transport::NetworkReport> reports;

    void tell(const transport::NetworkReport &report) override { reports.push_back(report); }

    [[nodiscard]] bool is_busy() const override { return false; }

    template <class Report>
    std::vector<Report> heard() {
        std::vector<Report> out;
        for (const transport::NetworkReport &report : reports) {
            if (const auto *one = std::get_if<Report>(&report)) {
                out.push_back(*one);
            }
        }
        reports.clear();
        return out;
    }
};

struct StillClock final : Clock {
    [[nodiscard]] Timestamp now() const override { return {}; }
};

/// An answer with one SRV record, at a port, of a host with two labels at most.
Bytes record(std::uint16_t port, const std::vector<std::string> &labels) {
    ByteWriter data;
    data.u32(0);
    data.u16(port);
    for (const std::string &label : labels) {
        data.u8(static_cast<std::uint8_t>(label.size()));
        data.raw(as_bytes(label));
    }
    data.u8(0);
    ByteWriter out;
    out.u16(0);
    out.u16(0x8180);
    out.u16(0);
    out.u16(1);
    out.u32(0);
    out.u8(0);
    out.u16(33);
    out.u16(1);
    out.u32(0);
    out.u16(static_cast<std::uint16_t>(data.size()));
    out.raw(data.view());
    return std::move(out).take();
}

struct Searching : testing::Test {
    Searching() {
        account.name = "main";
        account.address = "a@Example.org";
        account.finds_receive = account.finds_send = true;
    }

    void step(unsigned receive_failures = 0, unsigned send_failures = 0) {
        search.configure(account);
        search.step(now, receive_failures, send_failures);
    }

    transport::MailAccount account;
    PlayedNet net;
    ListeningHost host;
    StillClock clock;
    ServerSearch search{Surroundings{host, net, clock, "", ""}, net};
    Timestamp now{1h};
};

TEST_F(Searching, TakesWhatDnsNamesFirst) {
    net.records["_imaps._tcp.example.org"] = record(9993, {"m", "example", "org"});
    net.records["_imap._tcp.example.org"] = record(143, {"m", "example", "org"});
    net.records["_submission._tcp.example.org"] = record(587, {"imap", "gmail", "com"});
    net.servers = {"imaps://m.example.org:9993", "imap://m.example.org:143",
                   "smtp://imap.gmail.com:587", "imaps://imap.example.org:993"};
    step();
    const auto found = host.heard<transport::ServersFound>();
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].account, "main");
    EXPECT_EQ(found[0].receive, "imaps://m.example.org:9993");
    EXPECT_EQ(found[0].send, "smtp://imap.gmail.com:587");
    EXPECT_EQ(net.logins, std::set{transport::LoginKind::none});
}

TEST_F(Searching, GoesOnToTheNextSourceForWhatIsMissing) {
    net.records["_imaps._tcp.example.org"] = record(993, {"m", "example", "org"});
    net.servers = {"imaps://m.example.org:993", "smtps://mail.example.org:465"};
    net.has_names = true;
    step();
    const auto found = host.heard<transport::ServersFound>();
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].send, "smtps://mail.example.org:465");
    EXPECT_EQ(found[0].how, "DNS names it; a usual name");
}

TEST_F(Searching, KeepsOneOfTwoAndLooksForTheOtherAgain) {
    net.records["_imaps._tcp.example.org"] = record(993, {"m", "example", "org"});
    net.servers = {"imaps://m.example.org:993"};
    step();
    const auto reports = host.reports;
    auto found = host.heard<transport::ServersFound>();
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].receive, "imaps://m.example.org:993");
    EXPECT_EQ(found[0].send, "");
    host.reports = reports;
    EXPECT_TRUE(host.heard<transport::Looked>().empty()); // it can be looked into
    host.reports = reports;
    const auto told = host.heard<transport::Told>();
    ASSERT_EQ(told.size(), 1U);
    EXPECT_EQ(told[0].what.message,
              "could not find a server for sending mails of \"a@Example.org\"");
    EXPECT_EQ(told[0].what.hint.find("RECEIVE"), std::string::npos);
    ASSERT_TRUE(search.problem());
    account.receive = "imaps://m.example.org:993"; // the host says it from now on
    net.tried.clear();
    net.servers.insert("smtps://smtp.example.org:465");
    now = *search.next_at();
    step();
    found = host.heard<transport::ServersFound>();
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].receive, "");
    EXPECT_EQ(found[0].send, "smtps://smtp.example.org:465");
    for (const std::string &server : net.tried) {
        EXPECT_EQ(server.find("imaps"), std::string::npos) << server;
    }
}

TEST_F(Searching, KnowsProvidersWithoutAnyHelp) {
    account.address = "a@gmail.com";
    net.has_names = false;
    net.servers = {"imaps://imap.gmail.com:993", "smtps://smtp.gmail.com:465"};
    step();
    const auto found = host.heard<transport::ServersFound>();
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].how, "a known provider");
}

TEST_F(Searching, NeverConnectsToAServerElsewhere) {
    net.records["_imaps._tcp.example.org"] = record(993, {"evil", "example"});
    net.pages["https://example.org/.well-known/autoconfig/mail/config-v1.1.xml"] =
        "<outgoingServer type='smtp'><hostname>mail.evil.example</hostname><port>465</port>"
        "<socketType>SSL</socketType></outgoingServer>";
    net.servers = {"imaps://evil.example:993", "smtps://mail.evil.example:465"};
    step();
    for (const std::string &server : net.tried) {
        EXPECT_EQ(server.find("evil"), std::string::npos) << server;
    }
    ASSERT_TRUE(search.problem());
    EXPECT_EQ(search.problem()->message, "could not find a server for mails of \"a@Example.org\"");
    EXPECT_NE(search.problem()->detail.find("DNS names imaps://evil.example:993, which is neither"
                                            " within example.org nor of a known provider"),
              std::string::npos);
    EXPECT_NE(search.problem()->hint.find("smtps://mail.evil.example:465"), std::string::npos);
}

TEST_F(Searching, LooksForNothingThatIsGivenByHand) {
    account.receive = "imaps://elsewhere.example";
    account.finds_receive = false;
    net.servers = {"smtps://smtp.example.org:465", "imaps://imap.example.org:993"};
    step();
    const auto found = host.heard<transport::ServersFound>();
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].receive, "");
    EXPECT_EQ(found[0].send, "smtps://smtp.example.org:465");
    account.send = "smtps://elsewhere.example";
    account.finds_send = false;
    now += 2h;
    step(9, 9);
    EXPECT_TRUE(host.heard<transport::ServersFound>().empty());
}

TEST_F(Searching, IsTriedAgainLaterAndAtOnceWhenSomebodyAsks) {
    step();
    EXPECT_EQ(host.heard<transport::Looked>().size(), 1U);
    const std::size_t tried = net.tried.size();
    step();
    EXPECT_EQ(net.tried.size(), tried);
    ASSERT_TRUE(search.next_at());
    now = *search.next_at();
    step();
    EXPECT_EQ(net.tried.size(), 2 * tried);
    search.look_now();
    step();
    EXPECT_EQ(net.tried.size(), 3 * tried);
    EXPECT_EQ(host.heard<transport::Told>().size(), 2U);
}

TEST_F(Searching, FindsAServerAnewThatCannotBeReached) {
    account.receive = "imaps://imap.example.org:993";
    account.send = "smtps://smtp.example.org:465";
    net.servers = {"imaps://mail.example.org:993"};
    step(2, 0);
    EXPECT_TRUE(net.tried.empty());
    step(3, 0);
    const auto found = host.heard<transport::ServersFound>();
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].receive, "imaps://mail.example.org:993");
    EXPECT_EQ(found[0].send, "");
    const std::size_t tried = net.tried.size();
    step(4, 0);
    EXPECT_EQ(net.tried.size(), tried) << "not more often than once an hour";
}

TEST_F(Searching, SaysNothingOfAFailureWhileTheOldServerMayComeBack) {
    account.receive = "imaps://imap.example.org:993";
    account.send = "smtps://smtp.example.org:465";
    step(3, 3);
    EXPECT_FALSE(search.problem());
    EXPECT_TRUE(host.heard<transport::Told>().empty());
}

} // namespace
} // namespace postrider::network
