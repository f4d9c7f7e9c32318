#include "policy/document/trust_line.h"

#include "policy/document/value.h"

#include <errno.h>
#include <string.h>

/* Lines that say who: anchors, requesters, and three kinds of signers. What classes say is in trust_class.c.
 */

#define EXPECTED_ANCHOR     "`NAME CERTIFICATE`"
#define EXPECTED_REQUESTER  "`PERSON ORGANISATION`"
#define EXPECTED_APPROVER   "`PERSON ORGANISATION ROLES ALGORITHM CERTIFICATE`"
#define EXPECTED_REVOKER    "`PERSON ORGANISATION ALGORITHM CERTIFICATE`"
#define EXPECTED_STATUS_KEY "`NAME ALGORITHM CERTIFICATE`"

static int take_certificate(struct grammar_reader *r, unsigned line, struct grammar_token token,
                            struct trust_certificate *ret)
{
    return value_take_base64(r, line, token, &ret->der, &ret->size);
}

/* Base64 of a certificate for grammar_emit(), the caller's to free; NULL after noting why not. */
static char *certificate_text(struct grammar_writer *w, const struct trust_certificate *certificate)
{
    char *text;

    if (!certificate->der || certificate->size == 0) {
        grammar_cannot_emit(w, "", N_("a certificate"));
        return NULL;
    }
    text = ident_base64_encode(certificate->der, certificate->size);
    if (!text)
        grammar_no_memory(w);
    return text;
}

/* --- anchors, requesters ----------------------------------------------------------------------------- */

int trust_read_anchors(struct grammar_reader *r, void *member, const struct grammar_line *lines, size_t n)
{
    struct trust *t = member;
    struct trust_anchor *anchors = arena_new_array(r->arena, struct trust_anchor, n);

    if (!anchors)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        struct grammar_token words[2];
        int result;

        if (grammar_split(lines[i].value, ' ', words, 2) != 2)
            return grammar_refuse_token(r, lines[i].number, lines[i].value, EXPECTED_ANCHOR);
        result = value_take_word(r, lines[i].number, words[0], &value_name, &anchors[i].name);
        if (result == 0)
            result = take_certificate(r, lines[i].number, words[1], &anchors[i].certificate);
        if (result != 0)
            return result;
        /* Sorted: lines of one name stand together. */
        if (i > 0 && strcmp(anchors[i].name, anchors[i - 1].name) == 0)
            return grammar_refuse(r, lines[i].number, N_("`%s` names two anchors"), anchors[i].name);
    }
    t->anchors = anchors;
    t->n_anchors = n;
    return 0;
}

void trust_write_anchors(struct grammar_writer *w, const void *member)
{
    const struct trust *t = member;

    for (size_t i = 0; i < t->n_anchors; i++) {
        cleanup_free char *certificate = certificate_text(w, &t->anchors[i].certificate);

        if (certificate && value_may_emit(w, &value_name, t->anchors[i].name))
            grammar_emit(w, "%s %s", t->anchors[i].name, certificate);
    }
}

int trust_read_requesters(struct grammar_reader *r, void *member, const struct grammar_line *lines, size_t n)
{
    struct trust *t = member;
    struct trust_requester *requesters = arena_new_array(r->arena, struct trust_requester, n);

    if (!requesters)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        struct grammar_token words[2];
        int result;

        if (grammar_split(lines[i].value, ' ', words, 2) != 2)
            return grammar_refuse_token(r, lines[i].number, lines[i].value, EXPECTED_REQUESTER);
        result = value_take_word(r, lines[i].number, words[0], &value_name, &requesters[i].person);
        if (result == 0)
            result = value_take_word(r, lines[i].number, words[1], &value_name, &requesters[i].organisation);
        if (result != 0)
            return result;
    }
    t->requesters = requesters;
    t->n_requesters = n;
    return 0;
}

void trust_write_requesters(struct grammar_writer *w, const void *member)
{
    const struct trust *t = member;

    for (size_t i = 0; i < t->n_requesters; i++) {
        const struct trust_requester *q = &t->requesters[i];

        if (value_may_emit(w, &value_name, q->person) && value_may_emit(w, &value_name, q->organisation))
            grammar_emit(w, "%s %s", q->person, q->organisation);
    }
}

/* --- roles ------------------------------------------------------------------------------------------- */

/* `total` is a word of quorum lines; `revoker` and `status` are roles by the list one stands in. */
static bool is_approver_role(const char *text, size_t length)
{
    static const char *const reserved[] = {"total", "revoker", "status"};

    for (size_t i = 0; i < ARRAY_SIZE(reserved); i++)
        if (grammar_token_is((struct grammar_token){text, length}, reserved[i]))
            return false;
    return value_role.is(text, length);
}

static const struct grammar_word approver_role = {
    is_approver_role, N_("a role (a-z, then a-z, 0-9, `-`; at most 32) other than total, revoker, status")};

static int compare_role(const char *role, struct grammar_token token)
{
    size_t length = strlen(role);
    int order = memcmp(role, token.text, length < token.length ? length : token.length);

    return order != 0 ? order : (length > token.length) - (length < token.length);
}

/* Keeps t->roles sorted and unique. */
static int add_role(struct grammar_reader *r, unsigned line, struct trust *t, struct grammar_token token)
{
    const char *name = NULL;
    size_t at = 0;
    int result;

    while (at < t->n_roles && compare_role(t->roles[at], token) < 0)
        at++;
    if (at < t->n_roles && compare_role(t->roles[at], token) == 0)
        return 0;
    if (t->n_roles == TRUST_ROLES_MAX)
        return grammar_refuse(r, line, N_("more than %d different roles"), TRUST_ROLES_MAX);
    result = value_take_word(r, line, token, &approver_role, &name);
    if (result != 0)
        return result;
    memmove(&t->roles[at + 1], &t->roles[at], (t->n_roles - at) * sizeof(t->roles[0]));
    t->roles[at] = name;
    t->n_roles++;
    return 0;
}

/* Splits `a,b,c`, sorted and unique. Returns the number of roles, or 0 after refusing. */
static size_t split_roles(struct grammar_reader *r, unsigned line, struct grammar_token token,
                          struct grammar_token roles[static TRUST_ROLES_MAX])
{
    size_t n = grammar_split(token, ',', roles, TRUST_ROLES_MAX);

    for (size_t i = 1; i < n; i++) {
        size_t shorter = roles[i - 1].length < roles[i].length ? roles[i - 1].length : roles[i].length;
        int order = memcmp(roles[i - 1].text, roles[i].text, shorter);

        if (order > 0 || (order == 0 && roles[i - 1].length >= roles[i].length))
            n = 0;
    }
    if (n == 0)
        (void)grammar_refuse_token(r, line, token,
                                   N_("a sorted list of different roles, separated by commas"));
    return n;
}

static int collect_roles(struct grammar_reader *r, struct trust *t, const struct grammar_line *line)
{
    struct grammar_token words[5], roles[TRUST_ROLES_MAX];
    size_t n;

    if (grammar_split(line->value, ' ', words, 5) != 5)
        return grammar_refuse_token(r, line->number, line->value, EXPECTED_APPROVER);
    n = split_roles(r, line->number, words[2], roles);
    if (n == 0)
        return -EINVAL;
    for (size_t i = 0; i < n; i++) {
        int result = add_role(r, line->number, t, roles[i]);

        if (result != 0)
            return result;
    }
    return 0;
}

/* All of them are in t->roles by now. */
static uint16_t role_bits(const struct trust *t, struct grammar_token token)
{
    struct grammar_token roles[TRUST_ROLES_MAX];
    size_t n = grammar_split(token, ',', roles, TRUST_ROLES_MAX);
    unsigned bits = 0;

    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < t->n_roles; k++)
            if (grammar_token_is(roles[i], t->roles[k]))
                bits |= 1U << k;
    return (uint16_t)bits;
}

/* --- signers ----------------------------------------------------------------------------------------- */

/* What lines of a kind of signer have between name and algorithm. */
struct signer_kind {
    bool organisation;
    bool roles;
    const char *expected;
};

static const struct signer_kind approver_kind = {true, true, EXPECTED_APPROVER};
static const struct signer_kind revoker_kind = {true, false, EXPECTED_REVOKER};
static const struct signer_kind status_key_kind = {false, false, EXPECTED_STATUS_KEY};

static int read_signer(struct grammar_reader *r, const struct trust *t, const struct signer_kind *kind,
                       const struct grammar_line *line, struct trust_signer *s)
{
    size_t expected = 3U + kind->organisation + kind->roles, at = 0;
    struct grammar_token words[5];
    int result;

    if (grammar_split(line->value, ' ', words, ARRAY_SIZE(words)) != expected)
        return grammar_refuse_token(r, line->number, line->value, kind->expected);
    result = value_take_word(r, line->number, words[at++], &value_name, &s->person);
    if (result == 0 && kind->organisation)
        result = value_take_word(r, line->number, words[at++], &value_name, &s->organisation);
    if (result != 0)
        return result;
    if (kind->roles)
        s->roles = role_bits(t, words[at++]);
    if (signature_algorithm_from_name(words[at].text, words[at].length, &s->alg) < 0)
        return grammar_refuse_token(r, line->number, words[at], VALUE_EXPECTED_ALGORITHM);
    return take_certificate(r, line->number, words[at + 1], &s->certificate);
}

static int read_signers(struct grammar_reader *r, const struct trust *t, const struct signer_kind *kind,
                        const struct grammar_line *lines, size_t n, const struct trust_signer **ret,
                        size_t *n_ret)
{
    struct trust_signer *signers = arena_new_array(r->arena, struct trust_signer, n);

    if (!signers)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        int result = read_signer(r, t, kind, &lines[i], &signers[i]);

        if (result != 0)
            return result;
    }
    *ret = signers;
    *n_ret = n;
    return 0;
}

/* " leader,unit" or, for a kind without roles, nothing. */
static void put_roles(struct grammar_writer *w, struct buf *text, const struct trust *t, unsigned roles)
{
    const char *separator = " ";

    if (roles == 0 || roles >> t->n_roles != 0)
        grammar_cannot_emit(w, "", N_("a set of the file's roles"));
    for (size_t i = 0; i < t->n_roles && i < TRUST_ROLES_MAX; i++)
        if (roles >> i & 1 && value_may_emit(w, &approver_role, t->roles[i])) {
            buf_printf(text, "%s%s", separator, t->roles[i]);
            separator = ",";
        }
}

static void write_signer(struct grammar_writer *w, const struct trust *t, const struct signer_kind *kind,
                         const struct trust_signer *s)
{
    cleanup_free char *certificate = certificate_text(w, &s->certificate);
    cleanup_free char *middle = NULL;
    cleanup_buf struct buf text = BUF_INIT;
    const char *alg = signature_algorithm_name(s->alg);

    if (!certificate || !value_may_emit(w, &value_name, s->person))
        return;
    if (kind->organisation && value_may_emit(w, &value_name, s->organisation))
        buf_printf(&text, " %s", s->organisation);
    if (kind->roles)
        put_roles(w, &text, t, s->roles);
    middle = buf_steal_text(&text);
    if (!alg)
        grammar_cannot_emit(w, "", VALUE_EXPECTED_ALGORITHM);
    else if (!middle)
        grammar_no_memory(w);
    else
        grammar_emit(w, "%s%s %s %s", s->person, middle, alg, certificate);
}

int trust_read_approvers(struct grammar_reader *r, void *member, const struct grammar_line *lines, size_t n)
{
    struct trust *t = member;

    for (size_t i = 0; i < n; i++) {
        int result = collect_roles(r, t, &lines[i]);

        if (result != 0)
            return result;
    }
    return read_signers(r, t, &approver_kind, lines, n, &t->approvers, &t->n_approvers);
}

void trust_write_approvers(struct grammar_writer *w, const void *member)
{
    const struct trust *t = member;

    for (size_t i = 0; i < t->n_approvers; i++)
        write_signer(w, t, &approver_kind, &t->approvers[i]);
}

int trust_read_revokers(struct grammar_reader *r, void *member, const struct grammar_line *lines, size_t n)
{
    struct trust *t = member;

    return read_signers(r, t, &revoker_kind, lines, n, &t->revokers, &t->n_revokers);
}

void trust_write_revokers(struct grammar_writer *w, const void *member)
{
    const struct trust *t = member;

    for (size_t i = 0; i < t->n_revokers; i++)
        write_signer(w, t, &revoker_kind, &t->revokers[i]);
}

int trust_read_status_keys(struct grammar_reader *r, void *member, const struct grammar_line *lines, size_t n)
{
    struct trust *t = member;

    return read_signers(r, t, &status_key_kind, lines, n, &t->status_keys, &t->n_status_keys);
}

void trust_write_status_keys(struct grammar_writer *w, const void *member)
{
    const struct trust *t = member;

    for (size_t i = 0; i < t->n_status_keys; i++)
        write_signer(w, t, &status_key_kind, &t->status_keys[i]);
}
