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
    problem.proxy_answer = 200;
    EXPECT_EQ(what(CURLE_RECV_ERROR), "it closed the connection before anybody was logged in");
    problem.proxy_answer = 403;
    EXPECT_EQ(what(CURLE_RECV_ERROR), "its proxy does not connect us to it");
    problem.proxy_answer = 407;
    EXPECT_EQ(what(CURLE_RECV_ERROR), "its proxy wants a login");
    problem.has_proxy_login = true;
    EXPECT_EQ(what(CURLE_RECV_ERROR), "its proxy does not accept our user and password");
    problem.proxy_answer = 0;
    problem.words = "User was rejected by the SOCKS5 server (1 1).";
    EXPECT_EQ(what(CURLE_PROXY), "its proxy does not accept our user and password");
    problem.has_proxy_login = false;
    problem.words = "No authentication method was acceptable.";
    EXPECT_EQ(what(CURLE_PROXY), "its proxy wants a login");
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

TEST(ConnectError, TellsWhatIsWrongWithOurCertificate) {
    ConnectProblem problem{.server = "imaps://m:993", .has_certificate = true};
    const auto what = [&](CURLcode code, const std::string &words) {
        problem.words = words;
        const Error error = connect_error(code, problem);
        EXPECT_FALSE(error.hint.empty()) << error.message;
        EXPECT_EQ(error.detail, words);
        return error.message.substr(error.message.rfind(": ") + 2);
    };
    EXPECT_EQ(what(CURLE_SSL_CERTPROBLEM, "unable to set private key file: '(memory blob)'"),
              "our key does not belong to our certificate, or is damaged");
    EXPECT_EQ(what(CURLE_SSL_CERTPROBLEM, "could not load PEM client certificate"),
              "our certificate cannot be used");
    const std::string alert = "OpenSSL SSL_read: error:0A000418:SSL routines::tlsv1 alert ";
    EXPECT_EQ(what(CURLE_RECV_ERROR, alert + "unknown ca"), "it does not accept our certificate");
    EXPECT_EQ(what(CURLE_SSL_CONNECT_ERROR, "sslv3 alert bad certificate"),
              "it does not accept our certificate");
    EXPECT_EQ(what(CURLE_PEER_FAILED_VERIFICATION, "certificate has expired"),
              "its certificate is not accepted");
    problem.has_certificate = false;
    EXPECT_EQ(what(CURLE_RECV_ERROR, "tlsv13 alert certificate required"),
              "it wants a certificate of ours");
    EXPECT_EQ(what(CURLE_RECV_ERROR, "connection reset"),
              "it closed the connection before anybody was logged in");
    EXPECT_EQ(what(CURLE_OPERATION_TIMEDOUT, "alert certificate"), "it did not answer in time");
    problem.words.clear();
    problem.last_line = "A002 NO [ALERT] Client didn't present valid SSL certificate\r\n";
    EXPECT_NE(connect_error(CURLE_LOGIN_DENIED, problem).message.find("wants a certificate"),
              std::string::npos);
    problem.has_certificate = true;
    EXPECT_NE(connect_error(CURLE_LOGIN_DENIED, problem).message.find("accept our certificate"),
              std::string::npos);
}

TEST(ConnectError, SaysWhetherALoginByCertificateIsOffered) {
    ConnectProblem problem{.server = "imaps://m:993",
                           .login = transport::LoginKind::certificate,
                           .has_certificate = true};
    EXPECT_EQ(connect_error(CURLE_LOGIN_DENIED, problem).message,
              "could not connect to imaps://m:993: it takes no logins by certificate");
    problem.has_begun_login = true;
    const Error error = connect_error(CURLE_LOGIN_DENIED, problem);
    EXPECT_EQ(error.code, Errc::refused);
    EXPECT_EQ(error.message, "could not connect to imaps://m:993: it does not let in whom the "
                             "certificate names");
    EXPECT_NE(error.hint.find("PASSWORD FILE"), std::string::npos);
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
