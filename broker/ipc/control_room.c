#include "broker/ipc/control_room.h"

/* ---- connections ---- */

static unsigned connections_of(const struct control *c, uid_t uid)
{
    unsigned n = 0;

    for (const struct control_connection *x = c->connections; x; x = x->next)
        n += x->peer.uid == uid;
    return n;
}

bool control_room_is_stranger(const struct control_options *o, const struct peer *peer)
{
    return peer->uid != o->root && !(o->operators != (gid_t)-1 && peer_in_group(peer, o->operators)) &&
           !(o->auditors != (gid_t)-1 && peer_in_group(peer, o->auditors));
}

static unsigned strangers(const struct control *c)
{
    unsigned n = 0;

    for (const struct control_connection *x = c->connections; x; x = x->next)
        n += x->stranger;
    return n;
}

bool control_room_has(const struct control *c, uid_t uid, bool stranger)
{
    if (stranger && strangers(c) >= CONTROL_STRANGERS_MAX)
        return false;
    /* Root is let in also when others fill the house. */
    return connections_of(c, uid) < CONTROL_CONNECTIONS_PER_UID_MAX &&
           (c->n < CONTROL_CONNECTIONS_MAX || uid == c->options.root);
}

/* ---- large calls ---- */

/* Who has waited longest is the last of the list. */
static void wake_waiting(struct control *c)
{
    struct control_connection *longest = NULL;

    for (struct control_connection *x = c->connections; x; x = x->next)
        if (x->waits)
            longest = x;
    if (!longest)
        return;
    longest->waits = false;
    (void)sd_event_source_set_enabled(longest->again, SD_EVENT_ONESHOT);
}

void control_room_call_done(struct control_connection *x)
{
    if (!x->control || !x->large)
        return;
    x->large = false;
    x->control->n_large--;
    wake_waiting(x->control);
}

bool control_room_may_grow(struct control_connection *x)
{
    if (x->large || x->in.size <= CONTROL_SMALL_CALL_MAX)
        return true;
    if (x->control->n_large >= CONTROL_LARGE_CALLS_MAX)
        return false;
    x->large = true;
    x->control->n_large++;
    return true;
}
