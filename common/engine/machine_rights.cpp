// From statements and rows to what the database's port is asked about.
#include "common/engine/machine_rights.hpp"

#include <string>
#include <string_view>
#include <vector>

#include "common/engine/configuration_mac.hpp"
#include "common/engine/store/mailboxes.hpp"
#include "common/engine/store/rows.hpp"
#include "common/task/check.hpp"
#include "common/task/task_text.hpp"
#include "common/task/words.hpp"

namespace postrider::engine {

namespace {

using Kind = MachinePart::Kind;

constexpr std::string_view maildir_scheme = "maildir:";

struct Named {
    MachinePart part;
    task::Position at;
};

void add_secret(const task::Login &login, std::vector<Named> &named) {
    if (!login.secret) {
        return;
    }
    const task::Secret &secret = login.secret->value;
    if (secret.source == task::SecretSource::command) {
        named.push_back({{Kind::program, secret.where}, login.secret->at});
    } else if (secret.where.find('/') != std::string::npos) {
        named.push_back({{Kind::file, secret.where}, login.secret->at});
    }
}

std::vector<Named> named_in(const task::Statement &statement) {
    std::vector<Named> named;
    if (const auto *peer = std::get_if<task::Peer>(&statement)) {
        for (const task::Path &path : peer->paths) {
            if (path.kind == task::PathKind::maildir && path.target) {
                named.push_back({{Kind::directory, path.target->value}, path.target->at});
            }
        }
    } else if (const auto *mailbox = std::get_if<task::Mailbox>(&statement)) {
        if (mailbox->receive &&
            task::lower_ascii(mailbox->receive->value).starts_with(maildir_scheme)) {
            named.push_back(
                {{Kind::directory, mailbox->receive->value.substr(maildir_scheme.size())},
                 mailbox->receive->at});
        }
        add_secret(mailbox->login, named);
    } else if (const auto *hosted = std::get_if<task::HostedNode>(&statement)) {
        add_secret(hosted->login, named);
    }
    return named;
}

/// A mailbox as its row says it, for what it names.
Result<void> check_mailbox(Transaction &transaction, const std::string &statement) {
    const Result<task::TaskText> parsed = task::parse_stored(statement);
    return parsed ? check_machine(transaction, parsed->statements.front()) : parsed.error();
}

} // namespace

Result<void> check_machine(Transaction &transaction, const task::Statement &statement) {
    for (const Named &named : named_in(statement)) {
        if (const Result<void> may = transaction.may_reach(named.part); !may) {
            return task::placed(named.at, may.error());
        }
    }
    return {};
}

Result<void> check_machine_of_unapproved(const Session &session) {
    Transaction &transaction = session.transaction;
    for (const ConfigurationKey &row : unapproved(session)) {
        if (row.table == "peer_path") {
            const Row path = *first_row(
                transaction,
                "SELECT kind, target FROM @peer_path WHERE peer_id = ?1 AND ordinal = ?2",
                {row.key.at(0), row.key.at(1)});
            Result<void> may = text_at(path, 0) == "maildir"
                                   ? transaction.may_reach({Kind::directory, text_at(path, 1)})
                                   : Result<void>{};
            if (!may) {
                return may;
            }
        } else if (row.table == "mailbox") {
            if (Result<void> may =
                    check_mailbox(transaction, mailbox_statement(transaction, text_at(row.key, 0)));
                !may) {
                return may;
            }
        }
    }
    return {};
}

} // namespace postrider::engine
