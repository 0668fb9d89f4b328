// The recovery bundle: a secret that leaves its machine, under a code that people write down
// (docs/security.md, "Loss of the secret file").
#pragma once

#include <string>
#include <string_view>

#include "common/base/result.hpp"
#include "common/crypto/secret_bytes.hpp"

namespace postrider::crypto {

/// 128 random bits; opens one bundle.
using RecoveryCode = SecretBytes<16>;

/// Eight groups of four hexadecimal digits.
std::string to_text(const RecoveryCode &code);

/// Takes it as it is written, in either case, with or without hyphens and blanks. `malformed`
/// otherwise, without the text.
Result<RecoveryCode> parse_recovery_code(std::string_view text);

/// magic 8 ‖ salt 16 ‖ header 24 ‖ one chunk of a secretstream with TAG_FINAL, under argon2id13
/// (MODERATE) of the code and the salt; everything before the chunk is its associated data.
/// `unavailable` when there is no memory for it.
Result<Bytes> seal_bundle(const RecoveryCode &code, ByteView content);

/// Errors: malformed (not a bundle), bad_signature (another code, or damaged), unavailable.
Result<Bytes> open_bundle(const RecoveryCode &code, ByteView bundle);

} // namespace postrider::crypto
