// What a file system can do to a maildir: missing, read-only, full, odd files.
#include <csignal>

#include <sys/resource.h>
#include <sys/stat.h>

#include "common/base/limits.hpp"

#include "tests/unit/transport/maildir_fixture.hpp"

namespace postrider::transport {
namespace {

using engine::Arrived;
using engine::Event;
using engine::Notice;
using engine::Outcome;
using engine::Settlement;

/// Runs as a user to whom permissions apply, also where the tests run as root.
class Unprivileged {
  public:
    Unprivileged() {
        if (user_ == 0) {
            EXPECT_EQ(::seteuid(65534), 0);
        }
    }

    Unprivileged(const Unprivileged &) = delete;
    Unprivileged &operator=(const Unprivileged &) = delete;

    ~Unprivileged() { EXPECT_EQ(::seteuid(user_), 0); }

  private:
    uid_t user_ = ::geteuid();
};

/// Writing beyond `bytes` of a file fails with EFBIG, the nearest to a full disk without one.
class FileSizeLimit {
  public:
    explicit FileSizeLimit(rlim_t bytes) {
        EXPECT_EQ(::getrlimit(RLIMIT_FSIZE, &before_), 0);
        const rlimit limit{bytes, before_.rlim_max};
        EXPECT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
    }

    FileSizeLimit(const FileSizeLimit &) = delete;
    FileSizeLimit &operator=(const FileSizeLimit &) = delete;

    ~FileSizeLimit() {
        EXPECT_EQ(::setrlimit(RLIMIT_FSIZE, &before_), 0);
        std::signal(SIGXFSZ, handler_before_);
    }

  private:
    rlimit before_{};
    void (*handler_before_)(int) = std::signal(SIGXFSZ, SIG_IGN);
};

Result<void> outcome_of(engine::Transmission transmission, Timestamp now) {
    Maildir writer;
    writer.submit(std::move(transmission));
    return std::get<Outcome>(writer.poll(now).at(0)).result;
}

TEST_F(MaildirTest, AMissingTargetIsAnOutcomeWithAHintAndIsNotMade) {
    engine::Transmission lost = transmission(1, envelope_for(key(1)));
    lost.target = root_ / "stick";
    const Result<void> result = outcome_of(lost, now_);
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().code, Errc::unavailable);
    EXPECT_NE(result.error().message.find("No such file or directory"), std::string::npos);
    EXPECT_NE(result.error().hint.find("Mount the medium"), std::string::npos);
    EXPECT_FALSE(fs::exists(root_ / "stick"));
}

TEST_F(MaildirTest, AnEmptyMountPointIsNotTakenForAMaildir) {
    fs::create_directory(root_ / "stick");
    engine::Transmission lost = transmission(1, envelope_for(key(1)));
    lost.target = root_ / "stick";
    EXPECT_FALSE(outcome_of(lost, now_).has_value());
    EXPECT_TRUE(fs::is_empty(root_ / "stick"));
}

TEST_F(MaildirTest, ARelativeTargetAnotherPathKindAndAnImpossibleMailAreRefused) {
    engine::Transmission relative = transmission(1, envelope_for(key(1)));
    relative.target = "box";
    EXPECT_EQ(outcome_of(relative, now_).error().code, Errc::refused);
    engine::Transmission direct = transmission(1, envelope_for(key(1)));
    direct.path_kind = "direct";
    EXPECT_EQ(outcome_of(direct, now_).error().code, Errc::internal);
    EXPECT_EQ(outcome_of(transmission(1, Bytes(limits::mail_bytes_max)), now_).error().code,
              Errc::too_large);
    EXPECT_TRUE(names_in("new").empty());
}

TEST_F(MaildirTest, AWriteThatFailsHalfWayLeavesNothingBehind) {
    Result<void> result;
    const Bytes envelope = envelope_for(key(1), 20'000);
    {
        const FileSizeLimit limit(8192);
        result = outcome_of(transmission(1, envelope), now_);
    }
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().code, Errc::unavailable);
    EXPECT_TRUE(names_in("tmp").empty());
    EXPECT_TRUE(names_in("new").empty());
}

TEST_F(MaildirTest, AMaildirThatMayNotBeWrittenIsAnOutcomeWithAHint) {
    fs::permissions(root_, fs::perms::all);
    fs::permissions(fs::path(directory_) / "tmp", static_cast<fs::perms>(0755));
    Result<void> result;
    {
        const Unprivileged user;
        result = outcome_of(transmission(1, envelope_for(key(1))), now_);
    }
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().code, Errc::unavailable);
    EXPECT_NE(result.error().hint.find("the right to read and write"), std::string::npos);
}

TEST_F(MaildirTest, AnInletThatIsMissingIsToldOnceAndServedWhenItIsBack) {
    put(envelope_for(key(1)));
    fs::rename(directory_, root_ / "away");
    const auto one = reader(1);
    const std::vector<Event> events = one->poll(now_);
    ASSERT_EQ(events.size(), 1U);
    const Notice &notice = std::get<Notice>(events[0]);
    EXPECT_EQ(notice.source, directory_);
    EXPECT_EQ(notice.reason.code, Errc::unavailable);
    EXPECT_FALSE(notice.reason.hint.empty());
    EXPECT_TRUE(one->poll(now_).empty());
    fs::rename(root_ / "away", directory_);
    EXPECT_EQ(only<Arrived>(one->poll(now_)).size(), 1U);
    fs::rename(directory_, root_ / "away");
    EXPECT_EQ(only<Notice>(one->poll(now_)).size(), 1U) << "told again after it was back";
}

TEST_F(MaildirTest, OneMissingInletDoesNotHinderAnother) {
    put(envelope_for(key(1)));
    Maildir one;
    engine::Inlet missing = inlet(1);
    missing.source = root_ / "nowhere";
    one.configure({missing, inlet(1)});
    const std::vector<Event> events = one.poll(now_);
    EXPECT_EQ(only<Arrived>(events).size(), 1U);
    EXPECT_EQ(only<Notice>(events).size(), 1U);
}

TEST_F(MaildirTest, AnUnreadableMessageIsToldAndReadWhenItsPermissionsAreMended) {
    fs::permissions(root_, fs::perms::all);
    for (const char *folder : {"", "new", "cur"}) {
        fs::permissions(fs::path(directory_) / folder, fs::perms::all);
    }
    const std::string name = put(envelope_for(key(1)));
    fs::permissions(fs::path(directory_) / "new" / name, fs::perms::none);
    const auto one = reader(1);
    {
        const Unprivileged user;
        const std::vector<Event> events = one->poll(now_);
        ASSERT_EQ(events.size(), 1U);
        EXPECT_EQ(std::get<Notice>(events[0]).reason.code, Errc::unavailable);
        EXPECT_TRUE(one->poll(now_).empty());
        EXPECT_NE(one->next_look(now_), now_);
    }
    fs::permissions(fs::path(directory_) / "new" / name, fs::perms::all);
    EXPECT_EQ(only<Arrived>(one->poll(now_)).size(), 1U);
}

TEST_F(MaildirTest, SymbolicLinksPipesAndDirectoriesAreNotRead) {
    const std::string name = put(envelope_for(key(1)));
    fs::rename(directory_ + "/new/" + name, root_ / "outside");
    fs::create_symlink(root_ / "outside", directory_ + "/new/link");
    ASSERT_EQ(::mkfifo((directory_ + "/new/pipe").c_str(), 0600), 0);
    fs::create_directory(directory_ + "/new/folder");
    const auto one = reader(1);
    const std::vector<Event> events = one->poll(now_);
    EXPECT_EQ(events.size(), 3U);
    for (const Notice &notice : only<Notice>(events)) {
        EXPECT_EQ(notice.reason.code, Errc::refused);
    }
    EXPECT_TRUE(only<Arrived>(events).empty());
    EXPECT_TRUE(one->poll(now_).empty());
    EXPECT_EQ(names_in("new").size(), 3U);
}

TEST_F(MaildirTest, AMaildirWhoseNewIsALinkIsNotFollowed) {
    fs::create_directory(root_ / "elsewhere");
    fs::remove(directory_ + "/new");
    fs::create_symlink(root_ / "elsewhere", directory_ + "/new");
    EXPECT_FALSE(outcome_of(transmission(1, envelope_for(key(1))), now_).has_value());
    EXPECT_TRUE(fs::is_empty(root_ / "elsewhere"));
    EXPECT_EQ(only<Notice>(reader(1)->poll(now_)).size(), 1U);
}

TEST_F(MaildirTest, AMailOfTheLargestSizeIsReadAndOneByteMoreIsNot) {
    const std::string name = put(envelope_for(key(1)));
    fs::resize_file(directory_ + "/new/" + name, limits::mail_bytes_max);
    EXPECT_EQ(only<Arrived>(reader(1)->poll(now_)).size(), 1U);
    fs::resize_file(directory_ + "/new/" + name, limits::mail_bytes_max + 1);
    const std::vector<Event> events = reader(1)->poll(now_);
    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(std::get<Notice>(events[0]).reason.code, Errc::too_large);
}

TEST_F(MaildirTest, AMessageThatCannotBeRemovedIsToldAndRemovedLater) {
    fs::permissions(root_, fs::perms::all);
    fs::permissions(directory_, fs::perms::all);
    const std::string name = put(envelope_for(key(1)));
    fs::permissions(fs::path(directory_) / "new" / name, fs::perms::all);
    fs::permissions(fs::path(directory_) / "cur", fs::perms::all);
    fs::permissions(fs::path(directory_) / "new", static_cast<fs::perms>(0755));
    const auto one = reader(1);
    {
        const Unprivileged user;
        one->settle(only<Arrived>(one->poll(now_)).at(0).receipt, Settlement::remove);
        const std::vector<Event> events = one->poll(now_);
        ASSERT_EQ(events.size(), 1U);
        EXPECT_EQ(std::get<Notice>(events[0]).reason.code, Errc::unavailable);
    }
    EXPECT_EQ(names_in("new").size(), 1U);
    EXPECT_TRUE(one->poll(now_).empty());
    EXPECT_TRUE(names_in("new").empty());
}

TEST_F(MaildirTest, ReceiptsOfAnInletThatIsGoneTouchNothing) {
    put(envelope_for(key(1)));
    const auto one = reader(1);
    const std::vector<Event> events = one->poll(now_);
    one->configure({});
    one->settle(only<Arrived>(events).at(0).receipt, Settlement::remove);
    EXPECT_EQ(names_in("new").size(), 1U);
}

TEST_F(MaildirTest, MakingAMaildirThatExistsChangesNothingAndABadPlaceIsAnError) {
    put(envelope_for(key(1)));
    EXPECT_TRUE(create_maildir(directory_).has_value());
    EXPECT_EQ(names_in("new").size(), 1U);
    EXPECT_FALSE(create_maildir((root_ / "no" / "such").string()).has_value());
    write_file("file", "x");
    EXPECT_FALSE(create_maildir(directory_ + "/file").has_value());
}

} // namespace
} // namespace postrider::transport
