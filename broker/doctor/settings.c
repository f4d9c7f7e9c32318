#include "broker/doctor/settings.h"

#include "broker/doctor/lines.h"

#include <stdio.h>
#include <string.h>

#define MEBI ((uint64_t)1024 * 1024)

static void copy(struct span s, char *ret, size_t size)
{
    (void)snprintf(ret, size, "%.*s", (int)s.length, s.text);
}

/* The word at that place of a line, from 0. */
static bool word_at(struct span line, unsigned place, struct span *ret)
{
    for (unsigned i = 0; i <= place; i++)
        if (!span_word(&line, ret))
            return false;
    return true;
}

bool mount_options(const char *mounts, const char *where, char *ret, size_t size)
{
    bool found = false;
    struct span line, place, options;

    while (lines_next(&mounts, &line)) {
        if (!word_at(line, 1, &place) || !span_is(place, where) || !word_at(line, 3, &options))
            continue;
        copy(options, ret, size);
        found = true;
    }
    return found;
}

bool mount_hides_processes(const char *options)
{
    struct span rest = {options, strlen(options)}, option;

    while (span_field(&rest, ',', &option))
        if (span_starts(option, "hidepid=") && !span_is(option, "hidepid=0") &&
            !span_is(option, "hidepid=off"))
            return true;
    return false;
}

bool nsswitch_sources(const char *text, const char *database, struct span *ret)
{
    struct span line, name;

    while (lines_next(&text, &line))
        if (span_field(&line, ':', &name) && span_is(span_trim(name), database)) {
            *ret = span_trim(line);
            return true;
        }
    return false;
}

bool unit_property(const char *shown, const char *unit, const char *property, char *ret, size_t size)
{
    size_t length = strlen(property);

    while (*shown != '\0') {
        const char *end = strstr(shown, "\n\n");
        const char *stop = end ? end : shown + strlen(shown), *at = shown;
        bool is_unit = false, found = false;
        struct span line;

        while (at < stop && lines_next(&at, &line)) {
            is_unit |=
                span_starts(line, "Id=") && span_is((struct span){line.text + 3, line.length - 3}, unit);
            if (span_starts(line, property) && line.length > length && line.text[length] == '=') {
                copy((struct span){line.text + length + 1, line.length - length - 1}, ret, size);
                found = true;
            }
        }
        if (is_unit)
            return found;
        shown = end ? end + 2 : stop;
    }
    return false;
}

/* False: the word is a bound of that kind, and another one. */
static bool agrees(struct span word, const char *head, uint32_t wanted, bool *seen)
{
    size_t length = strlen(head);
    uint32_t n;

    if (!span_starts(word, head))
        return true;
    *seen = true;
    return span_number((struct span){word.text + length, word.length - length}, &n) == 0 && n == wanted;
}

bool audit_rules_cover(const char *text, uint32_t first, uint32_t last)
{
    bool from = false, to = false, others = false;
    struct span line, word;

    while (lines_next(&text, &line))
        while (span_word(&line, &word))
            if (!agrees(word, "auid>=", first, &from) || !agrees(word, "auid<=", last, &to) ||
                !agrees(word, "uid>=", first, &others) || !agrees(word, "uid<=", last, &others))
                return false;
    return from && to;
}

bool kernel_is_at_least(const char *release, uint32_t major, uint32_t minor)
{
    struct span rest = {release, strcspn(release, "-+ \n")}, part;
    uint32_t m, n;

    if (!span_field(&rest, '.', &part) || span_number(part, &m) < 0 || !span_field(&rest, '.', &part) ||
        span_number(part, &n) < 0)
        return true;
    return m > major || (m == major && n >= minor);
}

bool space_is_short(uint64_t free_octets, uint64_t all_octets)
{
    return free_octets < 100 * MEBI || free_octets < all_octets / 20;
}
