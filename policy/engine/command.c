#include "policy/engine/command.h"

#include <stddef.h>
#include <string.h>

struct word {
    const char *text;
    size_t length;
};

/* Up to `end` or the end of the text; *rest is behind it, NULL if nothing follows. */
static struct word take(const char *text, char end, const char **rest)
{
    const char *at = strchr(text, end);

    *rest = at ? at + 1 : NULL;
    return (struct word){text, at ? (size_t)(at - text) : strlen(text)};
}

static bool is(struct word w, const char *text)
{
    return w.length == strlen(text) && memcmp(w.text, text, w.length) == 0;
}

/* What `*` stands for. */
static bool is_plain(struct word w)
{
    if (w.length == 0 || w.text[0] == '-' || w.text[0] == '+' || is(w, ".") || is(w, ".."))
        return false;
    for (size_t i = 0; i < w.length; i++)
        if (w.text[i] <= ' ' || w.text[i] > '~' || w.text[i] == '/')
            return false;
    return true;
}

static bool argument_matches(struct word pattern, struct word given)
{
    if (is(pattern, "*"))
        return is_plain(given);
    return pattern.length == given.length && memcmp(pattern.text, given.text, given.length) == 0;
}

bool command_matches(const char *line, const struct command_run *run)
{
    const char *rest, *arguments = run->arguments, *next;
    struct word path = take(line, ' ', &rest);

    if (!is(path, run->path))
        return false;
    while (rest && *arguments != '\0') {
        struct word pattern = take(rest, ' ', &rest);
        struct word given = take(arguments, '\n', &next);

        if (!next || !argument_matches(pattern, given))
            return false;
        arguments = next;
    }
    return !rest && *arguments == '\0';
}
