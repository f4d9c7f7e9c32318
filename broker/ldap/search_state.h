#ifndef HUFU_LDAP_SEARCH_STATE_H
#define HUFU_LDAP_SEARCH_STATE_H

#include "broker/ldap/search.h"
#include "broker/ldap/seen.h"
#include "broker/ldap/sync_value.h"

/* Between the files of a search: search.c (loop, messages), search_tell.c (frames), search_sync.c (RFC 4533)
 * and search_poll.c (without it). Functions give 0, or -errno with `why` set: the connection is then over. */

enum search_method { SEARCH_PERSIST, SEARCH_REFRESH, SEARCH_POLL };

enum search_poll_step { POLL_ALL, POLL_CHANGES, POLL_IDS };

struct search {
    struct search_options options;
    LDAP *ldap;
    char *filter;
    uint32_t number;
    char cookie[FEED_COOKIE_MAX];
    size_t cookie_size;

    enum search_method method;
    int msgid;        /* of the operation under way, or -1 */
    bool refreshing;  /* between BEGIN and END */
    bool had_present; /* a present phase: what it did not tell is gone */
    uint32_t count;   /* entries told since BEGIN */

    /* uuids that are to be told, of one type of frame */
    enum feed_type batch_type;
    size_t n_batch;
    uint8_t batch[FEED_PRESENT_MAX * SYNC_UUID_SIZE];

    enum search_poll_step step;
    unsigned polls;   /* since all ids were read */
    char newest[32];  /* modifyTimestamp */
    struct seen seen; /* entries and their modifyTimestamps, as told */
    struct seen ids;  /* those being listed */

    bool paused, beats;
    uint64_t heard; /* when the server last said something, CLOCK_BOOTTIME, microseconds */
    sd_event_source *io, *again, *silence, *next;
    char why[FEED_TEXT_MAX + 1];
};

/** Sets `why`, and returns `r`. */
__attribute__((format(printf, 3, 4))) int search_fail(struct search *s, int r, const char *format, ...);

/** A result code and the server's diagnostic message (or NULL) as one line of printable ASCII. */
void search_describe(int code, const char *diagnostic, char *text, size_t size);

/** Asks the server; `controls` may be NULL. */
int search_send(struct search *s, const char *filter, const char *const *attributes, LDAPControl **controls);
/** Calls search_begin_refresh() in poll-interval seconds. */
int search_wait(struct search *s);
int search_begin_refresh(struct search *s);

/* search_tell.c */
void search_tell_begin(struct search *s, bool full);
/** Tells an entry; `modified` (32 octets, may be NULL) gets its modifyTimestamp. -EBADMSG without `why`: it
 * has no uuid. */
int search_tell_entry(struct search *s, LDAPMessage *message, const uint8_t *uuid, uint8_t told[static 16],
                      char *modified);
/** Queues uuids of DELETE or PRESENT; they are told before any other frame. */
void search_tell_uuids(struct search *s, enum feed_type type, const uint8_t *uuids, size_t n);
void search_tell_end(struct search *s, bool refresh_deletes);
void search_tell_cookie(struct search *s);
void search_flush_uuids(struct search *s);
/** Keeps a cookie worth it; otherwise there is none from now on. */
void search_keep_cookie(struct search *s, const struct berval *cookie);

/* search_sync.c */
int search_sync_begin(struct search *s);
int search_sync_entry(struct search *s, LDAPMessage *message);
int search_sync_intermediate(struct search *s, LDAPMessage *message);
int search_sync_result(struct search *s, LDAPMessage *message);

/* search_poll.c */
int search_poll_begin(struct search *s);
int search_poll_entry(struct search *s, LDAPMessage *message);
int search_poll_result(struct search *s, LDAPMessage *message);

#endif
