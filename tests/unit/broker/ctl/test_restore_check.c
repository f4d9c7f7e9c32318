// LAYERS: test_support
// LIBRARIES: jansson

#include "broker/ctl/manifest.h"
#include "broker/trust/digest.h"
#include "policy/base/cleanup.h"
#include "tests/unit/broker/ctl/invoke.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What `hufuctl restore --check` looks at before hufud looks at the store. */

static void add(struct manifest *m, const char *name, const char *text)
{
    uint8_t sha256[32];
    char path[64];

    (void)snprintf(path, sizeof(path), "b/%s", name);
    put_file(path, text);
    assert_int_equal(digest_sha256(text, strlen(text), sha256), 0);
    assert_int_equal(manifest_add(m, name, strlen(text), sha256), 0);
}

static int setup(void **state)
{
    struct manifest m = {.host = "db01", .sequence = 7, .time = PAPERS_NOW, .version = "1"};
    cleanup_free char *text = NULL;

    if (enter_folder(state) != 0 || mkdir("b", 0700) < 0)
        return -1;
    memset(m.hash, 'a', sizeof(m.hash) - 1);
    add(&m, "hufu.db", "no store");
    add(&m, "trust", "epoch: 1\n");
    text = manifest_format(&m);
    put_file("b/" MANIFEST_NAME, text);
    return 0;
}

static void assert_found(const char *words)
{
    cleanup_result struct result r = invoke_line("restore b --check");

    assert_int_equal(r.code, EXIT_REFUSED);
    assert_says(r.error, "is no good backup");
    assert_says(r.error, words);
}

/* Then it is hufud's to say what the store is worth. */
static void test_whole(void **state)
{
    cleanup_result struct result r = invoke_line("restore b --check");

    (void)state;
    assert_int_equal(r.code, EXIT_REFUSED);
    assert_null(strstr(r.error, "is no good backup"));
    assert_says(r.error, "hufu");
}

static void test_changed(void **state)
{
    (void)state;
    put_file("b/trust", "epoch: 2\n");
    assert_found("trust is not the file that was written");
}

static void test_other_sizes(void **state)
{
    (void)state;
    put_file("b/trust", "epoch: 1");
    assert_found("trust is shorter");
    put_file("b/trust", "epoch: 1\n\n");
    assert_found("trust is longer");
    put_file("b/trust", "");
    assert_found("trust is shorter");
}

static void test_missing(void **state)
{
    (void)state;
    assert_int_equal(unlink("b/trust"), 0);
    assert_found("trust is missing");
    assert_int_equal(unlink("b/" MANIFEST_NAME), 0);
    assert_found(MANIFEST_NAME " is missing");
}

/* The same octets, elsewhere: what is restored is what lies in the folder. */
static void test_a_link(void **state)
{
    (void)state;
    assert_int_equal(rename("b/trust", "trust"), 0);
    assert_int_equal(symlink("../trust", "b/trust"), 0);
    assert_found("trust");
}

static void test_a_stranger(void **state)
{
    (void)state;
    put_file("b/ledger.key", "x");
    assert_found("ledger.key is not in its manifest");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_whole, setup, leave_folder),
        cmocka_unit_test_setup_teardown(test_changed, setup, leave_folder),
        cmocka_unit_test_setup_teardown(test_other_sizes, setup, leave_folder),
        cmocka_unit_test_setup_teardown(test_missing, setup, leave_folder),
        cmocka_unit_test_setup_teardown(test_a_link, setup, leave_folder),
        cmocka_unit_test_setup_teardown(test_a_stranger, setup, leave_folder),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
