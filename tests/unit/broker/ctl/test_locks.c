// LAYERS: test_support
// LIBRARIES: jansson

#include "tests/unit/broker/ctl/asked.h"
#include "tests/unit/unit.h"

#include <string.h>

/* lock, unlock, locks, grant finish, revoke --grace: what is asked, and what is said. */

#define ENDED                                                                                            \
    "{\"parameters\": {\"ending\": {\"sessions\": 1, \"processes\": 3, \"took_us\": 12345, \"proven\": " \
    "true, \"survivors\": []}}}"
#define NOT_ENDED                                                                                    \
    "{\"parameters\": {\"ending\": {\"sessions\": 0, \"processes\": 1, \"took_us\": 1, \"proven\": " \
    "false, \"survivors\": [{\"pid\": 4711, \"uid\": 20001, \"login_uid\": 20001, \"name\": \"dd\"}]}}}"

static void test_lock(void **state)
{
    (void)state;
    assert_asks_in_part(
        ENDED, "lock --staff zhang.san --why drill",
        "control.Lock\",\"parameters\":{\"scope\":\"staff\",\"name\":\"zhang.san\",\"why\":\"drill\"}",
        EXIT_DONE, "Locked on this host: staff zhang.san. Sessions ended: 1, processes: 3, in 12.3 ms.");
    assert_asks_in_part(ENDED, "lock --vendor acme --why w --until 2026-12-24T00:00:00+08:00",
                        "\"name\":\"acme\",\"why\":\"w\",\"until\":\"2026-12-23T16:00:00Z\"", EXIT_DONE,
                        "vendor acme.");
    assert_asks_in_part(ENDED, "lock --host --yes --why w",
                        "{\"scope\":\"host\",\"name\":\"\",\"why\":\"w\"}", EXIT_DONE,
                        "Locked on this host: all gated logins. ");
    assert_asks_in_part(NOT_ENDED, "lock --staff a --why w", "Lock", EXIT_NOT_PROVEN,
                        "4711 20001     20001 dd");
    assert_asks_in_part(NOT_ENDED, "lock --staff a --why w --json", "Lock", EXIT_NOT_PROVEN,
                        "\"proven\": false");
}

#define LOCK                                                                                         \
    "{\"kind\": \"lock\", \"scope\": \"staff\", \"name\": \"zhang.san\", \"at\": \"2026-11-21T00:00" \
    ":00Z\", \"until\": null, \"by\": 1000, \"why\": \"drill\", \"signer\": null}"
#define REVOCATION                                                                                 \
    "{\"kind\": \"revocation\", \"scope\": \"vendor\", \"name\": \"acme\", \"at\": \"2026-11-21T0" \
    "0:00:00Z\", \"until\": null, \"by\": null, \"why\": \"fraud\", \"signer\": \"wang.wu\"}"

static void test_unlock(void **state)
{
    (void)state;
    assert_asks_in_part(
        "{\"parameters\": {\"was\": " LOCK "}}", "unlock --staff zhang.san --why over",
        "control.Unlock\",\"parameters\":{\"scope\":\"staff\",\"name\":\"zhang.san\",\"why\":\"over\"}",
        EXIT_DONE, "Unlocked: staff zhang.san; had been locked at 2026-11-21T00:00:00Z by uid 1000: drill\n");
    assert_asks_in_part(
        "{\"error\": \"org.hufu.control.Refused\", \"parameters\": {\"reason\": \"bad-request\", "
        "\"message\": \"This is not locked on this host. `hufuctl locks` shows what is.\"}}",
        "unlock --host --why over", "Unlock", EXIT_REFUSED, "not locked on this host");
}

static void test_locks(void **state)
{
    (void)state;
    assert_asks_in_part("{\"parameters\": {\"taken\": [" LOCK ", " REVOCATION "]}}", "locks", "TakenList",
                        EXIT_DONE,
                        "lock       staff  zhang.san 2026-11-21T00:00:00Z unlocked 1000    drill\n"
                        "revocation vendor acme      2026-11-21T00:00:00Z for good wang.wu fraud\n");
    assert_asks_in_part("{\"parameters\": {\"taken\": []}}", "locks", "TakenList", EXIT_DONE,
                        "Nothing is locked or revoked on this host.\n");
    assert_asks_in_part("{\"parameters\": {\"taken\": []}}", "locks --json", "TakenList", EXIT_DONE,
                        "\"taken\": []");
}

static void test_finish(void **state)
{
    (void)state;
    assert_asks_in_part(
        "{\"parameters\": {\"id\": \"" PAPERS_ID "\", \"was_closed\": false, \"ending\": null}}",
        "grant finish", "control.GrantFinish\",\"parameters\":{}}", EXIT_DONE,
        "Grant " PAPERS_ID " is closed on this host for good. Your session ends now. Thank you.\n");
    assert_asks_in_part(
        "{\"parameters\": {\"id\": \"" PAPERS_ID
        "\", \"was_closed\": false, \"ending\": {\"sessions\": 1, \"processes\": 3, \"took_us\": 12345, "
        "\"proven\": true, \"survivors\": []}}}",
        "grant finish 01234567 --why done", "{\"id\":\"01234567\",\"why\":\"done\"}", EXIT_DONE,
        "Sessions ended: 1, processes: 3");
    assert_asks_in_part(
        "{\"parameters\": {\"id\": \"" PAPERS_ID
        "\", \"was_closed\": false, \"ending\": {\"sessions\": 1, \"processes\": 3, \"took_us\": 12345, "
        "\"proven\": false, \"survivors\": []}}}",
        "grant finish 01234567 --json", "GrantFinish", EXIT_NOT_PROVEN, "\"proven\": false");
}

/* An operator is in no session that could tell. */
static void test_finish_without_id(void **state)
{
    (void)state;
    assert_asks_in_part(
        "{\"error\": \"org.varlink.service.InvalidParameter\", \"parameters\": {\"parameter\": \"id\"}}",
        "grant finish", "GrantFinish", EXIT_USAGE, "say which grant");
}

static void test_grace(void **state)
{
    (void)state;
    assert_asks_in_part(ENDED, "revoke --staff a --grace 5m", "\"grace_seconds\":300", EXIT_DONE,
                        "waiting for up to 310 s until all has ended; interrupting that takes nothing back");
    assert_asks_in_part(ENDED, "revoke --staff a --grace 1", "\"grace_seconds\":1}", EXIT_DONE, "staff a.");
}

#define LOCKS_TEST(f) cmocka_unit_test_setup_teardown(f, enter_folder, leave_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOCKS_TEST(test_lock),
        LOCKS_TEST(test_unlock),
        LOCKS_TEST(test_locks),
        LOCKS_TEST(test_finish),
        LOCKS_TEST(test_finish_without_id),
        LOCKS_TEST(test_grace),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
