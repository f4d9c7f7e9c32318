#ifndef HUFU_CTL_BACKUP_FILES_H
#define HUFU_CTL_BACKUP_FILES_H

#include "broker/ctl/cli.h"
#include "broker/ctl/manifest.h"

#include <jansson.h>

/* What backup and restore share: folders, copies that are known octet by octet, and hufud's word on a store.
 */

#define BACKUP_USER   "hufu"
#define BACKUP_STATE  "/var/lib/hufu"
#define BACKUP_ETC    "/etc/hufu"
#define BACKUP_STORE  "hufu.db"
#define BACKUP_PUBLIC "ledger.pub"

/* Files of /etc/hufu in the order of a manifest; ends with NULL. Keys are not among them. */
extern const char *const backup_configuration[];

/** Copies a whole file into a new one of this mode, on disk when it returns; SHA-256 and size are those of
 * what was written. 0; -EEXIST; -ENOENT (no source); -EPERM (no regular file); -errno, and nothing is left.
 */
int backup_copy(int from_folder, const char *from, int to_folder, const char *to, mode_t mode,
                uint8_t sha256[static 32], uint64_t *size);

/** Has `hufud --check-store` look at a copy of a store. EXIT_DONE; EXIT_REFUSED, said. */
enum exit_code backup_check_store(const struct cli *cli, const char *path, json_t **ret);

#endif
