// LAYERS: test_support
// LIBRARIES: jansson

#include "broker/ctl/publish.h"
#include "tests/unit/broker/ctl/fake_directory.h"
#include "tests/unit/broker/ctl/invoke.h"
#include "tests/unit/unit.h"

#include <string.h>

/* Uses across the fleet: what publish makes of those that are there. */

/* "1h 2 3e": use 1 is held, 2 is free, 3 is free and of other hosts. */
static void put_uses(const char *uses)
{
    cleanup_free char *copy = strdup(uses);
    cleanup_buf struct buf text = BUF_INIT;
    cleanup_free char *all = NULL;
    char *rest = copy;

    for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        char number[8] = "";

        memcpy(number, word, strspn(word, "0123456789"));
        ldif_put_text(&text, "dn", "cn=x,ou=uses," FAKE_BASE);
        ldif_put_text(&text, "hufuSlot", number);
        ldif_put_text(&text, "hufuHost", strchr(word, 'e') ? "db99.finance.example" : "db01.finance.example");
        if (strchr(word, 'h'))
            ldif_put_text(&text, "hufuHolder", "db01.finance.example:" PAPERS_ID);
        ldif_put_end(&text);
    }
    all = text.size > 0 ? buf_steal_text(&text) : strdup("");
    put_file("uses", all);
}

/* The changes in short: "+4" made, "-2" deleted, "~3" of other hosts now; "" none were sent. */
static void describe(const char *changes, char *short_form, size_t size)
{
    const char *at = changes;

    short_form[0] = '\0';
    while ((at = strstr(at, "dn: cn=" PAPERS_ID ".")) != NULL) {
        const char *slot = strchr(at, '.') + 1, *type = strstr(at, "changetype: ") + strlen("changetype: ");
        size_t n = strlen(short_form);

        (void)snprintf(short_form + n, size - n, "%s%c%.*s", n > 0 ? " " : "",
                       type[0] == 'a'   ? '+'
                       : type[0] == 'd' ? '-'
                                        : '~',
                       (int)strspn(slot, "0123456789"), slot);
        at = type;
    }
}

/* publish_uses() of a grant of `n` uses, with these there, and `versions` (LDIF) of the grant. */
static void assert_changes(const char *n, const char *there, const char *versions, const char *expected)
{
    cleanup(signable_done) struct signable s = {0};
    cleanup_free char *changes = NULL;
    struct fake_directory f;
    char found[400];
    char *text = paper_grant(&(struct grant_plan){.uses = n});

    assert_int_equal(signable_parse(text, strlen(text), &s, NULL), 0);
    free(text);
    put_uses(there);
    put_file("versions", versions);
    put_file("changes", "");
    fake_directory_start(
        &f, "case $MODE in\n--apply) cat > changes; n=0; grep '^dn:' changes | while read -r x; do "
            "n=$((n + 1)); echo $n 0; done;;\n"
            "--list) case $* in *hufuUse*) cat uses;; *) cat versions;; esac;;\nesac");
    if (publish_uses(&f.directory, s.grant) != EXIT_DONE)
        fail_msg("%s", fake_directory_said(&f));
    changes = fake_directory_file("changes");
    describe(changes, found, sizeof(found));
    if (strcmp(found, expected) != 0)
        fail_msg("%s uses with \"%s\": \"%s\", not \"%s\"", n, there, found, expected);
    if (strstr(expected, "+"))
        assert_says(changes, "hufuHost: db01.finance.example");
    if (strstr(expected, "~"))
        assert_says(changes, "replace: hufuHost\nhufuHost: db01.finance.example\n-\n");
    assert_null(strstr(changes, "hufuHolder"));
    fake_directory_done(&f);
}

static void test_as_many_as_it_says(void **state)
{
    (void)state;
    assert_changes("3 fleet", "", "", "+1 +2 +3");
    assert_changes("3 fleet", "1 2 3", "", "");
    assert_changes("3 fleet", "2", "", "+1 +3");
    assert_changes("3 fleet", "1h 3", "", "+2");
}

/* Free ones go, the highest first; held ones count and stay, whatever their number. */
static void test_fewer(void **state)
{
    (void)state;
    assert_changes("2 fleet", "1 2 3 4", "", "-4 -3");
    assert_changes("2 fleet", "1 2 3h 4h", "", "-2 -1");
    assert_changes("1 fleet", "1h 2h 3h", "", "");
    assert_changes("1 fleet", "1 7h", "", "-1");
    assert_changes("2 fleet", "7h", "", "+1");
}

/* Those that are left are for the hosts that the grant names, held ones too. */
static void test_other_hosts(void **state)
{
    (void)state;
    assert_changes("2 fleet", "1e 2", "", "~1");
    assert_changes("2 fleet", "1he 2e", "", "~1 ~2");
    assert_changes("1 fleet", "1he 2e", "", "-2 ~1");
    assert_changes("3 fleet", "1e", "", "~1 +2 +3");
}

/* Whoever publishes an older version again leaves the uses to the newer one. */
static void test_a_higher_version_is_there(void **state)
{
    (void)state;
    assert_changes("3 fleet", "1", "dn: cn=x\nhufuVersion: 4\n\n", "");
    assert_changes("3 fleet", "1", "dn: cn=x\nhufuVersion: 3\n\ndn: cn=y\nhufuVersion: 2\n\n", "+2 +3");
    assert_changes("2 fleet", "1", "dn: cn=x\nhufuVersion: four\n\n", "+2");
}

/* What is there beyond what a grant can have counts, and so does what cannot be read. */
static void test_strange_numbers(void **state)
{
    (void)state;
    assert_changes("3 fleet", "1 2 1001", "", "");
    assert_changes("3 fleet", "1 2 0", "", "");
    assert_changes("2 fleet", "1 2 1001", "", "-2");
}

static void test_refused(void **state)
{
    cleanup(signable_done) struct signable s = {0};
    struct fake_directory f;
    char *text = paper_grant(&(struct grant_plan){.uses = "2 fleet"});

    (void)state;
    assert_int_equal(signable_parse(text, strlen(text), &s, NULL), 0);
    free(text);
    fake_directory_start(&f, "[ $MODE != --apply ] || { printf '1 50 no\\n2 53 never\\n'; exit 1; }");
    assert_int_equal(publish_uses(&f.directory, s.grant), EXIT_NOT_PERMITTED);
    assert_says(fake_directory_said(&f), "the uses across the fleet were not made");
    fake_directory_done(&f);
    /* Another hufuctl was quicker. */
    fake_directory_start(&f, "[ $MODE != --apply ] || { printf '1 68 there\\n2 0\\n'; exit 1; }");
    assert_int_equal(publish_uses(&f.directory, s.grant), EXIT_DONE);
    fake_directory_done(&f);
    fake_directory_start(&f, "[ $MODE != --list ] || exit 4");
    assert_int_equal(publish_uses(&f.directory, s.grant), EXIT_BROKER_AWAY);
    fake_directory_done(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_as_many_as_it_says, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(test_fewer, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(test_other_hosts, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(test_a_higher_version_is_there, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(test_strange_numbers, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(test_refused, enter_folder, leave_folder),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
