#include "broker/common/clock.h"
#include "broker/common/i18n.h"
#include "broker/daemon/directory.h"
#include "broker/daemon/documents.h"
#include "broker/daemon/grants_verdicts.h"
#include "broker/daemon/handlers_control.h"
#include "broker/daemon/ledger.h"
#include "broker/daemon/life.h"
#include "broker/daemon/repetition.h"
#include "broker/daemon/state.h"
#include "broker/daemon/taken_text.h"

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

static json_t *uses_taken(const struct grant_entry *e)
{
    return e->uses_taken < GRANTS_USES_LOST ? json_integer((json_int_t)e->uses_taken) : json_null();
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
    const struct grant whole = grant_entry_grant(e), *g = &whole;
    char id[IDENT_ID_TEXT_SIZE], uses[32];

    ident_format_id(&g->id, id);
    uses_text(&g->uses, uses);
    state_refresh_grant(b, e, now);
    return json_pack("{ss sI ss ss ss so so so ss so sI ss so ss}", "id", id, "version",
                     (json_int_t)g->version, "class", grant_class_name(g->class), "staff", g->staff, "vendor",
                     g->vendor, "services", services_of(g), "not_before", control_time(g->valid.from),
                     "not_after", control_time(g->valid.until), "uses", uses, "uses_taken", uses_taken(e),
                     "sessions_live", (json_int_t)e->sessions_live, "state",
                     reason_name(grants_state(e, &b->host, now)), "taken_by", taken_text_of_grant(b, e, now),
                     "ticket", g->ticket);
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

    if (l->vendor && strcmp(l->vendor, grant_entry_vendor(e)) != 0)
        return;
    state_refresh_grant(l->broker, e, l->now);
    if (l->all || !is_over(grants_state(e, &l->broker->host, l->now)))
        (void)json_array_append_new(l->grants, summary_of(l->broker, e, l->now));
}

/* A person's are found by name; any other question goes through all. */
static void list_those(struct listing *l)
{
    const struct grant_index *index = grants_index(l->broker->grants);
    struct grant_entry *e = l->staff ? grant_index_first_of(index, l->staff) : NULL;

    for (; e; e = e->next_of_staff)
        list_one(e, l);
    if (!l->staff)
        grant_index_each(index, list_one, l);
}

void control_grant_list(void *userdata, struct control_call *call, json_t *parameters)
{
    struct broker *b = userdata;
    struct listing l = {.broker = b, .now = clock_wall()};
    const struct varlink_field fields[] = {{"staff", VARLINK_STRING, true, &l.staff},
                                           {"vendor", VARLINK_STRING, true, &l.vendor},
                                           {"all", VARLINK_BOOL, true, &l.all}};
    int r;

    if (!control_read(call, parameters, fields, ARRAY_SIZE(fields)))
        return;
    if (!l.staff && control_waits_for_grants(b, call, parameters, control_grant_list))
        return;
    r = l.staff ? grants_know_staff(b->grants, l.staff) : 0;
    if (r < 0) {
        control_store_unavailable(call, r);
        return;
    }
    l.grants = json_array();
    list_those(&l);
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
    cleanup(papers_free_one_p) struct grant_papers *papers = NULL;
    struct grant_entry *e;

    if (!control_read(call, parameters, fields, ARRAY_SIZE(fields)))
        return;
    e = control_find_grant(b, call, id, NULL);
    if (!e)
        return;
    (void)grants_papers(b->grants, e, &papers); /* what is not there is shown as nothing */
    if (papers && b->trust)
        (void)grants_standing(b->grants, b->trust, clock_wall(), e, &standing);
    control_reply(call,
                  json_pack("{so so so so}", "grant", summary_of(b, e, clock_wall()), "document",
                            papers ? json_stringn((const char *)papers->document.data, papers->document.size)
                                   : json_string(""),
                            "approvals", documents_seen(&standing), "approval_documents",
                            texts_of_papers(papers)));
}

/* ---- adding ---- */

static void write_grant(const struct addition *a, const struct grant_entry *e,
                        const struct grant_papers *papers, struct store_txn *t)
{
    struct record r = addition_record(a, e->standing, e->standing == REASON_OK);
    struct store_blob approvals[QUORUM_VOTES_MAX];
    struct store_document d = {.type = DOCUMENT_GRANT,
                               .id = e->id,
                               .version = e->version,
                               .octets = papers->document.data,
                               .size = papers->document.size,
                               .approvals = approvals,
                               .n_approvals = papers->n_approvals};
    char id[IDENT_ID_TEXT_SIZE], detail[ADDITION_DETAIL_SIZE];

    for (size_t i = 0; i < papers->n_approvals; i++)
        approvals[i] = (struct store_blob){papers->approvals[i].data, papers->approvals[i].size};
    ledger_grant(&r, e, id);
    r.detail = addition_detail(a, "", detail);
    store_txn_document(t, &d);
    life_write_books(a->broker, e, t);
    if (!a->entry || e->standing == REASON_OK)
        store_txn_record(t, &r);
    else
        (void)repetition_write_about(a->broker, &r, "", REPETITION_FEW_NAMED);
}

void documents_take_grant(struct addition *a, const struct offer *offer)
{
    struct broker *b = a->broker;
    struct offer_refusal refusal = {0};
    struct grant_standing standing;
    cleanup(papers_free_one_p) struct grant_papers *papers = NULL;
    struct grant_entry *e = NULL;
    struct store_txn *t;
    char id[IDENT_ID_TEXT_SIZE];
    int r = grants_add(b->grants, b->trust, clock_wall(), offer, &e, &standing, &refusal);

    if (r == -EINVAL) {
        addition_refuse(a, &refusal);
        return;
    }
    if (r < 0) {
        addition_fail(a, r);
        return;
    }
    b->generation++;
    directory_grant_changed(b->directory, &e->id);
    state_refresh_grants(b, grant_entry_staff(e), clock_wall());
    life_recheck_under(b, a->order);
    /* Only now: what lost its ground has given its use back, and the books are written whole. */
    t = grants_papers(b->grants, e, &papers) == 0 ? ledger_txn(b) : NULL;
    if (t) {
        write_grant(a, e, papers, t);
        /* Of junk in the directory there may be any amount; it is verified again after a start. */
        if (!a->entry || e->standing == REASON_OK)
            grants_write_verdicts(b->grants, b->trust, e, t);
    }
    ident_format_id(&e->id, id);
    addition_accept(a,
                    &(struct addition_answer){.id = id,
                                              .version = e->version,
                                              .state = grants_state(e, &b->host, clock_wall()),
                                              .standing = &standing},
                    t);
}
