/* Which role that is, whether it may be it, and what it may do with a table. */
#include <postgres.h>

#include "pg_extension/apply_role.h"

#include <access/genam.h>
#include <access/htup_details.h>
#include <access/table.h>
#include <catalog/namespace.h>
#include <catalog/pg_authid.h>
#include <miscadmin.h>
#include <utils/acl.h>
#include <utils/builtins.h>
#include <utils/lsyscache.h>
#include <utils/rls.h>
#include <utils/syscache.h>

#include "pg_extension/compat.h"
#include "pg_extension/settings.h"

/* Directly or through a role that it may take on. */
static bool may_act_as_superuser(Oid role) {
    Relation table = table_open(AuthIdRelationId, AccessShareLock);
    SysScanDesc scan = systable_beginscan(table, InvalidOid, false, NULL, 0, NULL);
    bool found = false;
    HeapTuple row;

    while (!found && HeapTupleIsValid(row = systable_getnext(scan))) {
        const FormData_pg_authid *other = (const FormData_pg_authid *)GETSTRUCT(row);
        found = (other->rolsuper || other->rolbypassrls) &&
                (other->oid == role || is_member_of_role_nosuper(role, other->oid));
    }
    systable_endscan(scan);
    table_close(table, AccessShareLock);
    return found;
}

static void refuse(ApplyRole *role, const char *problem, const char *hint) {
    const char *name = postrider_apply_role;

    role->id = InvalidOid;
    snprintf(role->problem, sizeof role->problem, problem, name);
    snprintf(role->hint, sizeof role->hint, hint, quote_identifier(name));
}

void postrider_find_apply_role(Oid database, ApplyRole *role) {
    HeapTuple row = SearchSysCache1(AUTHNAME, CStringGetDatum(postrider_apply_role));
    bool logs_in;

    memset(role, 0, sizeof *role);
    if (!HeapTupleIsValid(row)) {
        refuse(role, "role \"%s\", by which the worker writes users' tables, does not exist",
               strcmp(postrider_apply_role, POSTRIDER_OWN_APPLY_ROLE) == 0
                   ? "CREATE EXTENSION postrider makes it. If it was dropped since: CREATE ROLE %s "
                     "LOGIN CONNECTION LIMIT 0; or name another one in postrider.apply_role."
                   : "CREATE ROLE %s LOGIN CONNECTION LIMIT 0; or name another one in "
                     "postrider.apply_role.");
        return;
    }
    role->id = ((Form_pg_authid)GETSTRUCT(row))->oid;
    logs_in = ((Form_pg_authid)GETSTRUCT(row))->rolcanlogin;
    ReleaseSysCache(row);
    if (!postrider_apply_role_may_be_superuser && may_act_as_superuser(role->id)) {
        refuse(role,
               "role \"%s\", by which the worker writes users' tables, is or may become a "
               "superuser or one whom row level security does not bind",
               "Whoever owns a table of a task would be it too: name another role in "
               "postrider.apply_role. If nobody but superusers owns such tables, set "
               "postrider.apply_role_may_be_superuser.");
    } else if (POSTRIDER_WORKERS_LOG_IN && !logs_in) {
        refuse(role, "role \"%s\", by which the worker writes users' tables, may not log in",
               "ALTER ROLE %s LOGIN CONNECTION LIMIT 0; only background workers can be it then.");
    } else if (!postrider_may_connect(database, role->id)) {
        refuse(role,
               "role \"%s\", by which the worker writes users' tables, may not connect to the "
               "database",
               "GRANT CONNECT, TEMPORARY ON DATABASE … TO %s;");
    }
}

Oid postrider_require_apply_role(void) {
    ApplyRole role;

    postrider_find_apply_role(MyDatabaseId, &role);
    if (!OidIsValid(role.id)) {
        ereport(ERROR, errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                errmsg_internal("%s", role.problem), errhint("%s", role.hint));
    }
    return role.id;
}

/* On the table or, but for DELETE, on one of its columns: which ones these are was somebody's own
 * decision then. */
static bool has_right(Oid table, Oid role, AclMode right) {
    return pg_class_aclcheck(table, role, right) == ACLCHECK_OK ||
           (right != ACL_DELETE &&
            pg_attribute_aclcheck_all(table, role, right, ACLMASK_ANY) == ACLCHECK_OK);
}

MissingRights postrider_missing_rights(Oid table, Oid role, AclMode wanted) {
    MissingRights missing = {0, false};

    for (AclMode right = 1; right <= wanted; right <<= 1) {
        if ((wanted & right) != 0 && !has_right(table, role, right)) {
            missing.on_table |= right;
        }
    }
    missing.on_schema =
        wanted != 0 && !postrider_may_use_schema(get_rel_namespace(table), role, ACL_USAGE);
    return missing;
}

void postrider_check_copy(Oid table) {
    if (pg_class_aclcheck(table, GetUserId(), ACL_INSERT) != ACLCHECK_OK ||
        check_enable_rls(table, InvalidOid, true) == RLS_ENABLED) {
        ereport(ERROR, errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
                errmsg("rows are put into table \"%s\" one by one", get_rel_name(table)));
    }
}
