#include "broker/review/model.h"
#include "broker/review/tally.h"

#include <stdio.h>
#include <string.h>

/*
 * Rights that were taken away or ended, and the proof that nothing lived on: the records of the endings of
 * the sessions that were open at that instant. What a session's record says is proven, was proven by the
 * reaper.
 */

/* A grant is closed with its last session, whose record was made a moment before. */
#define SAME_INSTANT_US 50000

static struct taken *add(struct review *v)
{
    if (v->n_taken == v->taken_room) {
        size_t room = v->taken_room ? 2 * v->taken_room : 16;
        struct taken *more = reallocarray(v->taken, room, sizeof(*more));

        if (!more) {
            model_failed(v);
            return NULL;
        }
        v->taken = more;
        v->taken_room = room;
    }
    return &v->taken[v->n_taken++];
}

static const char *how_of(const struct fact *f)
{
    if (model_is(f, EVENT_REVOKE) || (model_is(f, EVENT_REVOCATION) && f->success))
        return "revoked";
    if (model_is(f, EVENT_GRANT_CLOSE) && f->success)
        return "closed";
    if (model_is(f, EVENT_GRANT_FINISH) && f->success)
        return "finished";
    if (model_is(f, EVENT_WITHDRAWN) && !f->success)
        return "withdrawn";
    return NULL;
}

/* "revocation ID signed by NAME (role): why": who signed is who did it. */
static const char *signer_of(struct review *v, const struct fact *f)
{
    static const char mark[] = " signed by ";
    const char *at = f->r->detail ? strstr(f->r->detail, mark) : NULL;
    cleanup_free char *name = at ? strndup(at + sizeof(mark) - 1, strcspn(at + sizeof(mark) - 1, " ")) : NULL;

    return name ? model_text(v, name) : "";
}

void taken_take(struct review *v, const struct fact *f)
{
    const char *how = how_of(f);
    bool one_grant = *f->grant != '\0', one_person = !one_grant && *f->staff != '\0';
    struct taken *t = how ? add(v) : NULL;
    char actor[32];

    if (!t)
        return;
    *t = (struct taken){.at_us = f->r->at_us,
                        .host = f->host,
                        .how = how,
                        .grant = one_grant ? f->grant : "",
                        .staff = one_person ? f->staff : "",
                        .vendor = !one_grant && !one_person ? f->vendor : "",
                        .actor = model_text(v, model_actor(f->r->actor, actor)),
                        .why = model_text(v, f->r->detail),
                        .sequence = f->r->sequence,
                        .is_revocation = strcmp(how, "revoked") == 0};
    if (model_is(f, EVENT_REVOCATION))
        t->actor = signer_of(v, f);
}

/* ---- what became of the sessions ---- */

static bool was_open(const struct session_row *s, const struct taken *t)
{
    int64_t since = t->at_us - (strcmp(t->how, "closed") == 0 ? SAME_INSTANT_US : 0);

    return s->host == t->host && s->opened_us <= t->at_us && (s->ended_us == 0 || s->ended_us >= since);
}

static void follow(struct aftermath *a, const struct session_row *s)
{
    a->sessions++;
    a->proven = a->proven && s->proof == PROOF_GIVEN;
    a->took_us = s->proof_us > a->took_us ? s->proof_us : a->took_us;
    if (!a->last || s->proof == PROOF_MISSING || s->proof_sequence > a->last->proof_sequence)
        a->last = s;
}

struct aftermath taken_aftermath(const struct review *v, const struct taken *t)
{
    struct aftermath a = {.proven = true};
    size_t n = v->sessions.n;
    const struct session_row **rows = *t->grant ? sessions_of(v, t->grant, &n) : v->sessions.by_grant;

    for (size_t i = 0; rows && i < n; i++) {
        const struct session_row *s = rows[i];
        const char *vendor = *s->vendor ? s->vendor : model_vendor_of(v, s->staff);

        if (was_open(s, t) && (*t->grant || (*t->staff && s->staff == t->staff) ||
                               (*t->vendor && strcmp(vendor, t->vendor) == 0)))
            follow(&a, s);
    }
    return a;
}

json_t *revocations_json(struct review *v)
{
    json_t *rows = json_array();

    for (size_t i = 0; i < v->n_taken; i++) {
        const struct taken *t = &v->taken[i];
        struct aftermath a;

        if (!t->is_revocation)
            continue;
        a = taken_aftermath(v, t);
        model_append(v, rows,
                     json_pack("{so ss ss ss ss ss sI sb}", "at", model_time(model_seconds(t->at_us)), "host",
                               t->host, "scope",
                               *t->grant   ? "grant"
                               : *t->staff ? "staff"
                                           : "vendor",
                               "name",
                               *t->grant   ? t->grant
                               : *t->staff ? t->staff
                                           : t->vendor,
                               "actor", t->actor, "why", t->why, "took_us", (json_int_t)a.took_us, "proven",
                               (int)a.proven));
    }
    return rows;
}
