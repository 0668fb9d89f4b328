// The bundle's content, and what of a database belongs to the node that it was.
#include "common/engine/recovery.hpp"

#include <algorithm>

#include "common/base/text_encoding.hpp"
#include "common/crypto/recovery.hpp"
#include "common/engine/configuration_mac.hpp"
#include "common/engine/declare_stored.hpp"
#include "common/engine/declare_tasks.hpp"
#include "common/engine/start.hpp"
#include "common/engine/store/log.hpp"
#include "common/engine/store/rows.hpp"
#include "common/engine/store/schema.hpp"

namespace postrider::engine {

namespace {

constexpr std::string_view bundle_prefix = "postrider-identity1:";

/// node 16 ‖ master 32 ‖ ratchet index 4 ‖ ratchet key 32
Bytes encode_secret(const Secret &secret) {
    ByteWriter writer;
    writer.reserve(secret.node.size() + crypto::Key::size + sizeof(std::uint32_t) +
                   crypto::Key::size); // never moved, so that no copy stays behind
    writer.raw(secret.node);
    writer.raw(secret.master.view());
    writer.u32(secret.ratchet_index);
    writer.raw(secret.ratchet_key.view());
    return std::move(writer).take();
}

Result<Secret> parse_secret(ByteView content) {
    ByteReader reader{content};
    Secret secret;
    secret.node = reader.fixed<16>();
    const ByteView master = reader.raw(crypto::Key::size);
    secret.ratchet_index = reader.u32();
    const ByteView ratchet = reader.raw(crypto::Key::size);
    if (!reader.at_end()) {
        return Error{Errc::malformed, "the content of a recovery bundle is not a secret"};
    }
    secret.master = crypto::Key::from(master);
    secret.ratchet_key = crypto::Key::from(ratchet);
    return secret;
}

Result<Secret> open_bundle(const std::string &bundle, std::string_view code_text) {
    if (!bundle.starts_with(bundle_prefix)) {
        return Error{Errc::malformed,
                     "this is not a recovery bundle",
                     {},
                     "It is the line that begins with \"" + std::string{bundle_prefix} + "\"."};
    }
    const Result<Bytes> sealed =
        from_base64url(std::string_view{bundle}.substr(bundle_prefix.size()));
    if (!sealed) {
        return sealed.error();
    }
    const Result<crypto::RecoveryCode> code = crypto::parse_recovery_code(code_text);
    if (!code) {
        return code.error();
    }
    Result<Bytes> content = crypto::open_bundle(*code, *sealed);
    if (!content) {
        return content.error();
    }
    Result<Secret> secret = parse_secret(*content);
    sodium_memzero(content->data(), content->size());
    return secret;
}

Result<void> require_node(const DeclareSite &site) {
    const Result<bool> ready = has_state_tables(site.transaction, site.dialect);
    if (!ready) {
        return ready.error();
    }
    if (!*ready || !first_row(site.transaction, "SELECT 1 FROM @node")) {
        return Error{Errc::refused,
                     "this database is not a node yet",
                     {},
                     "Declare it, for example: NODE my_name;"};
    }
    return {};
}

/// Rows of the configuration that were in use. Without the secret nobody can tell: none.
std::vector<ConfigurationKey> approved_paths(const Session &session) {
    std::vector<ConfigurationKey> out;
    for (const auto &[table, select] :
         {std::pair{"peer_path", "SELECT peer_id, ordinal FROM @peer_path"},
          std::pair{"mailbox", "SELECT name FROM @mailbox"},
          std::pair{"task_table", "SELECT task_id, ordinal FROM @task_table"}}) {
        for (Row &row : all_rows(session.transaction, select)) {
            ConfigurationKey key{table, std::move(row)};
            if (is_approved(session, key)) {
                out.push_back(std::move(key));
            }
        }
    }
    return out;
}

void forget_peers(Transaction &transaction) {
    for (const char *table : {"invitation",    "offer",       "stream_out",
                              "outbox",        "schema_out",  "table_sent",
                              "control_out",   "stream_in",   "inbox_body",
                              "inbox_part",    "schema_in",   "history_frame",
                              "note",          "peer_start",  "receiving_key",
                              "queue",         "task_flow",   "parked_row",
                              "budget",        "shape_in",    "schema_difference",
                              "stream_marker", "needed_batch"}) {
        transaction.execute(std::string{"DELETE FROM @"} + table);
    }
    const std::string leaving = "(SELECT peer_id FROM @peer WHERE state = 'leaving')";
    for (const char *table : {"peer_path", "peer"}) {
        transaction.execute(std::string{"DELETE FROM @"} + table + " WHERE peer_id IN " + leaving);
    }
    transaction.execute("DELETE FROM @delivery WHERE finished_at IS NULL");
    transaction.execute(
        "UPDATE @peer SET state = 'declared', node_id = NULL, sign_generation = 0,"
        " sign_public = NULL, contact_public = NULL, receiving_generation = 0,"
        " receiving_public = NULL, psk_sealed = NULL, stamp_in_sealed = NULL,"
        " stamp_out_sealed = NULL, words = '', suites = 0, announced_generation = 0,"
        " seals_to_generation = 0, key_notice_due_at = NULL, key_notice_sent_at = NULL,"
        " trust_tasks = 0, last_note = 0, notes_seen = 0, notes_taken = 0, heard_at = NULL,"
        " parked_told = 0, parked_there = 0, parked_there_reason = '',"
        " sent_at = NULL, former_node = NULL, asks_told = 0, silent_since = NULL,"
        " reports_every = 0, reported_at = NULL, pace_told = '', pace_kept = '', held = '', "
        "unapproved = '', configuration_mac = "
        "NULL");
}

/// What others declared belongs to their pairing with the node that this was.
void forget_mirrors(Transaction &transaction, const NodeId &node) {
    for (const Row &row : all_rows(transaction, "SELECT task_id FROM @task WHERE declared_by <> ?1",
                                   {stored(node)})) {
        forget_task(transaction, integer_at(row, 0));
    }
}

Result<Identity> replace_node(const DeclareSite &site, const std::string &name) {
    Transaction &transaction = site.transaction;
    const Row before = *first_row(transaction, "SELECT node_id, settings FROM @node");
    forget_peers(transaction);
    forget_mirrors(transaction, fixed_at<16>(before, 0));
    transaction.execute("DELETE FROM @node");
    Result<Identity> identity = create_identity(transaction, site.vault, name, site.now);
    if (!identity) {
        return identity;
    }
    transaction.execute("UPDATE @node SET settings = ?1", {before.at(1)});
    transaction.execute("UPDATE @task SET declared_by = ?1", {stored(identity->node)});
    transaction.execute("UPDATE @task_peer SET state = 'waiting', reason = '', offer_position = 0,"
                        " changed_at = ?1",
                        {stored(site.now)});
    return identity;
}

ActionRows next_steps(const DeclareSite &site, const std::string &name, std::size_t unapproved) {
    ActionRows rows{
        {"create", "node " + name, "a node of its own, with keys of its own; no peer knows it yet"},
        {"drop", "what waited to be sent",
         "it is the other copy's to send; peers that pair with this node get its tables"
         " whole"}};
    if (unapproved > 0) {
        rows.push_back({"to do", "node " + name,
                        "look at the paths of your peers, then SELECT " +
                            site.dialect.command("approve") + "();"});
    }
    for (const Peer &peer : load_peers(site.transaction)) {
        rows.push_back({"to do", "peer " + peer.name,
                        "SELECT " + site.dialect.command("invite") + "('" + peer.name + "');"});
    }
    return rows;
}

} // namespace

Result<ExportedIdentity> export_identity(const Session &session, Vault &vault) {
    const Result<Secret> secret = vault.load_secret(session.identity.node);
    if (!secret) {
        return secret.error();
    }
    Bytes content = encode_secret(*secret);
    const crypto::RecoveryCode code = crypto::RecoveryCode::random();
    const Result<Bytes> sealed = crypto::seal_bundle(code, content);
    sodium_memzero(content.data(), content.size());
    if (!sealed) {
        return sealed.error();
    }
    return ExportedIdentity{std::string{bundle_prefix} + to_base64url(*sealed),
                            crypto::to_text(code)};
}

Result<void>
import_identity(const DeclareSite &site, const std::string &bundle, std::string_view code) {
    if (const Result<void> is_node = require_node(site); !is_node) {
        return is_node.error();
    }
    const NodeId node = fixed_at<16>(*first_row(site.transaction, "SELECT node_id FROM @node"), 0);
    if (site.vault.load_secret(node)) {
        return Error{Errc::refused, "the secret of this node is here already",
                     "Nothing was imported.",
                     "Where this database is to go on as the node: SELECT " +
                         site.dialect.command("claim_identity") + "();"};
    }
    const Result<Secret> secret = open_bundle(bundle, code);
    if (!secret) {
        return secret.error();
    }
    if (secret->node != node) {
        return Error{
            Errc::refused,
            "the recovery bundle is of another node",
            {},
            "Each node has bundles of its own; take one that was made with this database."};
    }
    // A database that cannot be written says so before the secret is there.
    site.transaction.execute("UPDATE @node SET secret_user = ?1", {Value::text(site.vault.user())});
    if (const Result<void> stored_secret = site.vault.store_secret(*secret); !stored_secret) {
        return stored_secret.error();
    }
    Result<Identity> identity = load_identity(site.transaction, site.vault);
    if (!identity) {
        return identity.error();
    }
    const stream::Timing timing;
    const Session session{site.transaction, site.dialect, *identity, timing, site.now};
    return claim_identity(session, site.vault, *identity);
}

Result<ActionRows> new_identity(const DeclareSite &site, const std::string &name) {
    if (const Result<void> is_node = require_node(site); !is_node) {
        return is_node.error();
    }
    if (const Result<void> good = check_peer_name(site.transaction, name); !good) {
        return good.error();
    }
    const stream::Timing timing;
    std::vector<ConfigurationKey> approved;
    if (const Result<Identity> before = load_identity(site.transaction, site.vault)) {
        approved = approved_paths({site.transaction, site.dialect, *before, timing, site.now});
    }
    const Result<Identity> identity = replace_node(site, name);
    if (!identity) {
        return identity.error();
    }
    const Session session{site.transaction, site.dialect, *identity, timing, site.now};
    const std::vector<ConfigurationKey> unproven = unapproved(session);
    for (const ConfigurationKey &key : unproven) {
        if (std::find(approved.begin(), approved.end(), key) != approved.end()) {
            protect(session, key.table, key.key);
        }
    }
    if (const Result<CaptureChanges> captures = update_captures(session); !captures) {
        return captures.error();
    }
    log_event(site.transaction, site.now,
              {"new_identity", std::nullopt,
               "this database is now node \"" + name + "\", which no peer knows yet",
               "Invite your peers, or have them invite you."});
    return next_steps(site, name, unapproved(session).size());
}

} // namespace postrider::engine
