// What tells this database from every other one, and the sessions of our functions.
#include "pg_extension/node.hpp"

#include <unistd.h>

#include "common/dialect/postgresql.hpp"
#include "common/vault/no_vault.hpp"
#include "common/vault/private_file.hpp"

#include "pg_extension/spi_error.hpp"

extern "C" {
#include <access/xlog.h>
#include <miscadmin.h>

#include "pg_extension/compat.h"
#include "pg_extension/settings.h"
#include "pg_extension/wake.h"
}

namespace postrider::pg {

namespace {

/// What a secret must not lie in: whoever copies these must not get it.
std::vector<std::string> data_directories(engine::Transaction &transaction) {
    std::vector<std::string> directories{DataDir};
    const auto cursor = transaction.query(
        "SELECT pg_catalog.pg_tablespace_location(oid) FROM pg_catalog.pg_tablespace", {});
    while (const engine::Row *row = cursor->next()) {
        const Text *path = row->front().as<Text>();
        if (path != nullptr && !path->text.empty()) {
            directories.push_back(path->text);
        }
    }
    return directories;
}

} // namespace

Timestamp system_now() {
    return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
}

Result<vault::FileVaultPlaces> vault_places(engine::Transaction &transaction) {
    const std::string directory{postrider_secret_directory};
    if (directory.empty()) {
        return Error{Errc::refused, "there is no place for the keys of this node yet",
                     "They must not lie in the database, nor where its backups reach.",
                     "Set postrider.secret_directory. As root: install -d -o " +
                         vault::user_name(::geteuid()) +
                         " -m 0700 /etc/postrider; then as a superuser: ALTER SYSTEM SET "
                         "postrider.secret_directory = '/etc/postrider'; SELECT pg_reload_conf();"};
    }
    return vault::FileVaultPlaces{
        .directory = directory,
        .database_path = "",
        .data_directories = data_directories(transaction),
        .server = vault::ServerDatabase{GetSystemIdentifier(), MyDatabaseId, postrider_timeline()}};
}

stream::Timing mail_timing() {
    stream::Timing timing;
    timing.retransmission_min = std::chrono::minutes{1};
    timing.acknowledgement_delay = Duration{0};
    timing.gap_delay = std::chrono::seconds{10};
    return timing;
}

void as_site(engine::Mode mode, const std::function<void(const engine::DeclareSite &)> &work) {
    const auto transaction = join_transaction(mode);
    vault::FileVault vault{unwrap(vault_places(*transaction))};
    work({*transaction, dialect::postgresql(), vault, system_now()});
    transaction->commit();
    if (mode == engine::Mode::write) {
        call([]() noexcept { postrider_wake_at_commit(); });
    }
}

void look_at_site(const std::function<void(const engine::DeclareSite &)> &work) {
    const auto transaction = join_transaction(engine::Mode::read);
    Result<vault::FileVaultPlaces> places = vault_places(*transaction);
    const std::unique_ptr<engine::Vault> vault =
        places
            ? std::unique_ptr<engine::Vault>{std::make_unique<vault::FileVault>(*std::move(places))}
            : std::make_unique<vault::NoVault>(places.error());
    work({*transaction, dialect::postgresql(), *vault, system_now()});
    transaction->commit();
}

void as_node(engine::Mode mode, const std::function<void(const NodeSite &)> &work) {
    as_site(mode, [&](const engine::DeclareSite &site) {
        const engine::Identity identity =
            unwrap(engine::load_identity(site.transaction, site.vault));
        const stream::Timing timing = mail_timing();
        const engine::Session session{site.transaction, site.dialect, identity, timing, site.now};
        work({session, site.vault});
    });
}

} // namespace postrider::pg
