#include "broker/common/clock.h"
#include "broker/common/i18n.h"
#include "broker/daemon/documents.h"
#include "broker/daemon/grants_verdicts.h"
#include "broker/daemon/handlers_control.h"
#include "broker/daemon/ledger.h"
#include "broker/daemon/life.h"
#include "broker/daemon/timekeeper.h"
#include "broker/daemon/trust_file.h"

#include <errno.h>
#include <string.h>

/* Trust epochs over the control socket: replaced by their quorums, started over by root, shown. */

/* From here on grants, sessions and what comes in are judged by it. */
static struct store_txn *change_trust(struct addition *a, struct trust_change *c, const char *why)
{
    struct broker *b = a->broker;
    struct record r = addition_record(a, REASON_OK, true);
    struct store_txn *t = ledger_txn(b);
    char detail[LEDGER_TRUST_SIZE], text[ADDITION_DETAIL_SIZE];

    trust_keeper_change(b, c, clock_wall(), t);
    ledger_trust(&r, b, why, detail);
    r.detail = addition_detail(a, detail, text);
    if (t)
        store_txn_record(t, &r);
    life_recheck_under(b, a->order);
    return t;
}

/* What could not be changed has been answered when this returns true. */
static bool failed(struct addition *a, int error, const struct offer_refusal *refusal)
{
    if (error == -EINVAL)
        addition_refuse(a, refusal);
    else if (error < 0)
        addition_fail(a, error);
    return error < 0;
}

/* A clock that was set back makes certificates valid again that have expired. What they admit here would stay
 * in force when the clock is right. */
static int refuse_in_doubt(struct broker *b, struct offer_refusal *refusal)
{
    if (timekeeper_is_sure(b->timekeeper))
        return 0;
    return offer_refuse(refusal, REASON_CLOCK_UNSURE,
                        N_("The clock of this host is in doubt, and it decides whose certificates are valid: "
                           "settle that first, as `hufuctl status` says."));
}

void documents_take_trust(struct addition *a, const struct offer *offer)
{
    struct broker *b = a->broker;
    cleanup(trust_change_done) struct trust_change c = {0};
    struct offer_refusal refusal = {0};
    struct store_txn *t;
    int r = trust_change_judge(b, offer, clock_wall(), &c, &refusal);

    if (r == 0 && !c.again)
        r = refuse_in_doubt(b, &refusal);
    if (failed(a, r, &refusal))
        return;
    t = change_trust(a, &c, c.again ? "in force already" : "");
    addition_accept(a,
                    &(struct addition_answer){.version = trust_set_document(b->trust)->epoch,
                                              .state = REASON_OK,
                                              .standing = &c.standing},
                    t);
}

/* ---- starting over ---- */

struct resetting {
    struct addition *addition;
    json_t *parameters;
    struct trust_change change;
};

static void on_grants_prepared(void *userdata, int result)
{
    struct resetting *x = userdata;
    struct addition *a = x->addition;
    struct broker *b = a->broker;
    struct store_txn *t;

    if (result < 0) {
        addition_fail(a, result);
    } else {
        t = change_trust(a, &x->change, json_string_value(json_object_get(x->parameters, "why")));
        addition_finish(a,
                        json_pack("{ss sI}", "site", trust_set_document(b->trust)->site, "epoch",
                                  (json_int_t)trust_set_document(b->trust)->epoch),
                        t);
    }
    trust_change_done(&x->change);
    json_decref(x->parameters);
    free(x);
}

/* All grants are verified under what comes before it comes. */
static void reset(struct addition *a, json_t *parameters, const uint8_t sha256[static 32])
{
    struct broker *b = a->broker;
    struct resetting *x = calloc(1, sizeof(*x));
    struct offer_refusal refusal = {0};

    if (!x) {
        addition_fail(a, -ENOMEM);
        return;
    }
    if (failed(a, trust_change_read(b, sha256, &x->change, &refusal), &refusal)) {
        trust_change_done(&x->change);
        free(x);
        return;
    }
    x->addition = a;
    x->parameters = json_incref(parameters);
    grants_prepare(b->grants, b->verifier, x->change.set, on_grants_prepared, x);
}

void control_trust_reset(void *userdata, struct control_call *call, json_t *parameters)
{
    struct broker *b = userdata;
    const char *digits = NULL, *why = "";
    const struct varlink_field fields[] = {{"sha256", VARLINK_STRING, false, &digits},
                                           {"why", VARLINK_STRING, false, &why}};
    struct addition *a;
    uint8_t sha256[32];

    if (!control_read(call, parameters, fields, ARRAY_SIZE(fields)))
        return;
    if (ident_parse_hex(digits, strlen(digits), sha256, sizeof(sha256)) < 0) {
        control_invalid(call, "sha256");
        return;
    }
    if (!b->store) {
        control_store_unavailable(call, b->store_error);
        return;
    }
    a = addition_new(b, call, DOCUMENT_TRUST, EVENT_TRUST_RESET);
    if (a)
        reset(a, parameters, sha256);
}

/* ---- showing ---- */

static json_t *sha256_text(const uint8_t sha256[static 32])
{
    char text[65];

    ident_format_hex(sha256, 32, text);
    return json_string(text);
}

/* Who signed an epoch that replaced another: only what counted is kept. */
static json_t *signers_of(const struct grant_papers *papers)
{
    json_t *signers = json_array();

    for (size_t i = 0; i < papers->n_approvals; i++) {
        cleanup(approval_free_p) struct approval *x = NULL;

        if (approval_parse(papers->approvals[i].data, papers->approvals[i].size, &x, NULL) == 0)
            (void)json_array_append_new(signers,
                                        json_pack("{ss ss so}", "approver", x->approver, "role", x->role,
                                                  "approved_at", control_time(x->approved_at)));
    }
    return signers;
}

static json_t *classes_of(const struct trust_set *t, when_t now)
{
    json_t *classes = json_array();

    for (enum grant_class c = GRANT_CLASS_NORMAL; c <= GRANT_CLASS_EMERGENCY; c++)
        (void)json_array_append_new(classes, json_pack("{ss sb}", "class", grant_class_name(c), "open",
                                                       (int)trust_set_class_is_open(t, c, now)));
    return classes;
}

static json_t *epoch_of(const struct broker *b)
{
    const struct trust *d = trust_set_document(b->trust);
    const struct trust_keeper *k = &b->trust_keeper;

    return json_pack("{ss sI so so so ss so ss# so so}", "site", d->site, "epoch", (json_int_t)d->epoch,
                     "not_before", control_time(d->valid.from), "not_after", control_time(d->valid.until),
                     "sha256", sha256_text(k->sha256), "origin", trust_origin_name(k->origin), "since",
                     control_time(k->since), "document", (const char *)k->papers->document.data,
                     k->papers->document.size, "signers", signers_of(k->papers), "classes",
                     classes_of(b->trust, clock_wall()));
}

static json_t *file_of(const struct broker *b)
{
    cleanup_trust_file struct trust_file f = {0};
    char differs[400];
    int r = trust_file_read(b, &f);

    return json_pack("{ss so so}", "path", b->options.trust_path, "sha256",
                     r == 0 ? sha256_text(f.sha256) : json_null(), "differs",
                     trust_file_differs(b, differs, sizeof(differs)) ? json_string(differs) : json_null());
}

void control_trust_show(void *userdata, struct control_call *call, json_t *parameters)
{
    struct broker *b = userdata;

    if (!control_read(call, parameters, NULL, 0))
        return;
    control_reply(call,
                  json_pack("{so so so}", "epoch", b->trust ? epoch_of(b) : json_null(), "trouble",
                            b->trust ? json_null() : json_string(b->trust_trouble), "file", file_of(b)));
}
