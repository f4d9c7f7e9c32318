#include "broker/daemon/state.h"

#include "broker/daemon/directory.h"
#include "broker/daemon/timekeeper.h"

#include <errno.h>

static enum reason state_of_trust(const struct broker *b, when_t now)
{
    if (!b->trust)
        return REASON_TRUST_MISSING;
    return when_interval_contains(trust_set_document(b->trust)->valid, now) ? REASON_OK
                                                                            : REASON_TRUST_EXPIRED;
}

/* Without a bound of its own a host decides also by a status that has ended: that goes on narrowing. */
when_t state_status_until(const struct broker *b)
{
    return b->config->status_required ? status_keeper_holds_until(b) : WHEN_NEVER;
}

static enum reason state_of_status(const struct broker *b, when_t now)
{
    when_t until = state_status_until(b);

    return until != WHEN_NEVER && now >= until ? REASON_STATUS_STALE : REASON_OK;
}

static enum reason state_of_store(const struct broker *b)
{
    if (!b->store)
        return REASON_STORE_DAMAGED;
    return store_health(b->store) == -EBADMSG ? REASON_STORE_DAMAGED : REASON_OK;
}

static enum reason first_of(const enum reason *reasons, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (reasons[i] != REASON_OK)
            return reasons[i];
    return REASON_OK;
}

enum reason state_of_host(struct broker *b, enum service_kind kind, when_t now)
{
    status_keeper_look(b, now);
    /* Only what begins needs a lease, and room for all that is still to be recorded of it. */
    bool begins = kind == SERVICE_LOGIN || kind == SERVICE_JOB;
    bool away = begins && !reaper_client_is_here(b->reaper);
    const enum reason reasons[] = {
        b->stopping ? REASON_STOPPING : REASON_OK,
        state_of_store(b),
        restored_is(b) ? REASON_STORE_RESTORED : REASON_OK,
        begins && !room_admits(b->room) ? REASON_STORE_FULL : REASON_OK,
        state_of_trust(b, now),
        b->host_trouble[0] != '\0' ? REASON_HOST_UNCONFIRMED : REASON_OK,
        timekeeper_is_sure(b->timekeeper) ? REASON_OK : REASON_CLOCK_UNSURE,
        state_of_status(b, now),
        taken_of_host(b->taken, now),
        away ? REASON_REAPER_AWAY : REASON_OK,
    };

    return first_of(reasons, ARRAY_SIZE(reasons));
}

enum reason state_for_live(const struct broker *b, when_t now)
{
    const enum reason reasons[] = {state_of_trust(b, now), taken_of_host(b->taken, now)};

    return first_of(reasons, ARRAY_SIZE(reasons));
}

enum reason state_of_person(const struct broker *b, const char *staff, uint32_t uid, when_t now)
{
    enum reason taken = taken_of_staff(b->taken, staff, now);

    if (uid < b->config->gated_first || uid > b->config->gated_last)
        return REASON_NOT_GATED;
    if (taken != REASON_OK)
        return taken;
    if (registry_is_ending(b->registry, uid))
        return REASON_REMAINS;
    return REASON_OK;
}

enum reason state_of_grants(const struct broker *b, const char *staff)
{
    int r = grants_know_staff(b->grants, staff);

    if (r == 0)
        return REASON_OK;
    return r == -EBADMSG ? REASON_STORE_DAMAGED : REASON_STORE_UNAVAILABLE;
}

void state_refresh_grant(struct broker *b, struct grant_entry *e, when_t now)
{
    const struct grant g = grant_entry_grant(e);

    e->taken_away = taken_of_grant(b->taken, &g, now);
    if (e->taken_away == REASON_OK && directory_has_withdrawn(b->directory, &e->id))
        e->taken_away = REASON_WITHDRAWN;
    status_keeper_apply(b, e);
}

void state_refresh_grants(struct broker *b, const char *staff, when_t now)
{
    struct grant_entry *e;

    /* Also where another one cannot be read: somebody may be in under those that are there. */
    (void)grants_know_staff(b->grants, staff);
    e = grant_index_first_of(grants_index(b->grants), staff);
    for (; e; e = e->next_of_staff)
        state_refresh_grant(b, e, now);
}
