#include "policy/document/grant_line.h"

#include "policy/document/grant_token.h"
#include "policy/document/value.h"

#include <errno.h>
#include <string.h>

#define EXPECTED_CLASS N_("a class: normal, privileged or emergency")

/* --- class, incident-level --------------------------------------------------------------------------- */

int grant_read_class(struct grammar_reader *r, void *member, const struct grammar_line *lines, size_t n)
{
    (void)n;
    if (grant_class_from_name(lines[0].value.text, lines[0].value.length, member) < 0)
        return grammar_refuse_token(r, lines[0].number, lines[0].value, EXPECTED_CLASS);
    return 0;
}

void grant_write_class(struct grammar_writer *w, const void *member)
{
    const char *name = grant_class_name(*(const enum grant_class *)member);

    if (name)
        grammar_emit(w, "%s", name);
    else
        grammar_cannot_emit(w, "", EXPECTED_CLASS);
}

int grant_read_incident_level(struct grammar_reader *r, void *member, const struct grammar_line *lines,
                              size_t n)
{
    uint32_t level;

    (void)n;
    if (ident_parse_number(lines[0].value.text, lines[0].value.length, &level) < 0 || level > 3)
        return grammar_refuse_token(r, lines[0].number, lines[0].value, N_("an incident level: 1, 2 or 3"));
    *(uint8_t *)member = (uint8_t)level;
    return 0;
}

void grant_write_incident_level(struct grammar_writer *w, const void *member)
{
    uint8_t level = *(const uint8_t *)member;

    if (level != 0)
        grammar_emit(w, "%u", level);
}

/* --- staff-key --------------------------------------------------------------------------------------- */

int grant_read_staff_key(struct grammar_reader *r, void *member, const struct grammar_line *lines, size_t n)
{
    struct grant *g = member;
    struct ident_fingerprint *keys;
    int result = value_refuse_company(r, lines, n, "password");

    if (result != 0)
        return result;
    if (grammar_token_is(lines[0].value, "password")) {
        g->password = true;
        return 0;
    }
    g->keys = keys = arena_new_array(r->arena, struct ident_fingerprint, n);
    if (!keys)
        return -ENOMEM;
    for (g->n_keys = 0; g->n_keys < n; g->n_keys++) {
        const struct grammar_line *line = &lines[g->n_keys];

        if (ident_parse_fingerprint(line->value.text, line->value.length, &keys[g->n_keys]) < 0)
            return grammar_refuse_token(
                r, line->number, line->value,
                N_("a fingerprint as `ssh-keygen -l` prints it (SHA256:...), or `password`"));
    }
    return 0;
}

void grant_write_staff_key(struct grammar_writer *w, const void *member)
{
    const struct grant *g = member;

    if (g->password)
        grammar_emit(w, "password");
    for (size_t i = 0; i < g->n_keys; i++) {
        char text[IDENT_FINGERPRINT_TEXT_SIZE];

        ident_format_fingerprint(&g->keys[i], text);
        grammar_emit(w, "%s", text);
    }
}

/* --- channel ----------------------------------------------------------------------------------------- */

static const enum grant_channel channels[] = {GRANT_CHANNEL_EXEC, GRANT_CHANNEL_FORWARD, GRANT_CHANNEL_SHELL,
                                              GRANT_CHANNEL_TRANSFER};

/* 0: none of them. */
static unsigned channel_from_token(struct grammar_token token)
{
    for (size_t i = 0; i < ARRAY_SIZE(channels); i++)
        if (grammar_token_is(token, grant_channel_name(channels[i])))
            return channels[i];
    return 0;
}

int grant_read_channel(struct grammar_reader *r, void *member, const struct grammar_line *lines, size_t n)
{
    uint8_t *bits = member;
    int result = value_refuse_company(r, lines, n, "none");

    if (result != 0 || grammar_token_is(lines[0].value, "none"))
        return result;
    for (size_t i = 0; i < n; i++) {
        unsigned bit = channel_from_token(lines[i].value);

        if (bit == 0)
            return grammar_refuse_token(r, lines[i].number, lines[i].value,
                                        N_("a channel: shell, exec, transfer, forward, or `none`"));
        *bits |= (uint8_t)bit;
    }
    return 0;
}

void grant_write_channel(struct grammar_writer *w, const void *member)
{
    unsigned bits = *(const uint8_t *)member;

    if (bits == 0)
        grammar_emit(w, "none");
    for (size_t i = 0; i < ARRAY_SIZE(channels); i++) {
        if (bits & channels[i])
            grammar_emit(w, "%s", grant_channel_name(channels[i]));
        bits &= ~(unsigned)channels[i];
    }
    if (bits != 0)
        grammar_cannot_emit(w, "", N_("a set of known channels"));
}

/* --- run-as, command --------------------------------------------------------------------------------- */

int grant_read_run_as(struct grammar_reader *r, void *member, const struct grammar_line *lines, size_t n)
{
    int result = value_refuse_company(r, lines, n, "none");

    if (result != 0 || grammar_token_is(lines[0].value, "none"))
        return result;
    return value_read_words(r, member, lines, n);
}

void grant_write_run_as(struct grammar_writer *w, const void *member)
{
    const struct grant_strings *accounts = member;

    if (accounts->count == 0)
        grammar_emit(w, "none");
    value_write_words(w, accounts);
}

int grant_read_command(struct grammar_reader *r, void *member, const struct grammar_line *lines, size_t n)
{
    struct grant *g = member;
    int result = value_refuse_company(r, lines, n, "any");

    if (result == 0)
        result = value_refuse_company(r, lines, n, "none");
    if (result != 0 || grammar_token_is(lines[0].value, "none"))
        return result;
    g->any_command = grammar_token_is(lines[0].value, "any");
    return g->any_command ? 0 : value_read_words(r, &g->commands, lines, n);
}

void grant_write_command(struct grammar_writer *w, const void *member)
{
    const struct grant *g = member;

    if (g->any_command || g->commands.count == 0)
        grammar_emit(w, g->any_command ? "any" : "none");
    value_write_words(w, &g->commands);
}

/* --- source ------------------------------------------------------------------------------------------ */

int grant_read_source(struct grammar_reader *r, void *member, const struct grammar_line *lines, size_t n)
{
    struct grant *g = member;
    struct network *networks;
    int result = value_refuse_company(r, lines, n, "any");

    if (result != 0)
        return result;
    g->any_source = grammar_token_is(lines[0].value, "any");
    if (g->any_source)
        return 0;
    g->networks = networks = arena_new_array(r->arena, struct network, n);
    if (!networks)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        struct grammar_token value = lines[i].value;

        if (grammar_token_is(value, "local")) {
            g->local_source = true;
            continue;
        }
        if (network_parse(value.text, value.length, &networks[g->n_networks]) < 0)
            return grammar_refuse_token(
                r, lines[i].number, value,
                N_("a network in canonical form (10.1.2.0/24, host bits zero), `local` or `any`"));
        /* "No limit" is a written word: limits of a class look for the word alone. */
        if (networks[g->n_networks++].prefix == 0)
            return grammar_refuse_token(r, lines[i].number, value, N_("a limit; write `any`"));
    }
    return 0;
}

void grant_write_source(struct grammar_writer *w, const void *member)
{
    const struct grant *g = member;

    if (g->any_source)
        grammar_emit(w, "any");
    if (g->local_source)
        grammar_emit(w, "local");
    for (size_t i = 0; i < g->n_networks; i++) {
        char text[NETWORK_TEXT_SIZE];

        network_format(&g->networks[i], text);
        grammar_emit(w, "%s", text);
    }
}

/* --- hours ------------------------------------------------------------------------------------------- */

int grant_read_hours(struct grammar_reader *r, void *member, const struct grammar_line *lines, size_t n)
{
    struct grant *g = member;
    struct grant_hours *hours;
    int result = value_refuse_company(r, lines, n, "any");

    if (result != 0)
        return result;
    g->any_hours = grammar_token_is(lines[0].value, "any");
    if (g->any_hours)
        return 0;
    g->hours = hours = arena_new_array(r->arena, struct grant_hours, n);
    if (!hours)
        return -ENOMEM;
    for (g->n_hours = 0; g->n_hours < n; g->n_hours++) {
        const struct grammar_line *line = &lines[g->n_hours];
        const char *expected = grant_token_parse_hours(line->value, &hours[g->n_hours]);

        if (expected)
            return grammar_refuse_token(r, line->number, line->value, expected);
    }
    return 0;
}

void grant_write_hours(struct grammar_writer *w, const void *member)
{
    const struct grant *g = member;

    if (g->any_hours)
        grammar_emit(w, "any");
    for (size_t i = 0; i < g->n_hours; i++) {
        char text[GRANT_HOURS_TEXT_SIZE];

        if (grant_token_format_hours(&g->hours[i], text))
            grammar_emit(w, "%s", text);
        else
            grammar_cannot_emit(w, "", N_("hours: one range of days, two times of a day, an offset"));
    }
}

/* --- uses, sessions, max-session, recording ---------------------------------------------------------- */

int grant_read_uses(struct grammar_reader *r, void *member, const struct grammar_line *lines, size_t n)
{
    static const char *const expected = N_("`unlimited`, `N per-host` or `N fleet`, N from 1 to 2147483647");
    struct grant_uses *uses = member;
    struct grammar_token words[2];

    (void)n;
    if (grammar_token_is(lines[0].value, "unlimited")) {
        uses->scope = GRANT_USES_UNLIMITED;
        return 0;
    }
    if (grammar_split(lines[0].value, ' ', words, ARRAY_SIZE(words)) != 2 ||
        ident_parse_number(words[0].text, words[0].length, &uses->count) < 0)
        return grammar_refuse_token(r, lines[0].number, lines[0].value, expected);
    if (grammar_token_is(words[1], "per-host"))
        uses->scope = GRANT_USES_PER_HOST;
    else if (grammar_token_is(words[1], "fleet"))
        uses->scope = GRANT_USES_FLEET;
    else
        return grammar_refuse_token(r, lines[0].number, lines[0].value, expected);
    return 0;
}

void grant_write_uses(struct grammar_writer *w, const void *member)
{
    const struct grant_uses *uses = member;

    if (uses->scope == GRANT_USES_UNLIMITED && uses->count == 0)
        grammar_emit(w, "unlimited");
    else if (uses->scope == GRANT_USES_PER_HOST)
        grammar_emit(w, "%u per-host", uses->count);
    else if (uses->scope == GRANT_USES_FLEET)
        grammar_emit(w, "%u fleet", uses->count);
    else
        grammar_cannot_emit(w, "", N_("a number of uses with its scope, or unlimited without a number"));
}

int grant_read_bound(struct grammar_reader *r, void *member, const struct grammar_line *lines, size_t n)
{
    struct grant_bound *bound = member;

    (void)n;
    bound->unlimited = grammar_token_is(lines[0].value, "unlimited");
    if (bound->unlimited ||
        ident_parse_number(lines[0].value.text, lines[0].value.length, &bound->value) == 0)
        return 0;
    return grammar_refuse_token(
        r, lines[0].number, lines[0].value,
        N_("a whole number from 1 to 2147483647 without leading zeros, or `unlimited`"));
}

void grant_write_bound(struct grammar_writer *w, const void *member)
{
    const struct grant_bound *bound = member;

    if (!bound->unlimited)
        grammar_emit(w, "%u", bound->value);
    else if (bound->value == 0)
        grammar_emit(w, "unlimited");
    else
        grammar_cannot_emit(w, "", N_("either a number or unlimited"));
}

int grant_read_recording(struct grammar_reader *r, void *member, const struct grammar_line *lines, size_t n)
{
    bool required = grammar_token_is(lines[0].value, "required");

    (void)n;
    if (!required && !grammar_token_is(lines[0].value, "none"))
        return grammar_refuse_token(r, lines[0].number, lines[0].value, N_("`required` or `none`"));
    *(bool *)member = required;
    return 0;
}

void grant_write_recording(struct grammar_writer *w, const void *member)
{
    grammar_emit(w, *(const bool *)member ? "required" : "none");
}
