#ifndef HUFU_DOCUMENT_GRANT_H
#define HUFU_DOCUMENT_GRANT_H

#include "policy/base/address.h"
#include "policy/base/cleanup.h"
#include "policy/base/ident.h"
#include "policy/base/when.h"
#include "policy/document/document.h"
#include "policy/document/grant_common.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A grant as it stands in a document, after strict parsing: a value of this type is well formed in
 * every field and across fields. The engine decides on this very struct; there is no second one that
 * a field could get lost on the way to. Meaning of the fields: 3-rules, "What a grant gives".
 */

enum grant_class {
    GRANT_CLASS_NORMAL = 1,
    GRANT_CLASS_PRIVILEGED,
    GRANT_CLASS_EMERGENCY,
};
#define GRANT_CLASS_COUNT 3 /* numbered from 1 */

enum grant_channel {
    GRANT_CHANNEL_SHELL = 1,
    GRANT_CHANNEL_EXEC = 2,
    GRANT_CHANNEL_TRANSFER = 4,
    GRANT_CHANNEL_FORWARD = 8,
}; /* bits; none set: `channel: none` */

enum grant_uses_scope {
    GRANT_USES_UNLIMITED = 1,
    GRANT_USES_PER_HOST,
    GRANT_USES_FLEET,
};

struct grant_uses {
    enum grant_uses_scope scope;
    uint32_t count; /* 0 only with GRANT_USES_UNLIMITED */
};

/* A bound that is either written as a number or as the word `unlimited`. */
struct grant_bound {
    bool unlimited;
    uint32_t value; /* 0 only when unlimited */
};

struct grant_strings {
    const char *const *items;
    size_t count;
};

/* `mon-fri 09:00-18:00 +08:00`. end <= start runs into the next day and belongs to the day it starts. */
struct grant_hours {
    uint8_t days;           /* bit 0 is Monday */
    uint16_t start_minute;  /* 0..1439 */
    uint16_t end_minute;    /* 0..1440; never equal to start_minute */
    int16_t offset_minutes; /* east of UTC */
};

struct grant {
    const char *site;
    struct ident_id id;
    uint32_t version;
    enum grant_class class;
    uint8_t incident_level; /* 1..3 in class emergency, else 0 */
    const char *vendor;
    const char *employer;
    const char *contract;
    const char *staff;
    bool password;                        /* `staff-key: password` */
    const struct ident_fingerprint *keys; /* empty only if password */
    size_t n_keys;
    struct grant_strings hosts; /* "name" or "@group" */
    struct grant_strings services;
    uint8_t channels;            /* enum grant_channel bits */
    struct grant_strings run_as; /* empty: `none` */
    bool any_command;
    struct grant_strings commands; /* empty without any_command: `none` */
    bool any_source;
    bool local_source;
    const struct network *networks;
    size_t n_networks;
    struct when_interval valid; /* [not-before, not-after) */
    bool any_hours;
    const struct grant_hours *hours;
    size_t n_hours;
    struct grant_uses uses;
    struct grant_bound sessions;
    struct grant_bound max_session; /* seconds */
    bool recording_required;
    const char *requester;
    const char *ticket;
    const char *purpose;
    struct grant_common common; /* of the text that it was parsed from */
    void *arena;                /* everything above points into it */
};

/** Parses octets (not NUL-terminated). On success *ret is the caller's (grant_free). On -EINVAL
 * `error` (may be NULL) holds line and reason; else -ENOMEM. Source: 4-documents, "Grant". */
int grant_parse(const void *octets, size_t size, struct grant **ret, struct document_error *error);

/** Writes the canonical text of `g` (NUL-terminated, the caller's to free) and reads it back: what
 * grant_parse() would refuse is refused here with the same reason. Repeats are sorted by the writer. */
int grant_write(const struct grant *g, char **ret, struct document_error *error);

struct grant *grant_free(struct grant *g);
DEFINE_CLEANUP(struct grant, grant_free);

const char *grant_class_name(enum grant_class c);
/** Returns 0 or -EINVAL. */
int grant_class_from_name(const char *text, size_t length, enum grant_class *ret);

/** Name of one channel bit. */
const char *grant_channel_name(enum grant_channel c);

/** Whether `hosts` names this host, exactly or by one of its groups (given without `@`). */
bool grant_names_host(const struct grant *g, const char *host, const struct grant_strings *groups);

/** True if no field that versions of one grant must share differs: site, id, vendor, staff, class. */
bool grant_same_identity(const struct grant *a, const struct grant *b);

#endif
