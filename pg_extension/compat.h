/* What differs between the server's major versions (13 to 18): the only place that asks for
 * PG_VERSION_NUM. */
#ifndef POSTRIDER_COMPAT_H
#define POSTRIDER_COMPAT_H

#include <postgres.h>

#include <access/xlog.h>
#include <catalog/pg_authid.h>
#include <catalog/pg_class.h>
#include <catalog/pg_database.h>
#include <catalog/pg_namespace.h>
#include <fmgr.h>
#include <miscadmin.h>
#include <nodes/parsenodes.h>
#include <parser/analyze.h>
#include <parser/parsetree.h>
#include <utils/acl.h>
#include <utils/rel.h>
#include <utils/relcache.h>

/* Before 16 every symbol of a module was visible; our modules are built with hidden visibility. */
#if PG_VERSION_NUM < 160000
#undef PGDLLEXPORT
#define PGDLLEXPORT __attribute__((visibility("default")))
#endif

/* 16 moved the macros of variable-length values out of postgres.h. */
#if PG_VERSION_NUM >= 160000
#include <varatt.h>
#endif

/* Finds out the types of a statement's parameters from their context; 15 added the query
 * environment. */
static inline Query *
postrider_analyze(RawStmt *statement, const char *sql, Oid **types, int *count) {
#if PG_VERSION_NUM >= 150000
    return parse_analyze_varparams(statement, sql, types, count, NULL);
#else
    return parse_analyze_varparams(statement, sql, types, count);
#endif
}

/* COPY FROM with rows that a function gives; 14 added the condition. */
#if PG_VERSION_NUM >= 140000
#define postrider_begin_copy_from(state, relation, source, columns, options)                       \
    BeginCopyFrom(state, relation, NULL, NULL, false, source, columns, options)
#else
#define CopyFromState CopyState
#define postrider_begin_copy_from(state, relation, source, columns, options)                       \
    BeginCopyFrom(state, relation, NULL, false, source, columns, options)
#endif

/* A setting that nobody has defined is a misspelt one. */
#if PG_VERSION_NUM >= 150000
#define postrider_reserve_settings(prefix) MarkGUCPrefixReserved(prefix)
#else
#define postrider_reserve_settings(prefix) EmitWarningsOnPlaceholders(prefix)
#endif

/* The index of the primary key, unless it is deferrable: two rows may then have the same key for a
 * while. 18 asks whether that matters. */
static inline Oid postrider_primary_key(Relation relation) {
#if PG_VERSION_NUM >= 180000
    return RelationGetPrimaryKeyIndex(relation, false);
#else
    return RelationGetPrimaryKeyIndex(relation);
#endif
}

static inline bool postrider_owns_database(Oid database) {
#if PG_VERSION_NUM >= 160000
    return object_ownercheck(DatabaseRelationId, database, GetUserId());
#else
    return pg_database_ownercheck(database, GetUserId());
#endif
}

/* The timeline on which this server writes; 0 while it follows another one. 15 took away the
 * variable that RecoveryInProgress sets. */
static inline TimeLineID postrider_timeline(void) {
    if (RecoveryInProgress()) {
        return 0;
    }
#if PG_VERSION_NUM >= 150000
    return GetWALInsertionTimeLine();
#else
    return ThisTimeLineID;
#endif
}

/* Shared memory is asked for by `request`, which calls what is given here after it, if anything.
 * Since 15 there is a moment for that of its own. */
static inline void (*postrider_request_memory_by(void (*request)(void)))(void) {
#if PG_VERSION_NUM >= 150000
    void (*previous)(void) = shmem_request_hook;
    shmem_request_hook = request;
    return previous;
#else
    request();
    return NULL;
#endif
}

/* What a hook of utility statements takes and hands on; 14 added readOnlyTree. */
#if PG_VERSION_NUM >= 140000
#define POSTRIDER_UTILITY_PARAMETERS                                                               \
    PlannedStmt *pstmt, const char *text, bool read_only, ProcessUtilityContext context,           \
        ParamListInfo params, QueryEnvironment *environment, DestReceiver *dest,                   \
        QueryCompletion *completion
#define POSTRIDER_UTILITY_ARGUMENTS                                                                \
    pstmt, text, read_only, context, params, environment, dest, completion
#else
#define POSTRIDER_UTILITY_PARAMETERS                                                               \
    PlannedStmt *pstmt, const char *text, ProcessUtilityContext context, ParamListInfo params,     \
        QueryEnvironment *environment, DestReceiver *dest, QueryCompletion *completion
#define POSTRIDER_UTILITY_ARGUMENTS pstmt, text, context, params, environment, dest, completion
#endif

/* Whether the role owns the table, or may act as its owner; 16 asks for all kinds of objects alike.
 */
static inline bool postrider_owns_table(Oid table, Oid role) {
#if PG_VERSION_NUM >= 160000
    return object_ownercheck(RelationRelationId, table, role);
#else
    return pg_class_ownercheck(table, role);
#endif
}

/* Whether the role may read any file of the server's user; 14 named the role anew. */
static inline bool postrider_may_read_files(Oid role) {
#if PG_VERSION_NUM >= 140000
    return has_privs_of_role(role, ROLE_PG_READ_SERVER_FILES);
#else
    return has_privs_of_role(role, DEFAULT_ROLE_READ_SERVER_FILES);
#endif
}

/* Whether the role may write any file of the server's user, and run any program as he; 14 named the
 * roles anew. */
static inline bool postrider_may_write_files(Oid role) {
#if PG_VERSION_NUM >= 140000
    return has_privs_of_role(role, ROLE_PG_WRITE_SERVER_FILES);
#else
    return has_privs_of_role(role, DEFAULT_ROLE_WRITE_SERVER_FILES);
#endif
}

static inline bool postrider_may_run_programs(Oid role) {
#if PG_VERSION_NUM >= 140000
    return has_privs_of_role(role, ROLE_PG_EXECUTE_SERVER_PROGRAM);
#else
    return has_privs_of_role(role, DEFAULT_ROLE_EXECUTE_SERVER_PROGRAM);
#endif
}

/* What a hook that looks at analysed statements takes and hands on; 14 added the third. */
#if PG_VERSION_NUM >= 140000
#define POSTRIDER_ANALYSED_PARAMETERS ParseState *pstate, Query *query, JumbleState *jumble
#define POSTRIDER_ANALYSED_ARGUMENTS pstate, query, jumble
#else
#define POSTRIDER_ANALYSED_PARAMETERS ParseState *pstate, Query *query
#define POSTRIDER_ANALYSED_ARGUMENTS pstate, query
#endif

/* The rights that the query asks for, its subqueries aside, are then looked for at the owners of
 * its tables; 16 keeps them in a list of their own. */
static inline void postrider_check_as_owners(Query *query, Oid (*owner_of)(Oid)) {
    ListCell *cell;

#if PG_VERSION_NUM >= 160000
    foreach (cell, query->rteperminfos) {
        RTEPermissionInfo *asked = lfirst_node(RTEPermissionInfo, cell);
        asked->checkAsUser = owner_of(asked->relid);
    }
#else
    foreach (cell, query->rtable) {
        RangeTblEntry *entry = lfirst_node(RangeTblEntry, cell);
        if (entry->rtekind == RTE_RELATION) {
            entry->checkAsUser = owner_of(entry->relid);
        }
    }
#endif
}

/* Whether a role may be a worker's that cannot log in; 17 lets workers say so. */
#if PG_VERSION_NUM >= 170000
#define POSTRIDER_WORKER_FLAGS BGWORKER_BYPASS_ROLELOGINCHECK
#define POSTRIDER_WORKERS_LOG_IN false
#else
#define POSTRIDER_WORKER_FLAGS 0
#define POSTRIDER_WORKERS_LOG_IN true
#endif

/* 16 asks for all kinds of objects alike. */
static inline bool postrider_may_connect(Oid database, Oid role) {
#if PG_VERSION_NUM >= 160000
    return object_aclcheck(DatabaseRelationId, database, role, ACL_CONNECT) == ACLCHECK_OK;
#else
    return pg_database_aclcheck(database, role, ACL_CONNECT) == ACLCHECK_OK;
#endif
}

static inline bool postrider_may_use_schema(Oid schema, Oid role, AclMode mode) {
#if PG_VERSION_NUM >= 160000
    return object_aclcheck(NamespaceRelationId, schema, role, mode) == ACLCHECK_OK;
#else
    return pg_namespace_aclcheck(schema, role, mode) == ACLCHECK_OK;
#endif
}

/* A name of ours in C++, where it is no word of the language; the server's headers say pg_restrict.
 */
#ifdef __cplusplus
#undef restrict
#endif

#endif
