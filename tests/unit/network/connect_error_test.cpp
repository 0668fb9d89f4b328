// What an operator reads when a mail server cannot be reached.
#include <curl/curl.h>
#include <gtest/gtest.h>

#include "common/network/connect_error.hpp"

namespace postrider::network {
namespace {

TEST(ConnectError, SaysWhetherTryingAgainAloneHelps) {
    for (const CURLcode code : {CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_CONNECT,
                                CURLE_SSL_CONNECT_ERROR, CURLE_RECV_ERROR, CURLE_FAILED_INIT}) {
        EXPECT_EQ(connect_error(code, {}).code, Errc::unavailable) << code;
    }
    EXPECT_EQ(connect_error(CURLE_OPERATION_TIMEDOUT, {}).code, Errc::timed_out);
    for (const CURLcode code :
         {CURLE_LOGIN_DENIED, CURLE_PEER_FAILED_VERIFICATION, CURLE_USE_SSL_FAILED}) {
        EXPECT_EQ(connect_error(code, {}).code, Errc::refused) << code;
        EXPECT_FALSE(connect_error(code, {}).hint.empty()) << code;
    }
}

TEST(ConnectError, ShowsTheServersWordsMadePrintable) {
    const Error error = connect_error(
        CURLE_LOGIN_DENIED, {"smtp://mail.example:587", "Login denied", "535 5.7.8 no\x1b[2J\r\n"});
    EXPECT_EQ(error.message,
              "could not connect to smtp://mail.example:587: it does not accept user "
              "and password");
    EXPECT_EQ(error.detail, "Login denied; its last words: 535 5.7.8 no?[2J");
}

} // namespace
} // namespace postrider::network
