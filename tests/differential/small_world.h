#ifndef HUFU_DIFFERENTIAL_SMALL_WORLD_H
#define HUFU_DIFFERENTIAL_SMALL_WORLD_H

#include "policy/engine/decide.h"
#include "tests/differential/statements.h"

/* Small worlds in the engine's terms, numbered from 0, and what the engine answers in them. */

enum {
    SMALL_WINDOWS = 3,
    SMALL_PLACES = 3, /* this host, the other one, both */
    SMALL_USES = 3,   /* unlimited; one, unused; one, used */
    SMALL_GRANT_CASES = SMALL_WINDOWS * SMALL_PLACES * SMALL_USES * 2 * 2 * 2,
    SMALL_INSTANTS = 6,
    SMALL_SETTINGS = SMALL_HOSTS * SMALL_INSTANTS * 2, /* beside the grants: host, instant, incident */
    SMALL_STATES = 3 * 2 * 2,                          /* trouble, stale, locked; 0: nothing is wrong */
};

struct small_scene {
    struct small_world world;
    struct grant_index *index;
    struct grant_entry *entries[SMALL_GRANTS];
    struct host_identity host;
    struct facts facts;
};

extern const char *const small_host_names[SMALL_HOSTS];

struct small_grant small_grant_case(unsigned n);

/** Puts a grant into the scene's index as its first (0) or second (1). */
void small_put(struct small_scene *s, unsigned which, const struct small_grant *from);

/** Writes what the world says of the second grant over the one that was put. */
void small_rewrite_second(struct small_scene *s);

/** The directory does to the first grant what the world says. False if there is nothing that it could do. */
bool small_directory_acts(struct small_scene *s);

void small_set(struct small_scene *s, unsigned setting);
void small_set_state(struct small_scene *s, unsigned state);

struct small_answer small_ask(struct small_scene *s, enum small_question q);

#endif
