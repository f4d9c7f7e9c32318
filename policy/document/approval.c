#include "policy/document/approval.h"

#include "policy/base/buf.h"
#include "policy/document/value.h"

#include <errno.h>
#include <string.h>

/*
 * The last field is the signature; the lines before it are what is signed, together with the subject. A
 * verifier takes them from the octets it received (approval_tbs_of), a signer from the table's writer.
 */

#define SIGNATURE_MAX 1024

struct algorithm_row {
    enum signature_algorithm alg;
    const char *name;
};

static const struct algorithm_row algorithms[] = {
    {SIGNATURE_ED25519, "ed25519"},
    {SIGNATURE_ECDSA_P256_SHA256, "ecdsa-p256-sha256"},
    {SIGNATURE_RSA_PSS_SHA256, "rsa-pss-sha256"},
    {SIGNATURE_SM2_SM3, "sm2-sm3"},
};

const char *signature_algorithm_name(enum signature_algorithm alg)
{
    for (size_t i = 0; i < ARRAY_SIZE(algorithms); i++)
        if (algorithms[i].alg == alg)
            return algorithms[i].name;
    return NULL;
}

int signature_algorithm_from_name(const char *text, size_t length, enum signature_algorithm *ret)
{
    for (size_t i = 0; i < ARRAY_SIZE(algorithms); i++)
        if (grammar_token_is((struct grammar_token){text, length}, algorithms[i].name)) {
            *ret = algorithms[i].alg;
            return 0;
        }
    return -EINVAL;
}

static int read_alg(struct grammar_reader *r, void *member, const struct grammar_line *lines, size_t n)
{
    (void)n;
    if (signature_algorithm_from_name(lines[0].value.text, lines[0].value.length, member) < 0)
        return grammar_refuse_token(r, lines[0].number, lines[0].value, VALUE_EXPECTED_ALGORITHM);
    return 0;
}

static void write_alg(struct grammar_writer *w, const void *member)
{
    const char *name = signature_algorithm_name(*(const enum signature_algorithm *)member);

    if (name)
        grammar_emit(w, "%s", name);
    else
        grammar_cannot_emit(w, "", VALUE_EXPECTED_ALGORITHM);
}

/* --- subject ----------------------------------------------------------------------------------------- */

#define EXPECTED_SUBJECT \
    N_("`grant ID VERSION`, `trust EPOCH`, `revocation ID` or `status TRUST-EPOCH EPOCH`")

/* Which words follow the first: an id or not, and how many numbers. */
struct subject_row {
    enum approval_subject subject;
    const char *name;
    bool id;
    unsigned n_numbers;
};

static const struct subject_row subjects[] = {
    {APPROVAL_SUBJECT_GRANT, "grant", true, 1},
    {APPROVAL_SUBJECT_TRUST, "trust", false, 1},
    {APPROVAL_SUBJECT_REVOCATION, "revocation", true, 0},
    {APPROVAL_SUBJECT_STATUS, "status", false, 2},
};

static bool parse_subject(const struct subject_row *row, const struct grammar_token *words, size_t n,
                          struct approval *a)
{
    size_t at = 1;

    if (n != 1 + (row->id ? 1U : 0U) + row->n_numbers)
        return false;
    if (row->id && ident_parse_id(words[at].text, words[at].length, &a->subject_id) < 0)
        return false;
    at += row->id ? 1 : 0;
    for (unsigned i = 0; i < row->n_numbers; i++, at++)
        if (ident_parse_number(words[at].text, words[at].length, &a->subject_numbers[i]) < 0)
            return false;
    a->subject = row->subject;
    return true;
}

static int read_subject(struct grammar_reader *r, void *member, const struct grammar_line *lines,
                        size_t n_lines)
{
    struct grammar_token words[3];
    size_t n = grammar_split(lines[0].value, ' ', words, ARRAY_SIZE(words));

    (void)n_lines;
    for (size_t i = 0; n > 0 && i < ARRAY_SIZE(subjects); i++)
        if (grammar_token_is(words[0], subjects[i].name) && parse_subject(&subjects[i], words, n, member))
            return 0;
    return grammar_refuse_token(r, lines[0].number, lines[0].value, EXPECTED_SUBJECT);
}

static void write_subject(struct grammar_writer *w, const void *member)
{
    const struct approval *a = member;
    char id[IDENT_ID_TEXT_SIZE];

    ident_format_id(&a->subject_id, id);
    switch (a->subject) {
    case APPROVAL_SUBJECT_GRANT:
        grammar_emit(w, "grant %s %u", id, a->subject_numbers[0]);
        return;
    case APPROVAL_SUBJECT_TRUST:
        grammar_emit(w, "trust %u", a->subject_numbers[0]);
        return;
    case APPROVAL_SUBJECT_REVOCATION:
        grammar_emit(w, "revocation %s", id);
        return;
    case APPROVAL_SUBJECT_STATUS:
        grammar_emit(w, "status %u %u", a->subject_numbers[0], a->subject_numbers[1]);
        return;
    }
    grammar_cannot_emit(w, "", EXPECTED_SUBJECT);
}

/* --- signature --------------------------------------------------------------------------------------- */

static int read_signature(struct grammar_reader *r, void *member, const struct grammar_line *lines, size_t n)
{
    struct approval *a = member;
    int result = value_take_base64(r, lines[0].number, lines[0].value, &a->signature, &a->signature_size);

    (void)n;
    if (result != 0)
        return result;
    if (a->signature_size > SIGNATURE_MAX)
        return grammar_refuse(r, lines[0].number, N_("has %zu octets, more than %d"), a->signature_size,
                              SIGNATURE_MAX);
    a->header_size = (size_t)(lines[0].key.text - r->octets);
    return 0;
}

static void write_signature(struct grammar_writer *w, const void *member)
{
    const struct approval *a = member;
    cleanup_free char *text = NULL;

    if (!a->signature || a->signature_size == 0) {
        grammar_cannot_emit(w, "", N_("a signature"));
        return;
    }
    text = ident_base64_encode(a->signature, a->signature_size);
    if (text)
        grammar_emit(w, "%s", text);
    else
        grammar_no_memory(w);
}

/* --- the table --------------------------------------------------------------------------------------- */

#define AT(member) offsetof(struct approval, member)
#define WHOLE      0 /* the reader sets several members */

static const struct grammar_field approval_fields[] = {
    {"hufu-approval", 1, 1, WHOLE, NULL, value_read_format, value_write_format},
    {"site", 1, 1, AT(site), &value_name, value_read_word, value_write_word},
    {"approver", 1, 1, AT(approver), &value_name, value_read_word, value_write_word},
    {"role", 1, 1, AT(role), &value_role, value_read_word, value_write_word},
    {"alg", 1, 1, AT(alg), NULL, read_alg, write_alg},
    {"cert-sha256", 1, 1, AT(cert_sha256), NULL, value_read_sha256, value_write_sha256},
    {"approved-at", 1, 1, AT(approved_at), NULL, value_read_time, value_write_time},
    {"subject", 1, 1, WHOLE, NULL, read_subject, write_subject},
    {"subject-length", 1, 1, AT(subject_length), NULL, value_read_number, value_write_number},
    {"subject-sha256", 1, 1, AT(subject_sha256), NULL, value_read_sha256, value_write_sha256},
    {"signature", 1, 1, WHOLE, NULL, read_signature, write_signature},
};
_Static_assert(ARRAY_SIZE(approval_fields) <= GRAMMAR_FIELDS_MAX, "first_line[] has a place for each field");

#define N_HEADER_FIELDS (ARRAY_SIZE(approval_fields) - 1)

static int check_approval(struct grammar_reader *r, const void *document)
{
    const struct approval *a = document;
    bool large = a->subject == APPROVAL_SUBJECT_TRUST || a->subject == APPROVAL_SUBJECT_STATUS;
    size_t max = large ? DOCUMENT_MAX_SIZE_TRUST : DOCUMENT_MAX_SIZE;

    if (a->subject_length > max)
        return document_refuse(r->error, grammar_line_of(r, "subject-length"),
                               N_("subject-length: %u is more than a subject of this kind may have (%zu)"),
                               a->subject_length, max);
    return 0;
}

static const struct grammar approval_grammar = {
    .max_size = DOCUMENT_MAX_SIZE,
    .max_line = DOCUMENT_MAX_LINE,
    .struct_size = sizeof(struct approval),
    .fields = approval_fields,
    .n_fields = ARRAY_SIZE(approval_fields),
    .check = check_approval,
};

int approval_parse(const void *octets, size_t size, struct approval **ret, struct document_error *error)
{
    struct arena *arena;
    void *document;
    int r;

    *ret = NULL;
    r = grammar_read(&approval_grammar, octets, size, &document, &arena, error);
    if (r != 0)
        return r;
    *ret = document;
    (*ret)->arena = arena;
    return 0;
}

struct approval *approval_free(struct approval *a)
{
    if (a)
        arena_free(a->arena);
    return NULL;
}

int approval_write(const struct approval *a, char **ret, struct document_error *error)
{
    cleanup(approval_free_p) struct approval *again = NULL;
    cleanup_buf struct buf text = BUF_INIT;
    int r;

    *ret = NULL;
    r = grammar_write(&approval_grammar, ARRAY_SIZE(approval_fields), a, &text, error);
    if (r == 0)
        r = approval_parse(text.data, text.size, &again, error);
    if (r != 0)
        return r;
    *ret = buf_steal_text(&text);
    return *ret ? 0 : -ENOMEM;
}

/* Header lines, an empty line, the subject. */
static int join(const void *header, size_t header_size, const void *subject, size_t subject_size,
                uint8_t **ret, size_t *ret_size)
{
    cleanup_buf struct buf tbs = BUF_INIT;

    buf_put(&tbs, header, header_size);
    buf_puts(&tbs, "\n");
    buf_put(&tbs, subject, subject_size);
    if (buf_error(&tbs) < 0)
        return buf_error(&tbs);
    *ret_size = tbs.size;
    *ret = steal_pointer(&tbs.data);
    return 0;
}

int approval_write_tbs(const struct approval *a, const void *subject, size_t subject_size, uint8_t **ret,
                       size_t *ret_size, struct document_error *error)
{
    static const uint8_t some_signature[1];
    cleanup_buf struct buf header = BUF_INIT;
    cleanup_free char *whole = NULL;
    struct approval complete = *a;
    int r;

    *ret = NULL;
    *ret_size = 0;
    /* The header must be one that a verifier will read: look at it in a complete document. */
    complete.signature = some_signature;
    complete.signature_size = sizeof(some_signature);
    r = approval_write(&complete, &whole, error);
    if (r != 0)
        return r;
    if (subject_size != a->subject_length)
        return document_refuse(error, 0, N_("subject-length: %u, but the subject has %zu octets"),
                               a->subject_length, subject_size);
    r = grammar_write(&approval_grammar, N_HEADER_FIELDS, a, &header, error);
    if (r != 0)
        return r;
    return join(header.data, header.size, subject, subject_size, ret, ret_size);
}

int approval_tbs_of(const void *approval_octets, const struct approval *a, const void *subject,
                    size_t subject_size, uint8_t **ret, size_t *ret_size)
{
    *ret = NULL;
    *ret_size = 0;
    if (a->header_size == 0 || subject_size != a->subject_length)
        return -EINVAL;
    return join(approval_octets, a->header_size, subject, subject_size, ret, ret_size);
}
