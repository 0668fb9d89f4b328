// One rule, for the host, which reads the secrets, and the process, which uses them.
#include "common/transport/login_kind.hpp"

namespace postrider::transport {

namespace {

bool names_certificate(const std::string &url) {
    const Result<mail::ServerUrl> parsed = mail::parse_server_url(url);
    return parsed && !parsed->certificate.empty();
}

} // namespace

LoginKind login_of(const engine::Mailbox &mailbox) {
    if (mailbox.secret) {
        return mailbox.secret->kind == task::SecretKind::token ? LoginKind::token
                                                               : LoginKind::password;
    }
    if (mailbox.user.empty()) {
        return LoginKind::none;
    }
    return names_certificate(mailbox.receive) || names_certificate(mailbox.send)
               ? LoginKind::certificate
               : LoginKind::password;
}

LoginKind login_at(const mail::ServerUrl &url, LoginKind of_mailbox) {
    return of_mailbox == LoginKind::certificate && url.certificate.empty() ? LoginKind::password
                                                                           : of_mailbox;
}

} // namespace postrider::transport
