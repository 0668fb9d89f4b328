// Rights on whole tables: which columns travel is the task's to say, and changes with it.
#include "pg_extension/spi_rights.hpp"

#include "common/dialect/postgresql_names.hpp"
#include "common/dialect/sql_text.hpp"

extern "C" {
#include <catalog/namespace.h>
#include <miscadmin.h>
#include <utils/builtins.h>
#include <utils/lsyscache.h>

#include "pg_extension/apply_role.h"
}

namespace postrider::pg {

namespace {

AclMode rights_for(engine::TableUse use) {
    return (use.reads || use.writes ? ACL_SELECT : ACL_NO_RIGHTS) |
           (use.writes ? ACL_INSERT | ACL_UPDATE | ACL_DELETE : ACL_NO_RIGHTS);
}

std::string words_for(AclMode rights) {
    std::string words;
    if ((rights & ACL_SELECT) != 0) {
        dialect::append(words, ", ", "SELECT");
    }
    if ((rights & ACL_INSERT) != 0) {
        dialect::append(words, ", ", "INSERT");
    }
    if ((rights & ACL_UPDATE) != 0) {
        dialect::append(words, ", ", "UPDATE");
    }
    if ((rights & ACL_DELETE) != 0) {
        dialect::append(words, ", ", "DELETE");
    }
    return words;
}

/// As SQL names them, quoted where they have to be.
struct Names {
    const char *table;
    const char *schema;
    const char *role;
};

Names names_of(Oid table, Oid role) {
    return call([&]() noexcept {
        const char *schema = get_namespace_name(get_rel_namespace(table));
        return Names{quote_qualified_identifier(schema, get_rel_name(table)),
                     quote_identifier(schema), quote_identifier(GetUserNameFromId(role, false))};
    });
}

} // namespace

Oid find_table(std::string_view name) {
    const dialect::postgresql_text::TableName parts = dialect::postgresql_text::split_name(name);
    return call([&]() noexcept {
        const Oid schema = get_namespace_oid(parts.schema.c_str(), true);
        return OidIsValid(schema) ? get_relname_relid(parts.table.c_str(), schema) : InvalidOid;
    });
}

Result<Oid> apply_role() {
    ApplyRole role{};
    call([&]() noexcept { postrider_find_apply_role(MyDatabaseId, &role); });
    if (!OidIsValid(role.id)) {
        return Error{Errc::refused, role.problem, {}, role.hint};
    }
    return role.id;
}

std::vector<std::string> missing_grants(Oid table, Oid role, engine::TableUse use) {
    const MissingRights missing =
        call([&]() noexcept { return postrider_missing_rights(table, role, rights_for(use)); });
    std::vector<std::string> grants;
    if (!missing.on_schema && missing.on_table == ACL_NO_RIGHTS) {
        return grants;
    }
    const Names names = names_of(table, role);
    if (missing.on_schema) {
        grants.push_back("GRANT USAGE ON SCHEMA " + std::string{names.schema} + " TO " +
                         names.role);
    }
    if (missing.on_table != ACL_NO_RIGHTS) {
        grants.push_back("GRANT " + words_for(missing.on_table) + " ON TABLE " + names.table +
                         " TO " + names.role);
    }
    return grants;
}

std::optional<std::string> needless_grants(Oid table, Oid role, engine::TableUse use) {
    const AclMode others = rights_for({true, true}) & ~rights_for(use);
    if (others == ACL_NO_RIGHTS) {
        return std::nullopt;
    }
    const Names names = names_of(table, role);
    return "REVOKE " + words_for(others) + " ON TABLE " + names.table + " FROM " + names.role;
}

bool may_grant_schema(Oid table) {
    return call([&]() noexcept {
        return postrider_may_use_schema(get_rel_namespace(table), GetUserId(),
                                        ACL_GRANT_OPTION_FOR(ACL_USAGE));
    });
}

Result<void> check_use(std::string_view name, engine::TableUse use) {
    const Oid table = find_table(name);
    const Result<Oid> role = apply_role();
    if (!role) {
        return role.error();
    }
    std::string list;
    if (OidIsValid(table)) {
        for (const std::string &grant : missing_grants(table, *role, use)) {
            dialect::append(list, "; ", grant);
        }
    }
    if (list.empty()) {
        return {};
    }
    return Error{Errc::refused,
                 std::string{"the worker may not "} + (use.writes ? "write" : "read") +
                     " table \"" + std::string{name} + "\": it lacks " + list,
                 {},
                 list + ";"};
}

} // namespace postrider::pg
