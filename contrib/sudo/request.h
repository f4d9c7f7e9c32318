#ifndef HUFU_SUDO_REQUEST_H
#define HUFU_SUDO_REQUEST_H

#include "contrib/sudo/environment.h"
#include "contrib/sudo/path.h"
#include "policy/wire/gate.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * What sudo tells its plugins about a run (sudo_plugin(5)), as the question that hufud is asked. Everything
 * by which the run could be something else than path and arguments say is a doubt; what it means is hufud's.
 */
struct request_of {
    char *const *settings; /* of the command line of sudo */
    char *const *user_info;
    char *const *command_info;
    int submit_optind; /* of sudo's own argv, the first that is no option */
    char *const *submit_argv;
    char *const *argv; /* of the run */
    char *const *envp;
    struct path_place place;
    bool is_sub_command; /* of one that was asked about before (intercept), with its environment */
};

/* The account that it will run as, as the user database has it. */
struct request_target {
    uint32_t uid, gid;                 /* UINT32_MAX: there is no such account */
    struct environment_of environment; /* name, home and shell */
};

/** Fills in all but caller, range and person. 0, or -EINVAL: sudo says neither command nor target, or one of
 * them is too long to be told. */
int request_fill(const struct request_of *of, const struct request_target *target, struct gate_command *ret);

/** The name of the account to run as: NULL if there is none. */
const char *request_target_name(const struct request_of *of);

/** Whether sudo was asked for a run in the background (-b), which no setting tells. */
bool request_is_background(int optind, char *const argv[]);

/** The command as sudo names it with the arguments as they were typed, cut, for a record: from command_info,
 * else from sudo's own argv. */
void request_command_text(const struct request_of *of, char *text, size_t size);

#endif
