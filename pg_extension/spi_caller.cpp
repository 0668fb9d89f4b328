// Owners of tables, superusers, predefined roles of the server's, and a setting that superusers
// make.
#include "pg_extension/spi_caller.hpp"

#include <string>
#include <vector>

#include "common/base/utf8.hpp"
#include "common/vault/real_location.hpp"

#include "pg_extension/boundary.hpp"
#include "pg_extension/spi_rights.hpp"

extern "C" {
#include <miscadmin.h>
#include <nodes/pg_list.h>
#include <utils/builtins.h>
#include <utils/varlena.h>

#include "pg_extension/settings.h"
}

namespace postrider::pg {

namespace {

/// Those of postrider.directories.
std::vector<std::string> allowed_directories() {
    List *list = call([]() noexcept {
        List *paths = NIL;
        SplitDirectoriesString(pstrdup(postrider_directories), ',', &paths);
        return paths;
    });
    std::vector<std::string> directories;
    ListCell *cell = nullptr;
    foreach (cell, list) {
        directories.emplace_back(static_cast<const char *>(lfirst(cell)));
    }
    return directories;
}

bool may(bool (*asks)(Oid)) {
    return call([&]() noexcept { return asks(GetUserId()); });
}

std::string grant_of(std::string_view role) {
    const char *user =
        call([]() noexcept { return quote_identifier(GetUserNameFromId(GetUserId(), false)); });
    return "GRANT " + std::string{role} + " TO " + user + ";";
}

} // namespace

Result<void> check_owner(std::string_view table) {
    const Oid id = find_table(table);
    const bool may =
        call([&]() noexcept { return !OidIsValid(id) || postrider_owns_table(id, GetUserId()); });
    if (may) {
        return {};
    }
    return Error{Errc::not_permitted,
                 "table \"" + std::string{table} + "\" is not yours",
                 {},
                 "Its owner, or a superuser, declares what becomes of it."};
}

Result<void> check_trust() {
    if (call([]() noexcept { return superuser(); })) {
        return {};
    }
    return Error{Errc::not_permitted, "only a superuser lets a peer's tasks name any table",
                 "The tasks of a peer that is trusted are taken over without a question, and the "
                 "worker is given rights on their tables.",
                 "Leave out TRUST TASKS, and accept each offer; or let a superuser say it."};
}

Result<void> check_reach(const engine::MachinePart &part) {
    const std::string name = "\"" + printable(part.name) + "\"";
    switch (part.kind) {
    case engine::MachinePart::Kind::directory:
        if (may(postrider_may_write_files) ||
            vault::is_located_in(part.name, allowed_directories())) {
            return {};
        }
        return Error{Errc::not_permitted, "directory " + name + " is not yours to let the node use",
                     "It works there as the user of the server. What counts is where a path leads, "
                     "and there is no \"..\" in it.",
                     "A superuser names it, or one above it, in postrider.directories, or says: " +
                         grant_of("pg_write_server_files")};
    case engine::MachinePart::Kind::file:
        if (may(postrider_may_read_files)) {
            return {};
        }
        return Error{Errc::not_permitted, "a file of the server is not yours to read",
                     "The node reads it as the user of the server.",
                     "Put it into the directory of the secrets and give its name alone, or a "
                     "superuser says: " +
                         grant_of("pg_read_server_files")};
    case engine::MachinePart::Kind::program:
        break;
    }
    if (may(postrider_may_run_programs)) {
        return {};
    }
    return Error{Errc::not_permitted, "command " + name + " is not yours to let the node run",
                 "It runs as the user of the server.",
                 "Use a file in the directory of the secrets, or a superuser says: " +
                     grant_of("pg_execute_server_program")};
}

} // namespace postrider::pg
