#include "contrib/sudo/request.h"

#include "contrib/sudo/pairs.h"
#include "policy/base/cleanup.h"
#include "policy/base/doubt.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

_Static_assert(sizeof(((struct gate_command *)0)->path) == PATH_REAL_SIZE, "a real path fits the frame");
_Static_assert(sizeof(((struct gate_command *)0)->concern) == PATH_CONCERN_SIZE, "so does a concern");

static void copy_cut(const char *text, char *array, size_t size)
{
    size_t length = text ? strnlen(text, size - 1) : 0;

    if (length > 0)
        memcpy(array, text, length);
    array[length] = '\0';
}

/* The first thing that is found names what it is about. */
static void doubt(struct gate_command *m, enum doubt doubt, const char *concern)
{
    if (m->concern[0] == '\0')
        copy_cut(concern, m->concern, sizeof(m->concern));
    m->doubts |= (uint32_t)doubt;
}

/* ---- what was asked of sudo ---- */

static const struct {
    const char *setting;
    const char *value; /* NULL: any */
    enum doubt doubt;
} asked[] = {
    {"sudoedit", "true", DOUBT_SUDOEDIT},
    {"run_shell", "true", DOUBT_SHELL},
    {"implied_shell", "true", DOUBT_SHELL},
    {"login_shell", "true", DOUBT_LOGIN_SHELL},
    {"preserve_environment", "true", DOUBT_PRESERVED},
    {"preserve_groups", "true", DOUBT_GROUP},
    {"closefrom", NULL, DOUBT_DESCRIPTORS},
    {"cmnd_chroot", NULL, DOUBT_CHROOT},
    {"remote_host", NULL, DOUBT_HOST},
    {"selinux_role", NULL, DOUBT_CONTEXT},
    {"selinux_type", NULL, DOUBT_CONTEXT},
    {"apparmor_profile", NULL, DOUBT_CONTEXT},
};

static void judge_settings(const struct request_of *of, struct gate_command *m)
{
    for (size_t i = 0; i < ARRAY_SIZE(asked); i++) {
        const char *value = pairs_get(of->settings, asked[i].setting);

        if (value && (!asked[i].value || strcmp(value, asked[i].value) == 0))
            doubt(m, asked[i].doubt, "");
    }
    if (request_is_background(of->submit_optind, of->submit_argv))
        doubt(m, DOUBT_BACKGROUND, "");
}

/* ---- what sudo made of it ---- */

static bool differs(char *const list[], const char *name, uint32_t from)
{
    uint32_t number;

    if (!pairs_get(list, name))
        return false;
    return !pairs_number(list, name, &number) || number != from;
}

#define STANDARD_DESCRIPTORS 3

static void judge_result(const struct request_of *of, const struct request_target *target,
                         struct gate_command *m)
{
    char *const *info = of->command_info;
    uint32_t number;

    if (pairs_say(info, "sudoedit"))
        doubt(m, DOUBT_SUDOEDIT, "");
    if (pairs_get(info, "chroot"))
        doubt(m, DOUBT_CHROOT, pairs_get(info, "chroot"));
    if (target->uid == UINT32_MAX || !pairs_number(info, "runas_uid", &number) || number != target->uid ||
        differs(info, "runas_euid", target->uid))
        doubt(m, DOUBT_IDENTITY, "");
    if (!pairs_number(info, "runas_gid", &number) || number != target->gid ||
        differs(info, "runas_egid", target->gid) || pairs_say(info, "preserve_groups"))
        doubt(m, DOUBT_GROUP, pairs_get(info, "runas_group"));
    if (pairs_get(info, "closefrom") &&
        (!pairs_number(info, "closefrom", &number) || number > STANDARD_DESCRIPTORS))
        doubt(m, DOUBT_DESCRIPTORS, "");
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

/* A program that goes by several names does what the name says that it is started under. */
static void judge_name(const struct request_of *of, struct gate_command *m)
{
    const char *name = of->argv && of->argv[0] ? of->argv[0] : "";

    if (strcmp(base_name(name), base_name(m->path)) != 0)
        doubt(m, DOUBT_NAME, name);
}

static void judge_path(const struct request_of *of, const char *command, struct gate_command *m)
{
    char concern[PATH_CONCERN_SIZE] = "";
    struct path_found found;

    switch (path_follow(&of->place, command, &found)) {
    case PATH_HOLDS:
        if (!S_ISREG(found.mode))
            doubt(m, DOUBT_RELATIVE, command);
        else if (path_interpreter_is_doubtful(&of->place, found.real, concern))
            doubt(m, DOUBT_INTERPRETER, concern);
        break;
    case PATH_CHANGES:
        doubt(m, DOUBT_PATH, found.concern);
        break;
    case PATH_ABSENT:
    case PATH_LOST:
        doubt(m, DOUBT_RELATIVE, command);
        break;
    }
    copy_cut(found.real, m->path, sizeof(m->path));
}

static void put_arguments(const struct request_of *of, struct gate_command *m)
{
    size_t used = 0;

    for (size_t i = 1; of->argv && of->argv[0] && of->argv[i]; i++) {
        size_t length = strlen(of->argv[i]);

        if (used + length + 1 >= sizeof(m->arguments)) {
            doubt(m, DOUBT_ARGUMENTS, "");
            return;
        }
        memcpy(m->arguments + used, of->argv[i], length);
        for (size_t k = used; k < used + length; k++)
            if (m->arguments[k] == '\n') {
                m->arguments[k] = '?';
                doubt(m, DOUBT_ARGUMENTS, "");
            }
        used += length;
        m->arguments[used++] = '\n';
    }
}

static void judge_environment(const struct request_of *of, const struct request_target *target,
                              struct gate_command *m)
{
    struct environment_of environment = target->environment;
    char concern[PATH_CONCERN_SIZE] = "";

    environment.caller = pairs_get(of->user_info, "user");
    environment.caller_uid = pairs_get(of->user_info, "uid");
    environment.caller_gid = pairs_get(of->user_info, "gid");
    environment.path = m->path;
    environment.argv = of->is_sub_command ? NULL : of->argv;
    if (!environment_is_plain(&of->place, of->envp, &environment, concern))
        doubt(m, DOUBT_ENVIRONMENT, concern);
}

const char *request_target_name(const struct request_of *of)
{
    return pairs_get(of->command_info, "runas_user");
}

int request_fill(const struct request_of *of, const struct request_target *target, struct gate_command *ret)
{
    const char *command = pairs_get(of->command_info, "command"), *name = request_target_name(of);
    const char *cwd = pairs_get(of->command_info, "cwd");

    if (!command || command[0] == '\0' || !name || name[0] == '\0' || strlen(name) >= sizeof(ret->target))
        return -EINVAL;
    copy_cut(name, ret->target, sizeof(ret->target));
    ret->target_uid = target->uid;
    copy_cut(cwd ? cwd : pairs_get(of->user_info, "cwd"), ret->cwd, sizeof(ret->cwd));
    copy_cut(pairs_get(of->user_info, "tty"), ret->tty, sizeof(ret->tty));
    judge_settings(of, ret);
    judge_result(of, target, ret);
    judge_path(of, command, ret);
    judge_name(of, ret);
    put_arguments(of, ret);
    judge_environment(of, target, ret);
    return 0;
}

/* ---- sudo's own command line ---- */

/* Options of sudo that take an argument, as far as they stand before or behind -b in one word. */
#define WITH_ARGUMENT "aCcDghpRrTtUu"

static bool is_long_background(const char *option)
{
    size_t length = strcspn(option, "=");

    return length >= 2 && length <= strlen("background") && strncmp(option, "background", length) == 0;
}

/* Whether -b is in a word of short options. *ret_skips: the word behind it is an argument. */
static bool has_background(const char *word, bool *ret_skips)
{
    *ret_skips = false;
    for (const char *option = word + 1; *option != '\0'; option++) {
        if (*option == 'b')
            return true;
        if (strchr(WITH_ARGUMENT, *option)) {
            *ret_skips = option[1] == '\0' && *option != 'h';
            return false;
        }
    }
    return false;
}

bool request_is_background(int optind, char *const argv[])
{
    for (int i = 1; argv && i < optind && argv[i]; i++) {
        bool skips = false;

        if (argv[i][0] != '-' || argv[i][1] == '\0')
            continue;
        if (argv[i][1] == '-' ? is_long_background(argv[i] + 2) : has_background(argv[i], &skips))
            return true;
        i += skips;
    }
    return false;
}

static size_t append(char *text, size_t size, size_t used, const char *word)
{
    if (used > 0 && used + 1 < size)
        text[used++] = ' ';
    copy_cut(word, text + used, size - used);
    return used + strlen(text + used);
}

void request_command_text(const struct request_of *of, char *text, size_t size)
{
    const char *command = pairs_get(of->command_info, "command");
    char *const *argv = of->submit_argv;
    size_t used = 0;
    int at = of->submit_optind;

    text[0] = '\0';
    if (command && argv && argv[at])
        at++;
    if (command)
        used = append(text, size, used, command);
    for (; argv && argv[at]; at++)
        used = append(text, size, used, argv[at]);
    for (char *c = text; *c != '\0'; c++)
        if (*c < ' ' || *c > '~')
            *c = '?';
}
