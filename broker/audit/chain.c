#include "broker/audit/chain.h"

#include "broker/audit/chain_internal.h"
#include "broker/audit/event.h"
#include "broker/common/i18n.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* The first fault is the one that counts. */
int chain_fail(struct chain *c, enum chain_fault what, const struct record *r, const char *format, ...)
{
    va_list arguments;

    if (c->report.fault.what != CHAIN_SOUND)
        return -EBADMSG;
    c->report.fault.what = what;
    c->report.fault.sequence = r->sequence;
    c->report.fault.at_us = r->at_us;
    (void)snprintf(c->report.fault.event, CHAIN_EVENT_SIZE, "%s", r->event ? r->event : "");
    va_start(arguments, format);
    (void)vsnprintf(c->report.fault.text, CHAIN_TEXT_SIZE, format, arguments);
    va_end(arguments);
    return -EBADMSG;
}

struct remembered *chain_slot(const struct chain *c, uint64_t sequence)
{
    return &c->memory[sequence % MEMORY];
}

void chain_remember(struct chain *c, uint64_t sequence, const uint8_t hash[static RECORD_HASH_SIZE])
{
    struct remembered *m = chain_slot(c, sequence);

    m->sequence = sequence;
    memcpy(m->hash, hash, RECORD_HASH_SIZE);
}

/* ---- witnesses ---- */

static int ask_witnesses(struct chain *c, const struct record *r)
{
    for (; c->next_witness < c->o.n_witnesses; c->next_witness++) {
        const struct chain_witness *w = &c->o.witnesses[c->next_witness];

        if (w->sequence > r->sequence)
            break;
        if (w->sequence < r->sequence) {
            c->report.out_of_reach[w->kind]++;
            continue;
        }
        if (memcmp(w->hash, r->hash, RECORD_HASH_SIZE) != 0)
            return chain_fail(c, CHAIN_WITNESS, r, "%s",
                              w->kind == CHAIN_BY_JOURNAL ? _("journald was told of another one")
                                                          : _("the checkpoint given is of another one"));
        c->report.witnessed[w->kind]++;
    }
    return 0;
}

static int by_sequence(const void *a, const void *b)
{
    const struct chain_witness *x = a, *y = b;

    return (x->sequence > y->sequence) - (x->sequence < y->sequence);
}

void chain_sort_witnesses(struct chain_witness *witnesses, size_t n)
{
    if (n > 1)
        qsort(witnesses, n, sizeof(*witnesses), by_sequence);
}

/* The head of what was sealed can be compared as well. */
static int ask_about_joint(struct chain *c)
{
    struct record joint = {.sequence = c->begins - 1};

    memcpy(joint.hash, c->joined, RECORD_HASH_SIZE);
    return joint.sequence == 0 ? 0 : ask_witnesses(c, &joint);
}

/* ---- records ---- */

static int judge_content(struct chain *c, const struct record *r)
{
    uint8_t hash[RECORD_HASH_SIZE];
    int e;

    if (!record_format_label(r->format))
        return chain_fail(c, CHAIN_FORMAT, r, _("it is of format %u"), (unsigned)r->format);
    c->octets.size = 0;
    buf_put(&c->octets, r->previous, RECORD_HASH_SIZE);
    record_encode(r, &c->octets);
    if (buf_error(&c->octets) < 0)
        return buf_error(&c->octets);
    e = c->o.means.hash(c->o.means.userdata, r->format, c->octets.data, c->octets.size, hash);
    if (e < 0)
        return e;
    return memcmp(hash, r->hash, RECORD_HASH_SIZE) == 0 ? 0 : chain_fail(c, CHAIN_CONTENT, r, "%s", "");
}

static int judge_first(struct chain *c, const struct record *r)
{
    if (c->o.filtered)
        return 0;
    if (r->sequence != c->begins)
        return chain_fail(c, CHAIN_BEGIN, r, _("it should begin with record %llu"),
                          (unsigned long long)c->begins);
    if (memcmp(r->previous, c->joined, RECORD_HASH_SIZE) != 0)
        return chain_fail(c, CHAIN_BEGIN, r, "%s", _("it was written behind something else"));
    return 0;
}

static int judge_place(struct chain *c, const struct record *r)
{
    uint64_t expected = c->report.last + 1;

    if (c->report.records == 0)
        return judge_first(c, r);
    if (r->sequence < expected)
        return chain_fail(c, CHAIN_ORDER, r, _("it comes behind record %llu"),
                          (unsigned long long)c->report.last);
    if (r->sequence > expected && !c->o.filtered)
        return chain_fail_at(c, CHAIN_GAP, expected, _("behind record %llu comes record %llu"),
                             (unsigned long long)c->report.last, (unsigned long long)r->sequence);
    if (r->sequence == expected && memcmp(r->previous, c->report.head, RECORD_HASH_SIZE) != 0)
        return chain_fail(c, CHAIN_LINK, r, "%s", "");
    return 0;
}

static void count_record(struct chain *c, const struct record *r)
{
    struct chain_report *t = &c->report;

    if (t->records++ == 0) {
        t->first = r->sequence;
        t->first_us = r->at_us;
    }
    t->last = r->sequence;
    t->last_us = r->at_us;
    memcpy(t->head, r->hash, RECORD_HASH_SIZE);
    chain_remember(c, r->sequence, r->hash);
}

int chain_take(struct chain *c, const struct record *r)
{
    int e = c->report.fault.what == CHAIN_SOUND ? judge_place(c, r) : -EBADMSG;

    if (e == 0)
        e = judge_content(c, r);
    if (e == 0)
        e = ask_witnesses(c, r);
    if (e == 0 && strcmp(r->event, EVENT_LEDGER_KEY) == 0)
        e = chain_learn_key(c, r);
    /* One that could not be signed is on record as a failure. */
    if (e == 0 && strcmp(r->event, EVENT_CHECKPOINT) == 0 && strcmp(r->result, "success") == 0)
        e = chain_take_checkpoint(c, r);
    if (e == 0 && strcmp(r->event, EVENT_LEDGER_TRIM) == 0 && strcmp(r->result, "success") == 0)
        chain_note_trim(c, r);
    if (e == 0)
        count_record(c, r);
    return e;
}

void chain_break(struct chain *c, const char *text)
{
    uint64_t next = c->report.records == 0 ? c->begins : c->report.last + 1;

    (void)chain_fail_at(c, CHAIN_UNREADABLE, next, "%s", text);
}

/* What the witnesses know and nobody read. */
static int judge_unread(struct chain *c, uint64_t last)
{
    const struct chain_witness *w = &c->o.witnesses[c->next_witness];

    if (c->o.filtered) {
        for (; c->next_witness < c->o.n_witnesses; c->next_witness++)
            c->report.out_of_reach[c->o.witnesses[c->next_witness].kind]++;
        return 0;
    }
    return chain_fail_at(c, CHAIN_SHORT, last + 1,
                         w->kind == CHAIN_BY_JOURNAL ? _("journald was told of records up to %llu")
                                                     : _("the checkpoint given is about record %llu"),
                         (unsigned long long)c->o.witnesses[c->o.n_witnesses - 1].sequence);
}

static int judge_end(struct chain *c)
{
    uint64_t last = c->report.records == 0 ? c->begins - 1 : c->report.last;

    if (c->next_witness < c->o.n_witnesses && judge_unread(c, last) < 0)
        return -EBADMSG;
    if (!c->o.filtered && c->o.ends > last)
        return chain_fail_at(c, CHAIN_SHORT, last + 1, _("it should end with record %llu"),
                             (unsigned long long)c->o.ends);
    if (c->o.current && !c->o.filtered && c->begins > 1 && !c->report.sealed_on_record)
        return chain_fail_at(c, CHAIN_SEGMENT, c->begins - 1, "%s", _("no record says that it was sealed"));
    return 0;
}

int chain_end(struct chain *c)
{
    int e = c->report.fault.what == CHAIN_SOUND ? judge_end(c) : -EBADMSG;

    if (e == 0 && c->o.n_pinned > 0 && c->report.checkpoints == 0 && !c->o.filtered)
        e = chain_fail_at(c, CHAIN_UNSIGNED, c->report.first, "%s", "");
    return e;
}

const struct chain_report *chain_report(const struct chain *c)
{
    return &c->report;
}

/* ---- beginning ---- */

int chain_new(const struct chain_options *options, struct chain **ret)
{
    cleanup(chain_free_p) struct chain *c = calloc(1, sizeof(*c));
    int e;

    *ret = NULL;
    if (!c)
        return -ENOMEM;
    c->o = *options;
    c->begins = 1;
    (void)snprintf(c->ledger, sizeof(c->ledger), "%s", options->ledger ? options->ledger : "");
    c->memory = calloc(MEMORY, sizeof(*c->memory));
    if (!c->memory)
        return -ENOMEM;
    e = chain_judge_segments(c);
    if (e == 0)
        e = ask_about_joint(c);
    if (e < 0 && e != -EBADMSG)
        return e;
    *ret = steal_pointer(&c);
    return e;
}

struct chain *chain_free(struct chain *c)
{
    if (!c)
        return NULL;
    buf_done(&c->octets);
    free(c->learnt);
    free(c->memory);
    free(c);
    return NULL;
}
