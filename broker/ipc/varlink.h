#ifndef HUFU_IPC_VARLINK_H
#define HUFU_IPC_VARLINK_H

#include "policy/base/buf.h"
#include "policy/base/cleanup.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * varlink (varlink.org): a message is one JSON object ended by a NUL octet. A call has `method` and
 * `parameters`, a reply `parameters`, or `error` and `parameters`. This is the codec that hufud and hufuctl
 * share; it knows nothing of any method.
 */

/* Octets of a call: the largest document (1 MiB) with eight approvals of 16 KiB, each octet of them as up to
 * three, which is what escaping makes of any text at most (a line end is two, and a character of two octets
 * as \u00e4 six). */
#define VARLINK_CALL_MAX        ((size_t)4 * 1024 * 1024)
#define VARLINK_CALL_VALUES_MAX 1024 /* values in a call: none has more than a few dozen */
#define VARLINK_REPLY_MAX       ((size_t)16 * 1024 * 1024) /* octets of a reply: a page of the ledger */

static inline void varlink_decref(json_t *j)
{
    json_decref(j);
}
DEFINE_CLEANUP(json_t, varlink_decref);
#define cleanup_json cleanup(varlink_decref_p)

struct varlink_call {
    const char *method; /* inside `message` */
    json_t *parameters; /* an object, borrowed from `message` */
    bool oneway;        /* no reply is wanted */
    bool more;          /* several replies would be fine; one, without `continues`, always is */
    json_t *message;    /* owned */
};

/** Strict: an object, known members of the right type, no duplicate key, no octet behind it, and no more than
 * VARLINK_CALL_VALUES_MAX values, so that what is made of it is not many times larger. `size` is without the
 * NUL. *ret must be ended with varlink_call_done(). 0, -EBADMSG, -ENOMEM. */
int varlink_parse_call(const char *octets, size_t size, struct varlink_call *ret);
void varlink_call_done(struct varlink_call *call);

struct varlink_reply {
    const char *error;  /* qualified name, or NULL: it worked */
    json_t *parameters; /* an object, borrowed; never NULL */
    bool continues;     /* another one follows */
    json_t *message;    /* owned */
};

/** As varlink_parse_call(). */
int varlink_parse_reply(const char *octets, size_t size, struct varlink_reply *ret);
void varlink_reply_done(struct varlink_reply *reply);

/** Appends a call with its NUL. `parameters` is borrowed; NULL is an empty object. Errors are b's. */
void varlink_write_call(struct buf *b, const char *method, json_t *parameters);
/** The same with `more`: several replies are asked for. */
void varlink_write_call_more(struct buf *b, const char *method, json_t *parameters);
/** Appends a reply; with `error` an error reply. */
void varlink_write_reply(struct buf *b, const char *error, json_t *parameters);
/** Appends a reply after which another one follows. */
void varlink_write_reply_continues(struct buf *b, json_t *parameters);

/** Where the first message of `data` ends: number of octets before its NUL, or -EAGAIN (none yet), or
 * -EMSGSIZE (none within `limit`). */
ssize_t varlink_message_size(const void *data, size_t size, size_t limit);

/* ---- parameters, read by a table ---- */

enum varlink_kind {
    VARLINK_STRING = 1, /* const char *, borrowed */
    VARLINK_INT,        /* json_int_t, not negative */
    VARLINK_BOOL,       /* bool */
    VARLINK_STRINGS,    /* json_t *, borrowed: an array of strings only */
};

struct varlink_field {
    const char *name;
    enum varlink_kind kind;
    bool optional; /* absent or null: the target keeps what it holds */
    void *target;
};

/** Reads an object by a table. An unknown member, one of another type, a NUL in a string or a missing one:
 * -EINVAL, and *wrong is its name (borrowed from the object or the table). */
int varlink_read(json_t *parameters, const struct varlink_field *fields, size_t n, const char **wrong);

#endif
