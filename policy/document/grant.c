#include "policy/document/grant.h"

#include "policy/document/grant_line.h"
#include "policy/document/grant_token.h"
#include "policy/document/value.h"

#include <errno.h>
#include <string.h>

/*
 * The table of a grant, and what its lines must be together. What the lines of one key mean is in
 * grant_line.c, single tokens are in grant_token.c.
 */

static const char *const class_names[] = {
    [GRANT_CLASS_NORMAL] = "normal",
    [GRANT_CLASS_PRIVILEGED] = "privileged",
    [GRANT_CLASS_EMERGENCY] = "emergency",
};

const char *grant_class_name(enum grant_class c)
{
    return (size_t)c < ARRAY_SIZE(class_names) ? class_names[c] : NULL;
}

int grant_class_from_name(const char *text, size_t length, enum grant_class *ret)
{
    for (unsigned c = 1; c < ARRAY_SIZE(class_names); c++)
        if (grammar_token_is((struct grammar_token){text, length}, class_names[c])) {
            *ret = (enum grant_class)c;
            return 0;
        }
    return -EINVAL;
}

const char *grant_channel_name(enum grant_channel c)
{
    switch (c) {
    case GRANT_CHANNEL_SHELL:
        return "shell";
    case GRANT_CHANNEL_EXEC:
        return "exec";
    case GRANT_CHANNEL_TRANSFER:
        return "transfer";
    case GRANT_CHANNEL_FORWARD:
        return "forward";
    }
    return NULL;
}

#define AT(member) offsetof(struct grant, member)
#define WHOLE      0 /* the reader sets several members */

static const struct grammar_field grant_fields[] = {
    {"hufu-grant", 1, 1, WHOLE, NULL, value_read_format, value_write_format},
    {"site", 1, 1, AT(site), &value_name, value_read_word, value_write_word},
    {"id", 1, 1, AT(id), NULL, value_read_id, value_write_id},
    {"version", 1, 1, AT(version), NULL, value_read_number, value_write_number},
    {"class", 1, 1, AT(class), NULL, grant_read_class, grant_write_class},
    {"incident-level", 0, 1, AT(incident_level), NULL, grant_read_incident_level, grant_write_incident_level},
    {"vendor", 1, 1, AT(vendor), &value_name, value_read_word, value_write_word},
    {"employer", 1, 1, AT(employer), &value_name, value_read_word, value_write_word},
    {"contract", 1, 1, AT(contract), &value_name, value_read_word, value_write_word},
    {"staff", 1, 1, AT(staff), &value_account, value_read_word, value_write_word},
    {"staff-key", 1, 8, WHOLE, NULL, grant_read_staff_key, grant_write_staff_key},
    {"host", 1, 64, AT(hosts), &grant_token_host, value_read_words, value_write_words},
    {"service", 1, 8, AT(services), &grant_token_service, value_read_words, value_write_words},
    {"channel", 1, 4, AT(channels), NULL, grant_read_channel, grant_write_channel},
    {"run-as", 1, 16, AT(run_as), &grant_token_run_as, grant_read_run_as, grant_write_run_as},
    {"command", 1, 32, WHOLE, &grant_token_command, grant_read_command, grant_write_command},
    {"source", 1, 32, WHOLE, NULL, grant_read_source, grant_write_source},
    {"not-before", 1, 1, AT(valid.from), NULL, value_read_time, value_write_time},
    {"not-after", 1, 1, AT(valid.until), NULL, value_read_time, value_write_time},
    {"hours", 1, 16, WHOLE, NULL, grant_read_hours, grant_write_hours},
    {"uses", 1, 1, AT(uses), NULL, grant_read_uses, grant_write_uses},
    {"sessions", 1, 1, AT(sessions), NULL, grant_read_bound, grant_write_bound},
    {"max-session", 1, 1, AT(max_session), NULL, grant_read_bound, grant_write_bound},
    {"recording", 1, 1, AT(recording_required), NULL, grant_read_recording, grant_write_recording},
    {"requester", 1, 1, AT(requester), &value_name, value_read_word, value_write_word},
    {"ticket", 1, 1, AT(ticket), &value_name, value_read_word, value_write_word},
    {"purpose", 1, 1, AT(purpose), &value_purpose, value_read_word, value_write_word},
};
_Static_assert(ARRAY_SIZE(grant_fields) <= GRAMMAR_FIELDS_MAX, "first_line[] has a place for each field");

static int check_grant(struct grammar_reader *r, const void *document)
{
    const struct grant *g = document;
    unsigned level_line = grammar_line_of(r, "incident-level");

    if (g->class == GRANT_CLASS_EMERGENCY && level_line == 0)
        return document_refuse(r->error, grammar_line_of(r, "class"),
                               N_("class emergency needs `incident-level: 1`, `2` or `3` on the next line"));
    if (g->class != GRANT_CLASS_EMERGENCY && level_line != 0)
        return document_refuse(r->error, level_line, N_("incident-level: stands in class emergency alone"));
    if (g->valid.from >= g->valid.until)
        return document_refuse(r->error, grammar_line_of(r, "not-after"),
                               N_("not-after: is not later than not-before"));
    return 0;
}

static const struct grammar grant_grammar = {
    .max_size = DOCUMENT_MAX_SIZE,
    .max_line = DOCUMENT_MAX_LINE,
    .struct_size = sizeof(struct grant),
    .fields = grant_fields,
    .n_fields = ARRAY_SIZE(grant_fields),
    .check = check_grant,
};

int grant_parse(const void *octets, size_t size, struct grant **ret, struct document_error *error)
{
    struct arena *arena;
    void *document;
    int r;

    *ret = NULL;
    r = grammar_read(&grant_grammar, octets, size, &document, &arena, error);
    if (r != 0)
        return r;
    *ret = document;
    (*ret)->arena = arena;
    r = grant_common_cut(octets, size, arena, &(*ret)->common);
    if (r != 0)
        *ret = grant_free(*ret);
    return r;
}

int grant_write(const struct grant *g, char **ret, struct document_error *error)
{
    cleanup(grant_free_p) struct grant *again = NULL;
    cleanup_buf struct buf text = BUF_INIT;
    int r;

    *ret = NULL;
    r = grammar_write(&grant_grammar, grant_grammar.n_fields, g, &text, error);
    if (r == 0)
        r = grant_parse(text.data, text.size, &again, error);
    if (r != 0)
        return r;
    *ret = buf_steal_text(&text);
    return *ret ? 0 : -ENOMEM;
}

struct grant *grant_free(struct grant *g)
{
    if (g)
        arena_free(g->arena);
    return NULL;
}

bool grant_names_host(const struct grant *g, const char *host, const struct grant_strings *groups)
{
    for (size_t i = 0; i < g->hosts.count; i++) {
        const char *item = g->hosts.items[i];

        if (item[0] != '@' && strcmp(item, host) == 0)
            return true;
        for (size_t k = 0; item[0] == '@' && groups && k < groups->count; k++)
            if (strcmp(item + 1, groups->items[k]) == 0)
                return true;
    }
    return false;
}

bool grant_same_identity(const struct grant *a, const struct grant *b)
{
    return strcmp(a->site, b->site) == 0 && ident_id_equal(&a->id, &b->id) &&
           strcmp(a->vendor, b->vendor) == 0 && strcmp(a->staff, b->staff) == 0 && a->class == b->class;
}
