// Where paths lead, on a real file system.
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "common/vault/real_location.hpp"

#include "tests/support/temporary_directory.hpp"

namespace postrider::vault {
namespace {

namespace fs = std::filesystem;

struct RealLocation : testing::Test {
    test::TemporaryDirectory root;
    std::string base = real_path(root.path());
    std::string allowed = base + "/allowed";

    RealLocation() {
        fs::create_directories(allowed + "/box");
        fs::create_directories(base + "/outside");
        fs::create_directories(base + "/allowed_too");
        fs::create_directory_symlink("../outside", allowed + "/link");
        fs::create_directory_symlink("../nowhere", allowed + "/dangling");
        fs::create_directory_symlink("round", allowed + "/round");
        fs::create_directory_symlink("allowed", base + "/entry");
        std::ofstream{allowed + "/file"} << "text";
    }

    bool is_allowed(const std::string &path) const { return is_located_in(path, {allowed}); }
};

TEST_F(RealLocation, IsThatOfWhatIsThereOrWouldBeMade) {
    EXPECT_EQ(real_location(allowed + "/box"), allowed + "/box");
    EXPECT_EQ(real_location(base + "//entry/./box/"), allowed + "/box");
    EXPECT_EQ(real_location(allowed + "/new/./er"), allowed + "/new/er");
    EXPECT_EQ(real_location(allowed + "/link/new"), base + "/outside/new");
    EXPECT_EQ(real_location("/"), "/");
    EXPECT_EQ(real_location("//"), "/");
    EXPECT_EQ(real_location("/no such directory"), "/no such directory");
}

TEST_F(RealLocation, IsUnknownWhereNobodyCanTell) {
    for (const std::string &path :
         {std::string{}, std::string{"box"}, std::string{"./box"}, allowed + "/..",
          allowed + "/../allowed/box", allowed + "/box/..", "/../" + allowed, allowed + "/dangling",
          allowed + "/dangling/new", allowed + "/round", allowed + "/file/new",
          allowed + std::string("\0/box", 5)}) {
        EXPECT_EQ(real_location(path), "") << path;
    }
}

TEST_F(RealLocation, CountsForWhatIsAllowed) {
    EXPECT_TRUE(is_allowed(allowed));
    EXPECT_TRUE(is_allowed(allowed + "/box"));
    EXPECT_TRUE(is_allowed(allowed + "/..box"));
    EXPECT_TRUE(is_allowed(base + "/entry/new"));
    EXPECT_FALSE(is_allowed(base));
    EXPECT_FALSE(is_allowed("/"));
    EXPECT_FALSE(is_allowed(base + "/allowed_too"));
    EXPECT_FALSE(is_allowed(allowed + "/link"));
    EXPECT_FALSE(is_allowed(allowed + "/link/new"));
    EXPECT_FALSE(is_allowed(allowed + "/../outside"));
    EXPECT_FALSE(is_allowed("allowed/box"));
}

TEST_F(RealLocation, OfADirectoryThatIsAllowedCountsToo) {
    EXPECT_TRUE(is_located_in(allowed + "/box", {"/nowhere", base + "/entry"}));
    EXPECT_TRUE(is_located_in(base + "/later/box", {base + "/later"}));
    EXPECT_TRUE(is_located_in(allowed, {"/"}));
    EXPECT_FALSE(is_located_in(allowed, {}));
    EXPECT_FALSE(is_located_in("box", {"box", ""}));
}

} // namespace
} // namespace postrider::vault
