/* What differs between the server's major versions (13 to 18): the only place that asks for
 * PG_VERSION_NUM. */
#ifndef POSTRIDER_COMPAT_H
#define POSTRIDER_COMPAT_H

#include <postgres.h>

#include <fmgr.h>
#include <parser/analyze.h>
#include <parser/parsetree.h>
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

/* A name of ours in C++, where it is no word of the language; the server's headers say pg_restrict.
 */
#ifdef __cplusplus
#undef restrict
#endif

#endif
