// The secret is kept only by the connection, for as long as it is needed.
#include "common/network/login.hpp"

#include <utility>

#include "common/network/own_name.hpp"

namespace postrider::network {

Endpoint endpoint_of(const transport::MailAccount &account,
                     const mail::ServerUrl &url,
                     const Surroundings &around) {
    Endpoint endpoint{.url = url,
                      .user = account.user,
                      .login = transport::login_at(url, account.login),
                      .ca_file = around.ca_file,
                      .client_name = url.greeting.empty() ? around.own_name : url.greeting};
    if (endpoint.login == transport::LoginKind::certificate && account.user == account.address) {
        endpoint.user.clear();
    }
    return endpoint;
}

std::string greeting_of(const transport::MailAccount &account,
                        const Surroundings &around,
                        const Connection &connection) {
    const Result<mail::ServerUrl> url = mail::parse_server_url(account.send);
    if (url && !url->greeting.empty()) {
        return url->greeting;
    }
    return around.own_name.empty() ? address_literal(connection.descriptor()) : around.own_name;
}

void Login::begin(const transport::MailAccount &account, const Endpoint &endpoint) {
    give_up();
    endpoint_ = endpoint;
    if (endpoint_.login == transport::LoginKind::none && endpoint_.url.certificate.empty() &&
        endpoint_.url.proxy_password.empty()) {
        connection_ = connections_.connect(endpoint_, {});
        return;
    }
    question_ = host_.ask_secret(account.name, endpoint_.url.protocol == mail::Protocol::smtp);
}

void Login::give_up() {
    connection_.reset();
    problem_.reset();
    question_.reset();
}

bool Login::on_secret(const transport::Secret &secret) {
    if (!question_ || *question_ != secret.question) {
        return false;
    }
    question_.reset();
    if (!secret.problem.message.empty()) {
        problem_ = secret.problem;
    } else {
        connection_ = connections_.connect(endpoint_, secret.secrets);
    }
    return true;
}

std::optional<Result<std::unique_ptr<Connection>>> Login::take() {
    if (problem_) {
        return Result<std::unique_ptr<Connection>>{*std::exchange(problem_, std::nullopt)};
    }
    if (!connection_ || connection_->state() == Connection::State::connecting) {
        return std::nullopt;
    }
    std::unique_ptr<Connection> connection = std::exchange(connection_, nullptr);
    if (connection->state() == Connection::State::failed) {
        ++failures_;
        return Result<std::unique_ptr<Connection>>{connection->error()};
    }
    failures_ = 0;
    return Result<std::unique_ptr<Connection>>{std::move(connection)};
}

} // namespace postrider::network
