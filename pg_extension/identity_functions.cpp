// The functions about what this database is: whether it is the node, its secret for bad days, and
// the end of it all.
#include "common/engine/recovery.hpp"
#include "common/engine/start.hpp"
#include "common/engine/uninstall.hpp"
#include "common/vault/private_file.hpp"

#include "pg_extension/arguments.hpp"
#include "pg_extension/node.hpp"

extern "C" {
#include <executor/spi.h>

#include "pg_extension/compat.h"
}

namespace postrider::pg {

namespace {

/// Where the file lies: a plain name in the directory of the secrets, which holds nothing of the
/// server's own; a path anywhere, for whoever may read files of the server anyway.
std::string code_path(const std::string &file) {
    if (file.empty()) {
        throw CoreError({Errc::refused,
                         "the name of the file with the recovery code is empty",
                         {},
                         "Give its name in the directory of the secrets."});
    }
    const auto transaction = join_transaction(engine::Mode::read);
    std::string path = file;
    if (file.find('/') == std::string::npos) {
        path = unwrap(vault_places(*transaction)).directory + "/" + file;
    } else {
        unwrap(transaction->may_reach({engine::MachinePart::Kind::file, file}));
    }
    transaction->commit();
    return path;
}

/// Once nothing depends on it any more; whatever else does is named by the server.
void drop_extension() {
    call([]() noexcept {
        SPI_connect();
        const int done = SPI_execute("DROP EXTENSION postrider", false, 0);
        if (done != SPI_OK_UTILITY) {
            elog(ERROR, "DROP EXTENSION gave %s", SPI_result_code_string(done));
        }
        SPI_finish();
    });
}

} // namespace

SQL_FUNCTION(postrider_claim_identity) {
    std::string name;
    as_node(engine::Mode::write, [&](const NodeSite &site) {
        engine::Identity identity =
            unwrap(engine::load_identity(site.session.transaction, site.vault));
        unwrap(engine::claim_identity(site.session, site.vault, identity));
        name = identity.name;
    });
    return give_text("node \"" + name + "\" goes on here");
}

SQL_FUNCTION(postrider_new_identity) {
    const std::string name = required_text(fcinfo, 0, "the new name");
    engine::ActionRows actions;
    as_site(engine::Mode::write, [&](const engine::DeclareSite &site) {
        actions = unwrap(engine::new_identity(site, name));
    });
    return give_actions(fcinfo, actions);
}

SQL_FUNCTION(postrider_export_identity) {
    std::vector<engine::Row> rows;
    as_node(engine::Mode::read, [&](const NodeSite &site) {
        const engine::ExportedIdentity exported =
            unwrap(engine::export_identity(site.session, site.vault));
        rows.push_back({Value::text(exported.bundle), Value::text(exported.code)});
    });
    return give_rows(fcinfo, rows);
}

SQL_FUNCTION(postrider_import_identity) {
    const std::string bundle = required_text(fcinfo, 0, "the recovery bundle");
    const std::string file = required_text(fcinfo, 1, "the file with the recovery code");
    std::string code = unwrap(vault::recovery_code_in(code_path(file)));
    Result<void> imported;
    as_site(engine::Mode::write, [&](const engine::DeclareSite &site) {
        imported = engine::import_identity(site, bundle, code);
        sodium_memzero(code.data(), code.size());
        unwrap(imported);
    });
    return give_text("the identity is back; this node goes on here");
}

/// As SQLite's, which has no command for it; DROP EXTENSION would not ask what waits.
SQL_FUNCTION(postrider_uninstall) {
    const bool abandon = flag_argument(fcinfo, 0);
    as_node(engine::Mode::write,
            [&](const NodeSite &site) { unwrap(engine::release_tables(site.session, abandon)); });
    drop_extension();
    return give_text("everything of Postrider is gone from this database; the keys of the node"
                     " stay where they are");
}

} // namespace postrider::pg
