#include "broker/review/model.h"
#include "broker/review/tally.h"
#include "policy/base/service.h"

#include <string.h>

/* How each grant was used: hosts, services, accounts, commands, addresses, at once. What is kept grows with
 * these, not with the records. */

#define SEEN_MAX 256 /* addresses of one grant that are told apart */

void uses_done(struct uses *u)
{
    for (size_t i = 0; i < u->n; i++) {
        const struct use *x = &u->rows[i];
        json_t *const values[] = {x->hosts, x->live, x->services, x->run_as, x->commands, x->seen};

        for (size_t k = 0; k < ARRAY_SIZE(values); k++)
            json_decref(values[k]);
    }
    free(u->rows);
    json_decref(u->index);
}

struct use *uses_find(struct review *v, const char *grant)
{
    const json_t *at = json_object_get(v->uses.index, grant);

    return at ? &v->uses.rows[json_integer_value(at)] : NULL;
}

static struct use *add(struct review *v, const struct fact *f)
{
    struct uses *u = &v->uses;
    struct use *more;

    if (!u->rows || u->n == u->room) {
        size_t room = u->room ? 2 * u->room : 16;

        more = reallocarray(u->rows, room, sizeof(*more));
        if (!more)
            return NULL;
        u->rows = more;
        u->room = room;
    }
    more = &u->rows[u->n];
    *more = (struct use){.grant = f->grant,
                         .staff = "",
                         .vendor = "",
                         .ticket = "",
                         .hosts = json_object(),
                         .live = json_object(),
                         .services = json_object(),
                         .run_as = json_object(),
                         .commands = json_object(),
                         .seen = json_object()};
    if (json_object_set_new(u->index, f->grant, json_integer((json_int_t)u->n)) < 0)
        model_failed(v);
    u->n++;
    return more;
}

static void describe(struct use *u, const struct fact *f)
{
    if (*f->staff)
        u->staff = f->staff;
    if (*f->vendor)
        u->vendor = f->vendor;
    if (*f->ticket)
        u->ticket = f->ticket;
    if (f->r->version > u->version)
        u->version = f->r->version;
}

static uint64_t change_live(struct use *u, const char *host, int by)
{
    uint64_t n = tally_count(u->live, host);

    if (by < 0 && n == 0)
        return 0;
    (void)json_object_set_new(u->live, host, json_integer((json_int_t)n + by));
    return by > 0 ? n + 1 : n;
}

static void note_live(struct use *u, const struct fact *f, uint64_t live)
{
    if (f->in_period && live > u->most_live)
        u->most_live = live;
}

static void see(struct use *u, const struct fact *f, const char *what)
{
    json_t *row;

    if (*f->address == '\0' ||
        (json_object_size(u->seen) >= SEEN_MAX && !json_object_get(u->seen, f->address)))
        return;
    row = tally_object(u->seen, f->address);
    if (row)
        (void)tally_add(row, what, f->count);
}

static void open_session(struct use *u, const struct fact *f)
{
    (void)tally_add(u->hosts, f->host, 1);
    note_live(u, f, change_live(u, f->host, 1));
    if (!f->in_period)
        return;
    u->opened++;
    (void)tally_add(u->services, service_grant_name(f->service), 1);
    see(u, f, "admitted");
    /* Of channels only ssh is asked; who logs in at a console has a shell. */
    if (strcmp(f->service, "sshd") != 0)
        u->channels |= GRANT_CHANNEL_SHELL;
}

static void close_session(struct review *v, struct use *u, const struct fact *f)
{
    const struct session_row *s = sessions_find(v, f->host, f->r->session);

    if (s && s->ended_us == 0 && s->opened_us != 0)
        note_live(u, f, change_live(u, f->host, -1));
}

static void note_end(struct use *u, const struct fact *f)
{
    u->closed =
        u->closed || (f->success && (model_is(f, EVENT_GRANT_CLOSE) || model_is(f, EVENT_GRANT_FINISH)));
    u->revoked = u->revoked || model_is(f, EVENT_REVOKE) || (f->success && model_is(f, EVENT_REVOCATION));
    if (model_is(f, EVENT_WITHDRAWN))
        u->withdrawn = !f->success;
    if (u->over == 0 && (u->closed || u->revoked))
        u->over = f->at;
}

static void take_in_period(struct review *v, struct use *u, const struct fact *f)
{
    if (!f->success && (model_is(f, EVENT_LOGIN) || model_is(f, EVENT_SESSION_OPEN)))
        see(u, f, "refused");
    if (!f->success)
        return;
    if (model_is(f, EVENT_JOB))
        (void)tally_add(u->services, service_grant_name(f->service), f->count);
    else if (model_is(f, EVENT_SWITCH) && strcmp(f->account, f->staff) != 0)
        (void)tally_add(u->run_as, f->account, f->count);
    else if (model_is(f, EVENT_CHANNEL))
        u->channels |= model_channel(f->r->detail);
    else if (model_is(f, EVENT_COMMAND)) {
        (void)tally_add(u->run_as, f->account, f->count);
        (void)tally_add(u->commands, model_text(v, f->r->detail), f->count);
    }
}

void uses_take(struct review *v, const struct fact *f)
{
    struct use *u;

    if (*f->grant == '\0' || f->at >= v->settings.until)
        return;
    u = uses_find(v, f->grant);
    if (!u)
        u = add(v, f);
    if (!u) {
        model_failed(v);
        return;
    }
    describe(u, f);
    note_end(u, f);
    if (model_is(f, EVENT_SESSION_OPEN) && f->success)
        open_session(u, f);
    else if (model_is(f, EVENT_SESSION_CLOSE))
        close_session(v, u, f);
    if (f->in_period)
        take_in_period(v, u, f);
}
