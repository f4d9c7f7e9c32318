#ifndef HUFU_TESTS_CRASH_PLANS_H
#define HUFU_TESTS_CRASH_PLANS_H

#include "tests/crash/lane.h"

/* How and when hufud is to die next. */
enum plan_kind {
    PLAN_RANDOM, /* killed from outside, at any moment */
    PLAN_LOAD,   /* at a failpoint that work leads to */
    PLAN_STOP,   /* at one that it passes when it is told to stop */
    PLAN_CREATE, /* while a store is made: births.c */
    PLAN_MIGRATE,
    PLAN_FIRST_START, /* on a new store */
    PLAN_VERIFY,      /* at a start that does not find what was verified before */
    PLAN_FULL,        /* on a disk that is full */
};

struct plan {
    enum plan_kind kind;
    enum failpoint at; /* not RANDOM */
    unsigned hit;
    unsigned stand_ms; /* at each pass, and then it dies */
    unsigned load_ms;  /* for so long at most it is kept busy */
    char setting[64];  /* of HUFU_FAILPOINT */
};

const char *plan_failpoint_name(enum failpoint at);
/** PLAN_LOAD and PLAN_STOP are of a life; the others are of births.c. */
enum plan_kind plan_kind_of(enum failpoint at);

/** What leads there. */
enum wish plan_wish(const struct plan *p);
/** It is one of a stop, and passed only when there is something to be done. */
bool plan_may_miss(const struct plan *p);

/** The n-th plan of a lane's lives: failpoints by turns, and moments in between. */
struct plan plan_next(const struct lane *l, uint64_t *random, unsigned n);

/** Kills in the making and in the migration of stores: one for each failpoint there. */
void births_run(struct lane *l, unsigned nth);

#endif
