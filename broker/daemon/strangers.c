#include "broker/daemon/strangers.h"

#include "broker/daemon/life.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void ask_behind(struct broker *b, uint64_t session);

/* Of a reservation nobody should have a lease yet. */
static bool is_known(const struct session *s, uint32_t uid)
{
    return s && s->uid == uid && s->state != SESSION_RESERVED;
}

/* The name is in the books if another session of theirs is. */
static void name(struct broker *b, struct session *s)
{
    (void)snprintf(s->staff, sizeof(s->staff), "uid %u", (unsigned)s->uid);
    for (const struct session *x = registry_first_of(b->registry, s->uid); x; x = registry_next_of(x))
        if (x != s && !x->stranger)
            (void)snprintf(s->staff, sizeof(s->staff), "%s", x->staff);
}

static struct session *add(struct broker *b, uint64_t number, uint32_t uid)
{
    bool taken = registry_find(b->registry, number) != NULL;
    struct session *s = registry_add(b->registry, taken ? b->next_session : number, uid);

    if (!s)
        return NULL;
    life_pass_number(b, s->number);
    name(b, s);
    s->stranger = true;
    s->released = true;
    return s;
}

/* Books that were put back may have it as reserved when it was opened, and its use used, soon after. */
static void take_reserved(const struct broker *b, struct session *s)
{
    s->settled = true;
    s->opened = restored_is(b);
    s->opened_at = s->reserved_at;
}

static void end(struct broker *b, uint64_t number, const struct reap_process *leader)
{
    struct session *s = registry_find(b->registry, number);

    if (is_known(s, leader->login_uid))
        return;
    if (s && s->uid == leader->login_uid)
        take_reserved(b, s);
    else
        s = add(b, number, leader->login_uid);
    if (!s)
        return; /* without memory: its lease ends it */
    s->leader.pid = leader->pid;
    s->leader.start_time = leader->start_time;
    s->audit_session = leader->audit_session;
    registry_set_state(s, SESSION_OPENING);
    orders_expect_stranger(b, s->number);
    life_end(b, s, restored_is(b) ? REASON_STORE_RESTORED : REASON_NO_SESSION);
}

static void on_leased(void *userdata, int result, const struct reap_reply *reply)
{
    struct broker *b = userdata;

    if (result == -ETIMEDOUT) {
        ask_behind(b, 0);
    } else if (result == 0 && reply->result == REAP_DONE && reply->n_processes > 0) {
        end(b, reply->session, &reply->processes[0]);
        ask_behind(b, reply->session);
    } else if (result == 0 && reply->result == REAP_GONE) {
        b->strangers_known = true;
        orders_strangers_known(b);
    }
    /* Else it is asked when the reaper is back. */
}

static void ask_behind(struct broker *b, uint64_t session)
{
    const struct reap_request request = {.type = FRAME_REAP_LEASED, .target.session = session};

    reaper_client_ask(b->reaper, &request, REAPER_ASK_US, on_leased, b);
}

void strangers_look(struct broker *b)
{
    if (b->store && !b->strangers_known)
        ask_behind(b, 0);
}

void strangers_expect(struct broker *b, struct operator_order *o)
{
    if (b->store && !b->strangers_known)
        order_await_strangers(o);
    for (const struct session *s = registry_first(b->registry); s; s = registry_next(s))
        if (s->stranger)
            (void)order_expect(o, s->number);
}
