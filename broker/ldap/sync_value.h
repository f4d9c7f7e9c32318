#ifndef HUFU_LDAP_SYNC_VALUE_H
#define HUFU_LDAP_SYNC_VALUE_H

#include <lber.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Values of the controls and messages of RFC 4533, as octets from a server that is not trusted. Each must be
 * used up whole, with nothing left over, of the right tags and of the lengths that RFC and rule demand. What
 * is returned points into the value that was read.
 */

#define SYNC_UUID_SIZE 16

enum sync_mode { SYNC_REFRESH_ONLY = 1, SYNC_REFRESH_AND_PERSIST = 3 };

/** The value of a Sync Request Control; `cookie` may be empty: none. *ret is the caller's (ber_bvfree). 0 or
 * -ENOMEM. */
int sync_write_request(enum sync_mode mode, const uint8_t *cookie, size_t size, struct berval **ret);

enum sync_entry_state { SYNC_PRESENT, SYNC_ADD, SYNC_MODIFY, SYNC_DELETE };

/* Sync State Control: of an entry. */
struct sync_state {
    enum sync_entry_state state;
    const uint8_t *uuid;
    struct berval cookie; /* empty: none */
};
/** 0 or -EBADMSG with *ret clear. */
int sync_parse_state(const struct berval *value, struct sync_state *ret);

/* Sync Done Control: of a search result. */
struct sync_done {
    struct berval cookie;
    bool refresh_deletes;
};
int sync_parse_done(const struct berval *value, struct sync_done *ret);

enum sync_info_kind { SYNC_NEW_COOKIE = 1, SYNC_REFRESH_DELETE, SYNC_REFRESH_PRESENT, SYNC_ID_SET };

/* Sync Info Message: between entries. */
struct sync_info {
    enum sync_info_kind kind;
    struct berval cookie;
    bool refresh_done;    /* REFRESH_DELETE, REFRESH_PRESENT */
    bool refresh_deletes; /* ID_SET: those were deleted; else they are there */
    size_t n_uuids;       /* ID_SET */
    uint8_t *uuids;       /* n_uuids times 16 octets; sync_info_done() */
};
/** 0, -EBADMSG or -ENOMEM, then with *ret clear. */
int sync_parse_info(const struct berval *value, struct sync_info *ret);
void sync_info_done(struct sync_info *info);

/** Whether a cookie says where to go on, and so is worth keeping: one of OpenLDAP's with both `rid=` and
 * well-formed change numbers in `csn=` (a server without a single change sends none; one that is shown what
 * it cannot read tells everything, as if that were what was changed), or one of 389-DS's,
 * `host:port#...#number`. No control characters, 1024 octets at most. */
bool sync_cookie_is_kept(const struct berval *cookie);

/** Such a cookie without the number of the server that gave it (`sid=`), in place. A server of OpenLDAP's
 * takes that for the number of whoever asks, and tells them nothing that was written there: a host that
 * came from the provider to a replica would hear of no change any more. The size that is left. */
size_t sync_cookie_drop_server(char *cookie, size_t size);

#endif
