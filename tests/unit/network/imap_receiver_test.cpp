// What the receiver asks a folder's server for.
#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "common/base/limits.hpp"
#include "common/network/imap_receiver.hpp"

namespace postrider::network {
namespace {

/// The sizes of the folder's mails, which have the UIDs 1, 2, …, and what was fetched of them.
struct Folder {
    std::vector<std::size_t> sizes;
    std::string header;
    std::vector<std::string> fetched;
};

/// A server with one folder, whose mails look like ours and are not.
class PlayedServer final : public Connection {
  public:
    explicit PlayedServer(Folder &folder) : folder_(folder) {}

    [[nodiscard]] State state() const override { return State::open; }

    [[nodiscard]] const Error &error() const override { return error_; }

    [[nodiscard]] int descriptor() const override { return 7; }

    Result<std::size_t> read(std::span<std::uint8_t> into) override {
        const std::size_t count = std::min(into.size(), answers_.size());
        std::copy_n(answers_.begin(), count, into.begin());
        answers_.erase(0, count);
        return count;
    }

    Result<std::size_t> write(ByteView bytes) override {
        const std::string line{as_text(bytes)};
        const std::size_t blank = line.find(' ');
        answer(line.substr(blank + 1, line.find("\r\n") - blank - 1));
        answers_ += line.substr(0, blank) + " OK done\r\n";
        return bytes.size();
    }

  private:
    void answer(const std::string &command) {
        if (command == "CAPABILITY") {
            answers_ += "* CAPABILITY IMAP4rev1 UIDPLUS\r\n";
        } else if (command.starts_with("SELECT")) {
            answers_ += "* " + std::to_string(folder_.sizes.size()) +
                        " EXISTS\r\n* OK [UIDVALIDITY 9] ok\r\n* OK [UIDNEXT 100] ok\r\n";
        } else if (command.find("RFC822.SIZE") != std::string::npos) {
            list();
        } else if (command.starts_with("UID FETCH")) {
            folder_.fetched.push_back(command.substr(std::string{"UID FETCH "}.size()));
        }
    }

    void list() {
        const std::string &header = folder_.header;
        for (std::size_t uid = 1; uid <= folder_.sizes.size(); ++uid) {
            const std::string number = std::to_string(uid);
            answers_ += "* " + number + " FETCH (UID " + number + " RFC822.SIZE " +
                        std::to_string(folder_.sizes[uid - 1]) +
                        " FLAGS () BODY[HEADER.FIELDS (SUBJECT)] {" +
                        std::to_string(header.size()) + "}\r\n" + header + ")\r\n";
        }
    }

    Folder &folder_;
    Error error_;
    std::string answers_;
};

struct PlayedConnections final : Connections {
    std::unique_ptr<Connection> connect(const Endpoint & /*endpoint*/,
                                        transport::LoginSecrets /*secrets*/) override {
        return std::make_unique<PlayedServer>(folder);
    }

    Folder folder;
};

struct SilentHost final : Host {
    void tell(const transport::NetworkReport & /*report*/) override {}

    [[nodiscard]] bool is_busy() const override { return false; }
};

struct MiddayClock final : Clock {
    [[nodiscard]] Timestamp now() const override {
        return Timestamp{std::chrono::hours{24 * 20000 + 12}};
    }
};

/// What is fetched of mails with these sizes.
std::vector<std::string> fetched_of(std::vector<std::size_t> sizes,
                                    std::string header = "Subject: [postrider] a part\r\n\r\n") {
    PlayedConnections server;
    server.folder.header = std::move(header);
    server.folder.sizes = std::move(sizes);
    SilentHost host;
    MiddayClock clock;
    transport::MailAccount account;
    account.name = "main";
    account.receive = "imaps://mail.example";
    account.subject_prefix = "[postrider]";
    ImapReceiver receiver{Surroundings{host, server, clock, "localhost", ""}, account};
    for (int steps = 0; steps < 3; ++steps) {
        receiver.step(Timestamp{std::chrono::hours{1}});
    }
    return server.folder.fetched;
}

using Fetched = std::vector<std::string>;

TEST(ImapReceiver, FetchesSmallMailsWholeAndTogetherAndLooksAtLargeOnesFirst) {
    constexpr std::size_t small_bytes_max = 256 * limits::kib;
    EXPECT_EQ(
        fetched_of({1000, small_bytes_max, small_bytes_max + 1, 1000}),
        (Fetched{"1:2 (UID BODY.PEEK[])", "3 (UID BODY.PEEK[]<0.65536>)", "4 (UID BODY.PEEK[])"}));
}

TEST(ImapReceiver, LooksFirstAtAMailWhoseSizeTheServerDoesNotKnow) {
    EXPECT_EQ(fetched_of({0}), (Fetched{"1 (UID BODY.PEEK[]<0.65536>)"}));
}

TEST(ImapReceiver, LooksFirstAtAMailThatDoesNotClaimToBeOurs) {
    EXPECT_EQ(fetched_of({1000}, "Subject: minutes\r\nContent-Type: multipart/mixed\r\n\r\n"),
              (Fetched{"1 (UID BODY.PEEK[]<0.65536>)"}));
}

TEST(ImapReceiver, FetchesTheBeginningOfABounceAndNothingOfAnAutomaticReply) {
    EXPECT_EQ(fetched_of({1'000'000}, "From: <>\r\nContent-Type: multipart/report;"
                                      " report-type=delivery-status\r\n\r\n"),
              (Fetched{"1 (UID BODY.PEEK[]<0.65536>)"}));
    EXPECT_EQ(fetched_of({1000}, "Auto-Submitted: auto-replied\r\n\r\n"), Fetched{});
}

TEST(ImapReceiver, FetchesNoMoreAtOnceThanTheHostMayHaveToWaitFor) {
    const std::vector<std::size_t> sizes(34, 256 * limits::kib); // 32 of them are 8 MiB
    EXPECT_EQ(fetched_of(sizes), (Fetched{"1:32 (UID BODY.PEEK[])", "33:34 (UID BODY.PEEK[])"}));
}

} // namespace
} // namespace postrider::network
