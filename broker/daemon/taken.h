#ifndef HUFU_DAEMON_TAKEN_H
#define HUFU_DAEMON_TAKEN_H

#include "broker/store/store.h"
#include "policy/base/cleanup.h"
#include "policy/engine/index.h"

/*
 * What was taken away on this host: tombstones (revocations) and locks, in memory. They hit grants, staff,
 * vendors or the whole host, also such as are not known yet, until their time is over. An operator's
 * tombstone and a signed one of the same scope and name are two: neither ends with the other, nor hides who
 * said it. Unsigned ones of the directory are here as long as they are there, and are kept by whoever reads
 * it.
 */
struct taken;

/* One of them, and who said so. */
struct taken_entry {
    struct store_taken what; /* signed: `by` is UINT32_MAX, `at` is what the document claims, and `why` may be
                                the beginning of its reason */
    bool is_signed;
    bool is_unsigned; /* in the directory, and nobody signed who may: it holds as long as it is there, and has
                         revocation and sha256 below */
    uint64_t serial;  /* tells it from one that takes its place */
    /* of a signed one: */
    struct ident_id revocation;
    uint32_t row; /* version of its row in the store: one id may have been used for several documents */
    uint8_t sha256[32];
    char signer[IDENT_NAME_MAX + 1];
    char role[IDENT_NAME_MAX + 1];
};

int taken_new(struct taken **ret);
struct taken *taken_free(struct taken *t);
DEFINE_CLEANUP(struct taken, taken_free);

/** Adds or replaces (by kind, scope and name). A tombstone is never shortened: the later end stays.
 * *effective (may be NULL) is what holds now and belongs on disk. 0 or -ENOMEM. */
int taken_put(struct taken *t, const struct store_taken *x, struct store_taken *effective);

/** Adds a signed tombstone (or finds that it is there: same document). 0 or -ENOMEM. */
int taken_put_signed(struct taken *t, const struct taken_entry *x);

/** Adds one that the directory holds unsigned (or finds that it is there). 0 or -ENOMEM. */
int taken_put_unsigned(struct taken *t, const struct taken_entry *x);
/** The one with this document, or NULL; it lasts until the next put or remove. */
const struct taken_entry *taken_find_unsigned(const struct taken *t, const uint8_t sha256[static 32]);
/** It is gone from there, or signed by now. False: it was not here. *ret (may be NULL) is what it was. */
bool taken_remove_unsigned(struct taken *t, const uint8_t sha256[static 32], struct taken_entry *ret);

/** The tombstone of this very document (by id and digest), or NULL; then *free_row is the row of the store
 * that the next document of this id takes. */
const struct taken_entry *taken_find_document(const struct taken *t, const struct ident_id *revocation,
                                              const uint8_t sha256[static 32], uint32_t *free_row);

/** REASON_OK, REVOKED, VENDOR_REVOKED or VENDOR_LOCKED: the gravest that hits this grant at `now`. */
enum reason taken_of_grant(const struct taken *t, const struct grant *g, when_t now);

/** REASON_OK, STAFF_REVOKED or STAFF_LOCKED. */
enum reason taken_of_staff(const struct taken *t, const char *staff, when_t now);

/** REASON_OK or HOST_LOCKED. */
enum reason taken_of_host(const struct taken *t, when_t now);

/** What the three above rest on: a signed one before an operator's, that before one that is only in the
 * directory; or NULL. It lasts until the next put. */
const struct taken_entry *taken_why_grant(const struct taken *t, const struct grant *g, when_t now);
const struct taken_entry *taken_why_staff(const struct taken *t, const char *staff, when_t now);
const struct taken_entry *taken_why_host(const struct taken *t, when_t now);

/** How many hold at `now`, and how many of them are signed. */
size_t taken_holding(const struct taken *t, when_t now, size_t *n_signed);

size_t taken_count(const struct taken *t);

/** The one with this key that holds at `now`, a signed one before an operator's, or NULL; it lasts until the
 * next put or remove. */
const struct taken_entry *taken_find(const struct taken *t, enum store_taken_kind kind,
                                     enum store_taken_scope scope, const char *name, when_t now);
/** Takes a lock back, if it is still the one with this serial. */
void taken_remove_lock(struct taken *t, enum store_taken_scope scope, const char *name, uint64_t serial);
/** All that holds at `now`. */
void taken_each(const struct taken *t, when_t now, void (*visit)(void *userdata, const struct taken_entry *x),
                void *userdata);

#endif
