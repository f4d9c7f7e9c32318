#ifndef HUFU_DOCUMENT_REVOCATION_H
#define HUFU_DOCUMENT_REVOCATION_H

#include "policy/base/cleanup.h"
#include "policy/base/ident.h"
#include "policy/base/when.h"
#include "policy/document/document.h"

/*
 * A revocation: what is taken away, and till when (4-documents, "Revocation and status"; hufu-revocation(5)).
 * One signature by any approver or revoker of the trust file is enough. It can only narrow: whatever it hits
 * stays hit, also grants that are signed later.
 */

enum revocation_scope {
    REVOCATION_SCOPE_GRANT = 1, /* all versions of one grant */
    REVOCATION_SCOPE_STAFF,     /* every grant of one account */
    REVOCATION_SCOPE_VENDOR,    /* every grant of one vendor */
};

struct revocation {
    const char *site;
    struct ident_id id; /* the revocation's own */
    enum revocation_scope scope;
    struct ident_id grant; /* with REVOCATION_SCOPE_GRANT */
    const char *name;      /* with the others: the account, the vendor; else NULL */
    when_t until;          /* first instant at which it hits no more; WHEN_NEVER: `forever` */
    when_t revoked_at;     /* a claim, before `until` */
    const char *reason;
    void *arena;
};

/** As grant_parse(). Refuses also one that is over before it begins. */
int revocation_parse(const void *octets, size_t size, struct revocation **ret, struct document_error *error);

/** As grant_write(). */
int revocation_write(const struct revocation *x, char **ret, struct document_error *error);

struct revocation *revocation_free(struct revocation *x);
DEFINE_CLEANUP(struct revocation, revocation_free);

/** "grant", "staff", "vendor"; NULL for a number that is none. */
const char *revocation_scope_name(enum revocation_scope scope);

#endif
