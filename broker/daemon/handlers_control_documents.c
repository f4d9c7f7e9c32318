#include "broker/common/i18n.h"
#include "broker/daemon/documents.h"
#include "broker/daemon/documents_prepare.h"
#include "broker/daemon/handlers_control.h"
#include "broker/daemon/ledger.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* DocumentAdd: what documents of all types have in common on their way in. */

static const struct taker {
    enum document_type type;
    const char *event;
    document_take *take;
} takers[] = {
    {DOCUMENT_GRANT, EVENT_GRANT_ADD, documents_take_grant},
    {DOCUMENT_REVOCATION, EVENT_REVOCATION, documents_take_revocation},
    {DOCUMENT_TRUST, EVENT_TRUST_REPLACE, documents_take_trust},
    {DOCUMENT_STATUS, EVENT_STATUS, documents_take_status},
};

/* Said also if the trust went away while a document was being verified. */
static const char no_trust[] =
    N_("This host has no valid trust to verify signatures with; `hufuctl status` says why.");

static const char stopping[] = N_("The access service of this host is just being stopped.");

json_t *documents_seen(const struct grant_standing *standing)
{
    json_t *seen = json_array();

    for (size_t i = 0; i < standing->n_seen; i++)
        (void)json_array_append_new(seen, json_pack("{ss ss ss}", "approver", standing->seen[i].approver,
                                                    "role", standing->seen[i].role, "outcome",
                                                    signature_outcome_name(standing->seen[i].outcome)));
    return seen;
}

size_t documents_approvals(const struct store_document *d, struct octets approvals[static QUORUM_VOTES_MAX])
{
    size_t n = d->n_approvals < QUORUM_VOTES_MAX ? d->n_approvals : QUORUM_VOTES_MAX;

    for (size_t i = 0; i < n; i++)
        approvals[i] = (struct octets){.data = d->approvals[i].data, .size = d->approvals[i].size};
    return n;
}

/* ---- how an addition ends ---- */

static void addition_free(struct addition *a)
{
    json_decref(a->parameters);
    trust_set_free(a->trust);
    json_decref(a->answer);
    free(a);
}

static void refuse_malformed(struct control_call *call, const char *document,
                             const struct document_error *error)
{
    control_error(
        call, "Malformed",
        json_pack("{ss si ss}", "document", document, "line", (int)error->line, "reason", error->reason));
}

/* The number stands where the sentence has %u. */
static void write_sentence(const char *sentence, uint32_t number, char *text, size_t size)
{
    const char *at = strstr(sentence, "%u");

    if (at)
        (void)snprintf(text, size, "%.*s%u%s", (int)(at - sentence), sentence, number, at + 2);
    else
        (void)snprintf(text, size, "%s", sentence);
}

void addition_refuse(struct addition *a, const struct offer_refusal *refusal)
{
    struct record r = control_record(a->call, a->event, refusal->reason, false);
    char detail[400], message[400];

    r.detail = detail;
    if (refusal->sentence) {
        write_sentence(refusal->sentence, refusal->number, detail, sizeof(detail));
        write_sentence(_(refusal->sentence), refusal->number, message, sizeof(message));
        ledger_write(a->broker, &r);
        control_error(a->call, "Refused",
                      json_pack("{ss ss}", "reason", reason_name(refusal->reason), "message", message));
    } else {
        (void)snprintf(detail, sizeof(detail), "line %u: %s", refusal->error.line, refusal->error.reason);
        r.reason = REASON_BAD_REQUEST;
        ledger_write(a->broker, &r);
        refuse_malformed(a->call, document_type_name(a->type), &refusal->error);
    }
    order_drop(a->order);
    addition_free(a);
}

void addition_fail(struct addition *a, int error)
{
    control_store_unavailable(a->call, error);
    order_drop(a->order);
    addition_free(a);
}

/* All is proven, or patience is over; only then is the commit perhaps not known yet. */
static void on_ended(void *userdata, const struct order_result *result)
{
    struct addition *a = userdata;
    bool ended = result->sessions > 0 || !result->proven;

    if (a->result != 0) {
        control_store_unavailable(a->call, a->result < 0 ? a->result : -ETIMEDOUT);
    } else {
        (void)json_object_set_new(a->answer, "ending", ended ? control_ending(result) : json_null());
        control_reply(a->call, json_incref(a->answer));
    }
    a->call = NULL;
    if (a->result <= 0)
        addition_free(a);
}

static void on_written(void *userdata, int result, uint64_t sequence)
{
    struct addition *a = userdata;
    struct operator_order *order = a->order;

    (void)sequence;
    a->result = result;
    if (!a->call)
        addition_free(a); /* it was answered without waiting for this any longer */
    order_unhold(order);
}

static json_t *text_or_null(const char *text)
{
    return text ? json_string(text) : json_null();
}

void addition_finish(struct addition *a, json_t *answer, struct store_txn *t)
{
    a->answer = answer;
    a->result = 1;
    order_hold(a->order);
    order_go(a->order);
    ledger_submit(a->broker, t, on_written, a);
}

void addition_accept(struct addition *a, const struct addition_answer *answer, struct store_txn *t)
{
    addition_finish(a,
                    json_pack("{ss so sI ss so}", "type", document_type_name(a->type), "id",
                              text_or_null(answer->id), "version", (json_int_t)answer->version, "state",
                              answer->state_text ? answer->state_text : reason_name(answer->state),
                              "approvals", documents_seen(answer->standing)),
                    t);
}

/* ---- how it begins ---- */

/* What parameters that were read once hold: at most so many approvals. */
struct handed_in {
    struct offer offer;
    struct octets approvals[QUORUM_VOTES_MAX];
};

static struct octets octets_of(const json_t *string)
{
    return (struct octets){(const uint8_t *)json_string_value(string), json_string_length(string)};
}

static void read_offer(const json_t *parameters, struct handed_in *ret)
{
    const json_t *list = json_object_get(parameters, "approvals");

    ret->offer = (struct offer){.document = octets_of(json_object_get(parameters, "document")),
                                .approvals = ret->approvals,
                                .n_approvals = json_array_size(list)};
    for (size_t i = 0; i < ret->offer.n_approvals; i++)
        ret->approvals[i] = octets_of(json_array_get(list, i));
}

static const struct taker *taker_of(enum document_type type)
{
    for (size_t i = 0; i < ARRAY_SIZE(takers); i++)
        if (takers[i].type == type)
            return &takers[i];
    return NULL;
}

/* NULL: the call has been answered. */
static const struct taker *find_taker(struct broker *b, struct control_call *call, struct octets document)
{
    static const struct document_error unknown = {
        .line = 1, .reason = "the first line is that of no document that this broker knows"};
    struct record r = control_record(call, EVENT_REQUEST_REFUSED, REASON_BAD_REQUEST, false);
    enum document_type type;
    const struct taker *taker = NULL;
    char detail[100];

    if (document_type_of(document.data, document.size, &type) < 0) {
        (void)snprintf(detail, sizeof(detail), "line %u: %s", unknown.line, unknown.reason);
        r.detail = detail;
        refuse_malformed(call, "document", &unknown);
    } else {
        taker = taker_of(type);
        if (taker)
            return taker;
        r.detail =
            N_("This is nothing by itself: an approval goes together with the document that it is of.");
        control_refuse(call, REASON_BAD_REQUEST, r.detail);
    }
    ledger_write(b, &r);
    return NULL;
}

struct addition *addition_new(struct broker *b, struct control_call *call, enum document_type type,
                              const char *event)
{
    struct addition *a = calloc(1, sizeof(*a));

    if (a)
        a->order = order_new(b, on_ended, a);
    if (!a || !a->order) {
        free(a);
        control_store_unavailable(call, -ENOMEM);
        return NULL;
    }
    a->broker = b;
    a->call = call;
    a->type = type;
    a->event = event;
    return a;
}

static void verify(struct addition *a);

/* Should another trust have come in force meanwhile, what was verified under the one before is of no use. */
static void on_prepared(void *userdata, int result)
{
    struct addition *a = userdata;
    struct handed_in in;

    if (result == -ECANCELED) {
        addition_refuse(a, &(struct offer_refusal){.reason = REASON_STOPPING, .sentence = stopping});
    } else if (result < 0) {
        addition_fail(a, result);
    } else if (a->trust != a->broker->trust) {
        verify(a);
    } else {
        read_offer(a->parameters, &in);
        a->take(a, &in.offer);
    }
}

static void verify(struct addition *a)
{
    struct broker *b = a->broker;
    struct handed_in in;

    a->trust = trust_set_free(a->trust);
    if (!b->trust) {
        addition_refuse(a, &(struct offer_refusal){.reason = REASON_TRUST_MISSING, .sentence = no_trust});
        return;
    }
    a->trust = trust_set_ref(b->trust);
    read_offer(a->parameters, &in);
    documents_prepare(b, a->type, &in.offer, on_prepared, a);
}

static void begin(struct broker *b, struct control_call *call, json_t *parameters, struct octets document)
{
    const struct taker *taker = find_taker(b, call, document);
    struct addition *a = taker ? addition_new(b, call, taker->type, taker->event) : NULL;

    if (!a)
        return;
    a->take = taker->take;
    a->parameters = json_incref(parameters);
    verify(a);
}

void control_document_add(void *userdata, struct control_call *call, json_t *parameters)
{
    struct broker *b = userdata;
    const char *document = NULL;
    json_t *list = NULL;
    const struct varlink_field fields[] = {{"document", VARLINK_STRING, false, &document},
                                           {"approvals", VARLINK_STRINGS, false, &list}};

    if (!control_read(call, parameters, fields, ARRAY_SIZE(fields)))
        return;
    /* At most eight are ever looked at; more are refused rather than dropped in silence. */
    if (json_array_size(list) > QUORUM_VOTES_MAX)
        control_refuse(call, REASON_BAD_REQUEST,
                       N_("More than eight approvals; only eight are ever looked at."));
    else if (!b->trust)
        control_refuse(call, REASON_TRUST_MISSING, no_trust);
    else if (!b->store)
        control_store_unavailable(call, b->store_error);
    else
        begin(b, call, parameters, (struct octets){(const uint8_t *)document, strlen(document)});
}
