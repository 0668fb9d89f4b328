// Addresses and paths.
#include "common/engine/meeting_place.hpp"

#include <algorithm>

#include "common/base/utf8.hpp"
#include "common/engine/configuration_mac.hpp"
#include "common/engine/store/mailboxes.hpp"
#include "common/task/check.hpp"
#include "common/wire/invitation.hpp"

namespace postrider::engine {

namespace {

constexpr std::string_view maildir_prefix = "maildir:";

/// Where mails reach this node, of a mailbox that may be used.
std::string address_of(const StoredMailbox *mailbox) {
    return mailbox != nullptr && mailbox->approved ? mailbox->mailbox.address : std::string{};
}

/// Of a path that the peer shares with this node.
std::string own_end(const PeerPath &path, const std::vector<StoredMailbox> &mailboxes) {
    return path.kind == "maildir" ? std::string{maildir_prefix} + path.target
           : path.kind == "mail"  ? address_of(mailbox_for(mailboxes, path.mailbox))
                                  : std::string{};
}

bool is_mail_address(const std::string &address) {
    task::Peer peer;
    peer.name.value = "any";
    peer.paths.push_back({.kind = task::PathKind::mail,
                          .target = task::StringLiteral{.value = address},
                          .via = {},
                          .pacing = {}});
    return !task::check_statement(peer);
}

Error no_way_to(const Session &session, const std::string &address) {
    return {Errc::refused, "address \"" + printable(address) + "\" is no place to meet at",
            "It is neither a mail address nor a directory by its full path.",
            "Name one as the second argument: SELECT * FROM " + session.dialect.command("accept") +
                "('postrider1:…', 'sync@shop.example'); or '/folder'."};
}

Error no_mailbox_for(const Session &session, const std::string &address) {
    return {
        Errc::refused,
        "there is no mailbox here from which to write to " + printable(address),
        {},
        "Declare this node's own, for example: MAILBOX main ADDRESS 'sync@branch.example' "
        "RECEIVE 'imaps://mail.branch.example' SEND 'smtps://mail.branch.example'; or where "
        "there are several, declare the peer with MAIL and VIA. To meet in a directory, name it "
        "as the second argument: SELECT * FROM " +
            session.dialect.command("accept") + "('postrider1:…', '/folder');"};
}

} // namespace

std::string own_address(const Session &session, const Peer &peer) {
    const std::vector<StoredMailbox> mailboxes = load_mailboxes(session);
    const std::vector<PeerPath> paths = load_paths(session, peer.peer_id, mailboxes);
    std::vector<std::string> addresses;
    addresses.reserve(paths.size() + 1);
    for (const PeerPath &path : paths) {
        addresses.push_back(path.approved ? own_end(path, mailboxes) : std::string{});
    }
    if (paths.empty()) {
        addresses.push_back(address_of(mailbox_for(mailboxes, {})));
    }
    const auto found =
        std::find_if(addresses.begin(), addresses.end(), [](const std::string &each) {
            return !each.empty() && wire::check_self_description("any", each);
        });
    return found == addresses.end() ? std::string{} : *found;
}

Result<void> meet_by_mail(const Session &session, const Peer &peer, const std::string &address) {
    return is_mail_address(address) ? meet_at(session, peer, address) : no_way_to(session, address);
}

Result<void> meet_at(const Session &session, const Peer &peer, const std::string &address) {
    const std::string path =
        address.starts_with(maildir_prefix) ? address.substr(maildir_prefix.size()) : address;
    const bool is_directory = path.starts_with('/');
    if (!is_directory && !is_mail_address(address)) {
        return no_way_to(session, address);
    }
    if (!is_directory && load_mailboxes(session).size() != 1) {
        return no_mailbox_for(session, address);
    }
    Result<void> may = is_directory
                           ? session.transaction.may_reach({MachinePart::Kind::directory, path})
                           : Result<void>{};
    if (!may) {
        return may;
    }
    session.transaction.execute("DELETE FROM @peer_path WHERE peer_id = ?1", {peer.peer_id});
    session.transaction.execute(
        "INSERT INTO @peer_path (peer_id, ordinal, kind, target) VALUES (?1, 1, ?2, ?3)",
        {peer.peer_id, Value::text(is_directory ? "maildir" : "mail"), Value::text(path)});
    protect(session, "peer_path", {peer.peer_id, std::int64_t{1}});
    return {};
}

} // namespace postrider::engine
