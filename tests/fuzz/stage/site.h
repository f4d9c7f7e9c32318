#ifndef HUFU_TESTS_FUZZ_SITE_H
#define HUFU_TESTS_FUZZ_SITE_H

#include "policy/base/when.h"
#include "tests/fuzz/stage/keys.h"

/*
 * The site of the stateful targets: three gated persons of two vendors, and the grants that may be handed in,
 * written and signed once. A sequence begins at SITE_BEGIN, 10:00 of a Saturday, UTC.
 */
#define SITE_BEGIN   PAPERS_NOW
#define SITE_PERSONS 3
#define SITE_VENDORS 2
#define SITE_GRANTS  8
#define SITE_PAPERS  15

/* Those of which uses are counted over all hosts come last. */
#define SITE_FLEET_GRANT  6
#define SITE_FLEET_GRANTS 2
#define SITE_FLEET_PAPER  11

struct site_person {
    const char *name;
    uint32_t uid;
    unsigned vendor;
};
extern const struct site_person site_persons[SITE_PERSONS];
extern const char *const site_vendors[SITE_VENDORS];

/* One version of a grant, as the model needs to know it. */
struct site_paper {
    unsigned grant; /* which; versions of one have it in common */
    unsigned version;
    unsigned person;
    unsigned uses;                      /* 0: unlimited */
    bool fleet;                         /* on all hosts, not on this one */
    unsigned sessions;                  /* at a time */
    when_t from, until;                 /* after SITE_BEGIN */
    unsigned hours[2];                  /* of each day, UTC; both 0: any */
    unsigned max_session;               /* seconds */
    const char *job, *run_as, *command; /* NULL: none */
    bool local;                         /* `source: any`, so the console, too; else 10.1.2.0/24 alone */
    char *document, *approvals[KEYS_OF_GRANTS];
};
extern struct site_paper site_papers[SITE_PAPERS];

/** Writes and signs them, once. */
void site_make(void);

/** How many uses of a grant all hosts have. */
unsigned site_uses_of_all(unsigned grant);

/** Text of a grant's id, for as long as the program runs. */
const char *site_id(unsigned grant);

#endif
