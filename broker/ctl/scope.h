#ifndef HUFU_CTL_SCOPE_H
#define HUFU_CTL_SCOPE_H

#include <jansson.h>

/* Whom a lock or a revocation hits, as a person reads it. */

/** "staff zhang.san", in the reader's language; for scope "host" the words "all gated logins". The name is as
 * it was given. A scope that is not known stands for itself. The caller's to free; NULL without memory. */
char *scope_whom(const char *scope, const char *name);

/** For columns: the members `scope` and `kind` of what TakenList names, in the reader's language. */
char *scope_of(const json_t *object);
char *scope_kind_of(const json_t *object);

#endif
