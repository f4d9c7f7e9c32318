#ifndef HUFU_DOCTOR_DOCTOR_H
#define HUFU_DOCTOR_DOCTOR_H

#include "policy/base/cleanup.h"
#include "policy/base/when.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

/*
 * What of this host could let a gated account past the gate, keep somebody else out, or make the records
 * worth less. Checks look at files, programs and at what hufud says, and write down findings; they change
 * nothing. What a check cannot look at it says (doctor_unseen), since silence would read as health.
 */

enum doctor_severity {
    DOCTOR_PROBLEM = 1, /* a way past the gate, or somebody is kept out */
    DOCTOR_WARNING,     /* becomes one, or makes records worth less */
    DOCTOR_NOTE,        /* worth knowing */
};

struct doctor_finding {
    enum doctor_severity severity;
    const char *code; /* stable, for scripts and docs/doctor.md: "pam-not-gated" */
    char *subject;    /* a file, a unit, an account */
    char *message;
    char *advice; /* what to do, a command where there is one; NULL: nothing */
};

/* What a program did. */
struct doctor_output {
    int status; /* exit status; 128 and the signal's number if one ended it */
    char *out, *error;
    unsigned elapsed_ms;
};
void doctor_output_done(struct doctor_output *o);
#define cleanup_doctor_output cleanup(doctor_output_done)

/* What is looked at: the tests give a folder and answers of their own. */
struct doctor_host {
    const char *root; /* "" for the host itself; files are read below it, symbolic links included */
    uint32_t owner;   /* who has to own what decides there: 0 */
    uint32_t caller;  /* who looks */
    /* Runs a program: 0 with *ret, or -errno (-ENOENT: there is none; -ETIMEDOUT; -EFBIG). */
    int (*run)(void *userdata, const char *const argv[], struct doctor_output *ret);
    void *userdata;
    uint32_t gated_first, gated_last; /* of hufud.conf; 0: not readable */
    when_t now;
    const json_t *status, *grants; /* hufud's replies to Status and GrantList; NULL: it did not answer */
    bool not_permitted;            /* it did, and may not tell the caller */
};

struct doctor;

/** NULL without memory. The host is borrowed. */
struct doctor *doctor_new(const struct doctor_host *host);
struct doctor *doctor_free(struct doctor *d);
DEFINE_CLEANUP(struct doctor, doctor_free);

const struct doctor_host *doctor_host_of(const struct doctor *d);

/** Whether this is one of the gated uids; false if the range is not known. */
bool doctor_is_gated(const struct doctor *d, uint32_t uid);

/* ---- what is found ---- */

/* Marks a code that stands in a table, for the test that compares docs/doctor.md with the codes. */
#define DOCTOR_CODE(code) code

/** Writes a finding down. `code` is a literal; the others are copied. `format` is a translated message. */
__attribute__((format(printf, 5, 6))) void doctor_find(struct doctor *d, enum doctor_severity severity,
                                                       const char *code, const char *subject,
                                                       const char *format, ...);

/** What to do about the finding written last. */
__attribute__((format(printf, 2, 3))) void doctor_advise(struct doctor *d, const char *format, ...);

/** Something could not be looked at, for the reason of this -errno. Told in the end, as one problem. */
void doctor_unseen(struct doctor *d, const char *what, int error);

/** The same, for a reason in words. Said once, however often it is found. */
void doctor_unseen_because(struct doctor *d, const char *what, const char *why);

/** Something was looked at: "14 PAM stacks". Told in the end. */
__attribute__((format(printf, 2, 3))) void doctor_looked(struct doctor *d, const char *format, ...);

/* The findings, the gravest first and in the order of the checks, after doctor_examine(). */
size_t doctor_count(const struct doctor *d);
const struct doctor_finding *doctor_get(const struct doctor *d, size_t i);
size_t doctor_count_looked(const struct doctor *d);
const char *doctor_get_looked(const struct doctor *d, size_t i);

/* ---- checks ---- */

typedef void doctor_check(struct doctor *d);

/** Runs one check, or (NULL) every check of the table in checks.c. 0 or -ENOMEM: findings are lost. */
int doctor_examine(struct doctor *d, doctor_check *check);

/* ---- looking; every path is absolute and below the host's root ---- */

#define DOCTOR_FILE_MAX   ((size_t)4 * 1024 * 1024)
#define DOCTOR_OUTPUT_MAX ((size_t)4 * 1024 * 1024)
#define DOCTOR_RUN_MS     10000

/** A whole file with a NUL behind it, the caller's to free. 0; -ENOENT; -EFBIG; -EBADMSG (a NUL in it); other
 * -errno. Says nothing of its own: doctor_unseen() is the caller's, except where being absent is the answer.
 */
int doctor_read(struct doctor *d, const char *path, char **ret);

/** As doctor_read(); everything but -ENOENT is said by doctor_unseen(). */
int doctor_read_said(struct doctor *d, const char *path, char **ret);

struct doctor_names {
    char **items; /* sorted; NULL behind the last */
    size_t n;
};
void doctor_names_done(struct doctor_names *n);
#define cleanup_doctor_names cleanup(doctor_names_done)

/** Names in a folder, without `.` and `..`. 0 or -errno. */
int doctor_list(struct doctor *d, const char *path, struct doctor_names *ret);

/** stat(2), and lstat(2) with doctor_lstat(). 0 or -errno. */
int doctor_stat(struct doctor *d, const char *path, struct stat *ret);
int doctor_lstat(struct doctor *d, const char *path, struct stat *ret);

/** What a symbolic link holds, the caller's to free. 0 or -errno. */
int doctor_readlink(struct doctor *d, const char *path, char **ret);

/** Whether nobody but root can change it: its owner and mode. */
bool doctor_is_owned(const struct doctor *d, const struct stat *st);

/** Runs a program (argv[0] is its path). 0 with *ret whatever its status, or -errno as doctor_host.run. */
int doctor_run(struct doctor *d, const char *const argv[], struct doctor_output *ret);

/** doctor_host.run for the host itself: no input, the environment LC_ALL=C.UTF-8 and a PATH, at most
 * DOCTOR_RUN_MS and DOCTOR_OUTPUT_MAX of each output, then it is killed with its process group. */
int doctor_run_program(void *userdata, const char *const argv[], struct doctor_output *ret);

struct doctor_account {
    char *name;
    uint32_t uid, gid;
};
struct doctor_accounts {
    struct doctor_account *items;
    size_t n;
};
void doctor_accounts_done(struct doctor_accounts *a);
#define cleanup_doctor_accounts cleanup(doctor_accounts_done)

/** What of the user database (`getent passwd`) is gated. A directory that does not enumerate its accounts
 * tells only those on this host. 0 or -errno. */
int doctor_gated_accounts(struct doctor *d, struct doctor_accounts *ret);

/** `getent passwd` as text: every account for which `wanted` (NULL: any) says so. 0 or -ENOMEM. */
int doctor_parse_passwd(const char *text, bool (*wanted)(const struct doctor *d, uint32_t uid),
                        const struct doctor *d, struct doctor_accounts *ret);

/** `gated-uid = FIRST-LAST` of hufud.conf or reaper.conf. false if it is not there. */
bool doctor_parse_gated_uid(const char *conf, uint32_t *first, uint32_t *last);

/** Fills gated_first and gated_last from /etc/hufu/hufud.conf below host->root. 0 or -errno (-EBADMSG: it
 * does not say). */
int doctor_host_read_range(struct doctor_host *host);

#endif
