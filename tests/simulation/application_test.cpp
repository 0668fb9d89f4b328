// The simulated application writes something of everything, and its copies are compared exactly.
#include <gtest/gtest.h>

#include "tests/simulation/application.hpp"

namespace postrider::simulation {
namespace {

class ApplicationTest : public testing::Test {
  protected:
    ApplicationTest() { application_.create(disk_); }

    Random random_{11};
    WorldTime time_;
    NodeClock clock_{time_};
    MemoryDisk disk_{"application_test", random_, clock_};
    Application application_{"a"};
};

TEST_F(ApplicationTest, WritesRowsOfEveryStorageClassAndKeepsTheFileSound) {
    for (int count = 0; count < 400; ++count) {
        application_.write(disk_, random_);
    }
    for (const auto &[table, rows] : application_.content(disk_)) {
        EXPECT_GT(rows.size(), 3U) << table;
    }
    EXPECT_EQ(ask(disk_, "SELECT count(DISTINCT typeof(v)) FROM (SELECT v FROM a_item UNION ALL"
                         " SELECT v FROM a_note UNION ALL SELECT v FROM a_part)"),
              "5");
    EXPECT_EQ(complaints(disk_), "");
    EXPECT_GT(application_.versions(disk_).size(), 10U);
}

TEST_F(ApplicationTest, TellsValuesApartThatSqlCallsEqual) {
    run_plain(disk_, "INSERT INTO a_item VALUES(1, 0.0, NULL, 1), (2, 1, NULL, 1)");
    const auto before = application_.content(disk_);
    run_plain(disk_, "UPDATE a_item SET v = -0.0 WHERE id = 1");
    const auto after = application_.content(disk_);
    EXPECT_NE(before, after);
    run_plain(disk_, "UPDATE a_item SET v = 1.0 WHERE id = 2");
    EXPECT_NE(after, application_.content(disk_));
}

TEST_F(ApplicationTest, ADeadDiskMakesTheWriteFail) {
    disk_.fail_in(0, DiskFault::death);
    EXPECT_FALSE(application_.write(disk_, random_) && application_.write(disk_, random_) &&
                 application_.write(disk_, random_));
    EXPECT_TRUE(disk_.is_dead());
    disk_.die(Death::power);
    EXPECT_EQ(complaints(disk_), "");
}

} // namespace
} // namespace postrider::simulation
