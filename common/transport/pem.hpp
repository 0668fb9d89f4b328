// The blocks of a PEM text (RFC 7468): certificates and the private key are told apart, nothing of
// what is in them is read.
#pragma once

#include "common/base/bytes.hpp"
#include "common/crypto/secret_buffer.hpp"

namespace postrider::transport {

struct PemBlocks {
    Bytes certificates;       // all of them, each as it stands with its two lines
    crypto::SecretBuffer key; // the first one; empty: there is none
    bool is_key_encrypted = false;
};

/// What stands outside of blocks, and blocks of other kinds or without an end, are passed over.
PemBlocks read_pem(ByteView text);

} // namespace postrider::transport
