#include "policy/document/trust.h"

#include "policy/document/trust_line.h"
#include "policy/document/value.h"

#include <errno.h>
#include <string.h>

/*
 * The table of a trust file, and what its lines must be together. A trust file that could not work, or that
 * would need nothing, is refused here: "nothing needed" must not be a way to read it.
 */

#define AT(member) offsetof(struct trust, member)
#define WHOLE      0 /* the reader sets several members */

static const struct grammar_field trust_fields[] = {
    {"hufu-trust", 1, 1, WHOLE, NULL, value_read_format, value_write_format},
    {"site", 1, 1, AT(site), &value_name, value_read_word, value_write_word},
    {"epoch", 1, 1, AT(epoch), NULL, value_read_number, value_write_number},
    {"not-before", 1, 1, AT(valid.from), NULL, value_read_time, value_write_time},
    {"not-after", 1, 1, AT(valid.until), NULL, value_read_time, value_write_time},
    {"anchor", 1, 8, WHOLE, NULL, trust_read_anchors, trust_write_anchors},
    {"requester", 1, 256, WHOLE, NULL, trust_read_requesters, trust_write_requesters},
    {"approver", 1, TRUST_APPROVERS_MAX, WHOLE, NULL, trust_read_approvers, trust_write_approvers},
    {"revoker", 0, 64, WHOLE, NULL, trust_read_revokers, trust_write_revokers},
    {"status-key", 0, 4, WHOLE, NULL, trust_read_status_keys, trust_write_status_keys},
    {"limit", GRANT_CLASS_COUNT, GRANT_CLASS_COUNT, WHOLE, NULL, trust_read_limits, trust_write_limits},
    {"quorum", GRANT_CLASS_COUNT, GRANT_CLASS_COUNT, WHOLE, NULL, trust_read_quorums, trust_write_quorums},
};
_Static_assert(ARRAY_SIZE(trust_fields) <= GRAMMAR_FIELDS_MAX, "first_line[] has a place for each field");

/* --- organisations ----------------------------------------------------------------------------------- */

struct membership {
    const char *person;
    const char *organisation;
    unsigned line;
};

static size_t add_signers(struct membership *list, size_t n, const struct trust_signer *signers,
                          size_t n_signers, unsigned first_line)
{
    for (size_t i = 0; i < n_signers; i++)
        list[n++] = (struct membership){signers[i].person, signers[i].organisation, first_line + (unsigned)i};
    return n;
}

/* Whoever belonged to two organisations could approve for the one what the other gains by. */
static int check_organisations(struct grammar_reader *r, const struct trust *t)
{
    cleanup_free struct membership *list = NULL;
    size_t n = 0;

    list = calloc(t->n_requesters + t->n_approvers + t->n_revokers, sizeof(*list));
    if (!list)
        return -ENOMEM;
    for (size_t i = 0; i < t->n_requesters; i++)
        list[n++] = (struct membership){t->requesters[i].person, t->requesters[i].organisation,
                                        grammar_line_of(r, "requester") + (unsigned)i};
    n = add_signers(list, n, t->approvers, t->n_approvers, grammar_line_of(r, "approver"));
    n = add_signers(list, n, t->revokers, t->n_revokers, grammar_line_of(r, "revoker"));
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < i; k++)
            if (strcmp(list[i].person, list[k].person) == 0 &&
                strcmp(list[i].organisation, list[k].organisation) != 0)
                return document_refuse(r->error, list[i].line,
                                       N_("`%.64s` belongs to two organisations (see line %u)"),
                                       list[i].person, list[k].line);
    return 0;
}

/* --- quorums that can be met ------------------------------------------------------------------------- */

/* Distinct people among the approvers, with all roles that they have in any line. */
struct people {
    const char *person[TRUST_APPROVERS_MAX];
    uint16_t roles[TRUST_APPROVERS_MAX];
    size_t count;
};

static void gather_people(const struct trust *t, struct people *people)
{
    people->count = 0;
    for (size_t i = 0; i < t->n_approvers; i++) {
        size_t k = 0;

        while (k < people->count && strcmp(people->person[k], t->approvers[i].person) != 0)
            k++;
        if (k == people->count) {
            people->person[people->count] = t->approvers[i].person;
            people->roles[people->count++] = 0;
        }
        people->roles[k] = (uint16_t)(people->roles[k] | t->approvers[i].roles);
    }
}

/* Sorted lines: emergency, normal, privileged. */
static unsigned quorum_line(const struct grammar_reader *r, enum grant_class class)
{
    static const unsigned place[] = {
        [GRANT_CLASS_EMERGENCY] = 0, [GRANT_CLASS_NORMAL] = 1, [GRANT_CLASS_PRIVILEGED] = 2};

    return grammar_line_of(r, "quorum") + place[class];
}

static int check_quorums(struct grammar_reader *r, const struct trust *t)
{
    struct people people;

    gather_people(t, &people);
    for (unsigned c = 1; c <= GRANT_CLASS_COUNT; c++) {
        const struct trust_quorum *quorum = &t->quorum[c];
        unsigned line = quorum_line(r, (enum grant_class)c);

        if (quorum->total > TRUST_QUORUM_MAX)
            return document_refuse(
                r->error, line,
                N_("quorum: total=%u cannot be met, since at most %d approvals are looked at"), quorum->total,
                TRUST_QUORUM_MAX);
        if (quorum->total > people.count)
            return document_refuse(r->error, line, N_("quorum: total=%u cannot be met by %zu approvers"),
                                   quorum->total, people.count);
        if (trust_quorum_missing(quorum, people.roles, people.count) > 0)
            return document_refuse(r->error, line,
                                   N_("quorum: the approvers cannot fill these roles, one person a place"));
    }
    return 0;
}

static int check_trust(struct grammar_reader *r, const void *document)
{
    const struct trust *t = document;
    int result;

    if (t->valid.from >= t->valid.until)
        return document_refuse(r->error, grammar_line_of(r, "not-after"),
                               N_("not-after: is not later than not-before"));
    result = check_organisations(r, t);
    return result != 0 ? result : check_quorums(r, t);
}

static const struct grammar trust_grammar = {
    .max_size = DOCUMENT_MAX_SIZE_TRUST,
    .max_line = DOCUMENT_MAX_LINE_TRUST,
    .struct_size = sizeof(struct trust),
    .fields = trust_fields,
    .n_fields = ARRAY_SIZE(trust_fields),
    .check = check_trust,
};

int trust_parse(const void *octets, size_t size, struct trust **ret, struct document_error *error)
{
    struct arena *arena;
    void *document;
    int r;

    *ret = NULL;
    r = grammar_read(&trust_grammar, octets, size, &document, &arena, error);
    if (r != 0)
        return r;
    *ret = document;
    (*ret)->arena = arena;
    return 0;
}

/* Role bits are places in t->roles: another list of roles would be another meaning. */
static bool same_roles(const struct trust *a, const struct trust *b)
{
    if (a->n_roles != b->n_roles)
        return false;
    for (size_t i = 0; i < a->n_roles; i++)
        if (strcmp(a->roles[i], b->roles[i]) != 0)
            return false;
    return true;
}

int trust_write(const struct trust *t, char **ret, struct document_error *error)
{
    cleanup(trust_free_p) struct trust *again = NULL;
    cleanup_buf struct buf text = BUF_INIT;
    int r;

    *ret = NULL;
    if (t->n_roles > TRUST_ROLES_MAX)
        return document_refuse(error, 0, N_("more than %d roles"), TRUST_ROLES_MAX);
    r = grammar_write(&trust_grammar, trust_grammar.n_fields, t, &text, error);
    if (r == 0)
        r = trust_parse(text.data, text.size, &again, error);
    if (r != 0)
        return r;
    if (!same_roles(t, again))
        return document_refuse(error, 0,
                               N_("the roles are not the sorted list of those that approvers have"));
    *ret = buf_steal_text(&text);
    return *ret ? 0 : -ENOMEM;
}

struct trust *trust_free(struct trust *t)
{
    if (t)
        arena_free(t->arena);
    return NULL;
}

int trust_role_index(const struct trust *t, const char *role)
{
    for (size_t i = 0; i < t->n_roles; i++)
        if (strcmp(t->roles[i], role) == 0)
            return (int)i;
    return -ENOENT;
}

const struct trust_requester *trust_find_requester(const struct trust *t, const char *person)
{
    for (size_t i = 0; i < t->n_requesters; i++)
        if (strcmp(t->requesters[i].person, person) == 0)
            return &t->requesters[i];
    return NULL;
}
