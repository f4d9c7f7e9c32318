// LAYERS: test_support
// LIBRARIES: libcrypto
// LINK: -Wl,--wrap=EVP_DigestVerify -Wl,--wrap=sd_event_add_time_relative

#include "broker/audit/event.h"
#include "broker/common/clock.h"
#include "broker/common/files.h"
#include "tests/unit/broker/daemon/epochs.h"
#include "tests/unit/broker/daemon/world.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* What changes while a worker verifies. */

static pthread_t owner;
static atomic_uint begun, verified, verified_by_owner;
static atomic_bool held;
static sem_t gate;

int __real_EVP_DigestVerify(EVP_MD_CTX *ctx, const unsigned char *s, size_t size, const unsigned char *tbs,
                            size_t tbs_size);
int __wrap_EVP_DigestVerify(EVP_MD_CTX *ctx, const unsigned char *s, size_t size, const unsigned char *tbs,
                            size_t tbs_size);
int __wrap_EVP_DigestVerify(EVP_MD_CTX *ctx, const unsigned char *s, size_t size, const unsigned char *tbs,
                            size_t tbs_size)
{
    bool mine = pthread_equal(pthread_self(), owner) != 0;

    (void)atomic_fetch_add(&begun, 1);
    if (mine)
        (void)atomic_fetch_add(&verified_by_owner, 1);
    while (!mine && atomic_load(&held))
        if (sem_wait(&gate) == 0)
            break;
    (void)atomic_fetch_add(&verified, 1);
    return __real_EVP_DigestVerify(ctx, s, size, tbs, tbs_size);
}

static void hold(void)
{
    atomic_store(&held, true);
}

static void let_go(void)
{
    atomic_store(&held, false);
    for (int i = 0; i < 64; i++)
        (void)sem_post(&gate);
}

#define ORDER_PATIENCE_US 10500000 /* orders.c */

static bool impatient; /* an order is no longer waited for at all */

int __real_sd_event_add_time_relative(sd_event *event, sd_event_source **ret, clockid_t clock, uint64_t us,
                                      uint64_t accuracy, sd_event_time_handler_t call, void *userdata);
int __wrap_sd_event_add_time_relative(sd_event *event, sd_event_source **ret, clockid_t clock, uint64_t us,
                                      uint64_t accuracy, sd_event_time_handler_t call, void *userdata);
int __wrap_sd_event_add_time_relative(sd_event *event, sd_event_source **ret, clockid_t clock, uint64_t us,
                                      uint64_t accuracy, sd_event_time_handler_t call, void *userdata)
{
    if (impatient && us >= ORDER_PATIENCE_US)
        us = 0;
    return __real_sd_event_add_time_relative(event, ret, clock, us, accuracy, call, userdata);
}

static int setup(void **state)
{
    owner = pthread_self();
    atomic_store(&held, false);
    impatient = false;
    must(sem_init(&gate, 0, 0) == 0);
    if (world_setup(state) < 0)
        return -1;
    atomic_store(&begun, 0);
    atomic_store(&verified, 0);
    atomic_store(&verified_by_owner, 0);
    return 0;
}

static int teardown(void **state)
{
    let_go();
    return world_teardown(state);
}

static bool has_begun(struct world *w, void *userdata)
{
    (void)w;
    return atomic_load(&begun) >= *(unsigned *)userdata;
}

static void until_begun(struct world *w, unsigned n)
{
    world_until(w, has_begun, &n);
}

/* A grant and what two sign of it. */
struct papers_of {
    char *document, *one, *two;
};

static struct papers_of papers_new_of(struct world *w, struct grant_plan plan)
{
    char from[WHEN_TEXT_SIZE], until[WHEN_TEXT_SIZE], about[64];
    struct papers_of p;

    when_format(clock_wall() - 3600, from);
    when_format(clock_wall() + 3600, until);
    plan.from = from;
    plan.until = until;
    (void)snprintf(about, sizeof(about), "grant %s %u", plan.id ? plan.id : PAPERS_ID,
                   plan.version ? plan.version : 3);
    p.document = paper_grant(&plan);
    p.one = paper_approval(&(struct approval_plan){
        .by = &w->department->approvers[DEPARTMENT_LEADER], .document = p.document, .about = about});
    p.two = paper_approval(&(struct approval_plan){
        .by = &w->department->approvers[DEPARTMENT_UNIT], .document = p.document, .about = about});
    return p;
}

static void papers_done(struct papers_of *p)
{
    free(p->document);
    free(p->one);
    free(p->two);
}

static int begin(struct world *w, const struct papers_of *p)
{
    return world_begin_call(w, "DocumentAdd",
                            json_pack("{ss s[ss]}", "document", p->document, "approvals", p->one, p->two));
}

static void assert_state(struct world *w, int fd, const char *state)
{
    struct varlink_reply r = world_take_reply(w, fd);

    if (r.error)
        fail_msg("%s %s", r.error, json_dumps(r.parameters, 0));
    assert_string_equal(json_string_value(json_object_get(r.parameters, "state")), state);
    varlink_reply_done(&r);
}

static void assert_refused(struct world *w, int fd, const char *reason)
{
    struct varlink_reply r = world_take_reply(w, fd);

    assert_string_equal(r.error ? r.error : "", "org.hufu.control.Refused");
    assert_string_equal(json_string_value(json_object_get(r.parameters, "reason")), reason);
    varlink_reply_done(&r);
}

/* A higher version that came while the lower one was being verified is there first: the lower is refused. */
static void test_version_became_stale(void **state)
{
    struct world *w = *state;
    struct papers_of lower = papers_new_of(w, (struct grant_plan){.version = 3});
    struct papers_of higher = papers_new_of(w, (struct grant_plan){.version = 4});
    struct offer_refusal refusal;
    struct grant_standing standing;
    struct grant_entry *e;
    const struct octets approvals[] = {{(uint8_t *)higher.one, strlen(higher.one)},
                                       {(uint8_t *)higher.two, strlen(higher.two)}};
    const struct offer offer = {{(uint8_t *)higher.document, strlen(higher.document)}, approvals, 2};
    int fd;

    hold();
    fd = begin(w, &lower);
    until_begun(w, 1);
    assert_int_equal(
        grants_add(w->broker->grants, w->broker->trust, clock_wall(), &offer, &e, &standing, &refusal), 0);
    let_go();
    assert_refused(w, fd, "grant-superseded");
    assert_int_equal(e->grant->version, 4);
    papers_done(&lower);
    papers_done(&higher);
}

/* The trust changed while a grant was being verified: it is judged by the one in force, whose leader is
 * another. */
static void test_trust_changed_meanwhile(void **state)
{
    struct world *w = *state;
    struct papers_of p = papers_new_of(w, (struct grant_plan){0});
    char *next = epoch_without_leader(w, 5);
    int fd;

    hold();
    fd = begin(w, &p);
    until_begun(w, 1);
    epoch_put_file(w, next);
    struct varlink_reply r = epoch_reset(w, next);
    assert_null(r.error);
    varlink_reply_done(&r);
    assert_false(world_has_answer(w, fd));
    let_go();
    assert_state(w, fd, "approval-missing");
    assert_int_equal(atomic_load(&verified), 3); /* two under the old one; the unit's under the new */
    assert_int_equal(atomic_load(&verified_by_owner), 0);
    papers_done(&p);
    free(next);
}

/* While all grants are being verified under what is to come, they admit under what is in force; then none
 * that has lost its quorum. */
static void test_change_of_trust(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new(), other = visitor_new();
    struct gate_pam m = world_login(&v), n = world_login(&other);
    char *next = epoch_without_leader(w, 5), *one, *two;
    unsigned before;
    int fd;

    world_grant(w, (struct grant_plan){.sessions = "2"});
    before = atomic_load(&begun);
    one = epoch_approval(&w->department->approvers[DEPARTMENT_BOTH], next, 5);
    two = epoch_approval(&w->department->approvers[DEPARTMENT_UNIT], next, 5);
    hold();
    fd = world_begin_call(w, "DocumentAdd", json_pack("{ss s[ss]}", "document", next, "approvals", one, two));
    until_begun(w, before + 1);
    assert_int_equal(world_ask(w, &v, FRAME_GATE_ACCOUNT, &m).verdict, VERDICT_ALLOW);
    let_go();
    assert_state(w, fd, "ok");
    assert_int_equal(world_ask(w, &other, FRAME_GATE_ACCOUNT, &n).verdict, VERDICT_DENY);
    assert_int_equal(atomic_load(&verified_by_owner), 0);
    visitor_end(&v);
    visitor_end(&other);
    free(next);
    free(one);
    free(two);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_version_became_stale),
        TEST(test_trust_changed_meanwhile),
        TEST(test_change_of_trust),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
