// The secret is kept only by the connection, for as long as it is needed.
#include "common/network/login.hpp"

#include <utility>

namespace postrider::network {

void Login::begin(const transport::MailAccount &account, const Endpoint &endpoint) {
    give_up();
    endpoint_ = endpoint;
    if (endpoint_.login == transport::LoginKind::none) {
        connection_ = connections_.connect(endpoint_, {});
        return;
    }
    question_ = host_.ask_secret(account.name);
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
        connection_ = connections_.connect(endpoint_, secret.secret);
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
