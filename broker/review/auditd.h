#ifndef HUFU_REVIEW_AUDITD_H
#define HUFU_REVIEW_AUDITD_H

#include "policy/base/cleanup.h"
#include "policy/base/when.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Accesses that the kernel denied to gated accounts, out of auditd's log: the records SYSCALL, CWD and PATH
 * of one event (a time and a serial), of events with the key hufu-denied (contrib/audit). libauparse would do
 * this too, and would be one more library on every host for three kinds of lines; so they are read here,
 * strictly and bounded: what is not such a line is counted and left out.
 */
#define AUDITD_KEY      "hufu-denied"
#define AUDITD_LINE_MAX ((size_t)16 * 1024)
#define AUDITD_ROWS_MAX 5000 /* different accesses; more are counted together */

struct auditd;

struct auditd_row {
    when_t first;
    uint32_t uid;     /* login uid, or the uid where there is none */
    const char *what; /* name of the call where the log is enriched, else "syscall N" */
    const char *path; /* whole, as far as the log says; the program, of a call without one */
    uint64_t count;
};

/** Only events of [from, until). 0 or -ENOMEM. */
int auditd_new(when_t from, when_t until, struct auditd **ret);
struct auditd *auditd_free(struct auditd *a);
DEFINE_CLEANUP(struct auditd, auditd_free);

/** Takes a line, without its end. 0 or -ENOMEM. */
int auditd_line(struct auditd *a, const char *line, size_t size);
/** That was all: events whose end did not come are taken as they are. 0 or -ENOMEM. */
int auditd_end(struct auditd *a);

/** Rows in the order in which they came first; the last one has an empty `what` if there were more than
 * AUDITD_ROWS_MAX. */
size_t auditd_rows(const struct auditd *a, const struct auditd_row **ret);

#endif
