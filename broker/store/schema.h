#ifndef HUFU_STORE_SCHEMA_H
#define HUFU_STORE_SCHEMA_H

#include <sqlite3.h>
#include <stddef.h>

#define SCHEMA_APPLICATION_ID 0x48554655 /* "HUFU" */

/* The staff name of a grant, out of its document: the value of its one line `staff: `. Part of a released
 * step, and of the queries that are to find by it. */
#define STORE_GRANT_STAFF                                         \
    "CAST(substr(octets, instr(octets, x'0A73746166663A20') + 8," \
    " instr(substr(octets, instr(octets, x'0A73746166663A20') + 8), x'0A') - 1) AS TEXT)"

/* Migrations: step n (from 0) takes a store of version n to n + 1. A step that was released is never changed.
 */
extern const char *const schema_steps[];
extern const size_t schema_n_steps;

/** Runs the steps that the store has not seen (PRAGMA user_version), each in a transaction of its own. 0;
 * -EPROTO (the store is newer than the steps); -errno. */
int schema_migrate(sqlite3 *db, const char *const *steps, size_t n_steps);

/** Compares tables, indices and triggers with what the steps make. 0; -EBADMSG (one is missing, altered or
 * too many); -errno. */
int schema_verify(sqlite3 *db, const char *const *steps, size_t n_steps);

#endif
