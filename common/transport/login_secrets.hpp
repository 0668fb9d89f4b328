// What a connection to one mail server takes that lies in files and commands, which only the host
// reads.
#pragma once

#include "common/crypto/secret_buffer.hpp"

namespace postrider::transport {

struct LoginSecrets {
    crypto::SecretBuffer password = {};    // or the token; empty: nothing is logged in with one
    crypto::SecretBuffer certificate = {}; // of ours, with those that sign it; PEM
    crypto::SecretBuffer key = {};         // that belongs to it; PEM
    crypto::SecretBuffer proxy_password = {};

    bool operator==(const LoginSecrets &) const = default;

    template <class Fields>
    void list(Fields &fields) {
        fields(password, certificate, key, proxy_password);
    }
};

} // namespace postrider::transport
