#ifndef HUFU_DOCTOR_WALK_H
#define HUFU_DOCTOR_WALK_H

#include "broker/doctor/stack.h"

#include <stdint.h>

/*
 * The ways through one phase of a stack. Each line may return some values; every combination is followed, as
 * libpam 1.5.2 would (libpam/pam_dispatch.c), and it is asked where they end. States that cannot differ any
 * more are followed once, so that it stays small.
 */

#define WALK_LEVELS     16
#define WALK_STATES_MAX ((size_t)30000)
#define WALK_BIT(value) (UINT32_C(1) << (value))
#define WALK_ANY_RETURN (~WALK_BIT(STACK_INCOMPLETE)) /* which no phase here goes on after */

/* Which values a line may return, as bits. Of lines of kind STACK_MODULE only. */
typedef uint32_t walk_returns(const void *userdata, const struct stack_line *line);

struct walk_step {
    const struct stack_line *line;
    int value, action;
};

struct walk {
    bool complete;    /* every way was followed; else there were more than WALK_STATES_MAX states */
    bool passes;      /* one ends well */
    bool fails;       /* one does not */
    bool asked_twice; /* one ends well, with the gate having been asked and having said yes more than once */
    bool open;        /* one ends well without the gate having been asked and having said yes */
    struct walk_step *path; /* the shortest such one */
    size_t n_path;
};

void walk_done(struct walk *w);
#define cleanup_walk cleanup(walk_done)

/** Follows all ways; the gate is the module of this name. `passing` are the values (bits) that an application
 * takes for a success. 0 or -ENOMEM.
 */
int walk_all(const struct stack_lines *lines, const char *gate, walk_returns *returns, const void *userdata,
             uint32_t passing, struct walk *ret);

/** What the phase returns when each line (by its place) returns `values`. */
int walk_once(const struct stack_lines *lines, const int values[]);

#define WALK_GATE "pam_hufu.so"

/** pam_hufu, wherever it lies. */
bool walk_is_gate(const struct stack_line *line);

#endif
