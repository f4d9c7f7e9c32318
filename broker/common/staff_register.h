#ifndef HUFU_COMMON_STAFF_REGISTER_H
#define HUFU_COMMON_STAFF_REGISTER_H

#include "broker/common/conf.h"
#include "policy/base/cleanup.h"
#include "policy/base/ident.h"
#include "policy/base/when.h"

#include <sys/types.h>

/*
 * /etc/hufu/staff.conf: of each of the vendors' staff a section with vendor, agreement-until, training-until
 * and vetting-until (GB/T 32926 6.1 c, 6.4). It gates nobody: grants do. A review and doctor say what lapses.
 * A date holds to the end of its day, UTC.
 */
#define STAFF_REGISTER_PATH "/etc/hufu/staff.conf"
#define STAFF_REGISTER_MAX  ((size_t)1024 * 1024) /* octets */

struct staff_entry {
    char staff[IDENT_ACCOUNT_MAX + 1];
    char *vendor;
    when_t agreement, training, vetting; /* first instant without; 0: there is none */
};

struct staff_register {
    struct staff_entry *entries;
    size_t n;
};

/** Strict, as conf_parse(): an unknown key, a person twice, one without a vendor refuses the file. *ret is
 * the caller's. 0; -EINVAL with error filled; -ENOMEM. */
int staff_register_parse(const char *text, size_t size, struct staff_register **ret,
                         struct conf_error *error);
/** The same of a file that belongs to `owner`. Also the errors of files_read(), with error filled. */
int staff_register_load(const char *path, uid_t owner, struct staff_register **ret, struct conf_error *error);

struct staff_register *staff_register_free(struct staff_register *r);
DEFINE_CLEANUP(struct staff_register, staff_register_free);

#endif
