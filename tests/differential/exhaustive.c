/*
 * Every small case: all combinations of two grants, two hosts and six instants, with what may be true beside
 * them, are put to the engine, and each answer is held against the statements of the mission (statements.h).
 *
 *   exhaustive [EVERY]      only every so many of the second grant's combinations (an instrumented build)
 */
#include "policy/base/cleanup.h"
#include "tests/differential/small_world.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    STATEMENTS_MAX = 16,
    SHOWN = 3, /* failures of each statement that are printed */
};

static const char *const question_names[ASK_COUNT] = {
    [ASK_LOGIN] = "login",
    [ASK_OTHER_SITE] = "login for another site",
    [ASK_OTHER_ACCOUNT] = "login of another account",
    [ASK_OTHER_SERVICE] = "login by another service",
    [ASK_OTHER_SOURCE] = "login from elsewhere",
    [ASK_JOB] = "job",
    [ASK_SUDO] = "sudo",
    [ASK_SUDO_OTHER_ACCOUNT] = "sudo of another account",
    [ASK_CHANNEL] = "channel",
    [ASK_CHANNEL_OTHER_ACCOUNT] = "channel of another account",
    [ASK_LIVE] = "live session",
    [ASK_LIVE_OTHER_ACCOUNT] = "live session of another account",
    [ASK_MANAGER] = "user manager",
    [ASK_LOCKER] = "locker",
};
static const char *const act_names[ACT_COUNT] = {"none", "offers an unsigned version", "is rolled back",
                                                 "withdraws"};

struct broken {
    const char *statement;
    unsigned long long times;
};

static struct tally {
    unsigned long long asked, in, failed;
    struct broken broken[STATEMENTS_MAX];
} tally;

/* How often it was broken before. */
static unsigned long long count_broken(const char *statement)
{
    struct broken *b = tally.broken;

    tally.failed++;
    while (b->statement && b->statement != statement)
        b++;
    b->statement = statement;
    return b->times++;
}

static void failed(const struct small_scene *s, const char *statement, enum small_question q,
                   const struct small_answer *a)
{
    const struct small_world *w = &s->world;

    if (count_broken(statement) >= SHOWN)
        return;
    printf("FAILED: statement %s\n    %s on %s at %lld: %s by grant %d until %lld\n    the directory: "
           "%s;%s%s%s%s%s\n",
           statement, question_names[q], small_host_names[w->host], (long long)w->now,
           a->in ? "in" : "refused", a->grant, (long long)a->until, act_names[w->act],
           w->incident ? " incident" : "", w->stale ? " stale" : "", w->locked ? " locked" : "",
           w->live ? " live" : "", w->trouble ? " trouble" : "");
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
static void use_up(struct small_scene *s)
{
    unsigned used[SMALL_GRANTS] = {s->entries[0]->uses_taken, s->entries[1]->uses_taken};
    struct small_answer a;

    for (unsigned i = 0; i < 3; i++) {
        a = small_ask(s, ASK_LOGIN);
        if (!a.in || a.grant == SMALL_NOBODY)
            break;
        used[a.grant]++;
        s->entries[a.grant]->uses_taken++;
    }
    if (!small_statement_6(&s->world, used))
        failed(s, "6: used at most as often", ASK_LOGIN, &a);
    for (size_t i = 0; i < SMALL_GRANTS; i++)
        s->entries[i]->uses_taken = s->world.grants[i].used;
}

static struct small_answer one(struct small_scene *s, enum small_question q)
{
    struct small_answer a = small_ask(s, q);

    tally.asked++;
    tally.in += a.in;
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

/* --- all of them --- */

/* Nothing is wrong with host and person: every question; `before`: the answers before the directory did
 * anything. */
static void all_questions(struct small_scene *s, struct small_answer before[static 2][ASK_COUNT])
{
    small_set_state(s, 0);
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
static void all_states(struct small_scene *s)
{
    static const enum small_question asked[] = {ASK_LOGIN,   ASK_JOB,  ASK_SUDO,
                                                ASK_CHANNEL, ASK_LIVE, ASK_LOCKER};

    s->world.live = true;
    for (unsigned state = 1; state < SMALL_STATES; state++) {
        small_set_state(s, state);
        for (size_t i = 0; i < ARRAY_SIZE(asked); i++)
            one(s, asked[i]);
    }
}

static void
all_second_grants(struct small_scene *s, unsigned every,
                  struct small_answer before[static SMALL_GRANT_CASES][SMALL_SETTINGS][2][ASK_COUNT])
{
    for (unsigned second = 0; second < SMALL_GRANT_CASES; second += every) {
        s->world.grants[1] = small_grant_case(second);
        small_rewrite_second(s);
        for (unsigned setting = 0; setting < SMALL_SETTINGS; setting++) {
            small_set(s, setting);
            all_questions(s, before[second][setting]);
            if (s->world.act == ACT_NONE)
                all_states(s);
        }
    }
}

static void all_first_grants(struct small_scene *s, unsigned every)
{
    static struct small_answer before[SMALL_GRANT_CASES][SMALL_SETTINGS][2][ASK_COUNT];
    static const uint8_t seed[GRANT_INDEX_SEED_SIZE];

    for (unsigned first = 0; first < SMALL_GRANT_CASES; first++)
        for (enum small_act a = ACT_NONE; a < ACT_COUNT; a++) {
            if (grant_index_new(seed, &s->index) < 0)
                abort();
            s->world.grants[0] = small_grant_case(first);
            s->world.act = a;
            small_put(s, 0, &s->world.grants[0]);
            small_put(s, 1, &s->world.grants[0]);
            if (small_directory_acts(s))
                all_second_grants(s, every, before);
            s->index = grant_index_free(s->index);
        }
}

int main(int argc, char **argv)
{
    static struct small_scene s = {
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
    for (const struct broken *b = tally.broken; b->statement; b++)
        printf("FAILED: statement %s: %llu times\n", b->statement, b->times);
    printf("%llu combinations, %llu let in, %llu broke a statement\n", tally.asked, tally.in, tally.failed);
    return tally.failed == 0 && tally.in > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
