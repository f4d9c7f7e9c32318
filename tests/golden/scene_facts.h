#ifndef HUFU_GOLDEN_SCENE_FACTS_H
#define HUFU_GOLDEN_SCENE_FACTS_H

#include "tests/golden/scene.h"

/* Reading of what stands beside the documents in a case: the facts, and the books of a grant. */

/* The `@` lines of a grant. Counts and the like are only set where they stand, so that a second version
 * shows what the index kept. */
struct scene_books {
    enum reason standing;
    when_t votes_until;
    uint32_t session_max;
    const char *put; /* what the index is to answer */
    const char *taken_away;
    const char *by_status;
    when_t by_status_until;
    const char *uses_taken;
    const char *sessions_live;
    const char *closed;
};

int scene_books_read(struct scene_books *b, const struct table_lines *lines, char *error);
void scene_books_apply(const struct scene_books *b, struct grant_entry *entry);

/** Fills s->facts from a case's lines, and the table's where the case says nothing. Strings point into
 * the table. 0, or -1 with `error`. */
int scene_facts_read(struct scene *s, const struct table_lines *defaults, const struct table_lines *own,
                     char *error);

#endif
