#ifndef HUFU_LDAP_ENTRY_H
#define HUFU_LDAP_ENTRY_H

#include "policy/base/cleanup.h"
#include "policy/wire/feed.h"

#include <ldap.h>

#define ENTRY_MODIFIED_SIZE 32

/* An entry of the directory as the frame that tells it, with what its pointers point into. */
struct entry {
    struct feed_message message;        /* FEED_ENTRY; `search` is left to the caller */
    char modified[ENTRY_MODIFIED_SIZE]; /* modifyTimestamp, or empty */
    struct berval **documents, **approvals;
};

/**
 * Reads an entry. `uuid` is what the server's Sync State Control says, or NULL: it is the attribute
 * entryUUID.
 *
 * The values are told octet by octet. Nothing is left out silently: a document that is larger than a frame,
 * or is there twice, makes an entry without a document, which hufud shows as bad. Of more than
 * FEED_APPROVALS_MAX approvals, or of more than a frame holds, those are told first that begin like one and
 * are no longer than one can be, so that junk cannot push out what is good.
 *
 * 0 (the caller calls entry_done()); -EBADMSG (no uuid, no name); -ENOMEM.
 */
int entry_read(LDAP *ldap, LDAPMessage *message, const uint8_t *uuid, struct entry *ret);
void entry_done(struct entry *e);

/** "01234567-89ab-cdef-0123-456789abcdef". 0 or -EINVAL. */
int entry_parse_uuid(const struct berval *text, uint8_t uuid[static 16]);

#endif
