/* Looks at statements when they have been analysed, which is before the server has decided anything
 * about rights or policies, and before any code of the statement has run. */
#include <postgres.h>

#include "pg_extension/statement_rights.h"

#include <access/htup_details.h>
#include <access/transam.h>
#include <catalog/namespace.h>
#include <catalog/pg_class.h>
#include <nodes/nodeFuncs.h>
#include <parser/analyze.h>
#include <storage/lmgr.h>
#include <utils/guc.h>
#include <utils/lsyscache.h>
#include <utils/plancache.h>
#include <utils/syscache.h>

#include "pg_extension/compat.h"

static StatementRights expected_rights = RIGHTS_OF_SESSION;
static const char *expected_text = NULL;
static post_parse_analyze_hook_type previous_hook = NULL;

void postrider_expect_statement(StatementRights rights, const char *text) {
    expected_rights = rights;
    expected_text = rights == RIGHTS_OF_SESSION ? NULL : text;
}

bool postrider_statement_met(void) {
    return expected_text == NULL;
}

void postrider_forget_statement(void) {
    expected_text = NULL;
}

/* --- Nothing but ours ------------------------------------------------------------------------ */

static bool is_ours(Oid id, Oid schema) {
    return id < FirstNormalObjectId ||
           (OidIsValid(schema) && schema == get_namespace_oid("postrider", true));
}

static bool is_others_function(Oid function, void *context pg_attribute_unused()) {
    return !is_ours(function, get_func_namespace(function));
}

static bool names_others(Node *node, void *context) {
    if (node == NULL) {
        return false;
    }
    if (IsA(node, RangeTblEntry)) {
        const RangeTblEntry *entry = (const RangeTblEntry *)node;
        return entry->rtekind == RTE_RELATION &&
               !is_ours(entry->relid, get_rel_namespace(entry->relid));
    }
    if (IsA(node, Query)) {
        return query_tree_walker((Query *)node, names_others, context, QTW_EXAMINE_RTES_BEFORE);
    }
    if (IsA(node, CoerceToDomain) &&
        ((const CoerceToDomain *)node)->resulttype >= FirstNormalObjectId) {
        return true; /* its conditions may be anybody's */
    }
    return check_functions_in_node(node, is_others_function, NULL) ||
           expression_tree_walker(node, names_others, context);
}

/* --- As the owners --------------------------------------------------------------------------- */

static Oid owner_of(Oid table) {
    HeapTuple row = SearchSysCache1(RELOID, ObjectIdGetDatum(table));
    Oid owner = InvalidOid;

    if (HeapTupleIsValid(row)) {
        owner = ((Form_pg_class)GETSTRUCT(row))->relowner;
        ReleaseSysCache(row);
    }
    return owner;
}

static bool read_as_owners(Node *node, void *context) {
    if (node == NULL) {
        return false;
    }
    if (IsA(node, Query)) {
        Query *query = (Query *)node;
        postrider_check_as_owners(query, owner_of);
        return query_tree_walker(query, read_as_owners, context, 0);
    }
    return expression_tree_walker(node, read_as_owners, context);
}

/* --- The hook -------------------------------------------------------------------------------- */

static void look_at(ParseState *state, Query *query) {
    if (expected_text == NULL || state->p_sourcetext != expected_text) {
        return;
    }
    expected_text = NULL;
    if (expected_rights == RIGHTS_OF_OWNERS) {
        (void)read_as_owners((Node *)query, NULL);
    } else if (names_others((Node *)query, NULL)) {
        ereport(ERROR, errcode(ERRCODE_INTERNAL_ERROR),
                errmsg("a statement over the extension's tables names what is not the extension's"),
                errhint("Nothing was run. Please report it with this sentence."));
    }
}

static void hook(POSTRIDER_ANALYSED_PARAMETERS) {
    if (previous_hook != NULL) {
        previous_hook(POSTRIDER_ANALYSED_ARGUMENTS);
    }
    look_at(pstate, query);
}

void postrider_statement_rights_init(void) {
    previous_hook = post_parse_analyze_hook;
    post_parse_analyze_hook = hook;
}

void postrider_plan_is_for(SPIPlanPtr plan, Oid user) {
    ListCell *cell;

    foreach (cell, SPI_plan_get_plan_sources(plan)) {
        ((CachedPlanSource *)lfirst(cell))->rewriteRoleId = user;
    }
}

/* --- The rest -------------------------------------------------------------------------------- */

Oid postrider_open_state(LOCKMODE lock) {
    const Oid schema = get_namespace_oid("postrider", true);
    const Oid table = OidIsValid(schema) ? get_relname_relid("lease", schema) : InvalidOid;
    Oid owner = InvalidOid;

    if (OidIsValid(table)) {
        LockRelationOid(table, lock);
        owner = owner_of(table);
    }
    if (!OidIsValid(owner)) {
        ereport(ERROR, errcode(ERRCODE_UNDEFINED_TABLE),
                errmsg("the extension postrider was dropped meanwhile"));
    }
    return owner;
}

void postrider_settle_names(void) {
    if (strcmp(namespace_search_path, POSTRIDER_SEARCH_PATH) != 0) {
        SetConfigOption("search_path", POSTRIDER_SEARCH_PATH, PGC_USERSET, PGC_S_SESSION);
    }
}
