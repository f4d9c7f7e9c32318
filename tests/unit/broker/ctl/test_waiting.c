// LAYERS: test_support
// LIBRARIES: jansson
// LINK: -Wl,--wrap=varlink_call

#include "broker/ipc/varlink_client.h"
#include "tests/unit/broker/ctl/invoke.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

/* How long is waited for an answer, and what is said of one that something could not be put on disk. */

#define HOUR_MS 3600000

static unsigned waited_ms;
static const char *error_name; /* of the reply; NULL: there is none */

int __wrap_varlink_call(const char *socket, const char *method, json_t *parameters, unsigned timeout_ms,
                        struct varlink_reply *ret);
int __wrap_varlink_call(const char *socket, const char *method, json_t *parameters, unsigned timeout_ms,
                        struct varlink_reply *ret)
{
    (void)socket;
    (void)method;
    (void)parameters;
    waited_ms = timeout_ms;
    if (!error_name)
        return -ETIMEDOUT;
    ret->message = json_pack("{ss s{ss}}", "error", error_name, "parameters", "message", "disk full");
    ret->error = json_string_value(json_object_get(ret->message, "error"));
    ret->parameters = json_object_get(ret->message, "parameters");
    return 0;
}

static void put_grant(void)
{
    char *grant = paper_grant(&(struct grant_plan){0});

    put_file("grant", grant);
    free(grant);
}

/* A change of trust has every grant verified: that takes longer than any proof. */
static void test_verifying_takes_its_time(void **state)
{
    struct result r;

    (void)state;
    error_name = NULL;
    put_grant();
    r = invoke("document", "add", "grant", NULL);
    assert_int_equal(r.code, EXIT_BROKER_AWAY);
    assert_in_range(waited_ms, HOUR_MS / 4, HOUR_MS);
    result_done(&r);
    r = invoke("status", NULL);
    assert_in_range(waited_ms, 1, 60000);
    result_done(&r);
}

/* Whoever revoked must not believe that nothing happened, nor that it is done. */
static void test_not_recorded(void **state)
{
    struct result r;

    (void)state;
    error_name = "org.hufu.control.StoreUnavailable";
    r = invoke("revoke", "--staff", "zhang.san", "--why", "test", NULL);
    assert_int_equal(r.code, EXIT_REFUSED);
    assert_says(r.error, "disk full");
    assert_says(r.error, "again");
    result_done(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_verifying_takes_its_time, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(test_not_recorded, enter_folder, leave_folder),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
