#include "broker/common/failpoint.h"
#include "broker/common/i18n.h"
#include "broker/daemon/documents.h"
#include "broker/daemon/handlers_control.h"
#include "broker/daemon/ledger.h"
#include "broker/daemon/repetition.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How a document's way in begins and ends, whoever brought it. */

static const struct document_taker takers[] = {
    {DOCUMENT_GRANT, EVENT_GRANT_ADD, documents_take_grant},
    {DOCUMENT_REVOCATION, EVENT_REVOCATION, documents_take_revocation},
    {DOCUMENT_TRUST, EVENT_TRUST_REPLACE, documents_take_trust},
    {DOCUMENT_STATUS, EVENT_STATUS, documents_take_status},
};

const struct document_taker *documents_taker(enum document_type type)
{
    for (size_t i = 0; i < ARRAY_SIZE(takers); i++)
        if (takers[i].type == type)
            return &takers[i];
    return NULL;
}

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

struct record addition_record(const struct addition *a, enum reason reason, bool success)
{
    return a->entry ? ledger_record(a->event, reason, success)
                    : control_record(a->call, a->event, reason, success);
}

const char *addition_detail(const struct addition *a, const char *detail,
                            char text[static ADDITION_DETAIL_SIZE])
{
    if (!a->entry)
        return detail;
    (void)snprintf(text, ADDITION_DETAIL_SIZE, "directory, %s%s%s", a->entry, detail[0] != '\0' ? ": " : "",
                   detail);
    return text;
}

/* ---- how it ends ---- */

static void addition_free(struct addition *a)
{
    json_decref(a->parameters);
    trust_set_free(a->trust);
    json_decref(a->answer);
    free(a);
}

static void drop(struct addition *a)
{
    if (a->order)
        order_drop(a->order);
    addition_free(a);
}

static void tell(struct addition *a, const struct addition_outcome *outcome)
{
    a->told(a->userdata, outcome);
}

void documents_refuse_malformed(struct control_call *call, const char *document,
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

static void answer_refusal(struct addition *a, const struct offer_refusal *refusal)
{
    char message[400];

    if (refusal->sentence) {
        write_sentence(_(refusal->sentence), refusal->number, message, sizeof(message));
        control_error(a->call, "Refused",
                      json_pack("{ss ss}", "reason", reason_name(refusal->reason), "message", message));
    } else {
        documents_refuse_malformed(a->call, document_type_name(a->type), &refusal->error);
    }
}

void addition_refuse(struct addition *a, const struct offer_refusal *refusal)
{
    enum reason reason = refusal->sentence ? refusal->reason : REASON_BAD_REQUEST;
    char detail[400];

    if (refusal->sentence)
        write_sentence(refusal->sentence, refusal->number, detail, sizeof(detail));
    else
        (void)snprintf(detail, sizeof(detail), "line %u: %s", refusal->error.line, refusal->error.reason);
    if (a->entry) {
        tell(a, &(struct addition_outcome){.reason = reason, .text = detail});
    } else {
        struct record r = addition_record(a, reason, false);

        r.detail = detail;
        (void)repetition_write(a->broker, &r);
        answer_refusal(a, refusal);
    }
    drop(a);
}

void addition_fail(struct addition *a, int error)
{
    if (a->entry)
        tell(a, &(struct addition_outcome){.error = error, .reason = REASON_STORE_UNAVAILABLE, .text = ""});
    else
        control_store_unavailable(a->call, error);
    drop(a);
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
    FAILPOINT(DOCUMENT_WRITTEN);
    a->result = result;
    if (!a->call)
        addition_free(a); /* it was answered without waiting for this any longer */
    order_unhold(order);
}

void addition_finish(struct addition *a, json_t *answer, struct store_txn *t)
{
    a->answer = answer;
    a->result = 1;
    order_hold(a->order);
    order_go(a->order);
    FAILPOINT(DOCUMENT_JUDGED);
    ledger_submit(a->broker, t, on_written, a);
}

static void on_entry_written(void *userdata, int result, uint64_t sequence)
{
    struct addition *a = userdata;

    (void)sequence;
    tell(a, &(struct addition_outcome){.error = result, .taken = true, .reason = a->standing, .text = ""});
    drop(a);
}

static json_t *text_or_null(const char *text)
{
    return text ? json_string(text) : json_null();
}

void addition_accept(struct addition *a, const struct addition_answer *answer, struct store_txn *t)
{
    if (a->entry) {
        a->standing = answer->standing->standing;
        if (t)
            a->writes(a->userdata, t);
        ledger_submit(a->broker, t, on_entry_written, a);
        return;
    }
    addition_finish(a,
                    json_pack("{ss so sI ss so}", "type", document_type_name(a->type), "id",
                              text_or_null(answer->id), "version", (json_int_t)answer->version, "state",
                              answer->state_text ? answer->state_text : reason_name(answer->state),
                              "approvals", documents_seen(answer->standing)),
                    t);
}

/* ---- how it begins ---- */

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

struct addition *addition_of_entry(struct broker *b, enum document_type type, const char *entry,
                                   addition_told *told, addition_writes *writes, void *userdata)
{
    const struct document_taker *taker = documents_taker(type);
    struct addition *a = taker ? calloc(1, sizeof(*a)) : NULL;

    if (!a)
        return NULL;
    a->broker = b;
    a->type = type;
    a->event = taker->event;
    a->take = taker->take;
    a->entry = entry;
    a->told = told;
    a->writes = writes;
    a->userdata = userdata;
    return a;
}
