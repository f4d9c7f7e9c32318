#include "broker/daemon/trust_keeper.h"

#include "broker/common/clock.h"
#include "broker/common/failpoint.h"
#include "broker/common/i18n.h"
#include "broker/daemon/directory.h"
#include "broker/daemon/documents.h"
#include "broker/daemon/grants_verdicts.h"
#include "broker/daemon/judging.h"
#include "broker/daemon/ledger.h"
#include "broker/daemon/loading.h"
#include "broker/daemon/state.h"
#include "broker/daemon/timekeeper.h"
#include "broker/daemon/trust_file.h"
#include "broker/daemon/verdict_writer.h"
#include "broker/trust/digest.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define META_ORIGIN "trust-origin"

/* ---- in force ---- */

/* Takes what `c` holds. */
static void put_in_force(struct broker *b, struct trust_change *c, when_t since)
{
    struct trust_keeper *k = &b->trust_keeper;
    struct trust_set *before = b->trust;

    b->trust = steal_pointer(&c->set);
    b->host.site = trust_set_document(b->trust)->site;
    b->trust_trouble[0] = '\0';
    b->generation++;
    papers_free_one(k->papers);
    k->papers = steal_pointer(&c->papers);
    memcpy(k->sha256, c->sha256, sizeof(k->sha256));
    k->origin = c->origin;
    k->since = since;
    trust_set_free(before);
}

static void put_out_of_force(struct broker *b)
{
    b->host.site = "";
    b->generation++;
    b->trust = trust_set_free(b->trust);
    b->trust_keeper.papers = papers_free_one(b->trust_keeper.papers);
}

static void write_epoch(const struct broker *b, struct store_txn *t)
{
    const struct trust_keeper *k = &b->trust_keeper;
    struct store_blob approvals[QUORUM_VOTES_MAX];
    const struct store_document d = {.type = DOCUMENT_TRUST,
                                     .version = k->papers->version,
                                     .octets = k->papers->document.data,
                                     .size = k->papers->document.size,
                                     .approvals = approvals,
                                     .n_approvals = k->papers->n_approvals};
    char origin[64];

    /* What is in force is the highest one kept, also after a reset whose own commit failed. */
    store_txn_drop_documents(t, DOCUMENT_TRUST, &trust_no_id, k->origin == TRUST_RESET ? 0 : d.version);
    for (size_t i = 0; i < d.n_approvals; i++)
        approvals[i] = (struct store_blob){k->papers->approvals[i].data, k->papers->approvals[i].size};
    (void)snprintf(origin, sizeof(origin), "%s %lld", trust_origin_name(k->origin), (long long)k->since);
    store_txn_document(t, &d);
    store_txn_meta(t, META_ORIGIN, origin);
}

void trust_keeper_change(struct broker *b, struct trust_change *c, when_t now, struct store_txn *t)
{
    if (!c->again) {
        /* Whoever prepared the change has waited for that; it must not depend on it. */
        (void)loading_finish(b);
        put_in_force(b, c, now);
        judging_begin(b, now);
        if (b->trust_keeper.origin == TRUST_RESET)
            status_keeper_reset(b, t);
        else
            status_keeper_trust_changed(b, t);
    }
    if (!c->again)
        directory_trust_changed(b->directory, b->trust_keeper.origin == TRUST_RESET);
    b->trust_keeper.kept = true;
    FAILPOINT(TRUST_CHANGED);
    if (t) {
        write_epoch(b, t);
        verdict_writer_begin(b, t);
    }
}

/* ---- start ---- */

/* The highest epoch comes last. */
static int load_epoch(void *userdata, const struct store_document *d)
{
    struct grant_papers **last = userdata;
    struct octets approvals[QUORUM_VOTES_MAX];
    struct grant_papers *papers;
    int r;

    if (d->type != DOCUMENT_TRUST || !ident_id_equal(&d->id, &trust_no_id))
        return 0;
    r = papers_make(&trust_no_id, d->version, (struct octets){d->octets, d->size}, NULL, approvals,
                    documents_approvals(d, approvals), &papers);
    if (r < 0)
        return r;
    papers_free_one(*last);
    *last = papers;
    return 0;
}

static void load_origin(struct broker *b, struct trust_change *c, when_t *since)
{
    char text[64] = "";
    size_t length;

    c->origin = TRUST_SEEDED;
    *since = 0;
    if (store_load_meta(b->store, META_ORIGIN, text, sizeof(text)) < 0)
        return;
    length = strcspn(text, " ");
    *since = strtoll(text + length, NULL, 10);
    text[length] = '\0';
    for (enum trust_origin o = TRUST_SEEDED; o <= TRUST_RESET; o++)
        if (strcmp(text, trust_origin_name(o)) == 0)
            c->origin = o;
}

static void note_trouble(struct broker *b, const char *what, const struct document_error *error)
{
    (void)snprintf(b->trust_keeper.why_none, sizeof(b->trust_keeper.why_none), "%.40s, line %u: %.150s", what,
                   error->line, error->reason);
}

static void tell_kept_trouble(struct broker *b, uint32_t epoch, const struct document_error *error)
{
    (void)snprintf(
        b->trust_trouble, sizeof(b->trust_trouble),
        _("trust epoch %u in the store is not valid, line %u: %.100s; `hufuctl trust reset` starts "
          "over"),
        epoch, error->line, error->reason);
    note_trouble(b, "epoch in the store", error);
}

static int load_kept(struct broker *b, struct grant_papers *papers)
{
    cleanup(trust_change_done) struct trust_change c = {.papers = papers};
    struct document_error error = {0};
    when_t since;
    int r = trust_set_new(papers->document.data, papers->document.size, &c.set, &error);

    if (r == 0 && trust_set_document(c.set)->epoch != papers->version) {
        (void)snprintf(error.reason, sizeof(error.reason), "it is of epoch %u",
                       trust_set_document(c.set)->epoch);
        r = -EINVAL;
    }
    if (r == 0)
        r = digest_sha256(papers->document.data, papers->document.size, c.sha256);
    if (r == -EINVAL)
        tell_kept_trouble(b, papers->version, &error);
    if (r < 0)
        return r == -EINVAL ? 0 : r;
    load_origin(b, &c, &since);
    put_in_force(b, &c, since);
    return 0;
}

static int load_file(struct broker *b)
{
    cleanup_trust_file struct trust_file f = {0};
    cleanup(trust_set_free_p) struct trust_set *set = NULL;
    cleanup(trust_change_done) struct trust_change c = {0};
    struct document_error error = {0};
    int r = trust_file_read(b, &f);

    if (r == 0)
        r = trust_set_new(f.octets, f.size, &set, &error);
    else
        (void)snprintf(error.reason, sizeof(error.reason), "%s", strerror(-r));
    if (r == 0)
        r = trust_change_make((struct octets){(const uint8_t *)f.octets, f.size}, NULL, 0, TRUST_SEEDED, &set,
                              &c);
    if (r == 0)
        put_in_force(b, &c, clock_wall());
    if (r < 0 && r != -ENOMEM) {
        (void)snprintf(b->trust_trouble, sizeof(b->trust_trouble), _("%.40s, line %u: %s"),
                       b->options.trust_path, error.line, error.reason);
        note_trouble(b, b->options.trust_path, &error);
    }
    return r == -ENOMEM ? r : 0;
}

int trust_keeper_load(struct broker *b)
{
    struct grant_papers *last = NULL;
    int r = store_load_few(b->store, load_epoch, &last);

    if (r < 0) {
        papers_free_one(last);
        return r;
    }
    b->trust_keeper.kept = last != NULL;
    return last ? load_kept(b, last) : load_file(b);
}

/* ---- the first epoch ---- */

static void on_stored(void *userdata, int result, uint64_t sequence)
{
    (void)sequence;
    *(int *)userdata = result;
}

static int store_first(struct broker *b)
{
    struct record r = ledger_record(EVENT_TRUST_SEED, REASON_OK, true);
    struct store_txn *t = ledger_txn(b);
    char detail[LEDGER_TRUST_SIZE];
    int result = -EIO;

    ledger_trust(&r, b, "", detail);
    if (t) {
        write_epoch(b, t);
        store_txn_record(t, &r);
    }
    FAILPOINT(TRUST_SEEDING);
    ledger_submit(b, t, on_stored, &result);
    (void)store_flush(b->store);
    FAILPOINT(TRUST_SEEDED);
    return result;
}

static void record_none(struct broker *b)
{
    struct record r = ledger_record(EVENT_TRUST_SEED, REASON_TRUST_MISSING, false);

    r.detail = b->trust_keeper.why_none;
    ledger_write(b, &r);
}

void trust_keeper_settle(struct broker *b)
{
    int r;

    if (!b->trust)
        record_none(b);
    if (!b->trust || b->trust_keeper.kept)
        return;
    r = store_first(b);
    b->trust_keeper.kept = r == 0;
    if (r == 0)
        return;
    put_out_of_force(b);
    grants_judge_all(b->grants, NULL, clock_wall());
    status_keeper_trust_changed(b, NULL);
    (void)snprintf(b->trust_trouble, sizeof(b->trust_trouble), _("%.40s cannot be stored: %s"),
                   b->options.trust_path, strerror(-r));
}

void trust_keeper_reload(struct broker *b)
{
    if (!b->store || b->trust || b->trust_keeper.kept)
        return;
    /* A trust that takes the place of none is a start without one, and rare. */
    if (loading_finish(b) < 0)
        return;
    if (load_file(b) < 0 || !b->trust)
        return;
    judging_begin(b, timekeeper_now(b->timekeeper));
    status_keeper_trust_changed(b, NULL);
    trust_keeper_settle(b);
    directory_trust_changed(b->directory, true);
}

void trust_keeper_free(struct broker *b)
{
    b->host.site = "";
    b->trust = trust_set_free(b->trust);
    b->trust_keeper.papers = papers_free_one(b->trust_keeper.papers);
}
