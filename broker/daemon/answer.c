#include "broker/daemon/answer.h"

#include "broker/audit/event.h"
#include "broker/daemon/texts.h"
#include "policy/engine/hours.h"

#include <stdio.h>

when_t answer_opens(enum reason reason, const struct grant_entry *entry, when_t now)
{
    struct grant g;

    if (!entry)
        return WHEN_NEVER;
    g = grant_entry_grant(entry);
    if (reason == REASON_NOT_YET_VALID)
        now = g.valid.from;
    else if (reason != REASON_OUTSIDE_HOURS)
        return WHEN_NEVER;
    now = hours_next_opening(&g, now);
    return now < g.valid.until ? now : WHEN_NEVER;
}

void answer_refuse(enum reason reason, const struct grant_entry *entry, when_t now, const char *reference,
                   struct gate_reply *ret)
{
    answer_refuse_about(reason, entry, now, reference, NULL, ret);
}

void answer_refuse_about(enum reason reason, const struct grant_entry *entry, when_t now,
                         const char *reference, const char *concern, struct gate_reply *ret)
{
    struct texts_refusal t = {.reason = reason,
                              .reference = reference,
                              .concern = concern,
                              .opens = answer_opens(reason, entry, now)};
    char id[IDENT_ID_TEXT_SIZE];

    if (entry) {
        const struct grant g = grant_entry_grant(entry);

        ident_format_id(&entry->id, id);
        t.grant = id;
        t.ticket = g.ticket;
        t.fleet = g.uses.scope == GRANT_USES_FLEET;
    }
    *ret = (struct gate_reply){.verdict = VERDICT_DENY, .reason = reason, .valid_until = now};
    (void)snprintf(ret->reference, sizeof(ret->reference), "%s", reference);
    texts_refuse(&t, ret->message);
}

void answer_record(const struct question *q, struct record *r, char address[static ADDRESS_TEXT_SIZE])
{
    address[0] = '\0';
    if (q->facts.source == SOURCE_ADDRESS)
        address_format(&q->facts.address, address);
    r->staff = q->m.person;
    r->account = q->m.user;
    r->service = q->m.service;
    r->tty = q->m.tty;
    /* What was refused for not being an address is recorded as it came. */
    r->address = address;
    if (q->facts.source == SOURCE_LOCAL)
        r->address = "local";
    else if (q->facts.source != SOURCE_ADDRESS)
        r->address = q->m.remote_host;
}

const char *answer_event(const struct question *q)
{
    switch (q->facts.kind) {
    case SERVICE_SWITCH:
        return EVENT_SWITCH;
    case SERVICE_JOB:
        return EVENT_JOB;
    case SERVICE_LOCKER:
        return EVENT_UNLOCK;
    case SERVICE_LOGIN:
        return q->facts.phase == PHASE_SESSION ? EVENT_SESSION_OPEN : EVENT_LOGIN;
    case SERVICE_USER_MANAGER:
        return EVENT_USER_MANAGER;
    case SERVICE_OTHER:
        break;
    }
    return EVENT_LOGIN;
}
