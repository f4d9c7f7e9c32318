#ifndef HUFU_TEST_ENGINE_SCENE_H
#define HUFU_TEST_ENGINE_SCENE_H

#include "policy/engine/rules.h"

#define SCENE_NOW ((when_t)1795000000)

/* One grant and one question; made whole by scene_init(), which leaves nothing to refuse. Who uses it links
 * with -Wl,--wrap=grant_entry_grant. */
struct scene {
    struct grant grant;
    struct grant_entry entry;
    struct host_identity host;
    struct facts facts;
    struct grant_hours never_now;
};

/** A scene that satisfies every rule for every question. */
void scene_init(struct scene *s);

#endif
