#ifndef HUFU_GOLDEN_ANSWER_H
#define HUFU_GOLDEN_ANSWER_H

#include "tests/golden/scene.h"

/* What the engine answers to a scene, with every field written out in the words of the tables, so that
 * comparing two lines of text compares everything. */
struct answer {
    char text[SCENE_TEXT_SIZE];  /* the `expect` line */
    char trace[SCENE_TEXT_SIZE]; /* the `trace` line; "-" if no grant was considered */
    enum reason reason;          /* that was given; 0 if the question has none */
};

/** `ask`: "decide", "channel NAME", "key", "live OPENED", "opening" or
 * "standing". 0, or -1 if it is none of these. */
int answer_get(struct scene *s, const char *ask, struct answer *ret);

#endif
