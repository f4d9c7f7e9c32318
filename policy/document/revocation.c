#include "policy/document/revocation.h"

#include "policy/document/value.h"

#include <errno.h>
#include <string.h>

#define EXPECTED_SCOPE N_("`grant ID`, `staff ACCOUNT` or `vendor NAME`")
#define EXPECTED_UNTIL N_("a time like 2026-11-21T00:00:00Z, or `forever`")

/* --- scope ------------------------------------------------------------------------------------------- */

/* What the second word is: `word`, or an id where there is none. */
struct scope_row {
    enum revocation_scope scope;
    const char *name;
    const struct grammar_word *word;
};

static const struct scope_row scopes[] = {
    {REVOCATION_SCOPE_GRANT, "grant", NULL},
    {REVOCATION_SCOPE_STAFF, "staff", &value_account},
    {REVOCATION_SCOPE_VENDOR, "vendor", &value_name},
};

static const struct scope_row *find_scope(enum revocation_scope scope)
{
    for (size_t i = 0; i < ARRAY_SIZE(scopes); i++)
        if (scopes[i].scope == scope)
            return &scopes[i];
    return NULL;
}

const char *revocation_scope_name(enum revocation_scope scope)
{
    const struct scope_row *row = find_scope(scope);

    return row ? row->name : NULL;
}

static int read_named(struct grammar_reader *r, const struct scope_row *row, const struct grammar_line *line,
                      struct grammar_token name, struct revocation *x)
{
    x->scope = row->scope;
    if (row->word)
        return value_take_word(r, line->number, name, row->word, &x->name);
    if (ident_parse_id(name.text, name.length, &x->grant) < 0)
        return grammar_refuse_token(r, line->number, name, VALUE_EXPECTED_ID);
    return 0;
}

static int read_scope(struct grammar_reader *r, void *member, const struct grammar_line *lines, size_t n)
{
    struct grammar_token words[2];

    (void)n;
    if (grammar_split(lines[0].value, ' ', words, ARRAY_SIZE(words)) == 2)
        for (size_t i = 0; i < ARRAY_SIZE(scopes); i++)
            if (grammar_token_is(words[0], scopes[i].name))
                return read_named(r, &scopes[i], &lines[0], words[1], member);
    return grammar_refuse_token(r, lines[0].number, lines[0].value, EXPECTED_SCOPE);
}

static void write_scope(struct grammar_writer *w, const void *member)
{
    const struct revocation *x = member;
    const struct scope_row *row = find_scope(x->scope);
    char id[IDENT_ID_TEXT_SIZE];

    if (!row) {
        grammar_cannot_emit(w, "", EXPECTED_SCOPE);
        return;
    }
    ident_format_id(&x->grant, id);
    if (!row->word)
        grammar_emit(w, "%s %s", row->name, id);
    else if (value_may_emit(w, row->word, x->name))
        grammar_emit(w, "%s %s", row->name, x->name);
}

/* --- until ------------------------------------------------------------------------------------------- */

static int read_until(struct grammar_reader *r, void *member, const struct grammar_line *lines, size_t n)
{
    when_t *until = member;

    (void)n;
    if (grammar_token_is(lines[0].value, "forever"))
        *until = WHEN_NEVER;
    else if (when_parse(lines[0].value.text, lines[0].value.length, until) < 0)
        return grammar_refuse_token(r, lines[0].number, lines[0].value, EXPECTED_UNTIL);
    return 0;
}

static void write_until(struct grammar_writer *w, const void *member)
{
    if (*(const when_t *)member == WHEN_NEVER)
        grammar_emit(w, "forever");
    else
        value_write_time(w, member);
}

/* --- the table --------------------------------------------------------------------------------------- */

#define AT(member) offsetof(struct revocation, member)
#define WHOLE      0 /* the reader sets several members */

static const struct grammar_field revocation_fields[] = {
    {"hufu-revocation", 1, 1, WHOLE, NULL, value_read_format, value_write_format},
    {"site", 1, 1, AT(site), &value_name, value_read_word, value_write_word},
    {"id", 1, 1, AT(id), NULL, value_read_id, value_write_id},
    {"scope", 1, 1, WHOLE, NULL, read_scope, write_scope},
    {"until", 1, 1, AT(until), NULL, read_until, write_until},
    {"revoked-at", 1, 1, AT(revoked_at), NULL, value_read_time, value_write_time},
    {"reason", 1, 1, AT(reason), &value_purpose, value_read_word, value_write_word},
};
_Static_assert(ARRAY_SIZE(revocation_fields) <= GRAMMAR_FIELDS_MAX,
               "first_line[] has a place for each field");

static int check_revocation(struct grammar_reader *r, const void *document)
{
    const struct revocation *x = document;

    if (x->until <= x->revoked_at)
        return document_refuse(r->error, grammar_line_of(r, "until"),
                               N_("until: is not later than revoked-at"));
    return 0;
}

static const struct grammar revocation_grammar = {
    .max_size = DOCUMENT_MAX_SIZE,
    .max_line = DOCUMENT_MAX_LINE,
    .struct_size = sizeof(struct revocation),
    .fields = revocation_fields,
    .n_fields = ARRAY_SIZE(revocation_fields),
    .check = check_revocation,
};

int revocation_parse(const void *octets, size_t size, struct revocation **ret, struct document_error *error)
{
    struct arena *arena;
    void *document;
    int r;

    *ret = NULL;
    r = grammar_read(&revocation_grammar, octets, size, &document, &arena, error);
    if (r != 0)
        return r;
    *ret = document;
    (*ret)->arena = arena;
    return 0;
}

int revocation_write(const struct revocation *x, char **ret, struct document_error *error)
{
    cleanup(revocation_free_p) struct revocation *again = NULL;
    cleanup_buf struct buf text = BUF_INIT;
    int r;

    *ret = NULL;
    r = grammar_write(&revocation_grammar, revocation_grammar.n_fields, x, &text, error);
    if (r == 0)
        r = revocation_parse(text.data, text.size, &again, error);
    if (r != 0)
        return r;
    *ret = buf_steal_text(&text);
    return *ret ? 0 : -ENOMEM;
}

struct revocation *revocation_free(struct revocation *x)
{
    if (x)
        arena_free(x->arena);
    return NULL;
}
