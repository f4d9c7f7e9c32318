#ifndef HUFU_DOCTOR_STACK_H
#define HUFU_DOCTOR_STACK_H

#include "policy/base/cleanup.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * A service's PAM stack as libpam reads it (Linux-PAM 1.5.2, libpam/pam_handlers.c, with Debian's
 * `@include`): continued lines, `-`, `[value=action]`, include, substack, what `other` gives to phases of
 * which the service says nothing. Pure: files come from a function.
 */

enum stack_phase { STACK_AUTH = 0, STACK_ACCOUNT, STACK_SESSION, STACK_PASSWORD, STACK_PHASES };

/* What modules return (Linux-PAM, security/_pam_types.h), as far as it is named here. */
enum stack_return {
    STACK_SUCCESS = 0,
    STACK_SERVICE_ERR = 3,
    STACK_PERM_DENIED = 6,
    STACK_AUTH_ERR = 7,
    STACK_USER_UNKNOWN = 10,
    STACK_NEW_AUTHTOK_REQD = 12,
    STACK_ACCT_EXPIRED = 13,
    STACK_SESSION_ERR = 14,
    STACK_IGNORE = 25,
    STACK_MODULE_UNKNOWN = 28,
    STACK_INCOMPLETE = 31,
    STACK_RETURNS,
};

/* What a line does about a return value; greater than 0: jumps over so many. */
enum stack_action {
    STACK_DO_IGNORE = 0,
    STACK_DO_OK = -1,
    STACK_DO_DONE = -2,
    STACK_DO_BAD = -3,
    STACK_DO_DIE = -4,
    STACK_DO_RESET = -5,
    STACK_DO_UNDEFINED = -6,
};

/** libpam's name of a return value ("perm_denied"). */
const char *stack_return_name(int value);

/** `required`, `[success=2 default=ignore]` without its brackets, ...: what each return value does. As
 * libpam, an error makes every value bad. */
void stack_parse_control(const char *control, int actions[static STACK_RETURNS]);

enum stack_kind {
    STACK_MODULE = 1,
    STACK_SUBSTACK,  /* only a mark: the substack's lines follow, one level up */
    STACK_MUST_FAIL, /* a line that libpam does not understand */
};

struct stack_line {
    enum stack_kind kind;
    unsigned level;
    int actions[STACK_RETURNS];
    char *control; /* as it is written */
    char *module;  /* as it is written; NULL: none */
    char **argv;   /* its arguments; NULL behind the last */
    size_t argc;
    const char *file; /* of the stack */
    unsigned number;  /* of its first physical line */
};

struct stack_lines {
    struct stack_line *items;
    size_t n;
};

struct stack {
    struct stack_lines phases[STACK_PHASES];
    char *broken; /* why libpam gives up on the whole service; NULL: it does not */
    char **files; /* every file that was read, by path */
    size_t n_files;
    char **included; /* names in `include`, `substack` and `@include` */
    size_t n_included;
};

struct stack *stack_free(struct stack *s);
DEFINE_CLEANUP(struct stack, stack_free);

/* Opens a configuration by name ("sshd", or a path). 0 with *text and *path, the stack's; -ENOENT; other
 * -errno.
 */
typedef int stack_open(void *userdata, const char *name, char **text, char **path);

/** Reads the stack of a service, with `other` behind it. 0 with *ret; -ENOENT (there is neither); -ENOMEM;
 * what `open` returned for the service's own file or for `other`, but -ENOENT. Files that libpam cannot take
 * make
 * (*ret)->broken. */
int stack_read(const char *service, stack_open *open, void *userdata, struct stack **ret);

/** Whether a module as written is this one ("pam_hufu.so"), wherever it lies. */
bool stack_is_module(const struct stack_line *line, const char *name);

#endif
