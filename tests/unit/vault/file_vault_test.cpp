// Secret and state files on a real file system: what is refused, and with which way out.
#include <filesystem>
#include <fstream>
#include <functional>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/limits.hpp"
#include "common/base/text_encoding.hpp"
#include "common/vault/file_vault.hpp"
#include "common/vault/memory_vault.hpp"
#include "common/vault/private_file.hpp"

#include "tests/support/seeded_random.hpp"
#include "tests/support/temporary_directory.hpp"

namespace postrider::vault {
namespace {

namespace fs = std::filesystem;

struct FileVaultTest : testing::Test {
    test::SeededRandom random{1};
    test::TemporaryDirectory root;
    std::string directory = root / "state/postrider";
    std::string database = root / "data/shop.db";
    engine::Secret secret{crypto::random_bytes<16>(), crypto::Key::random(), 3,
                          crypto::Key::random()};

    FileVaultTest() {
        fs::create_directory(root / "data");
        std::ofstream{database} << "rows";
    }

    FileVault vault() const { return FileVault{{directory, database, {}}}; }

    std::string secret_path() const { return directory + "/" + to_hex(secret.node) + ".secret"; }

    void store() const { ASSERT_TRUE(vault().store_secret(secret)); }

    Error load_error() const {
        const auto loaded = vault().load_secret(secret.node);
        return loaded ? Error{Errc::internal, "it was loaded"} : loaded.error();
    }
};

void expect_says(const Error &error, std::string_view in_message, std::string_view in_hint) {
    EXPECT_EQ(error.code, Errc::refused);
    EXPECT_NE(error.message.find(in_message), std::string::npos) << error.message;
    EXPECT_NE(error.hint.find(in_hint), std::string::npos) << error.hint;
}

// Runs `check` as an unprivileged user in a child; root could read everything.
bool as_nobody(const std::function<bool()> &check) {
    const pid_t child = ::fork();
    if (child == 0) {
        const bool dropped = ::geteuid() != 0 || ::setuid(65534) == 0;
        ::_exit(dropped && check() ? 0 : 1);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

using FileVaultFiles = FileVaultTest;

TEST_F(FileVaultFiles, GiveASecretBack) {
    store();
    const auto loaded = vault().load_secret(secret.node);
    ASSERT_TRUE(loaded) << loaded.error().message;
    EXPECT_TRUE(loaded->master == secret.master);
    EXPECT_TRUE(loaded->ratchet_key == secret.ratchet_key);
    EXPECT_EQ(loaded->ratchet_index, 3U);
}

TEST_F(FileVaultFiles, AreClosedToOthersAndLeaveNothingElseBehind) {
    store();

    struct stat status {};

    ASSERT_EQ(::stat(secret_path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777U, 0600U);
    ASSERT_EQ(::stat(directory.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777U, 0700U);
    EXPECT_EQ(std::distance(fs::directory_iterator{directory}, fs::directory_iterator{}), 1);
}

TEST_F(FileVaultFiles, AreReplacedWhole) {
    store();
    secret.ratchet_index = 4;
    store();
    EXPECT_EQ(vault().load_secret(secret.node)->ratchet_index, 4U);
    EXPECT_EQ(std::distance(fs::directory_iterator{directory}, fs::directory_iterator{}), 1);
}

TEST_F(FileVaultFiles, OutliveAnEarlierCrashWhileWriting) {
    store();
    std::ofstream{secret_path() + ".new"} << "half";
    store();
    EXPECT_TRUE(vault().load_secret(secret.node));
}

TEST_F(FileVaultFiles, SayThatASecretIsMissingAndWhatToDo) {
    expect_says(load_error(), "is missing", "POSTRIDER_STATE_DIRECTORY");
}

TEST_F(FileVaultFiles, OpenToOthersAreRefusedWithTheCommandThatClosesThem) {
    store();
    for (const mode_t mode : {0640U, 0604U, 0610U, 0601U, 0666U}) {
        ::chmod(secret_path().c_str(), mode);
        expect_says(load_error(), "is open to other users", "chmod 600 '" + secret_path() + "'");
    }
    ::chmod(secret_path().c_str(), 0600);
    EXPECT_TRUE(vault().load_secret(secret.node));
}

TEST_F(FileVaultFiles, InADirectoryThatOthersMayWriteAreRefused) {
    store();
    ::chmod(directory.c_str(), 0777);
    expect_says(load_error(), "can be written by other users", "chmod 700");
    EXPECT_FALSE(vault().store_secret(secret));
}

TEST_F(FileVaultFiles, ThatAreLinksAreRefused) {
    store();
    fs::rename(secret_path(), directory + "/elsewhere");
    fs::create_symlink(directory + "/elsewhere", secret_path());
    expect_says(load_error(), "is a symbolic link", "");
}

TEST_F(FileVaultFiles, ThatAreNotRegularAreRefusedWithoutWaiting) {
    store();
    fs::remove(secret_path());
    ASSERT_EQ(::mkfifo(secret_path().c_str(), 0600), 0);
    expect_says(load_error(), "is not a regular file", "");
    fs::remove(secret_path());
    fs::create_directory(secret_path());
    expect_says(load_error(), "is not a regular file", "");
}

TEST_F(FileVaultFiles, OfFourKibibytesAreReadAndOneByteMoreIsNot) {
    store();
    fs::resize_file(secret_path(), limits::secret_file_bytes_max);
    expect_says(load_error(), "is damaged", "");
    fs::resize_file(secret_path(), limits::secret_file_bytes_max + 1);
    expect_says(load_error(), "is larger than it can be", "");
}

TEST_F(FileVaultFiles, OfAnotherNodeAreRefused) {
    store();
    const NodeId other = crypto::random_bytes<16>();
    fs::copy_file(secret_path(), directory + "/" + to_hex(other) + ".secret");
    EXPECT_EQ(vault().load_secret(other).error().code, Errc::refused);
}

TEST_F(FileVaultFiles, OfAnotherUserAreRefusedByName) {
    for (const char *name : {"passwd", "shadow"}) { // one that all may read, one that root may
        EXPECT_TRUE(as_nobody([name] {
            const auto read = read_private({.directory = "/etc",
                                            .name = name,
                                            .what = "secret file",
                                            .bytes_max = std::size_t{1} << 20U,
                                            .in_own_directory = false});
            return !read &&
                   read.error().message.find("belongs to user \"root\"") != std::string::npos &&
                   read.error().hint.find("Run as that user") != std::string::npos;
        })) << name;
    }
}

using FileVaultPlace = FileVaultTest;

TEST_F(FileVaultPlace, BesideTheDatabaseIsRefused) {
    for (const char *place : {"data", "data/secrets", "data/deeper/secrets", "data/../data"}) {
        directory = root / place;
        const auto stored = vault().store_secret(secret);
        ASSERT_FALSE(stored) << place;
        expect_says(stored.error(), "lies beside the data", "outside of");
        EXPECT_FALSE(vault().store_state({}));
    }
    EXPECT_FALSE(fs::exists(root / "data/secrets"));
}

TEST_F(FileVaultPlace, BehindALinkIntoTheDataIsRefused) {
    fs::create_directory_symlink(root / "data", root / "looks-fine");
    directory = root / "looks-fine/secrets";
    EXPECT_FALSE(vault().store_secret(secret));
}

TEST_F(FileVaultPlace, WhoseNameOnlyBeginsLikeTheDatasIsFine) {
    directory = root / "data-secrets";
    EXPECT_TRUE(vault().store_secret(secret));
}

TEST_F(FileVaultPlace, InADataDirectoryOrTablespaceIsRefused) {
    fs::create_directories(root / "pg/15");
    fs::create_directories(root / "tablespace");
    for (const char *place : {"pg/15/secrets", "tablespace/x"}) {
        FileVault vault{{root / place, {}, {root / "pg", root / "tablespace", root / "missing"}}};
        EXPECT_FALSE(vault.store_secret(secret)) << place;
    }
    FileVault outside{{directory, {}, {root / "pg", root / "tablespace"}}};
    EXPECT_TRUE(outside.store_secret(secret));
}

TEST_F(FileVaultPlace, ThatIsRelativeOrUnsetIsRefused) {
    for (const char *place : {"", "state"}) {
        directory = place;
        EXPECT_FALSE(vault().store_secret(secret));
        EXPECT_FALSE(vault().load_secret(secret.node));
    }
}

TEST_F(FileVaultPlace, IsFoundForADatabaseThroughItsRealPath) {
    fs::create_symlink(database, root / "link.db");
    const FileVault linked{{directory, root / "link.db", {}}};
    const engine::StateFile here = linked.here();
    EXPECT_EQ(here.canonical_path, database);
    EXPECT_NE(here.inode, 0U);
    EXPECT_EQ(here.inode, vault().here().inode);
    EXPECT_EQ(here.device, vault().here().device);
}

TEST_F(FileVaultFiles, GiveAStateBackAndSayWhenThereIsNone) {
    engine::StateFile state = vault().here();
    state.node = secret.node;
    state.incarnation = 5;
    state.positions["aa/0/out"] = 7;
    ASSERT_FALSE(vault().load_state(secret.node)->has_value());
    ASSERT_TRUE(vault().store_state(state));
    const auto loaded = vault().load_state(secret.node);
    ASSERT_TRUE(loaded);
    EXPECT_EQ((*loaded)->positions, state.positions);
    EXPECT_EQ((*loaded)->canonical_path, database);
}

TEST(MemoryVault, IsRolledBackLikeADisk) {
    MemoryVault vault;
    const engine::Secret secret{crypto::random_bytes<16>(), crypto::Key::random(), 0,
                                crypto::Key::random()};
    EXPECT_FALSE(vault.load_secret(secret.node));
    ASSERT_TRUE(vault.store_secret(secret));
    const MemoryVaultContent before = vault.snapshot();
    engine::Secret later = secret;
    later.ratchet_index = 9;
    ASSERT_TRUE(vault.store_secret(later));
    EXPECT_EQ(vault.load_secret(secret.node)->ratchet_index, 9U);
    vault.restore(before);
    EXPECT_EQ(vault.load_secret(secret.node)->ratchet_index, 0U);
}

TEST(MemoryVault, KeepsAStatePerNodeAndKnowsWhereItPretendsToBe) {
    MemoryVault vault;
    vault.move_to("/a/b.db", 1, 2);
    engine::StateFile state = vault.here();
    state.node = crypto::random_bytes<16>();
    EXPECT_FALSE(vault.load_state(state.node)->has_value());
    ASSERT_TRUE(vault.store_state(state));
    EXPECT_EQ((*vault.load_state(state.node))->canonical_path, "/a/b.db");
    EXPECT_EQ((*vault.load_state(state.node))->inode, 2U);
}

} // namespace
} // namespace postrider::vault
