// The mailboxes of this node in the state tables.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/engine/pace.hpp"
#include "common/engine/session.hpp"
#include "common/engine/transport.hpp"

namespace postrider::engine {

/// Of a mailbox that a mail server fills: 'maildir:/path'.
inline constexpr std::string_view mailbox_maildir_scheme = "maildir:";

struct StoredMailbox {
    Mailbox mailbox;
    Bytes cursor;                              // how far it was read
    std::optional<stream::Budget> budget = {}; // of all paths together that go through it
    Hours hours = {};                          // of those, and of fetching
    bool approved = true;                      // its configuration MAC is good
};

/// In the order of their names. A row that was edited into what no text says is not approved.
std::vector<StoredMailbox> load_mailboxes(const Session &session);

/// A mailbox has a limit or hours.
bool has_paced_mailbox(Transaction &transaction);

/// The mailbox of a path: of this name, or where it names none, the only one there is. Null where
/// it is not there.
const StoredMailbox *mailbox_for(std::span<const StoredMailbox> mailboxes, std::string_view name);

/// As `describe` prints them.
std::vector<std::string> mailbox_statements(Transaction &transaction);
/// Of one that is there. After an edit by hand it may be no statement.
std::string mailbox_statement(Transaction &transaction, const std::string &name);

/// The Error of mail/server_url for the address of a server that nobody can connect to, with its
/// place in the text.
Result<void> check_servers(const task::Mailbox &mailbox);

/// How far a mailbox was read, and when its hours were used, stays known as long as its statement
/// is the same.
void store_mailbox(const Session &session, const task::Mailbox &mailbox);
/// Keeps servers that were found for a mailbox that leaves them open. False, and nothing is done,
/// for others, and for one whose row is not approved.
bool store_found(const Session &session, const ServersFound &found);

/// A line that no parser reads, or nothing where none were found.
std::string found_servers_comment(Transaction &transaction, const std::string &name);

void drop_mailbox(Transaction &transaction, const std::string &name);

/// Of a mailbox that is not declared any more it is nothing.
void store_cursor(Transaction &transaction, const std::string &name, const Bytes &cursor);

/// The place of the password where the text names none: a file in the secret directory.
std::string default_password_file(const std::string &mailbox_name);

} // namespace postrider::engine
