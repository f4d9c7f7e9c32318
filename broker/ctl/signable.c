#include "broker/ctl/signable.h"

#include "broker/ctl/papers.h"
#include "broker/trust/digest.h"
#include "policy/base/buf.h"

#include <errno.h>
#include <string.h>

void signable_done(struct signable *s)
{
    grant_free(s->grant);
    trust_free(s->trust);
    revocation_free(s->revocation);
    status_free(s->status);
    free(s->text);
    *s = (struct signable){0};
}

static int parse(struct signable *s, struct document_error *error)
{
    switch (s->type) {
    case DOCUMENT_GRANT:
        return grant_parse(s->text, s->size, &s->grant, error);
    case DOCUMENT_TRUST:
        return trust_parse(s->text, s->size, &s->trust, error);
    case DOCUMENT_REVOCATION:
        return revocation_parse(s->text, s->size, &s->revocation, error);
    case DOCUMENT_STATUS:
        return status_parse(s->text, s->size, &s->status, error);
    case DOCUMENT_APPROVAL:
        break;
    }
    return -ENOTSUP;
}

static const struct ident_id *id_of(const struct signable *s)
{
    if (s->grant)
        return &s->grant->id;
    return s->revocation ? &s->revocation->id : NULL;
}

static int make_code(struct signable *s)
{
    const struct ident_id *id = id_of(s);
    uint8_t digest[32];
    char hex[65];

    if (id) {
        ident_format_id(id, hex);
    } else {
        if (digest_sha256(s->text, s->size, digest) < 0)
            return -ENOMEM;
        ident_format_hex(digest, sizeof(digest), hex);
    }
    (void)snprintf(s->code, sizeof(s->code), "%.*s", SIGNABLE_CODE_DIGITS, hex);
    return 0;
}

/* Parses s->text. */
static int take_apart(struct signable *s, struct document_error *error)
{
    int r = document_type_of(s->text, s->size, &s->type) < 0 ? -ENOTSUP : parse(s, error);

    return r < 0 ? r : make_code(s);
}

int signable_parse(const void *octets, size_t size, struct signable *s, struct document_error *error)
{
    *s = (struct signable){.text = malloc(size + 1), .size = size};
    if (!s->text)
        return -ENOMEM;
    memcpy(s->text, octets, size);
    s->text[size] = '\0';
    return take_apart(s, error);
}

enum exit_code signable_read(const struct cli *cli, const char *path, struct signable *s)
{
    struct document_error error = {.in_words = i18n_words};
    enum exit_code code = papers_read(cli, path, DOCUMENT_MAX_SIZE_TRUST, &s->text, &s->size);
    int r;

    if (code != EXIT_DONE)
        return code;
    r = take_apart(s, &error);
    if (r == -ENOTSUP)
        return cli_fail(cli, EXIT_REFUSED, _("%s is neither a grant nor a trust file, revocation or status"),
                        path);
    if (r == -EINVAL)
        return cli_fail(cli, EXIT_REFUSED, _("%s, line %u: %s"), path, error.line, error.reason);
    return r < 0 ? cli_fail(cli, EXIT_REFUSED, _("out of memory")) : EXIT_DONE;
}

void signable_title(const struct signable *s, char text[static SIGNABLE_TITLE_SIZE])
{
    char id[IDENT_ID_TEXT_SIZE] = "";

    if (id_of(s))
        ident_format_id(id_of(s), id);
    if (s->grant)
        (void)snprintf(text, SIGNABLE_TITLE_SIZE, _("grant %s version %u"), id, s->grant->version);
    else if (s->revocation)
        (void)snprintf(text, SIGNABLE_TITLE_SIZE, _("revocation %s"), id);
    else if (s->trust)
        (void)snprintf(text, SIGNABLE_TITLE_SIZE, _("trust epoch %u"), s->trust->epoch);
    else
        (void)snprintf(text, SIGNABLE_TITLE_SIZE, _("status %u of trust epoch %u"), s->status->epoch,
                       s->status->trust_epoch);
}

static bool is_named_by(const struct signable *s, const struct approval *a)
{
    switch (a->subject) {
    case APPROVAL_SUBJECT_GRANT:
        return s->grant && ident_id_equal(&s->grant->id, &a->subject_id) &&
               s->grant->version == a->subject_numbers[0];
    case APPROVAL_SUBJECT_TRUST:
        return s->trust && s->trust->epoch == a->subject_numbers[0];
    case APPROVAL_SUBJECT_REVOCATION:
        return s->revocation && ident_id_equal(&s->revocation->id, &a->subject_id);
    case APPROVAL_SUBJECT_STATUS:
        return s->status && s->status->trust_epoch == a->subject_numbers[0] &&
               s->status->epoch == a->subject_numbers[1];
    }
    return false;
}

bool signable_is_subject(const struct signable *s, const struct approval *a)
{
    uint8_t digest[32];

    return is_named_by(s, a) && a->subject_length == s->size &&
           digest_sha256(s->text, s->size, digest) == 0 &&
           memcmp(digest, a->subject_sha256, sizeof(digest)) == 0;
}

void signable_ask(FILE *terminal, const struct signable *s, const char *person, const char *role)
{
    (void)fputc('\n', terminal);
    if (s->grant)
        (void)fprintf(terminal, _("Sign this grant as %s, %s? Type the first %d digits of its id: "), person,
                      role, SIGNABLE_CODE_DIGITS);
    else if (s->revocation)
        (void)fprintf(terminal, _("Sign this revocation as %s, %s? Type the first %d digits of its id: "),
                      person, role, SIGNABLE_CODE_DIGITS);
    else if (s->trust)
        (void)fprintf(terminal, _("Sign this trust file as %s, %s? Type %s: "), person, role, s->code);
    else
        (void)fprintf(terminal, _("Sign this status as %s, %s? Type %s: "), person, role, s->code);
}

const char *signable_fault(const struct signable *s, const struct trust_set *t, when_t now)
{
    const struct trust *d = trust_set_document(t);

    if (s->grant)
        return papers_fault_of_grant(t, s->grant);
    if (s->trust && (s->trust->epoch < d->epoch || s->trust->epoch - d->epoch > 1))
        return _("its epoch is neither that of the trust file nor the next one");
    if (s->revocation && s->revocation->until <= now)
        return _("its end, until, has passed already");
    if (s->status && s->status->expires <= now)
        return _("it has expired already");
    return NULL;
}

int signable_verify(const struct signable *s, const struct trust_set *t, const struct octets *approvals,
                    size_t n_approvals, when_t now, struct grant_standing *ret)
{
    struct octets document = {(const uint8_t *)s->text, s->size};

    if (s->grant)
        return trust_verify_grant(t, s->grant, document, approvals, n_approvals, now, ret);
    if (s->trust)
        return trust_verify_trust(t, s->trust, document, approvals, n_approvals, now, ret);
    if (s->revocation)
        return trust_verify_revocation(t, s->revocation, document, approvals, n_approvals, now, ret);
    return trust_verify_status(t, s->status, document, approvals, n_approvals, now, ret);
}

/* --- what an approval is worth ------------------------------------------------------------------------ */

/* Class whose quorum it needs; false: one signature is enough. */
static bool class_of(const struct signable *s, enum grant_class *ret)
{
    *ret = s->grant ? s->grant->class : GRANT_CLASS_PRIVILEGED;
    return s->grant || s->trust;
}

/* "1 leader, 1 unit, 1 in any role". The caller's to free; NULL without memory. */
static char *describe_places(const struct trust *d, const struct trust_quorum *quorum)
{
    cleanup_buf struct buf text = BUF_INIT;
    uint32_t others = quorum->total;

    for (size_t i = 0; i < d->n_roles; i++) {
        if (quorum->role[i] == 0)
            continue;
        buf_printf(&text, "%s%u %s", text.size > 0 ? ", " : "", quorum->role[i], d->roles[i]);
        others -= quorum->role[i];
    }
    if (others > 0) {
        buf_puts(&text, text.size > 0 ? ", " : "");
        buf_printf(&text, _("%u in any role"), others);
    }
    return buf_steal_text(&text);
}

static void print_quorum(FILE *out, const struct trust *d, enum grant_class class)
{
    const struct trust_quorum *quorum = &d->quorum[class];
    cleanup_free char *places = describe_places(d, quorum);

    if (quorum->total == 1)
        (void)fprintf(out, _("Class %s needs this one signature alone.\n"), grant_class_name(class));
    else if (places)
        (void)fprintf(out, _("This is one of the %u signatures that class %s needs in all: %s.\n"),
                      quorum->total, grant_class_name(class), places);
}

static void print_revocation(FILE *out, const struct revocation *x)
{
    char id[IDENT_ID_TEXT_SIZE];
    char until[WHEN_TEXT_SIZE];

    ident_format_id(&x->grant, id);
    when_format(x->until, until);
    if (x->until == WHEN_NEVER)
        (void)fprintf(out, _("One signature is enough: it revokes %s %s for ever, where it arrives.\n"),
                      revocation_scope_name(x->scope), x->name ? x->name : id);
    else
        (void)fprintf(out, _("One signature is enough: it revokes %s %s until %s, where it arrives.\n"),
                      revocation_scope_name(x->scope), x->name ? x->name : id, until);
}

static void print_status(FILE *out, const struct status *s)
{
    char until[WHEN_TEXT_SIZE];

    when_format(s->expires, until);
    (void)fprintf(out,
                  _("One signature is enough: status %u of trust epoch %u (revoked: %zu, certificates: %zu, "
                    "minimum versions: %zu), accepted until %s at the latest.\n"),
                  s->epoch, s->trust_epoch, s->n_revoked, s->n_revoked_certificates, s->n_minimum_versions,
                  until);
}

void signable_print_worth(FILE *out, const struct signable *s, const struct trust_set *t,
                          const struct grant_standing *standing)
{
    enum grant_class class;

    if (standing->standing == REASON_TRUST_EXPIRED)
        (void)fputs(_("The trust file is not valid now, so nothing counts.\n"), out);
    else if (class_of(s, &class))
        print_quorum(out, trust_set_document(t), class);
    else if (s->revocation)
        print_revocation(out, s->revocation);
    else
        print_status(out, s->status);
    if (s->trust)
        (void)fputs(
            _("A new trust file needs them twice: under the one that it replaces, and under itself.\n"), out);
}

size_t signable_needed(const struct signable *s, const struct trust_set *t)
{
    enum grant_class class;

    return class_of(s, &class) ? trust_set_document(t)->quorum[class].total : 1;
}

void signable_put_worth(json_t *object, const struct signable *s, const struct trust_set *t,
                        const struct grant_standing *standing)
{
    (void)json_object_set_new(object, "document", json_string(document_type_name(s->type)));
    (void)json_object_set_new(object, "needed", json_integer((json_int_t)signable_needed(s, t)));
    (void)json_object_set_new(object, "standing", json_string(reason_name(standing->standing)));
}
