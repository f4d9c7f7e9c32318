#ifndef HUFU_LDAP_ONESHOT_H
#define HUFU_LDAP_ONESHOT_H

#include "broker/common/oneshot.h"
#include "broker/ldap/connection.h"

#include <stdbool.h>
#include <stdio.h>

/* The one-shot modes (broker/common/oneshot.h): hufu-ldapd run by a person, with that person's rights. */

/** Whether a command line asks for one of them. */
bool oneshot_is_asked(int argc, char **argv);

/** Does what it asks for, with standard input, output and error. To be called before anything else was. */
enum oneshot_exit oneshot_main(int argc, char **argv);

struct oneshot {
    const struct ldapd_config *config;
    struct connection *connection;
    FILE *in, *out, *error;
};

/** Says on standard error what is wrong. Returns `code`. */
__attribute__((format(printf, 3, 4))) enum oneshot_exit
oneshot_fail(const struct oneshot *o, enum oneshot_exit code, const char *format, ...);

/** Whether a DN is the base or below it. */
bool oneshot_is_below(const struct oneshot *o, const char *dn);

/* Parts: apply.c, list.c. */

enum oneshot_exit oneshot_apply(const struct oneshot *o);

/** Entries at or below `dn` that match; `attributes` ends with NULL. `only`: this one entry, and none is
 * well. */
enum oneshot_exit oneshot_list(const struct oneshot *o, const char *dn, bool only, const char *filter,
                               char **attributes);

#endif
