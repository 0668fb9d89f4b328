// What it means when libcurl could not connect or log in, and what an operator does about it.
#pragma once

#include <string>

#include "common/base/error.hpp"
#include "common/transport/network_messages.hpp"

namespace postrider::network {

struct ConnectProblem {
    std::string server = {};    // as the task text names it
    std::string words = {};     // libcurl's
    std::string last_line = {}; // of the server, as it came
    transport::LoginKind login = transport::LoginKind::none;
    bool has_begun_login = false; // the server was asked to let somebody in
    bool has_certificate = false; // of ours, that it was shown
    bool has_proxy = false;
    bool has_proxy_login = false;
    long proxy_answer = 0; // the status of CONNECT, where it came to one
    std::string challenge =
        {}; // what it said in base64 before it refused, as it came (RFC 7628 3.2.3)
};

/// `code` is a CURLcode. `refused` where trying again alone does not help.
Error connect_error(int code, const ConnectProblem &problem);

/// The server, or something on the way, ended a connection that was open.
Error connection_lost(const std::string &server);

} // namespace postrider::network
