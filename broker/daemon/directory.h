#ifndef HUFU_DAEMON_DIRECTORY_H
#define HUFU_DAEMON_DIRECTORY_H

#include "policy/base/cleanup.h"
#include "policy/base/ident.h"
#include "policy/base/verdict.h"
#include "policy/base/when.h"
#include "policy/wire/feed.h"

/*
 * What the directory has for this host, as hufu-ldapd tells it (docs/architecture.md, "The directory").
 * Nothing that comes from there is believed but by its signatures; the rest can only take away: a grant that
 * came from there and is there no more is withdrawn, and a revocation that nobody signed who may holds as
 * long as it is there. All functions take directory NULL: there is no store to keep anything in, and then
 * there is none.
 */
struct broker;
struct directory;

/** Takes over what the store keeps: from here on what it says holds. After documents, books and tombstones.
 * 0, -EBADMSG (a row that this module cannot have written), -ENOMEM. */
int directory_new(struct broker *b, struct directory **ret);
/** Listens for hufu-ldapd. 0 or -errno. */
int directory_listen(struct directory *d);
/** Nothing is taken in any more; who waits for a commit is told by the store. */
struct directory *directory_free(struct directory *d);
DEFINE_CLEANUP(struct directory, directory_free);

/** Whether the version of this grant that is in force here came from there and is there no more. */
bool directory_has_withdrawn(const struct directory *d, const struct ident_id *grant);

/** A grant is known only now (loading.h): what was kept of it is compared with it. */
void directory_grant_came(struct directory *d, const struct ident_id *grant);
/** Of those that have come by the way: the next one is compared. False: that was all. */
bool directory_next_came(struct directory *d);
/** The papers of a grant are others, or judged anew: by hand, or by the directory itself. */
void directory_grant_changed(struct directory *d, const struct ident_id *grant);
/** Another trust is in force: what was refused is looked at again. `anew`: root started over, and everything
 * is asked for. */
void directory_trust_changed(struct directory *d, bool anew);
/** The configuration, the host's users or its identity were read anew: who asks may be another. */
void directory_host_changed(struct directory *d);

/** Has everything told anew, and taken in. False: hufu-ldapd is away, and it begins when that is back. */
bool directory_refresh(struct directory *d);

/* ---- for people ---- */

#define DIRECTORY_SHOWN_MAX 64
struct directory_shown {
    const char *name;
    enum reason reason;
    const char *text; /* English */
};

struct directory_view {
    bool here;    /* hufu-ldapd is connected */
    bool used;    /* there is, or was, a directory for this host at all */
    bool reached; /* what is known here is complete, as of now or of the last time that it was asked */
    enum feed_state state; /* as it said last; 0: nothing yet */
    when_t since;          /* of `state`, or of its absence */
    when_t reached_at; /* that it was complete last, or complete and pushing; 0: never since hufud started */
    bool pushes, cookie;
    const char *server, *error; /* empty: none */
    when_t error_at;
    when_t next_try; /* 0: none */
    when_t heartbeat_written, heartbeat_received;
    when_t last_change, last_refresh, last_full;
    size_t entries, grants, unsigned_revocations, withdrawn, waiting, waiting_trust, bad, held_back;
    size_t n_shown; /* bad ones first, then those that wait */
    struct directory_shown shown[DIRECTORY_SHOWN_MAX];
};
/** Its texts last until the next turn of the loop. Of NULL: nothing, away. */
void directory_view(const struct directory *d, struct directory_view *ret);

#endif
