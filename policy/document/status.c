#include "policy/document/status.h"

#include "policy/document/value.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#define EXPECTED_MINIMUM "`ID VERSION`"

/* --- lists ------------------------------------------------------------------------------------------- */

static int read_revoked(struct grammar_reader *r, void *member, const struct grammar_line *lines, size_t n)
{
    struct status *s = member;
    struct ident_id *ids = arena_new_array(r->arena, struct ident_id, n);

    if (!ids)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        int result = value_read_id(r, &ids[i], &lines[i], 1);

        if (result != 0)
            return result;
    }
    s->revoked = ids;
    s->n_revoked = n;
    return 0;
}

static void write_revoked(struct grammar_writer *w, const void *member)
{
    const struct status *s = member;

    for (size_t i = 0; i < s->n_revoked; i++)
        value_write_id(w, &s->revoked[i]);
}

static int read_certificates(struct grammar_reader *r, void *member, const struct grammar_line *lines,
                             size_t n)
{
    struct status *s = member;
    struct status_certificate *list = arena_new_array(r->arena, struct status_certificate, n);

    if (!list)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        int result = value_read_sha256(r, list[i].sha256, &lines[i], 1);

        if (result != 0)
            return result;
    }
    s->revoked_certificates = list;
    s->n_revoked_certificates = n;
    return 0;
}

static void write_certificates(struct grammar_writer *w, const void *member)
{
    const struct status *s = member;

    for (size_t i = 0; i < s->n_revoked_certificates; i++)
        value_write_sha256(w, s->revoked_certificates[i].sha256);
}

static int read_minimum(struct grammar_reader *r, const struct grammar_line *line, struct status_minimum *ret)
{
    struct grammar_token words[2];

    if (grammar_split(line->value, ' ', words, ARRAY_SIZE(words)) != 2 ||
        ident_parse_id(words[0].text, words[0].length, &ret->id) < 0)
        return grammar_refuse_token(r, line->number, line->value, EXPECTED_MINIMUM);
    return value_take_number(r, line->number, words[1], &ret->version);
}

static int read_minimums(struct grammar_reader *r, void *member, const struct grammar_line *lines, size_t n)
{
    struct status *s = member;
    struct status_minimum *list = arena_new_array(r->arena, struct status_minimum, n);

    if (!list)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        int result = read_minimum(r, &lines[i], &list[i]);

        if (result != 0)
            return result;
        /* Sorted: lines of one id stand together. */
        if (i > 0 && ident_id_equal(&list[i].id, &list[i - 1].id))
            return grammar_refuse(r, lines[i].number, N_("one grant has two minimum versions"));
    }
    s->minimum_versions = list;
    s->n_minimum_versions = n;
    return 0;
}

static void write_minimums(struct grammar_writer *w, const void *member)
{
    const struct status *s = member;

    for (size_t i = 0; i < s->n_minimum_versions; i++) {
        char id[IDENT_ID_TEXT_SIZE];

        ident_format_id(&s->minimum_versions[i].id, id);
        grammar_emit(w, "%s %u", id, s->minimum_versions[i].version);
    }
}

/* --- the table --------------------------------------------------------------------------------------- */

#define AT(member)     offsetof(struct status, member)
#define WHOLE          0 /* the reader sets several members */
#define AS_MANY_AS_FIT UINT_MAX

static const struct grammar_field status_fields[] = {
    {"hufu-status", 1, 1, WHOLE, NULL, value_read_format, value_write_format},
    {"site", 1, 1, AT(site), &value_name, value_read_word, value_write_word},
    {"trust-epoch", 1, 1, AT(trust_epoch), NULL, value_read_number, value_write_number},
    {"epoch", 1, 1, AT(epoch), NULL, value_read_number, value_write_number},
    {"issued", 1, 1, AT(issued), NULL, value_read_time, value_write_time},
    {"expires", 1, 1, AT(expires), NULL, value_read_time, value_write_time},
    {"revoked", 0, AS_MANY_AS_FIT, WHOLE, NULL, read_revoked, write_revoked},
    {"revoked-certificate", 0, AS_MANY_AS_FIT, WHOLE, NULL, read_certificates, write_certificates},
    {"minimum-version", 0, AS_MANY_AS_FIT, WHOLE, NULL, read_minimums, write_minimums},
};
_Static_assert(ARRAY_SIZE(status_fields) <= GRAMMAR_FIELDS_MAX, "first_line[] has a place for each field");

static int check_status(struct grammar_reader *r, const void *document)
{
    const struct status *s = document;

    if (s->issued >= s->expires)
        return document_refuse(r->error, grammar_line_of(r, "expires"),
                               N_("expires: is not later than issued"));
    return 0;
}

static const struct grammar status_grammar = {
    .max_size = DOCUMENT_MAX_SIZE_TRUST,
    .max_line = DOCUMENT_MAX_LINE_TRUST,
    .struct_size = sizeof(struct status),
    .fields = status_fields,
    .n_fields = ARRAY_SIZE(status_fields),
    .check = check_status,
};

int status_parse(const void *octets, size_t size, struct status **ret, struct document_error *error)
{
    struct arena *arena;
    void *document;
    int r;

    *ret = NULL;
    r = grammar_read(&status_grammar, octets, size, &document, &arena, error);
    if (r != 0)
        return r;
    *ret = document;
    (*ret)->arena = arena;
    return 0;
}

int status_write(const struct status *s, char **ret, struct document_error *error)
{
    cleanup(status_free_p) struct status *again = NULL;
    cleanup_buf struct buf text = BUF_INIT;
    int r;

    *ret = NULL;
    r = grammar_write(&status_grammar, status_grammar.n_fields, s, &text, error);
    if (r == 0)
        r = status_parse(text.data, text.size, &again, error);
    if (r != 0)
        return r;
    *ret = buf_steal_text(&text);
    return *ret ? 0 : -ENOMEM;
}

struct status *status_free(struct status *s)
{
    if (s)
        arena_free(s->arena);
    return NULL;
}
