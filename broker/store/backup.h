#ifndef HUFU_STORE_BACKUP_H
#define HUFU_STORE_BACKUP_H

#include "broker/store/store.h"

#include <sqlite3.h>

/*
 * A copy under way. First it is the store's thread's, which copies some pages a step between its commits;
 * SQLite writes into the copy, too, what commits change in pages that are copied already, so that in the end
 * it is the store as it was at the last of them. Then a thread of its own syncs and hashes it, and gives it
 * its name. Then it is the owner's, who tells.
 */
struct backup;

typedef int backup_digest(const void *octets, size_t size, uint8_t out[static 32]);

/** `wake` is written to (eventfd) when it is finished. 0 or -ENOMEM. */
int backup_new(backup_digest *sha256, const char *path, int wake, store_copied *done, void *userdata,
               struct backup **ret);
struct backup *backup_free(struct backup *b);
DEFINE_CLEANUP(struct backup, backup_free);

/** NULL is neither. Any thread. */
bool backup_is_copying(const struct backup *b);
bool backup_is_finished(const struct backup *b);

/** The store's thread's, with the connection. */
void backup_step(struct backup *b, sqlite3 *from);
void backup_cancel(struct backup *b);

/** Waits until it is finished, when nobody copies any more. NULL is fine. */
void backup_wait(struct backup *b);
/** Tells, and frees it. */
void backup_answer(struct backup *b);

#endif
