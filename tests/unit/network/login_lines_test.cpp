// What is read out of the lines of a login.
#include <gtest/gtest.h>

#include "common/network/login_lines.hpp"

namespace postrider::network {
namespace {

TEST(LoginLines, KnowTheCommandsThatBeginALogin) {
    for (const char *command :
         {"AUTH XOAUTH2 dXNlcj0=\r\n", "AUTH PLAIN\r\n", "A002 AUTHENTICATE OAUTHBEARER bg==\r\n",
          "A003 LOGIN a b\r\n", "USER a\r\n", "APOP a 0\r\n"}) {
        EXPECT_TRUE(begins_login(command)) << command;
    }
    for (const char *command : {"EHLO LOGIN\r\n", "A001 CAPABILITY\r\n", "STARTTLS\r\n", "CAPA\r\n",
                                "QUIT\r\n", "\r\n", "", "A004 AUTHENTIC\r\n"}) {
        EXPECT_FALSE(begins_login(command)) << command;
    }
}

TEST(LoginLines, FindTheChallengeOfEachProtocol) {
    EXPECT_EQ(challenge_in("334 eyJzIjoiNDAxIn0=\r\n"), "eyJzIjoiNDAxIn0=");
    EXPECT_EQ(challenge_in("+ eyJzIjoiNDAxIn0=\r\n"), "eyJzIjoiNDAxIn0=");
    for (const char *line : {"334 \r\n", "334", "+ \r\n", "+\r\n", "+OK ready\r\n", "* OK + b\r\n",
                             "535 5.7.8 no\r\n", ""}) {
        EXPECT_EQ(challenge_in(line), "") << line;
    }
}

} // namespace
} // namespace postrider::network
