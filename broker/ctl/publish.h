#ifndef HUFU_CTL_PUBLISH_H
#define HUFU_CTL_PUBLISH_H

#include "broker/ctl/directory.h"
#include "broker/ctl/entry.h"

/* Publishing one signed document: what is there already is looked at, and only what is missing is sent. */

struct publication {
    const struct signable *document;
    const struct octets *approvals;
    size_t n_approvals;
    const struct trust_set *trust; /* to verify by; NULL: nothing is verified */
    bool replace;                  /* also where another document stands under its name */
};

/* What is there afterwards. */
struct published {
    enum entry_plan done; /* ENTRY_ADD, ENTRY_APPROVE, ENTRY_REPLACE, ENTRY_SAME */
    char dn[ENTRY_NAME_SIZE + DIRECTORY_BASE_MAX];
    size_t n_approvals; /* all that are there */
    size_t n_added;
    size_t n_counted, n_missing; /* with a trust file: the needed ones that are there, and that are not */
};

/** Whether anything could make the document good, and whether each approval given counts, by the trust file
 * (of a publication without one: EXIT_DONE). What is wrong has been said. */
enum exit_code publish_check(const struct cli *cli, const struct publication *p);

/** Publishes. EXIT_DONE with *ret; else it has been said why not. */
enum exit_code publish(struct directory *d, const struct publication *p, struct published *ret);

/** Says what is there now. */
void publish_print(const struct cli *cli, const struct publication *p, const struct published *done);

/** The same as an object; NULL without memory. */
json_t *publish_json(const struct publication *p, const struct published *done);

/** Makes the uses of a grant across the fleet as many as this version says, unless a higher one is there:
 * adds what is missing, and removes free ones. */
enum exit_code publish_uses(struct directory *d, const struct grant *g);

#endif
