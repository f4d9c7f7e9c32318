#ifndef HUFU_WIRE_FEED_H
#define HUFU_WIRE_FEED_H

#include "policy/base/ident.h"
#include "policy/wire/frame.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What hufud and hufu-ldapd say to each other over /run/hufu/feed, a stream of frames with the header of
 * frame.h (magic, version, type, length) and a bound of its own. hufud listens; hufu-ldapd connects and says
 * nothing until START. It believes what hufud says; hufud believes nothing of what comes back: documents are
 * judged by their signatures, and everything else can only take access away or be shown to people.
 *
 * A search: START (with the cookie of the last one, or none) - BEGIN - ENTRY, DELETE, PRESENT in any
 * number - END (with a cookie). Then, where the server pushes changes, ENTRY and DELETE as they happen, each
 * group followed by COOKIE. Where it does not, BEGIN ... END again after each interval. When a connection to
 * a server is lost, a BEGIN of a search begun anew from the last cookie follows (all that came after that
 * cookie is told again); an END that has not come by then never comes. `search` is the number of the START
 * that a frame answers; frames of an earlier one are dropped.
 */

#define FEED_BODY_MAX      ((size_t)2 << 20)
#define FEED_APPROVALS_MAX 32
#define FEED_COOKIE_MAX    1024
#define FEED_NAME_MAX      512 /* of an entry: its DN */
#define FEED_GROUPS_MAX    64
#define FEED_PRESENT_MAX   4096
#define FEED_TEXT_MAX      512
#define FEED_NONCE_SIZE    16

enum feed_type {
    /* of hufud */
    FEED_START = 0x0201, /* search, anew if one is under way */
    FEED_CLAIM = 0x0202,
    /* of hufu-ldapd */
    FEED_BEGIN = 0x0281,   /* a refresh begins: what hufud staged of an unfinished one is void */
    FEED_ENTRY = 0x0282,   /* this is there, and is so now */
    FEED_DELETE = 0x0283,  /* these are gone */
    FEED_PRESENT = 0x0284, /* these are there and unchanged since the cookie */
    FEED_END = 0x0285,     /* the refresh is complete */
    FEED_COOKIE = 0x0286,  /* covers all before it; between END and the next BEGIN */
    FEED_STATE = 0x0287,   /* for people */
    FEED_CLAIMED = 0x0288,
};

enum feed_kind {
    FEED_DOCUMENT = 1, /* grant, revocation, status or trust file: hufud looks */
    FEED_HEARTBEAT,    /* `document` is an instant as text: when somebody on the other side wrote it */
};

enum feed_state {
    FEED_CONNECTING = 1,
    FEED_REFRESHING,
    FEED_LIVE,    /* changes are pushed */
    FEED_POLLING, /* complete as of the last END, the next in `seconds` */
    FEED_FAILED,  /* `text` says why, the next try is in `seconds` */
};

enum feed_operation {
    FEED_TAKE = 1,  /* hold one free use of this grant as (host, nonce); if it is held as that, well */
    FEED_LOOK,      /* is one held as that? */
    FEED_GIVE_BACK, /* let go of it */
};

enum feed_outcome {
    /* Each is an outcome of the operations named, and of no others. */
    FEED_HELD = 1,    /* TAKE, LOOK: one is held as (host, nonce) */
    FEED_NOT_HELD,    /* LOOK: none is, read at the provider. GIVE_BACK: none is any more */
    FEED_EXHAUSTED,   /* TAKE: none is free */
    FEED_UNAVAILABLE, /* all: nothing was changed: no provider, not permitted, no such grant there */
    FEED_UNKNOWN,     /* all: perhaps changed, perhaps not: LOOK later */
};

/* Octets inside the body that was decoded: they last as long as it does. Empty ones have no address. */
struct feed_octets {
    const uint8_t *data;
    size_t size;
};

/* One struct for all types; which fields travel is said beside them. The others decode as 0 and empty.
 * Text is any octets without NUL: whoever shows it makes it fit to be seen. Host and groups are names
 * (ident_is_name()). */
struct feed_message {
    enum feed_type type;
    uint32_t search; /* all but CLAIM, CLAIMED and STATE */

    /* START */
    char host[IDENT_NAME_MAX + 1];
    size_t n_groups;
    char groups[FEED_GROUPS_MAX][IDENT_NAME_MAX + 1]; /* without @ */
    struct feed_octets cookie;                        /* also END and COOKIE; empty: none */

    /* ENTRY */
    uint8_t uuid[16]; /* entryUUID */
    enum feed_kind kind;
    char name[FEED_NAME_MAX + 1]; /* DN, for people; cut if longer */
    struct feed_octets document;  /* may be empty: the entry has none */
    size_t n_approvals;
    struct feed_octets approvals[FEED_APPROVALS_MAX];

    /* DELETE and PRESENT: n_uuids times 16 octets */
    size_t n_uuids;
    const uint8_t *uuids;

    bool full; /* BEGIN: asked without a cookie, so that what is not told until END is not there */

    /* END */
    bool refresh_deletes; /* what is gone was told by DELETE; else what was not told at all is gone */
    uint32_t count;       /* entries told since BEGIN: by ENTRY, and one by one by PRESENT */

    /* STATE */
    enum feed_state state;
    bool pushes;                    /* this server pushes changes (RFC 4533 persist) */
    char server[FEED_TEXT_MAX + 1]; /* its URI; empty: none */
    char text[FEED_TEXT_MAX + 1];   /* trouble, for people; empty: none */
    uint32_t seconds;               /* until the next try */
    bool claims_possible;           /* the claim provider can be asked now */

    /* CLAIM; CLAIMED says it all again, with the outcome */
    uint32_t number; /* of the question */
    enum feed_operation operation;
    struct ident_id grant;
    uint8_t nonce[FEED_NONCE_SIZE];
    enum feed_outcome outcome; /* CLAIMED */
};

struct buf;

/** Appends header and body to `out`; fields that do not travel with m->type are not looked at. 0; -EMSGSIZE
 * (text without an end, too many or too long, a body above FEED_BODY_MAX), -EINVAL (what the decoder would
 * refuse), -ENOMEM; then `out` is as it was. */
int feed_encode(const struct feed_message *m, struct buf *out);

/** Reads the 12 octets of a header. 0; -EBADMSG (magic, unknown type, length above FEED_BODY_MAX),
 * -EPROTONOSUPPORT (version). On errors *ret_type and *ret_length are 0. */
int feed_parse_header(const uint8_t octets[static FRAME_HEADER_SIZE], enum feed_type *ret_type,
                      uint32_t *ret_length);

/** Decodes a body: clears *ret first, consumes everything. 0, or -EBADMSG with *ret clear. */
int feed_decode(enum feed_type type, const uint8_t *body, size_t size, struct feed_message *ret);

#endif
