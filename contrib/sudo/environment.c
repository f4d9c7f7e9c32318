#include "contrib/sudo/environment.h"

#include "policy/base/cleanup.h"

#include <stddef.h>
#include <string.h>
#include <sys/stat.h>

struct look {
    const struct path_place *place;
    const struct environment_of *target;
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

static bool is_home(const struct look *l, const char *value)
{
    return l->target->home && strcmp(value, l->target->home) == 0;
}

static bool is_shell(const struct look *l, const char *value)
{
    const char *shell = l->target->shell;

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

/* What sudo says about itself; SUDO_COMMAND is the command line, whatever that is. */
static bool is_anything(const struct look *l, const char *value)
{
    (void)l;
    return strncmp(value, "()", 2) != 0;
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
    {"LOGNAME", is_word},
    {"LS_COLORS", is_word},
    {"MAIL", is_file},
    {"PATH", is_search_path},
    {"SHELL", is_shell},
    {"SUDO_COMMAND", is_anything},
    {"SUDO_GID", is_number},
    {"SUDO_HOME", is_file},
    {"SUDO_TTY", is_anything},
    {"SUDO_UID", is_number},
    {"SUDO_USER", is_word},
    {"TERM", is_word},
    {"TZ", is_zone},
    {"USER", is_word},
    {"USERNAME", is_word},
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

bool environment_is_plain(const struct path_place *place, char *const envp[],
                          const struct environment_of *target, char concern[static PATH_CONCERN_SIZE])
{
    const struct look l = {place, target};

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
