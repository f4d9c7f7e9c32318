#ifndef HUFU_GOLDEN_SCENE_H
#define HUFU_GOLDEN_SCENE_H

#include "policy/base/cleanup.h"
#include "policy/engine/decide.h"
#include "policy/engine/recheck.h"
#include "tests/golden/table.h"

/* A case made real: an index with its grants, read by the real parser, and its facts. */

enum {
    SCENE_GROUPS_MAX = 8,
    SCENE_TEXT_SIZE = 1024,
};

struct scene {
    struct grant_index *index;
    struct facts facts;
    struct host_identity host;
    char groups_text[SCENE_TEXT_SIZE];
    const char *groups[SCENE_GROUPS_MAX];
    struct command_run run;
    char run_text[SCENE_TEXT_SIZE];
    char arguments_text[SCENE_TEXT_SIZE + 1]; /* one LF more than there are blanks */
    struct ident_id session_grant;
    struct ident_id reserved;
};

/** 0, or -1 after writing into `error` what is wrong with the case. */
int scene_make(struct scene *s, const struct table *t, const struct table_case *c,
               char error[static SCENE_TEXT_SIZE]);
void scene_done(struct scene *s);

struct scene_put {
    const char *answer;   /* what the index says: ok, stale, unverified, identity */
    const char *expected; /* of `@put` */
    char error[SCENE_TEXT_SIZE];
};

/** Puts one grant, as its document has it, with the books that `lines` name. 0, or -1 with ret->error. */
int scene_put(struct scene *s, const char *document, size_t size, const struct table_lines *lines,
              struct scene_put *ret);

/** Id of the grant that tables call 'A'..'F': its letter, as a hexadecimal digit, 32 times. */
struct ident_id scene_grant_id(char name);
/** And back; '-' without an entry. */
char scene_grant_name(const struct grant_entry *entry);

#endif
