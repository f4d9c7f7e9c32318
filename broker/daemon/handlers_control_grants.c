#include "broker/common/clock.h"
#include "broker/common/i18n.h"
#include "broker/daemon/handlers_control.h"
#include "broker/daemon/ledger.h"
#include "broker/daemon/life.h"
#include "broker/daemon/state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- showing ---- */

static void uses_text(const struct grant_uses *uses, char text[static 32])
{
    if (uses->scope == GRANT_USES_UNLIMITED)
        (void)snprintf(text, 32, "unlimited");
    else
        (void)snprintf(text, 32, "%u %s", uses->count,
                       uses->scope == GRANT_USES_FLEET ? "fleet" : "per-host");
}

static json_t *services_of(const struct grant *g)
{
    json_t *services = json_array();

    for (size_t i = 0; i < g->services.count; i++)
        (void)json_array_append_new(services, json_string(g->services.items[i]));
    return services;
}

static json_t *summary_of(struct broker *b, struct grant_entry *e, when_t now)
{
    const struct grant *g = e->grant;
    char id[IDENT_ID_TEXT_SIZE], uses[32];

    ident_format_id(&g->id, id);
    uses_text(&g->uses, uses);
    e->taken_away = taken_of_grant(b->taken, g, now);
    return json_pack("{ss sI ss ss ss so so so ss sI sI ss ss}", "id", id, "version", (json_int_t)g->version,
                     "class", grant_class_name(g->class), "staff", g->staff, "vendor", g->vendor, "services",
                     services_of(g), "not_before", control_time(g->valid.from), "not_after",
                     control_time(g->valid.until), "uses", uses, "uses_taken", (json_int_t)e->uses_taken,
                     "sessions_live", (json_int_t)e->sessions_live, "state",
                     reason_name(grants_state(e, &b->host, now)), "ticket", g->ticket);
}

static json_t *seen_of(const struct grant_standing *standing)
{
    json_t *seen = json_array();

    for (size_t i = 0; i < standing->n_seen; i++)
        (void)json_array_append_new(seen, json_pack("{ss ss ss}", "approver", standing->seen[i].approver,
                                                    "role", standing->seen[i].role, "outcome",
                                                    signature_outcome_name(standing->seen[i].outcome)));
    return seen;
}

struct listing {
    struct broker *broker;
    const char *staff, *vendor;
    bool all;
    when_t now;
    json_t *grants;
};

/* What is over for good is shown on request. */
static bool is_over(enum reason state)
{
    return state == REASON_EXPIRED || state == REASON_CLOSED || state == REASON_REVOKED ||
           state == REASON_VENDOR_REVOKED;
}

static void list_one(struct grant_entry *e, void *userdata)
{
    struct listing *l = userdata;

    if ((l->staff && strcmp(l->staff, e->grant->staff) != 0) ||
        (l->vendor && strcmp(l->vendor, e->grant->vendor) != 0))
        return;
    e->taken_away = taken_of_grant(l->broker->taken, e->grant, l->now);
    if (l->all || !is_over(grants_state(e, &l->broker->host, l->now)))
        (void)json_array_append_new(l->grants, summary_of(l->broker, e, l->now));
}

void control_grant_list(void *userdata, struct control_call *call, json_t *parameters)
{
    struct broker *b = userdata;
    struct listing l = {.broker = b, .now = clock_wall()};
    const struct varlink_field fields[] = {{"staff", VARLINK_STRING, true, &l.staff},
                                           {"vendor", VARLINK_STRING, true, &l.vendor},
                                           {"all", VARLINK_BOOL, true, &l.all}};

    if (!control_read(call, parameters, fields, ARRAY_SIZE(fields)))
        return;
    l.grants = json_array();
    grant_index_each(grants_index(b->grants), list_one, &l);
    control_reply(call, json_pack("{so}", "grants", l.grants));
}

static json_t *texts_of_papers(const struct grant_papers *papers)
{
    json_t *texts = json_array();

    for (size_t i = 0; papers && i < papers->n_approvals; i++)
        (void)json_array_append_new(
            texts, json_stringn((const char *)papers->approvals[i].data, papers->approvals[i].size));
    return texts;
}

void control_grant_show(void *userdata, struct control_call *call, json_t *parameters)
{
    struct broker *b = userdata;
    const char *id = NULL;
    const struct varlink_field fields[] = {{"id", VARLINK_STRING, false, &id}};
    struct grant_standing standing = {.standing = REASON_APPROVAL_MISSING};
    const struct grant_papers *papers;
    struct grant_entry *e;

    if (!control_read(call, parameters, fields, ARRAY_SIZE(fields)))
        return;
    e = control_find_grant(b, call, id);
    if (!e)
        return;
    papers = grants_papers(b->grants, &e->grant->id);
    if (papers && b->trust)
        (void)trust_verify_grant(b->trust, e->grant, papers->document, papers->approvals, papers->n_approvals,
                                 clock_wall(), &standing);
    control_reply(call,
                  json_pack("{so so so so}", "grant", summary_of(b, e, clock_wall()), "document",
                            papers ? json_stringn((const char *)papers->document.data, papers->document.size)
                                   : json_string(""),
                            "approvals", seen_of(&standing), "approval_documents", texts_of_papers(papers)));
}

/* ---- adding ---- */

struct adding {
    struct broker *broker;
    struct control_call *call;
    json_t *reply;
};

static void on_added(void *userdata, int result, uint64_t sequence)
{
    struct adding *a = userdata;

    (void)sequence;
    if (result == 0) {
        control_reply(a->call, a->reply);
    } else {
        json_decref(a->reply);
        control_store_unavailable(a->call, result);
    }
    free(a);
}

static void write_grant(struct broker *b, const struct control_call *call, const struct grant_entry *e,
                        struct store_txn *t)
{
    const struct grant_papers *papers = grants_papers(b->grants, &e->grant->id);
    struct record r = control_record(call, EVENT_GRANT_ADD, e->standing, e->standing == REASON_OK);
    struct store_blob approvals[QUORUM_VOTES_MAX];
    struct store_document d = {.type = DOCUMENT_GRANT,
                               .id = e->grant->id,
                               .version = e->grant->version,
                               .octets = papers->document.data,
                               .size = papers->document.size,
                               .approvals = approvals,
                               .n_approvals = papers->n_approvals};
    char id[IDENT_ID_TEXT_SIZE];

    for (size_t i = 0; i < papers->n_approvals; i++)
        approvals[i] = (struct store_blob){papers->approvals[i].data, papers->approvals[i].size};
    const struct store_books books = {.id = e->grant->id,
                                      .uses_taken = e->uses_taken,
                                      .closed = e->closed,
                                      .verified_version = e->verified_version};

    ledger_grant(&r, e, id);
    store_txn_document(t, &d);
    store_txn_books(t, &books);
    store_txn_record(t, &r);
}

static void refuse_grant(struct broker *b, struct control_call *call, const struct grants_refusal *refusal)
{
    struct record r = control_record(call, EVENT_GRANT_ADD, refusal->reason, false);
    char detail[256];

    if (refusal->sentence) {
        r.detail = refusal->sentence;
        ledger_write(b, &r);
        control_refuse(call, refusal->reason, refusal->sentence);
        return;
    }
    (void)snprintf(detail, sizeof(detail), "line %u: %s", refusal->error.line, refusal->error.reason);
    r.reason = REASON_BAD_REQUEST;
    r.detail = detail;
    ledger_write(b, &r);
    control_error(call, "Malformed",
                  json_pack("{ss si ss}", "document", "grant", "line", (int)refusal->error.line, "reason",
                            refusal->error.reason));
}

/* At most eight are ever looked at; more are refused rather than dropped in silence. */
static bool read_approvals(struct control_call *call, const json_t *list,
                           struct octets approvals[QUORUM_VOTES_MAX], size_t *n)
{
    size_t i;
    const json_t *item;

    if (json_array_size(list) > QUORUM_VOTES_MAX) {
        control_refuse(call, REASON_BAD_REQUEST,
                       N_("More than eight approvals; only eight are ever looked at."));
        return false;
    }
    json_array_foreach(list, i, item) approvals[i] =
        (struct octets){(const uint8_t *)json_string_value(item), json_string_length(item)};
    *n = json_array_size(list);
    return true;
}

static void add(struct broker *b, struct control_call *call, const struct grants_offer *offer)
{
    struct grants_refusal refusal;
    struct grant_standing standing;
    struct grant_entry *e = NULL;
    struct store_txn *t;
    struct adding *a;
    int r = grants_add(b->grants, b->trust, clock_wall(), offer, &e, &standing, &refusal);

    if (r == -EINVAL) {
        refuse_grant(b, call, &refusal);
        return;
    }
    a = r == 0 ? calloc(1, sizeof(*a)) : NULL;
    if (!a) {
        control_store_unavailable(call, -ENOMEM);
        return;
    }
    b->generation++;
    a->broker = b;
    a->call = call;
    t = ledger_txn(b);
    if (t)
        write_grant(b, call, e, t);
    state_refresh_grants(b, e->grant->staff, clock_wall());
    char id[IDENT_ID_TEXT_SIZE];
    ident_format_id(&e->grant->id, id);
    a->reply =
        json_pack("{ss sI ss so}", "id", id, "version", (json_int_t)e->grant->version, "state",
                  reason_name(grants_state(e, &b->host, clock_wall())), "approvals", seen_of(&standing));
    life_recheck_all(b);
    ledger_submit(b, t, on_added, a);
}

void control_grant_add(void *userdata, struct control_call *call, json_t *parameters)
{
    struct broker *b = userdata;
    const char *document = NULL;
    json_t *list = NULL;
    const struct varlink_field fields[] = {{"document", VARLINK_STRING, false, &document},
                                           {"approvals", VARLINK_STRINGS, false, &list}};
    struct octets approvals[QUORUM_VOTES_MAX];
    size_t n = 0;

    if (!control_read(call, parameters, fields, ARRAY_SIZE(fields)) ||
        !read_approvals(call, list, approvals, &n))
        return;
    if (!b->trust)
        control_refuse(call, REASON_TRUST_MISSING,
                       N_("This host has no valid trust file to verify signatures with."));
    else if (!b->store)
        control_store_unavailable(call, b->store_error);
    else
        add(b, call, &(struct grants_offer){{(const uint8_t *)document, strlen(document)}, approvals, n});
}
