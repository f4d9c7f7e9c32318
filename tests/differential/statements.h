#ifndef HUFU_DIFFERENTIAL_STATEMENTS_H
#define HUFU_DIFFERENTIAL_STATEMENTS_H

#include "policy/base/when.h"

#include <stdbool.h>

/*
 * A world small enough that all of them can be gone through, and what must hold in each: the six statements
 * of the mission ("What must always hold") as predicates over the world and the answer. They know nothing of
 * the engine's structures, and ask nothing of it.
 */

enum {
    SMALL_GRANTS = 2,
    SMALL_HOSTS = 2,
    SMALL_NOBODY = -1,
};

struct small_grant {
    struct when_interval valid;
    bool on_host[SMALL_HOSTS];
    bool single_use; /* else unlimited */
    bool used;       /* once, on this host */
    bool emergency;
    bool quorum;
    bool revoked;
};

/* What is wrong with the host: an error of any kind. */
enum small_trouble {
    TROUBLE_NONE,
    TROUBLE_CLOCK,
    TROUBLE_STORE,
};

/* What the directory does to the first grant. */
enum small_act {
    ACT_NONE,
    ACT_UNVERIFIED, /* offers a higher version that says more and that nobody signed */
    ACT_OLDER,      /* is rolled back: offers the signed version before, which said more */
    ACT_WITHDRAWN,  /* takes it away */
    ACT_COUNT,
};

struct small_world {
    struct small_grant grants[SMALL_GRANTS];
    unsigned host; /* that this is */
    when_t now;
    bool incident; /* open */
    enum small_trouble trouble;
    bool stale;  /* the status is too old */
    bool locked; /* the person is */
    bool live;   /* a session of the person, under the first grant */
    enum small_act act;
};

enum small_question {
    ASK_LOGIN, /* for what both grants are made for */
    ASK_OTHER_SITE,
    ASK_OTHER_ACCOUNT,
    ASK_OTHER_SERVICE,
    ASK_OTHER_SOURCE,
    ASK_JOB,
    ASK_SUDO, /* in the live session */
    ASK_SUDO_OTHER_ACCOUNT,
    ASK_CHANNEL, /* in the live session */
    ASK_CHANNEL_OTHER_ACCOUNT,
    ASK_LIVE, /* may the live session go on? */
    ASK_LIVE_OTHER_ACCOUNT,
    ASK_MANAGER,
    ASK_LOCKER,
    ASK_COUNT,
};

struct small_answer {
    bool in;
    int grant;    /* with in: by which; SMALL_NOBODY: none (manager, locker) */
    when_t until; /* with in */
};

struct small_statement {
    const char *name;
    bool (*holds)(const struct small_world *w, enum small_question q, const struct small_answer *a);
};

/* Ended by one without a name. */
extern const struct small_statement small_statements[];

/** Statement 3: `before` is the answer in the same world before the directory did anything. */
bool small_statement_3(const struct small_world *w, const struct small_answer *before,
                       const struct small_answer *a);

/** Statement 6: how often each grant was used, after everybody was let in who asked. */
bool small_statement_6(const struct small_world *w, const unsigned used[static SMALL_GRANTS]);

#endif
