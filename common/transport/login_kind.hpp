// By what a mailbox, and one of its servers, is logged in to.
#pragma once

#include <cstdint>

#include "common/engine/transport.hpp"
#include "common/mail/server_url.hpp"

namespace postrider::transport {

/// Of a mailbox, `certificate` means: at servers whose address names one; at others a password.
enum class LoginKind : std::uint8_t { none, password, token, certificate };

/// A certificate serves as the login where the text names neither a password nor a token.
LoginKind login_of(const engine::Mailbox &mailbox);

/// At one server of a mailbox for which `login_of` is `of_mailbox`.
LoginKind login_at(const mail::ServerUrl &url, LoginKind of_mailbox);

} // namespace postrider::transport
