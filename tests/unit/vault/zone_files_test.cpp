// Names of time zones and the files that they lead to.
#include <gtest/gtest.h>

#include "common/vault/zone_files.hpp"

namespace postrider::vault {
namespace {

TEST(ZoneFiles, AZoneIsFoundByItsName) {
    EXPECT_TRUE(system_time_zone("UTC").has_value());
    EXPECT_TRUE(system_time_zone("Europe/Berlin").has_value());
}

TEST(ZoneFiles, ANameLeadsToNoOtherPlace) {
    for (const std::string name : {"", "Europe", "../../../etc/passwd", "/etc/localtime",
                                   "Europe/../UTC", "tzdata.zi", "No/Such", "Europe/Berlin\n"}) {
        const Result<TimeZone> zone = system_time_zone(name);
        ASSERT_FALSE(zone.has_value()) << name;
        EXPECT_EQ(zone.error().code, Errc::refused);
        EXPECT_NE(zone.error().hint.find("/usr/share/zoneinfo"), std::string::npos);
    }
}

} // namespace
} // namespace postrider::vault
