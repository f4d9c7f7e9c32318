/*
 * Every small case: all combinations of two grants, two hosts and six instants, with what may be true beside
 * them, are put to the engine, and each answer is held against the statements of the mission (statements.h).
 *
 *   exhaustive [EVERY]      only every so many of the second grant's combinations (an instrumented build)
 */
#include "policy/base/cleanup.h"
#include "policy/engine/decide.h"
#include "policy/engine/recheck.h"
#include "tests/differential/statements.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    WINDOWS = 3,
    PLACES = 3, /* this host, the other one, both */
    USES = 3,   /* unlimited; one, unused; one, used */
    GRANT_CASES = WINDOWS * PLACES * USES * 2 * 2 * 2,
    INSTANTS = 6,
    SETTINGS = SMALL_HOSTS * INSTANTS * 2, /* beside the grants: host, instant, incident */
    STATES = 3 * 2 * 2,                    /* trouble, stale, locked */
    STATEMENTS_MAX = 16,
    SHOWN = 3, /* failures of each statement that are printed */
};

static const when_t instants[INSTANTS] = {1009, 1010, 1019, 1020, 1024, 1030};
static const struct when_interval windows[WINDOWS] = {{1010, 1020}, {1020, 1030}, {1015, 1025}};
static const char *const host_names[SMALL_HOSTS] = {"alpha", "beta"};
static const struct grant_strings places[PLACES] = {{host_names, 1}, {host_names + 1, 1}, {host_names, 2}};

static const char *const question_names[ASK_COUNT] = {"login",
                                                      "login for another site",
                                                      "login of another account",
                                                      "login by another service",
                                                      "login from elsewhere",
                                                      "job",
                                                      "sudo",
                                                      "channel",
                                                      "live session",
                                                      "user manager",
                                                      "locker"};
static const char *const act_names[ACT_COUNT] = {"none", "offers an unsigned version", "is rolled back",
                                                 "withdraws"};

struct broken {
    const char *statement;
    unsigned long long times;
};

struct tally {
    unsigned long long asked, in, failed;
    struct broken broken[STATEMENTS_MAX];
};

struct scene {
    struct small_world world;
    struct grant_index *index;
    struct grant_entry *entries[SMALL_GRANTS];
    struct host_identity host;
    struct facts facts;
    struct tally tally;
};

/* --- the small world in the engine's terms ----------------------------------------------------------------
 */

static struct small_grant grant_case(unsigned n)
{
    struct small_grant g = {.valid = windows[n % WINDOWS]};
    unsigned place = n / WINDOWS % PLACES, uses = n / (WINDOWS * PLACES) % USES;

    n /= WINDOWS * PLACES * USES;
    g.on_host[0] = place != 1;
    g.on_host[1] = place != 0;
    g.single_use = uses != 0;
    g.used = uses == 2;
    g.emergency = n & 1;
    g.quorum = n & 2;
    g.revoked = n & 4;
    return g;
}

/* A document that says nothing yet of what differs from case to case. */
static struct grant *new_grant(unsigned which, unsigned version)
{
    char text[1024];
    struct grant *g = NULL;

    snprintf(
        text, sizeof text,
        "hufu-grant: 1\nsite: s\nid: %032x\nversion: %u\nclass: normal\nvendor: v\nemployer: v\n"
        "contract: c\nstaff: person\nstaff-key: password\nhost: alpha\nservice: cron\nservice: sshd\n"
        "channel: shell\nrun-as: oracle\ncommand: any\nsource: 10.0.0.0/8\n"
        "not-before: 1970-01-01T00:00:00Z\nnot-after: 1970-01-02T00:00:00Z\nhours: any\nuses: unlimited\n"
        "sessions: unlimited\nmax-session: unlimited\nrecording: none\nrequester: r\nticket: t\npurpose: p\n",
        which + 1, version);
    if (grant_parse(text, strlen(text), &g, NULL) < 0)
        abort();
    return g;
}

static void write_grant(struct grant *g, const struct small_grant *from)
{
    g->valid = from->valid;
    g->hosts = places[from->on_host[0] ? (from->on_host[1] ? 2 : 0) : 1];
    g->uses = from->single_use ? (struct grant_uses){GRANT_USES_PER_HOST, 1}
                               : (struct grant_uses){GRANT_USES_UNLIMITED, 0};
    g->class = from->emergency ? GRANT_CLASS_EMERGENCY : GRANT_CLASS_NORMAL;
    g->incident_level = from->emergency ? 2 : 0;
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

/* Nothing of it depends on the other grant, so the first is put anew for each of its cases, and the second is
 * rewritten in place. */
static void put(struct scene *s, unsigned which, const struct small_grant *from)
{
    struct grant *g = new_grant(which, 2);

    write_grant(g, from);
    if (grant_index_put(s->index, g, standing_of(from), WHEN_NEVER, 86400, &s->entries[which]) < 0)
        abort();
    write_books(s->entries[which], from);
}

/* What nobody should believe: everywhere, always, without end. */
static void offer(struct scene *s, unsigned version, enum reason standing)
{
    static const struct small_grant wide = {
        .valid = {0, 86400}, .on_host = {true, true}, .quorum = true, .single_use = false};
    struct grant *g = new_grant(0, version);

    write_grant(g, &wide);
    g->class = s->entries[0]->grant->class; /* another class would be refused for that alone */
    g->incident_level = s->entries[0]->grant->incident_level;
    (void)grant_index_put(s->index, g, standing, WHEN_NEVER, 86400, NULL);
}

/* False if there is nothing that it could do. */
static bool act(struct scene *s)
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

static void set(struct scene *s, unsigned setting)
{
    struct small_world *w = &s->world;

    w->host = setting % SMALL_HOSTS;
    w->now = instants[setting / SMALL_HOSTS % INSTANTS];
    w->incident = setting / (SMALL_HOSTS * INSTANTS);
    s->host.name = host_names[w->host];
    s->facts.now = w->now;
    s->facts.incident_level = w->incident ? 2 : 0;
}

static void set_state(struct scene *s, unsigned state)
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

/* --- asking ------------------------------------------------------------------------------------------------
 */

static void prepare(struct scene *s, enum small_question q)
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
    f->session_grant = &s->entries[0]->grant->id; /* also of a session that lives no more */
    f->reserved = NULL;
}

static int number_of(const struct scene *s, const struct grant_entry *e)
{
    return e == s->entries[0] ? 0 : e == s->entries[1] ? 1 : SMALL_NOBODY;
}

static struct small_answer of_decision(const struct scene *s, struct decision d)
{
    return (struct small_answer){d.verdict == VERDICT_ALLOW, number_of(s, d.entry), d.valid_until};
}

static struct small_answer ask(struct scene *s, enum small_question q)
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

/* How often it was broken before. */
static unsigned long long count_broken(struct tally *t, const char *statement)
{
    struct broken *b = t->broken;

    t->failed++;
    while (b->statement && b->statement != statement)
        b++;
    b->statement = statement;
    return b->times++;
}

static void failed(struct scene *s, const char *statement, enum small_question q,
                   const struct small_answer *a)
{
    const struct small_world *w = &s->world;

    if (count_broken(&s->tally, statement) >= SHOWN)
        return;
    printf("FAILED: statement %s\n    %s on %s at %lld: %s by grant %d until %lld\n    the directory: "
           "%s;%s%s%s%s%s\n",
           statement, question_names[q], host_names[w->host], (long long)w->now, a->in ? "in" : "refused",
           a->grant, (long long)a->until, act_names[w->act], w->incident ? " incident" : "",
           w->stale ? " stale" : "", w->locked ? " locked" : "", w->live ? " live" : "",
           w->trouble ? " trouble" : "");
    for (size_t i = 0; i < SMALL_GRANTS; i++) {
        const struct small_grant *g = &w->grants[i];

        printf("    grant %zu: [%lld, %lld)%s%s %s%s%s%s%s\n", i, (long long)g->valid.from,
               (long long)g->valid.until, g->on_host[0] ? " alpha" : "", g->on_host[1] ? " beta" : "",
               g->single_use ? "one use" : "unlimited", g->used ? ", used" : "",
               g->emergency ? ", emergency" : "", g->quorum ? "" : ", no quorum",
               g->revoked ? ", revoked" : "");
    }
}

/* Everybody who is let in comes in, one after the other, until nobody is. */
static void use_up(struct scene *s)
{
    unsigned used[SMALL_GRANTS] = {s->entries[0]->uses_taken, s->entries[1]->uses_taken};
    struct small_answer a;

    for (unsigned i = 0; i < 3; i++) {
        a = ask(s, ASK_LOGIN);
        if (!a.in)
            break;
        used[a.grant]++;
        s->entries[a.grant]->uses_taken++;
    }
    if (!small_statement_6(&s->world, used))
        failed(s, "6: used at most as often", ASK_LOGIN, &a);
    for (size_t i = 0; i < SMALL_GRANTS; i++)
        s->entries[i]->uses_taken = s->world.grants[i].used;
}

static struct small_answer one(struct scene *s, enum small_question q)
{
    struct small_answer a = ask(s, q);

    s->tally.asked++;
    s->tally.in += a.in;
    for (const struct small_statement *statement = small_statements; statement->name; statement++)
        if (!statement->holds(&s->world, q, &a))
            failed(s, statement->name, q, &a);
    if (a.in && q == ASK_LOGIN)
        use_up(s);
    return a;
}

static bool needs_session(enum small_question q)
{
    return q >= ASK_SUDO;
}

/* The others are refused, or let in, whatever the directory says. */
static bool depends_on_directory(enum small_question q)
{
    return q == ASK_LOGIN || q == ASK_JOB || q == ASK_SUDO || q == ASK_CHANNEL || q == ASK_LIVE;
}

/* --- all of them -------------------------------------------------------------------------------------------
 */

/* Nothing is wrong with host and person: every question; `before`: the answers before the directory did
 * anything. */
static void all_questions(struct scene *s, struct small_answer before[static 2][ASK_COUNT])
{
    set_state(s, 0);
    for (unsigned live = 0; live < 2; live++)
        for (enum small_question q = 0; q < ASK_COUNT; q++) {
            struct small_answer a;

            if ((live && !needs_session(q)) || (s->world.act != ACT_NONE && !depends_on_directory(q)))
                continue;
            s->world.live = live;
            a = one(s, q);
            if (s->world.act == ACT_NONE)
                before[live][q] = a;
            else if (!small_statement_3(&s->world, &before[live][q], &a))
                failed(s, "3: the directory never gives", q, &a);
        }
}

/* Something is: one question of each kind. */
static void all_states(struct scene *s)
{
    static const enum small_question asked[] = {ASK_LOGIN,   ASK_JOB,  ASK_SUDO,
                                                ASK_CHANNEL, ASK_LIVE, ASK_LOCKER};

    s->world.live = true;
    for (unsigned state = 1; state < STATES; state++) {
        set_state(s, state);
        for (size_t i = 0; i < ARRAY_SIZE(asked); i++)
            one(s, asked[i]);
    }
}

static void all_second_grants(struct scene *s, unsigned every,
                              struct small_answer before[static GRANT_CASES][SETTINGS][2][ASK_COUNT])
{
    for (unsigned second = 0; second < GRANT_CASES; second += every) {
        s->world.grants[1] = grant_case(second);
        write_grant(s->entries[1]->grant, &s->world.grants[1]);
        write_books(s->entries[1], &s->world.grants[1]);
        s->entries[1]->standing = standing_of(&s->world.grants[1]);
        for (unsigned setting = 0; setting < SETTINGS; setting++) {
            set(s, setting);
            all_questions(s, before[second][setting]);
            if (s->world.act == ACT_NONE)
                all_states(s);
        }
    }
}

static void all_first_grants(struct scene *s, unsigned every)
{
    static struct small_answer before[GRANT_CASES][SETTINGS][2][ASK_COUNT];
    static const uint8_t seed[GRANT_INDEX_SEED_SIZE];

    for (unsigned first = 0; first < GRANT_CASES; first++)
        for (enum small_act a = ACT_NONE; a < ACT_COUNT; a++) {
            if (grant_index_new(seed, &s->index) < 0)
                abort();
            s->world.grants[0] = grant_case(first);
            s->world.act = a;
            put(s, 0, &s->world.grants[0]);
            put(s, 1, &s->world.grants[0]);
            if (act(s))
                all_second_grants(s, every, before);
            s->index = grant_index_free(s->index);
        }
}

int main(int argc, char **argv)
{
    static struct scene s = {
        .facts = {.source = SOURCE_ADDRESS,
                  .address = {.family = ADDRESS_IPV4},
                  .key = KEY_NONE,
                  .command = COMMAND_FREE,
                  .recorder_attested = true,
                  .claim_possible = true},
    };
    unsigned every = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 1;

    if (argc > 2 || every == 0)
        return 2;
    s.facts.host = &s.host;
    all_first_grants(&s, every);
    for (const struct broken *b = s.tally.broken; b->statement; b++)
        printf("FAILED: statement %s: %llu times\n", b->statement, b->times);
    printf("%llu combinations, %llu let in, %llu broke a statement\n", s.tally.asked, s.tally.in,
           s.tally.failed);
    return s.tally.failed == 0 && s.tally.in > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
