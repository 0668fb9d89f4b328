// Loading and making a node's identity.
#include "common/engine/identity.hpp"

#include "common/base/utf8.hpp"
#include "common/engine/store/rows.hpp"

namespace postrider::engine {

namespace {

constexpr SealedPlace sign_place() {
    return {"node", "1", "sign_sealed"};
}

constexpr SealedPlace contact_place() {
    return {"node", "1", "contact_sealed"};
}

crypto::ColumnPlace column_place(const NodeId &node, const SealedPlace &place) {
    return {node, place.table, place.row_key, place.column};
}

/// Another user's secret lies in another user's directory, so here it is missing.
Error belongs_to(const std::string &owner) {
    return {Errc::refused, "the secret of this file belongs to user \"" + printable(owner) + "\"",
            "One node has one user.",
            "Run as that user. If the file has come from another machine: import_identity brings"
            " the identity along, new_identity makes this copy a node of its own."};
}

} // namespace

Bytes seal(const Identity &identity, const SealedPlace &place, ByteView plaintext) {
    return crypto::seal_column(identity.master, column_place(identity.node, place), plaintext);
}

Result<crypto::Key> open_key(const Identity &identity, const SealedPlace &place, ByteView sealed) {
    return crypto::open_key_column(identity.master, column_place(identity.node, place), sealed);
}

Result<Identity> load_identity(Transaction &transaction, Vault &vault, const Identity *known) {
    const auto row =
        first_row(transaction, "SELECT node_id, name, incarnation, sign_generation, sign_sealed,"
                               " contact_sealed, secret_user FROM @node");
    if (!row) {
        return Error{Errc::refused,
                     "this database is not a node yet",
                     {},
                     "Declare it, for example: NODE my_name;"};
    }
    Identity identity;
    identity.node = fixed_at<16>(*row, 0);
    identity.name = text_at(*row, 1);
    identity.incarnation = unsigned_at(*row, 2);
    identity.signing_generation = static_cast<std::uint16_t>(integer_at(*row, 3));
    Result<Secret> secret = vault.load_secret(identity.node);
    if (!secret) {
        const std::string owner = text_at(*row, 6);
        return owner.empty() || owner == vault.user() ? secret.error() : belongs_to(owner);
    }
    identity.master = secret->master;
    identity.ratchet = {secret->ratchet_index, secret->ratchet_key};
    const Result<crypto::Key> signing = open_key(identity, sign_place(), blob_at(*row, 4));
    const Result<crypto::Key> contact = open_key(identity, contact_place(), blob_at(*row, 5));
    if (!signing || !contact) {
        return Error{Errc::refused,
                     "cannot open the keys of this node: its secret file is of another node",
                     {},
                     "Put back the secret file that was made with this database."};
    }
    identity.signing_key = known != nullptr && known->signing_key.seed() == *signing
                               ? known->signing_key
                               : crypto::SigningKey::from_seed(*signing);
    identity.contact_key = known != nullptr && known->contact_key.secret == *contact
                               ? known->contact_key
                               : crypto::ExchangeKey::from_secret(*contact);
    return identity;
}

Result<Identity>
create_identity(Transaction &transaction, Vault &vault, const std::string &name, Timestamp now) {
    Identity identity;
    identity.node = crypto::random_bytes<16>();
    identity.name = name;
    identity.incarnation = next_incarnation(0);
    identity.signing_key = crypto::SigningKey::generate();
    identity.contact_key = crypto::ExchangeKey::generate();
    identity.master = crypto::Key::random();
    identity.ratchet = crypto::Ratchet::generate();
    const Result<void> written = vault.store_secret({.node = identity.node,
                                                     .master = identity.master,
                                                     .ratchet_index = identity.ratchet.index,
                                                     .ratchet_key = identity.ratchet.key});
    if (!written) {
        return written.error();
    }
    transaction.execute(
        "INSERT INTO @node (one, node_id, name, incarnation, sign_public, sign_sealed,"
        " contact_public, contact_sealed, receiving_generation, receiving_since, created_at,"
        " secret_user) VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9, ?10)",
        {stored(identity.node), Value::text(name), stored(identity.incarnation),
         stored(identity.signing_key.public_key),
         seal(identity, sign_place(), identity.signing_key.seed().view()),
         stored(identity.contact_key.public_key),
         seal(identity, contact_place(), identity.contact_key.secret.view()),
         std::int64_t{identity.ratchet.index}, stored(now), Value::text(vault.user())});
    return identity;
}

std::uint64_t next_incarnation(std::uint64_t before) {
    const std::uint64_t counter = (before >> 32U) + 1;
    return (counter << 32U) | randombytes_random();
}

} // namespace postrider::engine
