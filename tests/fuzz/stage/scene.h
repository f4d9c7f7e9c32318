#ifndef HUFU_TESTS_FUZZ_SCENE_H
#define HUFU_TESTS_FUZZ_SCENE_H

#include "tests/fuzz/stage/host.h"
#include "tests/fuzz/stage/model.h"

/* A broker and its model, and what is done to both of them, of the stateful targets. */

struct scene {
    struct host *host;
    struct model model;
};
extern struct scene scene;

/** A new broker, and a model that knows as much. */
void scene_begin(void);
/** All is on record; nothing is left. */
void scene_end(void);

/** The model hears what time it is. */
void scene_look(void);
void scene_pass(uint64_t us);

/** One phase of a login or of a job; verdict and reason are the model's. */
void scene_ask(const struct model_caller *c, enum frame_type type);

/** It exits. NULL: nobody does. */
void scene_exit(const struct model_caller *c);

/** A call on the control socket. NULL: it worked; else the error's name. */
const char *scene_call(const char *method, json_t *parameters);
/** Whether it worked. With the reaper away nobody knows whose login uid asks; what takes away is done all the
 * same. Nothing else may keep it from working. */
bool scene_is_done(const char *error);

/** Whether it has opened a session, or is about to. */
bool scene_has_session(const struct model_caller *c);

/** What an octet says is to be taken away. */
struct model_taken *scene_target(uint8_t octet, bool lock, const char **scope, const char **name);

/** As systemd stops and starts it; `steps` as in host_restart(). The model is as the disk is, but for the
 * time, which is that of `now`. */
void scene_restarted(const struct model *now, unsigned steps);
/** The same after SIGKILL. */
void scene_killed(const struct model *now, unsigned steps);

#endif
