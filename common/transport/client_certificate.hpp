// The certificate that a mail server is shown, and its key, from files of the secret directory.
#pragma once

#include <string>

#include "common/mail/server_url.hpp"
#include "common/transport/login_secrets.hpp"

namespace postrider::transport {

/// Puts both into `out`. `refused` where a file cannot be used or is no PEM, or where the key is
/// encrypted; whether they belong together shows when they are used.
Result<void> read_client_certificate(const std::string &directory,
                                     const mail::ServerUrl &url,
                                     LoginSecrets &out);

} // namespace postrider::transport
