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
    const Error error = connect_error(CURLE_LOGIN_DENIED, {.server = "smtp://mail.example:587",
                                                           .words = "Login denied",
                                                           .last_line = "535 5.7.8 no\x1b[2J\r\n",
                                                           .has_begun_login = true});
    EXPECT_EQ(error.message,
              "could not connect to smtp://mail.example:587: it does not accept user "
              "and password");
    EXPECT_EQ(error.detail, "Login denied; its last words: 535 5.7.8 no?[2J");
}

TEST(ConnectError, TellsAProxyFromTheServer) {
    ConnectProblem problem{.server = "imaps://m:993?proxy=http://p:3128", .has_proxy = true};
    const auto what = [&](CURLcode code) {
        const std::string message = connect_error(code, problem).message;
        return message.substr(message.rfind(": ") + 2);
    };
    EXPECT_EQ(what(CURLE_COULDNT_RESOLVE_PROXY), "the name of its proxy cannot be looked up");
    EXPECT_EQ(what(CURLE_COULDNT_CONNECT), "nobody answers at its proxy");
    EXPECT_EQ(what(CURLE_OPERATION_TIMEDOUT), "it, or its proxy, did not answer in time");
    EXPECT_EQ(what(CURLE_PROXY), "its proxy does not connect us to it");
    EXPECT_EQ(what(CURLE_PEER_FAILED_VERIFICATION), "its certificate is not accepted");
    problem.was_proxy_reached = true;
    EXPECT_EQ(what(CURLE_RECV_ERROR), "its proxy does not connect us to it");
    problem = {};
    EXPECT_EQ(what(CURLE_COULDNT_CONNECT), "nobody answers there");
}

TEST(ConnectError, OfARefusedTokenShowsWhatTheServerSaysOfIt) {
    ConnectProblem problem{.server = "imaps://mail.example:993",
                           .words = "Login denied",
                           .last_line = "A002 NO failed\r\n",
                           .login = transport::LoginKind::token,
                           .has_begun_login = true,
                           .challenge = "eyJzdGF0dXMiOiI0MDEifQ=="};
    Error error = connect_error(CURLE_LOGIN_DENIED, problem);
    EXPECT_EQ(error.code, Errc::refused);
    EXPECT_EQ(error.message,
              "could not connect to imaps://mail.example:993: it does not accept the token");
    EXPECT_EQ(error.detail,
              "Login denied; it said: {\"status\":\"401\"}; its last words: A002 NO failed");
    EXPECT_NE(error.hint.find("TOKEN COMMAND is asked anew at each login"), std::string::npos);
    problem.challenge = "no base64";
    error = connect_error(CURLE_LOGIN_DENIED, problem);
    EXPECT_EQ(error.detail, "Login denied; its last words: A002 NO failed");
}

TEST(ConnectError, SaysWhereAServerTakesNoSuchLogin) {
    ConnectProblem problem{.server = "smtp://mail.example:587",
                           .login = transport::LoginKind::token};
    Error error = connect_error(CURLE_LOGIN_DENIED, problem);
    EXPECT_EQ(error.message,
              "could not connect to smtp://mail.example:587: it takes no tokens of OAuth 2");
    problem.login = transport::LoginKind::password;
    error = connect_error(CURLE_LOGIN_DENIED, problem);
    EXPECT_EQ(error.message, "could not connect to smtp://mail.example:587: it takes no passwords");
    EXPECT_NE(error.hint.find("TOKEN COMMAND"), std::string::npos);
}

} // namespace
} // namespace postrider::network
