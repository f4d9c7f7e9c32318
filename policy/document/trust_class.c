#include "policy/document/trust_line.h"
#include "policy/document/value.h"

#include <string.h>

/* Lines that say what holds for a class: limits and quorums, exactly one of each a class. */

#define EXPECTED_LIMIT  "`CLASS validity=SECONDS session=SECONDS any=FIELDS`"
#define EXPECTED_QUORUM N_("`CLASS total=N` and `ROLE=N`, sorted, for roles of the approver lines")

/* `name=value`, both not empty. */
static bool split_pair(struct grammar_token token, struct grammar_token *name, struct grammar_token *value)
{
    struct grammar_token halves[2];

    if (grammar_split(token, '=', halves, 2) != 2)
        return false;
    *name = halves[0];
    *value = halves[1];
    return true;
}

/* The number of a `name=N` pair. Returns 0 or -EINVAL (refused). */
static int take_pair_number(struct grammar_reader *r, unsigned line, struct grammar_token token,
                            const char *name, uint32_t *ret)
{
    struct grammar_token key, value;

    if (!split_pair(token, &key, &value) || !grammar_token_is(key, name)) {
        char quoted[GRAMMAR_QUOTE_SIZE];

        grammar_quote(token, quoted);
        return grammar_refuse(r, line, N_("`%s` is not `%s=N`"), quoted, name);
    }
    return value_take_number(r, line, value, ret);
}

static int take_class(struct grammar_reader *r, unsigned line, struct grammar_token token,
                      enum grant_class *ret)
{
    if (grant_class_from_name(token.text, token.length, ret) < 0)
        return grammar_refuse_token(r, line, token, N_("a class: normal, privileged or emergency"));
    return 0;
}

/* --- limits ------------------------------------------------------------------------------------------ */

struct any_row {
    enum trust_any bit;
    const char *name;
};

/* Sorted by name. */
static const struct any_row any_rows[] = {
    {TRUST_ANY_COMMAND, "command"},   {TRUST_ANY_HOURS, "hours"},   {TRUST_ANY_MAX_SESSION, "max-session"},
    {TRUST_ANY_SESSIONS, "sessions"}, {TRUST_ANY_SOURCE, "source"}, {TRUST_ANY_USES, "uses"},
};

static bool parse_any(struct grammar_token list, uint8_t *ret)
{
    struct grammar_token words[ARRAY_SIZE(any_rows)];
    size_t n, row = 0;

    *ret = 0;
    if (grammar_token_is(list, "none"))
        return true;
    n = grammar_split(list, ',', words, ARRAY_SIZE(words));
    for (size_t i = 0; i < n; i++) {
        while (row < ARRAY_SIZE(any_rows) && !grammar_token_is(words[i], any_rows[row].name))
            row++;
        if (row == ARRAY_SIZE(any_rows))
            return false;
        *ret |= (uint8_t)any_rows[row++].bit;
    }
    return n > 0;
}

static int read_limit(struct grammar_reader *r, struct trust *t, const struct grammar_line *line)
{
    struct grammar_token words[4], key, value;
    struct trust_limit limit;
    enum grant_class class;
    int result;

    if (grammar_split(line->value, ' ', words, ARRAY_SIZE(words)) != ARRAY_SIZE(words))
        return grammar_refuse_token(r, line->number, line->value, EXPECTED_LIMIT);
    result = take_class(r, line->number, words[0], &class);
    if (result == 0)
        result = take_pair_number(r, line->number, words[1], "validity", &limit.validity);
    if (result == 0)
        result = take_pair_number(r, line->number, words[2], "session", &limit.session);
    if (result != 0)
        return result;
    if (!split_pair(words[3], &key, &value) || !grammar_token_is(key, "any") || !parse_any(value, &limit.any))
        return grammar_refuse_token(
            r, line->number, words[3],
            N_("`any=none` or `any=` and a sorted list of command, hours, max-session, "
               "sessions, source, uses"));
    if (t->limit[class].validity != 0)
        return grammar_refuse(r, line->number, N_("class %s has two lines"), grant_class_name(class));
    t->limit[class] = limit;
    return 0;
}

int trust_read_limits(struct grammar_reader *r, void *member, const struct grammar_line *lines, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int result = read_limit(r, member, &lines[i]);

        if (result != 0)
            return result;
    }
    return 0;
}

/* "any=..." into `text`. */
static void put_any(struct grammar_writer *w, struct buf *text, unsigned any)
{
    const char *separator = "any=";

    if (any == 0)
        buf_puts(text, "any=none");
    for (size_t i = 0; i < ARRAY_SIZE(any_rows); i++) {
        if (any & any_rows[i].bit) {
            buf_printf(text, "%s%s", separator, any_rows[i].name);
            separator = ",";
        }
        any &= ~(unsigned)any_rows[i].bit;
    }
    if (any != 0)
        grammar_cannot_emit(w, "", N_("a set of known fields"));
}

void trust_write_limits(struct grammar_writer *w, const void *member)
{
    const struct trust *t = member;

    for (unsigned c = 1; c <= GRANT_CLASS_COUNT; c++) {
        const struct trust_limit *limit = &t->limit[c];
        cleanup_buf struct buf text = BUF_INIT;
        cleanup_free char *any = NULL;

        put_any(w, &text, limit->any);
        any = buf_steal_text(&text);
        if (any)
            grammar_emit(w, "%s validity=%u session=%u %s", grant_class_name((enum grant_class)c),
                         limit->validity, limit->session, any);
        else
            grammar_no_memory(w);
    }
}

/* --- quorums ----------------------------------------------------------------------------------------- */

/* `ROLE=N` pairs in the order of t->roles, which is sorted. */
static int read_quorum_roles(struct grammar_reader *r, const struct trust *t, const struct grammar_line *line,
                             const struct grammar_token *words, size_t n, struct trust_quorum *quorum)
{
    size_t role = 0;

    for (size_t i = 0; i < n; i++, role++) {
        struct grammar_token name, value;
        int result;

        if (!split_pair(words[i], &name, &value))
            return grammar_refuse_token(r, line->number, words[i], "`ROLE=N`");
        while (role < t->n_roles && !grammar_token_is(name, t->roles[role]))
            role++;
        if (role == t->n_roles)
            return grammar_refuse_token(r, line->number, name,
                                        N_("a role of the approver lines, in sorted order"));
        result = value_take_number(r, line->number, value, &quorum->role[role]);
        if (result != 0)
            return result;
    }
    return 0;
}

static int read_quorum(struct grammar_reader *r, struct trust *t, const struct grammar_line *line)
{
    struct grammar_token words[2 + TRUST_ROLES_MAX];
    size_t n = grammar_split(line->value, ' ', words, ARRAY_SIZE(words));
    struct trust_quorum quorum = {0};
    enum grant_class class;
    uint64_t sum = 0;
    int result;

    if (n < 2)
        return grammar_refuse_token(r, line->number, line->value, EXPECTED_QUORUM);
    result = take_class(r, line->number, words[0], &class);
    if (result == 0)
        result = take_pair_number(r, line->number, words[1], "total", &quorum.total);
    if (result == 0)
        result = read_quorum_roles(r, t, line, words + 2, n - 2, &quorum);
    if (result != 0)
        return result;
    for (size_t i = 0; i < t->n_roles; i++)
        sum += quorum.role[i];
    if (quorum.total < sum)
        return grammar_refuse(r, line->number, N_("total=%u is less than its roles need together"),
                              quorum.total);
    if (t->quorum[class].total != 0)
        return grammar_refuse(r, line->number, N_("class %s has two lines"), grant_class_name(class));
    t->quorum[class] = quorum;
    return 0;
}

int trust_read_quorums(struct grammar_reader *r, void *member, const struct grammar_line *lines, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int result = read_quorum(r, member, &lines[i]);

        if (result != 0)
            return result;
    }
    return 0;
}

void trust_write_quorums(struct grammar_writer *w, const void *member)
{
    const struct trust *t = member;

    for (unsigned c = 1; c <= GRANT_CLASS_COUNT; c++) {
        const struct trust_quorum *quorum = &t->quorum[c];
        cleanup_buf struct buf text = BUF_INIT;
        cleanup_free char *roles = NULL;

        for (size_t i = 0; i < TRUST_ROLES_MAX; i++) {
            if (quorum->role[i] == 0)
                continue;
            if (i < t->n_roles)
                buf_printf(&text, " %s=%u", t->roles[i], quorum->role[i]);
            else
                grammar_cannot_emit(w, "", N_("a quorum of the file's roles"));
        }
        roles = buf_steal_text(&text);
        if (roles)
            grammar_emit(w, "%s total=%u%s", grant_class_name((enum grant_class)c), quorum->total, roles);
        else
            grammar_no_memory(w);
    }
}
