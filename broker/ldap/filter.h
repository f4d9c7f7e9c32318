#ifndef HUFU_LDAP_FILTER_H
#define HUFU_LDAP_FILTER_H

#include "policy/base/buf.h"
#include "policy/wire/feed.h"

/* Filters: what a host asks for is what names it, and what every host needs. */

/** A value in a filter: `*`, `(`, `)`, `\`, NUL and all that is not printable ASCII as \XX (RFC 4515). */
void filter_put_value(struct buf *out, const char *value);

/** The filter of a host and its groups (of a START). *ret is the caller's. 0 or -ENOMEM. */
int filter_of_host(const struct feed_message *start, char **ret);

/** The same, of entries changed since `modified` (a server's modifyTimestamp, or NULL: all). */
int filter_since(const char *filter, const char *modified, char **ret);

#endif
