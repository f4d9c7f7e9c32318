#ifndef HUFU_TESTS_BENCH_PEERS_LOGIN_H
#define HUFU_TESTS_BENCH_PEERS_LOGIN_H

#include <stdint.h>

/* Who is measured: a bare round trip, or the account phase of a PAM service. Points into the text that it was
 * read from. */
struct contestant {
    const char *name;
    const char *socket; /* NULL: PAM */
    const char *folder; /* of PAM services */
    const char *service;
    const char *user;
};

/* Nanoseconds. `result` is 0 or what PAM said. */
struct sample {
    int64_t began; /* CLOCK_REALTIME */
    int64_t took;
    int64_t heard; /* by the server, if it said so: CLOCK_REALTIME; else 0 */
    int32_t result;
    int32_t round;
};

/** NAME=socket:PATH or NAME=pam:FOLDER:SERVICE:USER, which is cut into pieces. 0, or -1. */
int contestant_read(char *text, struct contestant *ret);

/** Looks the account up once, as programs do before they begin with PAM. */
void contestant_know(const struct contestant *c);

/** One round trip, or pam_start_confdir, items as sshd sets them, account phase, pam_end. */
void contestant_ask(const struct contestant *c, struct sample *ret);

extern __attribute__((visibility("default"))) int64_t login_heard;

/** Monotonic nanoseconds. */
int64_t login_now(void);

#endif
