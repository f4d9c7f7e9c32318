#ifndef HUFU_BASE_DOUBT_H
#define HUFU_BASE_DOUBT_H

#include <stdint.h>

/*
 * What about a command that sudo is to run is not as a grant's `command:` line says it, although path and
 * arguments may be: bits, found by sudo's plugin, which alone sees the run, and judged by the engine. Under
 * `command: any` none of them matters; beside a list each of them refuses. One row a doubt: symbol, bit,
 * name as recorded.
 *
 * The first four are no run of one program that is known, whatever the path is.
 */
#define DOUBT_TABLE(ROW)                                                                                    \
    ROW(SUDOEDIT, 0, "sudoedit")                                                                            \
    ROW(SHELL, 1, "shell")                    /* -s, also with a command */                                 \
    ROW(LOGIN_SHELL, 2, "login-shell")        /* -i, also with a command */                                 \
    ROW(RELATIVE, 3, "relative-path")         /* no absolute path, or one that cannot be followed */        \
    ROW(PATH, 4, "path-writable")             /* somebody but root could make the path lead elsewhere */    \
    ROW(INTERPRETER, 5, "interpreter")        /* of a script: relative, or changeable as above */           \
    ROW(NAME, 6, "other-name")                /* argv[0] is another name than the program's */              \
    ROW(ARGUMENTS, 7, "arguments")            /* too many or too long to be told, or with a line feed */    \
    ROW(ENVIRONMENT, 8, "environment")        /* a variable that a loader, shell or interpreter may obey */ \
    ROW(PRESERVED, 9, "preserve-environment") /* -E */                                                      \
    ROW(GROUP, 10, "group")                   /* -g, -P: other groups than the target's own */              \
    ROW(IDENTITY, 11, "identity")             /* uids other than the target's (stay_setuid) */              \
    ROW(DESCRIPTORS, 12, "descriptors")       /* -C: descriptors of the caller stay open */                 \
    ROW(CHROOT, 13, "chroot")                 /* -R, or a chroot of sudoers */                              \
    ROW(HOST, 14, "host")                     /* -h: judged by sudo as on another host */                   \
    ROW(CONTEXT, 15, "security-context")      /* -r, -t, an AppArmor profile */                             \
    ROW(BACKGROUND, 16, "background")         /* -b: run by a process that nobody asked about */

enum doubt {
#define ROW(symbol, bit, name) DOUBT_##symbol = 1 << (bit),
    DOUBT_TABLE(ROW)
#undef ROW
};

#define DOUBT_OR(symbol, bit, name) | (1U << (bit))
/** Every doubt there is; a decoder refuses other bits. */
#define DOUBT_ALL (0U DOUBT_TABLE(DOUBT_OR))
/** No run of one known program, whatever its path. */
#define DOUBT_NOT_COMMAND ((uint32_t)(DOUBT_SUDOEDIT | DOUBT_SHELL | DOUBT_LOGIN_SHELL | DOUBT_RELATIVE))

/** Name of one doubt, or NULL for a number that is not one of the bits. */
const char *doubt_name(enum doubt doubt);

#endif
