#ifndef HUFU_TESTS_FUZZ_TOLD_H
#define HUFU_TESTS_FUZZ_TOLD_H

#include "policy/wire/feed.h"
#include "tests/fuzz/stage/model.h"

/*
 * What a directory was told to hold, and what follows for the model of the broker: entries in an array, a
 * refresh that is nothing until its end. Written from docs/architecture.md, "The directory: what hufud
 * believes", and docs/rules.md.
 */
#define TOLD_ENTRIES     14
#define TOLD_REVOCATIONS 3
#define TOLD_COOKIES     64

/* What stands in an entry: TOLD_NOTHING, junk, a paper of site.h, or a revocation. */
enum { TOLD_NOTHING = -1, TOLD_JUNK = -2, TOLD_REVOCATION = 100 };

struct told_entry {
    bool there;
    int content;
    bool is_signed;
};

struct told_staged {
    bool told, gone;
    struct told_entry entry;
};

struct told {
    struct told_entry entries[TOLD_ENTRIES];
    enum { TOLD_IDLE, TOLD_REFRESHING, TOLD_COMPLETE } phase;
    bool asked_full, full;
    struct told_staged staged[TOLD_ENTRIES];
    bool marked[TOLD_ENTRIES];
    uint32_t count;
    int published[SITE_GRANTS];     /* the paper in force that came from here, or -1 */
    bool revoked[TOLD_REVOCATIONS]; /* a signed one was taken in: for good */
    unsigned cookies;               /* given so far; */
    bool kept[TOLD_COOKIES];        /* those that cover what was taken in */
};

/* The revocations; `document` and `approval` are made by told_make(). */
struct told_revocation {
    const char *scope;
    when_t until; /* after SITE_BEGIN; 0: for ever */
    char *document, *approval;
};
extern struct told_revocation told_revocations[TOLD_REVOCATIONS];
void told_make(const struct department *d);

void told_init(struct told *t);

/** hufud asks: everything (no cookie), or what changed since. */
void told_start(struct told *t, bool full);
void told_line_lost(struct told *t);

void told_begin(struct told *t, bool full);
void told_entry(struct told *t, struct model *m, unsigned n, int content, bool is_signed);
void told_delete(struct told *t, struct model *m, unsigned n);
void told_present(struct told *t, unsigned n);
void told_end(struct told *t, struct model *m, bool refresh_deletes, uint32_t count, unsigned cookie);
void told_cookie(struct told *t, unsigned cookie);

#endif
