// From a caller's connection to a session of the engine.
#include "sqlite_extension/caller.hpp"

#include "common/dialect/sqlite.hpp"
#include "common/engine/store/schema.hpp"

namespace postrider::sqlite {

Result<std::string> database_path(sqlite3 *connection) {
    const char *path = sqlite3_db_filename(connection, "main");
    if (path == nullptr || *path == '\0') {
        return Error{Errc::refused, "a database in memory cannot take part",
                     "A node must be there again after a restart.", "Open a file: sqlite3 shop.db"};
    }
    return std::string{path};
}

Result<void> outside_transaction(sqlite3 *connection, std::string_view function) {
    if (sqlite3_get_autocommit(connection) == 0) {
        return Error{
            Errc::refused, std::string{function} + " cannot run inside a transaction",
            "What it does must be on the disk before anything leaves, and cannot be rolled back.",
            "COMMIT first."};
    }
    return {};
}

Result<Value> as_node(sqlite3 *connection,
                      const std::function<Result<Value>(const engine::Session &)> &work) {
    const Result<std::string> path = database_path(connection);
    if (!path) {
        return path.error();
    }
    vault::FileVault vault = file_vault(*path);
    const auto transaction = join_transaction(connection);
    const Result<bool> ready = engine::has_state_tables(*transaction, dialect::sqlite());
    if (!ready) {
        return ready.error();
    }
    if (!*ready) {
        return not_a_node();
    }
    const Result<engine::Identity> identity = engine::load_identity(*transaction, vault);
    if (!identity) {
        return identity.error();
    }
    const stream::Timing timing = maildir_timing();
    Result<Value> done = work({*transaction, dialect::sqlite(), *identity, timing, system_now()});
    if (done) {
        transaction->commit();
    }
    return done;
}

Result<engine::ActionRows>
as_site(sqlite3 *connection,
        const std::function<Result<engine::ActionRows>(const engine::DeclareSite &)> &work) {
    const Result<std::string> path = database_path(connection);
    if (!path) {
        return path.error();
    }
    vault::FileVault vault = file_vault(*path);
    const auto transaction = join_transaction(connection);
    Result<engine::ActionRows> done = work({*transaction, dialect::sqlite(), vault, system_now()});
    if (done) {
        transaction->commit();
    }
    return done;
}

Result<void> look_at_site(sqlite3 *connection,
                          const std::function<void(const engine::DeclareSite &)> &work) {
    const Result<std::string> path = database_path(connection);
    if (!path) {
        return path.error();
    }
    vault::FileVault vault = file_vault(*path);
    const auto transaction = join_transaction(connection);
    work({*transaction, dialect::sqlite(), vault, system_now()});
    transaction->commit();
    return {};
}

Result<std::unique_ptr<NodeFile>> own_connection(sqlite3 *connection, std::string_view function) {
    if (const Result<void> outside = outside_transaction(connection, function); !outside) {
        return outside.error();
    }
    const Result<std::string> path = database_path(connection);
    if (!path) {
        return path.error();
    }
    return NodeFile::open(*path);
}

} // namespace postrider::sqlite
