#include "contrib/sudo/environment.h"

#include "policy/base/cleanup.h"

#include <stddef.h>
#include <string.h>
#include <sys/stat.h>

struct look {
    const struct path_place *place;
    const struct environment_of *of;
};

typedef bool value_is_plain(const struct look *l, const char *value);

static bool is_visible(const char *value, const char *without)
{
    for (; *value != '\0'; value++)
        if (*value <= ' ' || *value > '~' || strchr(without, *value))
            return false;
    return true;
}

/* No path, no format, no expansion: sudo itself checks `/` and `%` of some of these. */
static bool is_word(const struct look *l, const char *value)
{
    (void)l;
    return is_visible(value, "/%$`(");
}

static bool is_number(const struct look *l, const char *value)
{
    (void)l;
    return strspn(value, "0123456789") == strlen(value);
}

/* A name of the database, like Asia/Shanghai. */
static bool is_zone(const struct look *l, const char *value)
{
    (void)l;
    return is_visible(value, "%$`(") && value[0] != '/' && value[0] != ':' && !strstr(value, "..");
}

static bool is_equal(const char *value, const char *known)
{
    return known && strcmp(value, known) == 0;
}

static bool is_home(const struct look *l, const char *value)
{
    return is_equal(value, l->of->home);
}

/* Scripts decide by these who is served. sudo keeps the caller's own name where it does not set the target's.
 */
static bool is_either_name(const struct look *l, const char *value)
{
    return is_equal(value, l->of->name) || is_equal(value, l->of->caller);
}

static bool is_caller(const struct look *l, const char *value)
{
    return is_equal(value, l->of->caller);
}

static bool is_caller_uid(const struct look *l, const char *value)
{
    return is_equal(value, l->of->caller_uid);
}

static bool is_caller_gid(const struct look *l, const char *value)
{
    return is_equal(value, l->of->caller_gid);
}

static bool is_shell(const struct look *l, const char *value)
{
    const char *shell = l->of->shell;

    if (!shell)
        return false;
    return strcmp(value, shell[0] != '\0' ? shell : "/bin/sh") == 0;
}

static bool is_file(const struct look *l, const char *value)
{
    (void)l;
    return value[0] == '/' && is_visible(value, "%$`(") && !strstr(value, "..");
}

/* Folders in which nobody but root can put a program. */
static bool is_search_path(const struct look *l, const char *value)
{
    char folder[PATH_REAL_SIZE];
    struct path_found found;

    for (;;) {
        size_t length = strcspn(value, ":");
        enum path_result r;

        if (length == 0 || length >= sizeof(folder))
            return false;
        memcpy(folder, value, length);
        folder[length] = '\0';
        r = path_follow(l->place, folder, &found);
        if (r != PATH_ABSENT && !(r == PATH_HOLDS && S_ISDIR(found.mode)))
            return false;
        if (value[length] == '\0')
            return true;
        value += length + 1;
    }
}

/* Where the arguments begin that `value` ends with, one blank before each; NULL: it does not. */
static const char *find_arguments(const char *value, char *const argv[])
{
    size_t length = 0, all = strlen(value);
    const char *at;

    for (size_t i = 1; argv[0] && argv[i]; i++)
        length += 1 + strlen(argv[i]);
    if (length > all)
        return NULL;
    at = value + all - length;
    for (size_t i = 1; argv[0] && argv[i]; i++) {
        if (*at != ' ' || strncmp(at + 1, argv[i], strlen(argv[i])) != 0)
            return NULL;
        at += 1 + strlen(argv[i]);
    }
    return value + all - length;
}

/* The command as sudo found it, by whatever links, and its arguments. */
static bool is_command(const struct look *l, const char *value)
{
    char path[PATH_REAL_SIZE];
    struct path_found found;
    const char *end;

    if (!l->of->argv)
        return value[0] == '/';
    end = find_arguments(value, l->of->argv);
    if (!end || (size_t)(end - value) >= sizeof(path))
        return false;
    memcpy(path, value, (size_t)(end - value));
    path[end - value] = '\0';
    (void)path_follow(l->place, path, &found); /* whether that holds is asked of the path itself */
    return is_equal(found.real, l->of->path);
}

static const struct variable {
    const char *name; /* with `*` at the end: whatever begins like that */
    value_is_plain *is_plain;
} variables[] = {
    {"COLORS", is_word},
    {"COLORTERM", is_word},
    {"DISPLAY", is_word},
    {"HISTSIZE", is_number},
    {"HOME", is_home},
    {"HOSTNAME", is_word},
    {"LANG", is_word},
    {"LANGUAGE", is_word},
    {"LC_*", is_word},
    {"LINGUAS", is_word},
    {"LOGNAME", is_either_name},
    {"LS_COLORS", is_word},
    {"MAIL", is_file},
    {"PATH", is_search_path},
    {"SHELL", is_shell},
    {"SUDO_COMMAND", is_command},
    {"SUDO_GID", is_caller_gid},
    {"SUDO_HOME", is_file},
    {"SUDO_TTY", is_file},
    {"SUDO_UID", is_caller_uid},
    {"SUDO_USER", is_caller},
    {"TERM", is_word},
    {"TZ", is_zone},
    {"USER", is_either_name},
    {"USERNAME", is_either_name},
    {"XAUTHORITY", is_file},
    {"XDG_CURRENT_DESKTOP", is_word},
};

static bool is_named(const struct variable *v, const char *name, size_t length)
{
    size_t own = strlen(v->name);

    if (v->name[own - 1] == '*')
        return length >= own && strncmp(v->name, name, own - 1) == 0 &&
               strspn(name + own - 1, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") == length - (own - 1);
    return length == own && memcmp(v->name, name, own) == 0;
}

/* Programs differ in which of two of the same name they take. */
static bool stands_twice(char *const envp[], size_t at, size_t length)
{
    for (size_t i = 0; i < at; i++)
        if (strncmp(envp[i], envp[at], length + 1) == 0)
            return true;
    return false;
}

static bool is_plain(const struct look *l, char *const envp[], size_t at)
{
    size_t length = strcspn(envp[at], "=");

    if (envp[at][length] == '\0' || stands_twice(envp, at, length))
        return false;
    for (size_t i = 0; i < ARRAY_SIZE(variables); i++)
        if (is_named(&variables[i], envp[at], length))
            return variables[i].is_plain(l, envp[at] + length + 1);
    return false;
}

bool environment_is_plain(const struct path_place *place, char *const envp[], const struct environment_of *of,
                          char concern[static PATH_CONCERN_SIZE])
{
    const struct look l = {place, of};

    for (size_t i = 0; envp && envp[i]; i++) {
        size_t length = strcspn(envp[i], "=");

        if (is_plain(&l, envp, i))
            continue;
        if (length >= PATH_CONCERN_SIZE)
            length = PATH_CONCERN_SIZE - 1;
        memcpy(concern, envp[i], length);
        concern[length] = '\0';
        return false;
    }
    return true;
}
