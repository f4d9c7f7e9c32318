#include "broker/ctl/call.h"
#include "broker/ctl/papers.h"
#include "broker/ctl/review_gather.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>

#define STATUS_KEY "status"

enum exit_code review_put_grant(struct review_work *w, struct grant *g, const char *state)
{
    struct grant **more = reallocarray(w->grants, w->n_grants + 1, sizeof(struct grant *));
    const struct review_grant known = {g, state};

    if (!more) {
        grant_free(g);
        return cli_fail(w->cli, EXIT_REFUSED, _("out of memory"));
    }
    w->grants = more;
    more[w->n_grants++] = g;
    return review_add_grant(w->review, &known) < 0 ? cli_fail(w->cli, EXIT_REFUSED, _("out of memory"))
                                                   : EXIT_DONE;
}

static int put_approval(struct review_work *w, const void *octets, size_t size)
{
    cleanup(approval_free_p) struct approval *a = NULL;
    struct review_approval x;
    char id[IDENT_ID_TEXT_SIZE];

    if (approval_parse(octets, size, &a, NULL) < 0 || a->subject != APPROVAL_SUBJECT_GRANT)
        return -EINVAL;
    ident_format_id(&a->subject_id, id);
    x = (struct review_approval){id, a->approver, a->role, a->approved_at};
    return review_add_approval(w->review, &x);
}

/* ---- as the broker has them ---- */

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text ? text : "";
}

static when_t time_of(const json_t *object, const char *name)
{
    const char *text = text_of(object, name);
    when_t t;

    return when_parse(text, strlen(text), &t) == 0 ? t : 0;
}

/* Of those that were asked for, the ones that counted: outcomes and documents stand in one order. */
static enum exit_code put_approvals(struct review_work *w, const json_t *reply)
{
    const json_t *documents = json_object_get(reply, "approval_documents");
    json_t *seen;
    size_t i;

    json_array_foreach(json_object_get(reply, "approvals"), i, seen)
    {
        const json_t *document = json_array_get(documents, i);

        if (strcmp(text_of(seen, "outcome"), "counted") == 0 && json_is_string(document) &&
            put_approval(w, json_string_value(document), json_string_length(document)) == -ENOMEM)
            return cli_fail(w->cli, EXIT_REFUSED, _("out of memory"));
    }
    return EXIT_DONE;
}

static enum exit_code ask_grant(struct review_work *w, const json_t *summary)
{
    cleanup_json json_t *reply = NULL;
    enum exit_code code = call_broker(w->cli, "GrantShow", json_pack("{ss}", "id", text_of(summary, "id")),
                                      CALL_TIMEOUT_MS, &reply);
    const json_t *document = json_object_get(reply, "document");
    struct grant *g = NULL;

    if (code != EXIT_DONE)
        return code;
    if (grant_parse(json_string_value(document), json_string_length(document), &g, NULL) < 0)
        return cli_fail(w->cli, EXIT_REFUSED, _("the broker's document of grant %s cannot be read"),
                        text_of(summary, "id"));
    code = review_put_grant(w, g, text_of(summary, "state"));
    return code == EXIT_DONE ? put_approvals(w, reply) : code;
}

static enum exit_code ask_grants(struct review_work *w)
{
    cleanup_json json_t *reply = NULL;
    enum exit_code code =
        call_broker(w->cli, "GrantList", json_pack("{sb}", "all", 1), CALL_TIMEOUT_MS, &reply);
    json_t *summary;
    size_t i;

    json_array_foreach(json_object_get(reply, "grants"), i, summary)
    {
        if (code == EXIT_DONE && time_of(summary, "not_before") < w->period.until &&
            time_of(summary, "not_after") > w->period.from)
            code = ask_grant(w, summary);
    }
    return code;
}

static void join_roles(const struct trust *t, uint16_t roles, struct buf *b)
{
    for (size_t i = 0; i < t->n_roles; i++)
        if (roles & (1U << i))
            buf_printf(b, "%s%s", b->size > 0 ? "," : "", t->roles[i]);
}

static int put_approver(struct review_work *w, const struct trust_set *set, const struct trust_signer *s)
{
    cleanup_buf struct buf b = BUF_INIT;
    cleanup_free char *roles = NULL;
    when_t until = trust_set_approver_until(set, s->person, w->cli->now);
    struct review_approver x = {.person = s->person, .until = until};
    struct review_expiry end = {"certificate", s->person, until};

    join_roles(trust_set_document(set), s->roles, &b);
    roles = buf_steal_text(&b);
    x.roles = roles;
    if (!roles || review_add_approver(w->review, &x) < 0)
        return -ENOMEM;
    return until != 0 ? review_add_expiry(w->review, &end) : 0;
}

/* A person with two certificates has two lines. */
static bool is_first_line(const struct trust *t, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (strcmp(t->approvers[i].person, t->approvers[at].person) == 0)
            return false;
    return true;
}

static enum exit_code put_trust(struct review_work *w, const json_t *epoch)
{
    cleanup(trust_set_free_p) struct trust_set *set = NULL;
    const json_t *document = json_object_get(epoch, "document");
    char number[24];
    struct review_expiry end = {.what = "trust", .name = number};
    const struct trust *t;
    int r;

    if (!json_is_string(document))
        return EXIT_DONE;
    if (trust_set_new(json_string_value(document), json_string_length(document), &set, NULL) < 0)
        return cli_fail(w->cli, EXIT_REFUSED, _("the broker's trust file cannot be read"));
    t = trust_set_document(set);
    (void)snprintf(number, sizeof(number), "%u", t->epoch);
    end.until = t->valid.until;
    r = review_add_expiry(w->review, &end);
    for (size_t i = 0; i < t->n_approvers && r == 0; i++)
        if (is_first_line(t, i))
            r = put_approver(w, set, &t->approvers[i]);
    return r < 0 ? cli_fail(w->cli, EXIT_REFUSED, _("out of memory")) : EXIT_DONE;
}

static enum exit_code put_status(struct review_work *w)
{
    cleanup_json json_t *status = NULL;
    enum exit_code code = call_broker(w->cli, "Status", json_object(), CALL_TIMEOUT_MS, &status);
    struct review_expiry end = {.what = STATUS_KEY, .name = STATUS_KEY};

    if (code != EXIT_DONE)
        return code;
    end.until = time_of(status, "status_holds_until");
    return end.until != 0 && review_add_expiry(w->review, &end) < 0
               ? cli_fail(w->cli, EXIT_REFUSED, _("out of memory"))
               : EXIT_DONE;
}

enum exit_code review_ask_documents(struct review_work *w)
{
    cleanup_json json_t *trust = NULL;
    enum exit_code code = call_broker(w->cli, "TrustShow", json_object(), CALL_TIMEOUT_MS, &trust);

    if (code == EXIT_DONE)
        code = put_trust(w, json_object_get(trust, "epoch"));
    if (code == EXIT_DONE)
        code = put_status(w);
    if (code == EXIT_DONE)
        code = ask_grants(w);
    return code;
}

/* ---- in files ---- */

static enum exit_code read_document(struct review_work *w, const char *path, size_t *others)
{
    cleanup_free char *octets = NULL;
    size_t size;
    enum exit_code code = papers_read(w->cli, path, DOCUMENT_MAX_SIZE, &octets, &size);
    enum document_type type;
    struct grant *g = NULL;

    if (code != EXIT_DONE)
        return code;
    if (document_type_of(octets, size, &type) < 0)
        type = 0;
    if (type == DOCUMENT_GRANT && grant_parse(octets, size, &g, NULL) == 0)
        return review_put_grant(w, g, NULL);
    if (type == DOCUMENT_APPROVAL && put_approval(w, octets, size) == 0)
        return EXIT_DONE;
    (*others)++;
    return EXIT_DONE;
}

enum exit_code review_read_documents(struct review_work *w, const char *folder)
{
    struct dirent **names = NULL;
    int n = scandir(folder, &names, NULL, alphasort);
    enum exit_code code = EXIT_DONE;
    size_t others = 0;

    if (n < 0)
        return cli_fail(w->cli, EXIT_REFUSED, _("cannot read the folder %s: %s"), folder, strerror(errno));
    for (int i = 0; i < n; i++) {
        cleanup_free char *path = NULL;

        if (names[i]->d_name[0] == '.' || code != EXIT_DONE)
            continue;
        if (asprintf(&path, "%s/%s", folder, names[i]->d_name) < 0)
            path = NULL;
        code = path ? read_document(w, path, &others) : cli_fail(w->cli, EXIT_REFUSED, _("out of memory"));
    }
    for (int i = 0; i < n; i++)
        free(names[i]);
    free(names);
    if (others > 0)
        (void)cli_fail(w->cli, EXIT_DONE,
                       ngettext("%zu file in %s is neither a grant nor an approval of one, and was left out",
                                "%zu files in %s are neither grants nor approvals of one, and were left out",
                                others),
                       others, folder);
    return code;
}
