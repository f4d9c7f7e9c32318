/*
 * decide() and recheck_session() beyond the golden tables: thousands of random sets of grants against a
 * plain model of the choice, what must hold between the two functions, and input that no handler sends.
 */
#include "policy/engine/decide.h"
#include "policy/engine/recheck.h"
#include "policy/engine/rules.h"
#include "tests/unit/policy/engine/sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define NOW ((when_t)1795140000) /* 2026-11-20T02:00:00Z */

enum {
    GRANTS = 6,
    ROUNDS = 5000,
};

static const uint8_t seed[GRANT_INDEX_SEED_SIZE] = {9};
static const struct host_identity host = {.site = "cn.example", .name = "db01.example"};

static struct facts login(void)
{
    return (struct facts){
        .now = NOW,
        .host = &host,
        .host_state = REASON_OK,
        .status_until = WHEN_NEVER,
        .person_state = REASON_OK,
        .staff = "zhang.san",
        .phase = PHASE_ACCOUNT,
        .kind = SERVICE_LOGIN,
        .service = "sshd",
        .source = SOURCE_ADDRESS,
        .address = {ADDRESS_IPV4, {10, 1, 2, 3}},
        .key = KEY_NONE,
    };
}

/* Always the same numbers (xorshift). */
static uint32_t random_below(uint32_t n)
{
    static uint32_t x = 2463534242u;

    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    return x % n;
}

static struct grant_index *random_index(void)
{
    static const enum reason states[] = {REASON_OK, REASON_OK, REASON_OK, REASON_REVOKED,
                                         REASON_VENDOR_LOCKED};
    struct grant_index *index = NULL;

    assert_int_equal(grant_index_new(seed, &index), 0);
    for (uint32_t n = 1 + random_below(GRANTS); n > 0; n--) {
        struct sample s = {.number = random_below(1000),
                           .staff = random_below(5) ? "zhang.san" : "li.wei",
                           .uses = random_below(2) ? "unlimited" : "2 per-host",
                           .days = 1 + random_below(3)};
        struct grant_entry *e = NULL;

        if (grant_index_put(index, sample_grant(s), random_below(6) ? REASON_OK : REASON_CLASS_LIMIT,
                            NOW + 50 + random_below(100), 60 + random_below(60), &e) < 0)
            continue;
        e->uses_taken = random_below(4);
        e->sessions_live = random_below(4) == 0;
        e->taken_away = states[random_below(ARRAY_SIZE(states))];
        e->closed = random_below(8) == 0;
        if (random_below(4) == 0)
            e->by_status_until = NOW + 40 + random_below(100);
        if (random_below(8) == 0)
            e->by_status = REASON_APPROVAL_MISSING;
    }
    return index;
}

/* How far a grant came; what ended it for good makes no difference. */
static enum reason distance(enum reason reason)
{
    return reason >= REASON_REVOKED && reason <= REASON_EXPIRED ? REASON_EXPIRED : reason;
}

/* What admits before what does not, then by the words of the rules. */
static bool comes_before(const struct grant_entry *x, const struct grant_entry *y)
{
    struct facts f = login();
    enum reason rx = rules_judge(QUESTION_LOGIN, x, &f), ry = rules_judge(QUESTION_LOGIN, y, &f);
    const struct grant gx = grant_entry_grant(x), gy = grant_entry_grant(y);
    bool ux = gx.uses.scope == GRANT_USES_UNLIMITED;
    bool uy = gy.uses.scope == GRANT_USES_UNLIMITED;

    if ((rx == REASON_OK) != (ry == REASON_OK))
        return rx == REASON_OK;
    if (distance(rx) != distance(ry))
        return rx > ry;
    if (rx == REASON_OK && ux != uy)
        return ux;
    if ((rx == REASON_OK || distance(rx) == REASON_EXPIRED) && gx.valid.until != gy.valid.until)
        return gx.valid.until > gy.valid.until;
    return memcmp(x->id.octets, y->id.octets, IDENT_ID_SIZE) < 0;
}

static void keep_first(struct grant_entry *entry, void *userdata)
{
    struct grant_entry **first = (struct grant_entry **)userdata;

    if (strcmp(grant_entry_staff(entry), "zhang.san") == 0 && (!*first || comes_before(entry, *first)))
        *first = entry;
}

static void test_choice_against_model(void **state)
{
    struct facts f = login();
    unsigned allowed = 0, refused = 0;

    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        struct grant_index *index = random_index();
        struct grant_entry *first = NULL;
        struct decision d = decide(index, &f, NULL, NULL);

        grant_index_each(index, keep_first, &first);
        assert_ptr_equal(d.entry, first);
        assert_int_equal(d.reason, first ? rules_judge(QUESTION_LOGIN, first, &f) : REASON_NO_GRANT);
        assert_int_equal(d.verdict, d.reason == REASON_OK ? VERDICT_ALLOW : VERDICT_DENY);
        *(d.verdict == VERDICT_ALLOW ? &allowed : &refused) += 1;
        grant_index_free(index);
    }
    assert_true(allowed > ROUNDS / 5 && refused > ROUNDS / 5);
}

/* What a login was admitted with keeps its session, to the same deadline. */
static void test_what_admits_also_keeps(void **state)
{
    struct facts f = login();
    unsigned kept = 0;

    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        struct grant_index *index = random_index();
        struct decision d;

        f.status_until = random_below(2) ? WHEN_NEVER : NOW + 20 + random_below(100);
        d = decide(index, &f, NULL, NULL);
        if (d.verdict == VERDICT_ALLOW) {
            struct recheck r = recheck_session(d.entry, &f, NOW);
            struct facts later = f;

            assert_true(r.keep);
            assert_int_equal(r.reason, REASON_OK);
            assert_int_equal(r.deadline, d.valid_until);
            assert_true(d.valid_until > NOW);
            later.now = r.deadline - 1;
            assert_true(recheck_session(d.entry, &later, NOW).keep);
            later.now = r.deadline;
            assert_false(recheck_session(d.entry, &later, NOW).keep);
            kept++;
        }
        grant_index_free(index);
    }
    assert_true(kept > ROUNDS / 5);
}

static struct grant_index *one_grant(struct grant_entry **entry)
{
    struct grant_index *index = NULL;

    assert_int_equal(grant_index_new(seed, &index), 0);
    assert_int_equal(grant_index_put(index, sample_grant((struct sample){.number = 1}), REASON_OK,
                                     NOW + 100000, 3600, entry),
                     0);
    return index;
}

static void count_call(void *userdata, const struct grant_entry *entry, enum reason reason)
{
    (void)entry;
    (void)reason;
    ++*(unsigned *)userdata;
}

static void test_cleared_facts_are_refused(void **state)
{
    struct grant_entry *entry = NULL;
    struct grant_index *index = one_grant(&entry);
    struct facts cleared = {0};
    struct decision d;
    unsigned calls = 0;
    bool forward = true;

    (void)state;
    d = decide(index, &cleared, count_call, &calls);
    assert_int_equal(d.verdict, VERDICT_DENY);
    assert_int_equal(d.reason, REASON_BROKER_ERROR);
    assert_null(d.entry);
    assert_int_equal(calls, 0);
    assert_int_equal(decide_channel(entry, &cleared, GRANT_CHANNEL_SHELL).verdict, VERDICT_DENY);
    assert_false(recheck_session(entry, &cleared, 0).keep);
    assert_false(decide_key_is_known(index, &cleared, &forward));
    assert_false(forward);
    cleared.host = &host;
    assert_false(decide_key_is_known(index, &cleared, &forward));
    cleared = (struct facts){.staff = "zhang.san"};
    assert_false(decide_key_is_known(index, &cleared, &forward));
    grant_index_free(index);
}

static void test_kind_that_is_none_is_refused(void **state)
{
    struct grant_entry *entry = NULL;
    struct grant_index *index = one_grant(&entry);
    struct facts f = login();

    (void)state;
    assert_int_equal(decide(index, &f, NULL, NULL).verdict, VERDICT_ALLOW);
    f.kind = (enum service_kind)0;
    assert_int_equal(decide(index, &f, NULL, NULL).reason, REASON_SERVICE_UNKNOWN);
    f.kind = (enum service_kind)99;
    f.session_live = true;
    assert_int_equal(decide(index, &f, NULL, NULL).reason, REASON_SERVICE_UNKNOWN);
    assert_int_equal(decide(index, &f, NULL, NULL).verdict, VERDICT_DENY);
    grant_index_free(index);
}

static void test_channel_is_one_bit_that_is_there(void **state)
{
    struct grant_entry *entry = NULL;
    struct grant_index *index = one_grant(&entry);
    struct facts f = login();

    (void)state;
    assert_int_equal(decide_channel(entry, &f, GRANT_CHANNEL_SHELL).verdict, VERDICT_ALLOW);
    assert_int_equal(decide_channel(entry, &f, (enum grant_channel)0).reason, REASON_CHANNEL_NOT_GRANTED);
    assert_int_equal(decide_channel(entry, &f, (enum grant_channel)3).reason, REASON_CHANNEL_NOT_GRANTED);
    assert_int_equal(decide_channel(NULL, &f, GRANT_CHANNEL_SHELL).reason, REASON_NO_SESSION);
    /* facts of a su in the session phase have no say about a channel */
    f.phase = PHASE_SESSION;
    f.target = "root";
    assert_int_equal(decide_channel(entry, &f, GRANT_CHANNEL_SHELL).verdict, VERDICT_ALLOW);
    /* nor has the door: the session came through one that the grant names */
    f.service = "gdm";
    f.source = SOURCE_NONE;
    assert_int_equal(decide_channel(entry, &f, GRANT_CHANNEL_SHELL).verdict, VERDICT_ALLOW);
    grant_index_free(index);
}

/* An instant beyond all documents, and an opening that no clock shows: no overflow (UBSan), no admission. */
static void test_instants_out_of_range(void **state)
{
    struct grant_entry *entry = NULL;
    struct grant_index *index = one_grant(&entry);
    struct facts f = login();

    (void)state;
    assert_true(recheck_session(entry, &f, WHEN_NEVER).keep);
    assert_int_equal(recheck_session(entry, &f, INT64_MIN).reason, REASON_MAX_SESSION);
    f.now = WHEN_NEVER;
    assert_int_equal(decide(index, &f, NULL, NULL).reason, REASON_EXPIRED);
    f.now = INT64_MIN;
    assert_int_equal(decide(index, &f, NULL, NULL).reason, REASON_NOT_YET_VALID);
    grant_index_free(index);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_choice_against_model),
        cmocka_unit_test(test_what_admits_also_keeps),
        cmocka_unit_test(test_cleared_facts_are_refused),
        cmocka_unit_test(test_kind_that_is_none_is_refused),
        cmocka_unit_test(test_channel_is_one_bit_that_is_there),
        cmocka_unit_test(test_instants_out_of_range),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
