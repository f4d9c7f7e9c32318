#ifndef HUFU_TESTS_UNIT_BROKER_STORE_FAULT_H
#define HUFU_TESTS_UNIT_BROKER_STORE_FAULT_H

#include <stdbool.h>

/*
 * A disk that misbehaves on demand: a VFS around SQLite's own, made the default one. It offers no shared
 * memory, so a store that needed any would not open.
 */
enum fault_file {
    FAULT_MAIN = 1, /* the database itself */
    FAULT_LOG,      /* its write-ahead log */
};

#define FAULT_KILL (-9) /* in place of an error: the process is killed */

void fault_install(void);
void fault_remove(void);

/** Writes to such a file fail with `code` (SQLITE_FULL, SQLITE_IOERR_WRITE ...; 0: no more) after `after`
 * good ones. */
void fault_writes(enum fault_file file, int code, unsigned after);
/** The log has no room beyond so many octets (0: no bound). */
void fault_log_room(long long size);
/** The next `times` syncs of such a file fail, after having been done. */
void fault_syncs(enum fault_file file, unsigned times);

/** Syncs of the log since fault_install(): one a commit. */
unsigned fault_log_syncs(void);

/** Makes the next sync of the log wait; fault_wait_held() returns once it does; fault_release() lets it go
 * on. */
void fault_hold(void);
void fault_wait_held(void);
void fault_release(void);

#endif
