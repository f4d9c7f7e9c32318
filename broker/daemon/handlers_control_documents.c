#include "broker/common/i18n.h"
#include "broker/daemon/documents.h"
#include "broker/daemon/documents_prepare.h"
#include "broker/daemon/handlers_control.h"
#include "broker/daemon/ledger.h"
#include "broker/daemon/repetition.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* DocumentAdd: what documents of all types have in common on their way in. */

/* Said also if the trust went away while a document was being verified. */
static const char no_trust[] =
    N_("This host has no valid trust to verify signatures with; `hufuctl status` says why.");

static const char stopping[] = N_("The access service of this host is just being stopped.");

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

/* NULL: the call has been answered. */
static const struct document_taker *find_taker(struct broker *b, struct control_call *call,
                                               struct octets document)
{
    static const struct document_error unknown = {
        .line = 1, .reason = "the first line is that of no document that this broker knows"};
    struct record r = control_record(call, EVENT_REQUEST_REFUSED, REASON_BAD_REQUEST, false);
    enum document_type type;
    const struct document_taker *taker = NULL;
    char detail[100];

    if (document_type_of(document.data, document.size, &type) < 0) {
        (void)snprintf(detail, sizeof(detail), "line %u: %s", unknown.line, unknown.reason);
        r.detail = detail;
        documents_refuse_malformed(call, "document", &unknown);
    } else {
        taker = documents_taker(type);
        if (taker)
            return taker;
        r.detail =
            N_("This is nothing by itself: an approval goes together with the document that it is of.");
        control_refuse(call, REASON_BAD_REQUEST, r.detail);
    }
    (void)repetition_write(b, &r);
    return NULL;
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
    const struct document_taker *taker = find_taker(b, call, document);
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
