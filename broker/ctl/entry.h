#ifndef HUFU_CTL_ENTRY_H
#define HUFU_CTL_ENTRY_H

#include "broker/common/ldif.h"
#include "broker/ctl/signable.h"

/*
 * A signed document as an entry of the directory: its name below the base, and what stands beside the
 * document so that it can be searched for. All of it follows from the document. Approvals are values of the
 * document's own entry, so that both arrive as one and an approver needs no right but that of adding a value.
 */

#define ENTRY_NAME_SIZE     80
#define ENTRY_VALUES_MAX    72   /* 64 hosts, and once each what else there is */
#define ENTRY_APPROVALS_MAX 32   /* hosts are told no more of one entry (policy/wire/feed.h) */
#define ENTRY_USES_MAX      1000 /* of a grant with `N fleet`: each of them is an entry */

struct entry_value {
    const char *name;
    const char *value;
};

struct entry {
    const struct signable *document;
    char name[ENTRY_NAME_SIZE]; /* "cn=ID.VERSION,ou=grants": the base follows behind a comma */
    const char *class;
    size_t n_values;
    struct entry_value values[ENTRY_VALUES_MAX]; /* grouped by name, without objectClass and cn */
    char id[IDENT_ID_TEXT_SIZE], number[11], not_after[WHEN_TEXT_SIZE], cn[48]; /* what they point to */
};

/** Fills *ret, which points into itself and into the document: it is not to be moved. */
void entry_of(const struct signable *document, struct entry *ret);

/** How many entries below ou=uses hosts find of this document's fleet-wide uses; 0: it has none. */
size_t entry_uses(const struct signable *document);

/* What the directory holds under that name. */
struct entry_held {
    const struct ldif_record *record;
    const struct ldif_line *document; /* NULL: there is none */
    size_t n_approvals;
};
void entry_held_of(const struct ldif_record *record, struct entry_held *ret);

/** Whether a line of an entry is an approval. */
bool entry_is_approval(const struct ldif_line *line);

enum entry_plan {
    ENTRY_ADD = 1,  /* it is not there yet */
    ENTRY_APPROVE,  /* it is; approvals are added */
    ENTRY_REPLACE,  /* another document gives way */
    ENTRY_SAME,     /* everything is there already */
    ENTRY_OTHER,    /* another document is there, and stays */
    ENTRY_NEWER,    /* a status that is newer than this one is there, and stays */
    ENTRY_TOO_MANY, /* more approvals than hosts look at */
};

/** What has to be done so that the entry holds the document and these approvals; `record` NULL: there is no
 * such entry. Appends the change, which the server refuses if the entry is not as in `record` any more. A
 * status gives way to a newer one of its trust epoch, and to whatever `replace` says; any other document only
 * to the latter. */
enum entry_plan entry_plan(const struct entry *e, const struct octets *approvals, size_t n_approvals,
                           const struct ldif_record *record, bool replace, const char *base,
                           struct buf *changes);

/* One use of a grant, for the hosts and groups that its document names: nobody else may hold it. */
struct entry_use {
    const char *grant; /* id */
    unsigned long slot;
    const char *holder; /* NULL: it is free */
    const char *const *hosts;
    size_t n_hosts;
};

/** Appends the change that makes it. */
void entry_put_use(struct buf *changes, const struct entry_use *use, const char *base);
/** Appends the change that makes it one of these hosts. */
void entry_put_use_hosts(struct buf *changes, const struct entry_use *use, const char *base);
/** Whether the entry of a use names exactly these hosts. */
bool entry_use_names_hosts(const struct ldif_record *record, const struct entry_use *use);

/** Appends a deletion. */
void entry_put_deletion(struct buf *changes, const char *dn);

#endif
