#include "broker/ctl/publish.h"

#include <string.h>

#define TRIES 3 /* against somebody else who changes the same entry meanwhile */

/* --- what it is worth -------------------------------------------------------------------------------------
 */

static enum exit_code check_approval(const struct cli *cli, const struct publication *p, size_t i)
{
    struct grant_standing standing;
    const struct signature_seen *seen = &standing.seen[0];

    if (signable_verify(p->document, p->trust, &p->approvals[i], 1, cli->now, &standing) < 0)
        return cli_fail(cli, EXIT_REFUSED, _("out of memory"));
    if (standing.standing == REASON_TRUST_EXPIRED)
        return cli_fail(cli, EXIT_REFUSED, _("the trust file is not valid now, so nothing counts"));
    if (standing.n_seen == 1 && seen->outcome == SIGNATURE_COUNTED)
        return EXIT_DONE;
    return cli_fail(cli, EXIT_REFUSED, _("not published, since the approval of %s does not count: %s"),
                    standing.n_seen == 1 && seen->approver[0] ? seen->approver : "?",
                    standing.n_seen == 1 ? _(signature_outcome_sentence(seen->outcome)) : "?");
}

enum exit_code publish_check(const struct cli *cli, const struct publication *p)
{
    const char *fault = p->trust ? signable_fault(p->document, p->trust, cli->now) : NULL;
    enum exit_code code = EXIT_DONE;

    if (fault)
        return cli_fail(cli, EXIT_REFUSED, _("not published, since it would be refused whoever signs it: %s"),
                        fault);
    for (size_t i = 0; p->trust && code == EXIT_DONE && i < p->n_approvals; i++)
        code = check_approval(cli, p, i);
    return code;
}

/* Those that count, at most as many as hosts look at: the ones given, then those that were there. */
static size_t pick(const struct publication *p, const struct ldif_record *record, when_t now,
                   struct octets picked[static QUORUM_VOTES_MAX])
{
    struct grant_standing standing;
    size_t n = 0;

    for (size_t i = 0; i < p->n_approvals && n < QUORUM_VOTES_MAX; i++)
        picked[n++] = p->approvals[i];
    for (size_t i = 0; record && i < record->n_lines && n < QUORUM_VOTES_MAX; i++) {
        const struct ldif_line *line = &record->lines[i];
        struct octets one = {line->value, line->size};

        if (entry_is_approval(line) && signable_verify(p->document, p->trust, &one, 1, now, &standing) == 0 &&
            standing.n_seen == 1 && standing.seen[0].outcome == SIGNATURE_COUNTED)
            picked[n++] = one;
    }
    return n;
}

static enum exit_code judge(const struct cli *cli, const struct publication *p,
                            const struct ldif_record *record, struct published *ret)
{
    struct octets picked[QUORUM_VOTES_MAX];
    struct grant_standing standing;
    size_t needed;

    if (!p->trust)
        return EXIT_DONE;
    needed = signable_needed(p->document, p->trust);
    if (signable_verify(p->document, p->trust, picked, pick(p, record, cli->now, picked), cli->now,
                        &standing) < 0)
        return cli_fail(cli, EXIT_REFUSED, _("out of memory"));
    ret->n_missing = standing.n_needed_more;
    ret->n_counted = needed > ret->n_missing ? needed - ret->n_missing : 0;
    return EXIT_DONE;
}

/* --- sending ----------------------------------------------------------------------------------------------
 */

/* The server found something else than what was read a moment ago. */
static bool is_race(int code)
{
    return code == DIRECTORY_EXISTS || code == DIRECTORY_VALUE_EXISTS || code == DIRECTORY_NO_ATTRIBUTE;
}

static enum exit_code refuse_plan(const struct cli *cli, enum entry_plan plan, const char *title)
{
    if (plan == ENTRY_NEWER)
        return cli_fail(cli, EXIT_REFUSED, _("not published: a status newer than %s is there"), title);
    if (plan == ENTRY_TOO_MANY)
        return cli_fail(cli, EXIT_REFUSED,
                        _("not published: %s would have more than %d approvals, and hosts look "
                          "at no more"),
                        title, ENTRY_APPROVALS_MAX);
    return cli_fail(
        cli, EXIT_REFUSED,
        _("not published: another document is there as %s. A change is a new version (a new id, a new "
          "epoch); --replace overwrites what is there, with its approvals"),
        title);
}

static size_t count_held(const struct ldif_record *record)
{
    struct entry_held held;

    entry_held_of(record, &held);
    return held.n_approvals;
}

/* How many of them are new; of a document that is new all are. */
static size_t count_new(const struct publication *p, const struct ldif_record *record, enum entry_plan plan)
{
    size_t n = p->n_approvals;

    for (size_t i = 0; plan == ENTRY_APPROVE && i < p->n_approvals; i++)
        for (size_t k = 0; k < record->n_lines; k++)
            if (entry_is_approval(&record->lines[k]) && record->lines[k].size == p->approvals[i].size &&
                memcmp(record->lines[k].value, p->approvals[i].data, p->approvals[i].size) == 0)
                n--;
    return plan == ENTRY_SAME ? 0 : n;
}

static enum exit_code conclude(struct directory *d, const struct publication *p,
                               const struct ldif_record *record, struct published *ret)
{
    bool stays = ret->done == ENTRY_APPROVE || ret->done == ENTRY_SAME;

    ret->n_added = count_new(p, record, ret->done);
    ret->n_approvals = ret->n_added + (stays ? count_held(record) : 0);
    return judge(d->cli, p, stays ? record : NULL, ret);
}

/* One try; *again: somebody else was quicker. */
static enum exit_code try(struct directory *d, const struct publication *p, const struct entry *e,
                          const char *title, struct published *ret, bool *again)
{
    static const char *const attributes[] = {"hufuDocument", "hufuApproval", NULL};
    cleanup(ldif_record_free_p) struct ldif_record *record = NULL;
    cleanup_buf struct buf changes = BUF_INIT;
    struct directory_reply reply = {.code = -1};
    enum exit_code code = directory_read(d, e->name, attributes, &record);
    char what[SIGNABLE_TITLE_SIZE + 40];

    *again = false;
    if (code != EXIT_DONE)
        return code;
    ret->done = entry_plan(e, p->approvals, p->n_approvals, record, p->replace, d->base, &changes);
    if (ret->done == ENTRY_OTHER || ret->done == ENTRY_NEWER || ret->done == ENTRY_TOO_MANY)
        return refuse_plan(d->cli, ret->done, title);
    /* The grant's uses are there before the grant is, so that nobody finds it without them. */
    if (ret->done != ENTRY_APPROVE && entry_uses(p->document) > 0)
        code = publish_uses(d, p->document->grant);
    if (code != EXIT_DONE)
        return code;
    if (ret->done != ENTRY_SAME) {
        code = directory_apply_one(d, &changes, &reply);
        *again = is_race(reply.code);
        if (code != EXIT_DONE)
            return code;
        (void)snprintf(what, sizeof(what), _("%s was not published"), title);
        if (reply.code != 0)
            return *again ? EXIT_REFUSED : directory_refused(d->cli, what, reply.code, reply.text);
    }
    return conclude(d, p, record, ret);
}

enum exit_code publish(struct directory *d, const struct publication *p, struct published *ret)
{
    cleanup_free struct entry *e = calloc(1, sizeof(*e));
    char title[SIGNABLE_TITLE_SIZE];
    enum exit_code code = EXIT_REFUSED;
    bool again = true;

    *ret = (struct published){.done = ENTRY_SAME};
    if (!e)
        return cli_fail(d->cli, EXIT_REFUSED, _("out of memory"));
    signable_title(p->document, title);
    if (entry_uses(p->document) > ENTRY_USES_MAX)
        return cli_fail(
            d->cli, EXIT_REFUSED,
            _("not published: %s has more than %d uses across the fleet, each of which is an entry "
              "of the directory"),
            title, ENTRY_USES_MAX);
    entry_of(p->document, e);
    (void)snprintf(ret->dn, sizeof(ret->dn), "%s,%s", e->name, d->base);
    for (int i = 0; again && i < TRIES; i++)
        code = try(d, p, e, title, ret, &again);
    if (again)
        return cli_fail(d->cli, EXIT_REFUSED, _("%s is being changed by somebody else; try again"), title);
    return code;
}

/* --- telling ----------------------------------------------------------------------------------------------
 */

static void print_outcome(const struct cli *cli, const struct published *done, const char *title)
{
    switch (done->done) {
    case ENTRY_APPROVE:
        (void)fprintf(cli->out,
                      ngettext("Published: %zu more approval of %s.\n",
                               "Published: %zu more approvals of %s.\n", done->n_added),
                      done->n_added, title);
        return;
    case ENTRY_REPLACE:
        (void)fprintf(cli->out, _("Published: %s, in place of what was there.\n"), title);
        return;
    case ENTRY_SAME:
        (void)fprintf(cli->out, _("Published already: %s. Nothing was changed.\n"), title);
        return;
    case ENTRY_ADD:
    case ENTRY_OTHER:
    case ENTRY_NEWER:
    case ENTRY_TOO_MANY:
        (void)fprintf(cli->out, _("Published: %s.\n"), title);
        return;
    }
}

void publish_print(const struct cli *cli, const struct publication *p, const struct published *done)
{
    char title[SIGNABLE_TITLE_SIZE];

    signable_title(p->document, title);
    print_outcome(cli, done, title);
    (void)fprintf(cli->out, "  %s\n", done->dn);
    if (!p->trust)
        (void)fprintf(cli->out,
                      ngettext("It has %zu approval there, not verified here (--trust does that).\n",
                               "It has %zu approvals there, not verified here (--trust does that).\n",
                               done->n_approvals),
                      done->n_approvals);
    else if (done->n_missing > 0)
        (void)fprintf(cli->out,
                      ngettext("It has %zu of the %zu approval that it needs.\n",
                               "It has %zu of the %zu approvals that it needs.\n",
                               done->n_counted + done->n_missing),
                      done->n_counted, done->n_counted + done->n_missing);
    else
        (void)fprintf(cli->out,
                      ngettext("It has the %zu approval that it needs.\n",
                               "It has the %zu approvals that it needs.\n", done->n_counted),
                      done->n_counted);
    if (!p->trust || done->n_missing == 0)
        return;
    if (p->document->revocation)
        (void)fputs(_("So it takes away only as long as it is there.\n"), cli->out);
    else
        (void)fputs(_("Hosts take it when the others have published theirs:\n"
                      "  hufuctl publish FILE --approval APPROVAL\n"),
                    cli->out);
}

json_t *publish_json(const struct publication *p, const struct published *done)
{
    static const char *const outcomes[] = {[ENTRY_ADD] = "added",
                                           [ENTRY_APPROVE] = "approved",
                                           [ENTRY_REPLACE] = "replaced",
                                           [ENTRY_SAME] = "unchanged"};
    size_t needed = done->n_counted + done->n_missing;
    json_t *object;

    object = json_pack("{s:s, s:s, s:s, s:I, s:I}", "document", document_type_name(p->document->type),
                       "entry", done->dn, "outcome", outcomes[done->done], "approvals",
                       (json_int_t)done->n_approvals, "approvals_added", (json_int_t)done->n_added);
    if (object && p->trust) {
        (void)json_object_set_new(object, "needed", json_integer((json_int_t)needed));
        (void)json_object_set_new(object, "missing", json_integer((json_int_t)done->n_missing));
    }
    return object;
}
