#ifndef HUFU_TESTS_REVIEW_PERIOD_H
#define HUFU_TESTS_REVIEW_PERIOD_H

#include "broker/audit/event.h"
#include "broker/review/review.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * A period to review, for tests: November 2026 at UTC+8, made on 2 December. Records are told line by line;
 * what a test does not name is usual.
 */
#define FROM   ((when_t)1793462400) /* 2026-10-31T16:00:00Z */
#define UNTIL  ((when_t)1796054400) /* 2026-11-30T16:00:00Z */
#define MADE   ((when_t)1796176800) /* 2026-12-02T02:00:00Z */
#define HOUR   ((when_t)3600)
#define DAY    ((when_t)86400)

#define HOST   "db01.finance.example"
#define GRANT  "0123456789abcdef0123456789abcdef"
#define GRANT2 "ffff456789abcdef0123456789abcdef"

/** Made of one month. Fails the test without memory. */
struct review *period_new(void);

/** A record of that event at that time, of zhang.san of acme under GRANT, from 10.1.2.17 with sshd; the
 * caller changes what it is about. Sequences go up by themselves, from 1. */
struct record period_record(const char *event, bool success, when_t at);
void period_take(struct review *v, const struct record *r);
/** Sequences begin at `first` again. */
void period_begin_at(uint64_t first);

/** A session from open to close. Its end is proven after 1 ms times its number. */
void period_session(struct review *v, uint64_t number, when_t opened, when_t closed);
void period_refusal(struct review *v, enum reason reason, when_t at);

/** GRANT, of zhang.san: hosts db01, app02 and @db, sshd and cron, shell, exec, transfer and forward, run-as
 * oracle and root, three commands, two networks and local, 10 uses, 3 sessions, all of November 2026;
 * weekdays 09:00-18:00 and Saturdays. `changes` are lines that replace those with the same key, or NULL. The
 * caller's to free, after the review. */
struct grant *period_grant(struct review *v, const char *changes, const char *state);

/** The value; the caller's. */
json_t *period_json(struct review *v);

/* ---- asking a value: "sessions.0.staff" ---- */
const json_t *at(const json_t *value, const char *path);
void check_text(const json_t *value, const char *path, const char *expected);
void check_number(const json_t *value, const char *path, json_int_t expected);
void check_size(const json_t *value, const char *path, size_t expected);
/** An array of texts, with commas between. */
void check_list(const json_t *value, const char *path, const char *expected);
/** The row of wider of the first grant about a field; NULL: there is none. */
const json_t *wider(const json_t *value, const char *field);

#endif
