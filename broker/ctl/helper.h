#ifndef HUFU_CTL_HELPER_H
#define HUFU_CTL_HELPER_H

#include <stdio.h>
#include <sys/types.h>

/* A program that hufuctl runs, whose standard output is read while it goes on. */

#define HELPER_PASSWORD_FD 3 /* where it finds the password, if one is given */

struct helper {
    pid_t pid;   /* 0: none is running */
    FILE *out;   /* its standard output */
    int message; /* what it says on standard error */
};

#define HELPER_INIT ((struct helper){.message = -1})

/** Starts argv[0] (a path) with standard input `in` (-1: empty) and `password` as descriptor
 * HELPER_PASSWORD_FD
 * (-1: none), both borrowed. It inherits nothing else. 0 or -errno. */
int helper_start(struct helper *h, char *const argv[], int in, int password);

/** Waits for it. Its exit status, or -ECHILD if a signal ended it, or -errno; *message is what it said,
 * without its name in front and the last line's end, the caller's (NULL without memory). */
int helper_finish(struct helper *h, char **message);

/** Lets go of it: what still runs then notices that nobody reads. */
void helper_done(struct helper *h);

#endif
