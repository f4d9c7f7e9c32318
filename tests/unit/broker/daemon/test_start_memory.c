// LAYERS: test_support
// LINK: -Wl,--wrap=malloc -Wl,--wrap=calloc -Wl,--wrap=realloc -Wl,--wrap=reallocarray -Wl,--wrap=free

#include "broker/daemon/loading.h"
#include "tests/unit/broker/daemon/fake_ldapd.h"
#include "tests/unit/memory.h"
#include "tests/unit/unit.h"

/* A start for which memory runs out begins nothing, and leaves nothing: neither in memory nor in the store.
 */

void *__wrap_reallocarray(void *old, size_t count, size_t size);
void *__wrap_reallocarray(void *old, size_t count, size_t size)
{
    return __wrap_realloc(old, count * size);
}

static void tell_grants(struct ldapd *l, void *userdata)
{
    (void)userdata;
    for (unsigned n = 1; n <= 3; n++)
        ldapd_signed(l, n, (struct grant_plan){.version = n});
}

/* Whether memory ran out on the way. */
static bool start_with(struct world *w, unsigned allocations)
{
    struct broker_options options = world_options(w);
    struct config *config = world_config(w);
    char error[256];
    bool failed;
    int r;

    memory_fail_after(allocations);
    r = broker_new(w->event, &options, config, &w->broker, error);
    failed = memory.failed;
    memory_fail_after(UINT_MAX);
    assert_true(r == 0 || (failed && !w->broker));
    while (sd_event_run(w->event, 0) > 0)
        ; /* the reaper hears of it */
    world_stop(w);
    return failed;
}

static void test_without_memory(void **state)
{
    struct world *w = *state;
    struct ldapd l = ldapd_new(w);
    unsigned n = 0;

    ldapd_connect(&l);
    ldapd_refresh(&l, tell_grants, NULL);
    ldapd_hang_up(&l);
    world_stop(w);
    w->at_once = 1;
    w->by_hand = true;
    /* A step of one takes all; the later ones are more alike. */
    while (start_with(w, n))
        n += 1 + n / 40;
    assert_true(n > 100);
    world_start(w);
    assert_int_equal(loading_some(w->broker, 1000), 0);
    assert_int_equal(world_knock(w), REASON_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_without_memory, world_setup, world_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
