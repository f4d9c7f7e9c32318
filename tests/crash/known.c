#include "tests/crash/known.h"

#include "tests/crash/archive.h"
#include "tests/crash/lane.h"

#include <stdio.h>
#include <string.h>

static void add(struct lane *l, enum fact_kind kind, const char *key, uint64_t sequence)
{
    if (!facts_add_key(&l->facts, kind, key))
        lane_violation(l, "record %llu is a second one of %c %s", (unsigned long long)sequence, kind, key);
}

/* "#token#" in a reason that was given. */
static void add_order(struct lane *l, const struct known_record *r)
{
    const char *from = strstr(r->detail, "#t");
    size_t length = from ? strcspn(from + 1, "#") : 0;
    char key[TOKEN_SIZE * 2];

    if (!from || from[1 + length] != '#')
        return;
    (void)snprintf(key, sizeof(key), "%s %.*s", r->event, (int)length, from + 1);
    add(l, FACT_ORDER, key, r->sequence);
}

/* What is counted has the reference of one before it: it is told from that by its terminal, or by when it
 * began. */
static void add_refusal(struct lane *l, const struct known_record *r)
{
    char key[TOKEN_SIZE * 3];

    (void)snprintf(key, sizeof(key), "%s %s since %s", r->reference, r->tty, r->first);
    add(l, 'C', key, r->sequence);
    (void)facts_add_key(&l->facts, FACT_REFUSAL, r->reference);
    l->facts.refusals.recorded += r->count > 0 ? r->count : 1;
}

/* Two may order one end, and what could not be ended is said again after each start. */
static bool may_be_again(const char *event)
{
    return strcmp(event, "session-end") == 0 || strcmp(event, "session-remains") == 0;
}

static void add_terminal(struct lane *l, const struct known_record *r, bool success)
{
    char key[TOKEN_SIZE * 2];

    (void)snprintf(key, sizeof(key), "%s %d %s", r->event, success, r->tty);
    add(l, 'T', key, r->sequence); /* at most one of each event and result */
    if (success && strcmp(r->event, "login") == 0)
        add(l, FACT_LOGIN, r->tty, r->sequence);
    if (success && strcmp(r->event, "session-open") == 0)
        add(l, FACT_OPEN, r->tty, r->sequence);
}

static void add_number(struct lane *l, enum fact_kind kind, uint64_t n, uint64_t sequence)
{
    char key[24];

    (void)snprintf(key, sizeof(key), "%llu", (unsigned long long)n);
    add(l, kind, key, sequence);
}

void known_add(struct lane *l, const struct known_record *r)
{
    bool success = strcmp(r->result, "success") == 0;

    if (r->tty[0] == 't' && !may_be_again(r->event))
        add_terminal(l, r, success);
    if (!success && r->reference[0] != '\0' && !may_be_again(r->event))
        add_refusal(l, r);
    if (success && strcmp(r->event, "grant-add") == 0)
        add(l, FACT_GRANT, r->grant, r->sequence);
    if (success && strcmp(r->event, "trust-replace") == 0)
        add_number(l, FACT_EPOCH, r->version, r->sequence);
    if (success && strcmp(r->event, "checkpoint") == 0)
        add_number(l, FACT_CHECKPOINT, r->sequence, r->sequence);
    if (success && strcmp(r->event, "ledger-trim") == 0)
        archive_check(l, r->detail);
    add_order(l, r);
}
