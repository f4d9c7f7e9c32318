#include "tests/differential/small_world.h"

#include "policy/engine/recheck.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const when_t instants[SMALL_INSTANTS] = {1009, 1010, 1019, 1020, 1024, 1030};
static const struct when_interval windows[SMALL_WINDOWS] = {{1010, 1020}, {1020, 1030}, {1015, 1025}};
const char *const small_host_names[SMALL_HOSTS] = {"alpha", "beta"};

struct small_grant small_grant_case(unsigned n)
{
    struct small_grant g = {.valid = windows[n % SMALL_WINDOWS]};
    unsigned place = n / SMALL_WINDOWS % SMALL_PLACES, uses = n / (SMALL_WINDOWS * SMALL_PLACES) % SMALL_USES;

    n /= SMALL_WINDOWS * SMALL_PLACES * SMALL_USES;
    g.on_host[0] = place != 1;
    g.on_host[1] = place != 0;
    g.single_use = uses != 0;
    g.used = uses == 2;
    g.emergency = n & 1;
    g.quorum = n & 2;
    g.revoked = n & 4;
    return g;
}

static struct grant *new_grant(unsigned which, unsigned version, const struct small_grant *from)
{
    char text[1024], begin[WHEN_TEXT_SIZE], end[WHEN_TEXT_SIZE];
    struct grant *g = NULL;

    when_format(from->valid.from, begin);
    when_format(from->valid.until, end);
    snprintf(
        text, sizeof text,
        "hufu-grant: 1\nsite: s\nid: %032x\nversion: %u\nclass: %s\nvendor: v\nemployer: v\n"
        "contract: c\nstaff: person\nstaff-key: password\n%s%sservice: cron\nservice: sshd\n"
        "channel: shell\nrun-as: oracle\ncommand: any\nsource: 10.0.0.0/8\n"
        "not-before: %s\nnot-after: %s\nhours: any\nuses: %s\n"
        "sessions: unlimited\nmax-session: unlimited\nrecording: none\nrequester: r\nticket: t\npurpose: p\n",
        which + 1, version, from->emergency ? "emergency\nincident-level: 2" : "normal",
        from->on_host[0] ? "host: alpha\n" : "", from->on_host[1] ? "host: beta\n" : "", begin, end,
        from->single_use ? "1 per-host" : "unlimited");
    if (grant_parse(text, strlen(text), &g, NULL) < 0)
        abort();
    return g;
}

static enum reason standing_of(const struct small_grant *g)
{
    return g->quorum ? REASON_OK : REASON_APPROVAL_MISSING;
}

static void write_books(struct grant_entry *e, const struct small_grant *from)
{
    e->taken_away = from->revoked ? REASON_REVOKED : REASON_OK;
    e->uses_taken = from->used;
}

void small_put(struct small_scene *s, unsigned which, const struct small_grant *from)
{
    struct grant *g = new_grant(which, 2, from);

    if (grant_index_put(s->index, g, standing_of(from), WHEN_NEVER, 86400, &s->entries[which]) < 0)
        abort();
    write_books(s->entries[which], from);
}

/* What nobody should believe: everywhere, always, without end. */
static void offer(struct small_scene *s, unsigned version, enum reason standing)
{
    const struct small_grant wide = {
        .valid = {0, 86400},
        .on_host = {true, true},
        .quorum = true,
        .single_use = false,
        .emergency = s->world.grants[0].emergency /* another class would be refused for that alone */};

    (void)grant_index_put(s->index, new_grant(0, version, &wide), standing, WHEN_NEVER, 86400, NULL);
}

/* False if there is nothing that it could do. */
bool small_directory_acts(struct small_scene *s)
{
    switch (s->world.act) {
    case ACT_UNVERIFIED:
        offer(s, 3, REASON_APPROVAL_MISSING);
        return true;
    case ACT_OLDER:
        if (s->world.grants[0].quorum)
            offer(s, 1, REASON_OK);
        return s->world.grants[0].quorum;
    case ACT_WITHDRAWN:
        if (!s->world.grants[0].revoked)
            s->entries[0]->taken_away = REASON_WITHDRAWN;
        return !s->world.grants[0].revoked;
    default:
        return true;
    }
}

void small_set(struct small_scene *s, unsigned setting)
{
    struct small_world *w = &s->world;

    w->host = setting % SMALL_HOSTS;
    w->now = instants[setting / SMALL_HOSTS % SMALL_INSTANTS];
    w->incident = setting / (SMALL_HOSTS * SMALL_INSTANTS);
    s->host.name = small_host_names[w->host];
    s->facts.now = w->now;
    s->facts.incident_level = w->incident ? 2 : 0;
}

void small_set_state(struct small_scene *s, unsigned state)
{
    static const enum reason troubles[] = {REASON_OK, REASON_CLOCK_UNSURE, REASON_STORE_UNAVAILABLE};
    struct small_world *w = &s->world;

    w->trouble = (enum small_trouble)(state % 3);
    w->stale = state / 3 % 2;
    w->locked = state / 6;
    s->facts.host_state = troubles[w->trouble];
    s->facts.status_until = w->stale ? w->now : WHEN_NEVER;
    s->facts.person_state = w->locked ? REASON_STAFF_LOCKED : REASON_OK;
}

void small_rewrite_second(struct small_scene *s)
{
    const struct ident_id id = s->entries[1]->id;

    grant_index_remove(s->index, &id);
    small_put(s, 1, &s->world.grants[1]);
}

static void prepare(struct small_scene *s, enum small_question q)
{
    struct facts *f = &s->facts;

    s->host.site = q == ASK_OTHER_SITE ? "t" : "s";
    f->staff = q == ASK_OTHER_ACCOUNT || q == ASK_SUDO_OTHER_ACCOUNT || q == ASK_CHANNEL_OTHER_ACCOUNT ||
                       q == ASK_LIVE_OTHER_ACCOUNT
                   ? "other"
                   : "person";
    f->service = q == ASK_OTHER_SERVICE ? "login" : q == ASK_JOB ? "cron" : "sshd";
    f->address.octets[0] = q == ASK_OTHER_SOURCE ? 11 : 10;
    f->phase = PHASE_ACCOUNT;
    f->kind = q == ASK_JOB                                   ? SERVICE_JOB
              : q == ASK_SUDO || q == ASK_SUDO_OTHER_ACCOUNT ? SERVICE_SWITCH
              : q == ASK_MANAGER                             ? SERVICE_USER_MANAGER
              : q == ASK_LOCKER                              ? SERVICE_LOCKER
                                                             : SERVICE_LOGIN;
    f->channels = q == ASK_MANAGER ? FACTS_UNITS : 0;
    f->session_live = s->world.live;
    f->session_grant = &s->entries[0]->id; /* also of a session that lives no more */
    f->reserved = NULL;
}

static int number_of(const struct small_scene *s, const struct grant_entry *e)
{
    return e == s->entries[0] ? 0 : e == s->entries[1] ? 1 : SMALL_NOBODY;
}

static struct small_answer of_decision(const struct small_scene *s, struct decision d)
{
    return (struct small_answer){d.verdict == VERDICT_ALLOW, number_of(s, d.entry), d.valid_until};
}

struct small_answer small_ask(struct small_scene *s, enum small_question q)
{
    struct grant_entry *session = s->world.live ? s->entries[0] : NULL;
    struct recheck r;

    prepare(s, q);
    if (q == ASK_CHANNEL || q == ASK_CHANNEL_OTHER_ACCOUNT)
        return of_decision(s, decide_channel(session, &s->facts, GRANT_CHANNEL_SHELL));
    if (q != ASK_LIVE && q != ASK_LIVE_OTHER_ACCOUNT)
        return of_decision(s, decide(s->index, &s->facts, NULL, NULL));
    r = recheck_session(session, &s->facts, s->world.now - 1);
    return (struct small_answer){r.keep, 0, r.deadline};
}
