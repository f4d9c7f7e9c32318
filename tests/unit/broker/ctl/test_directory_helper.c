// LAYERS: test_support
// LIBRARIES: jansson

#include "broker/ctl/entry.h"
#include "tests/unit/broker/ctl/fake_directory.h"
#include "tests/unit/broker/ctl/invoke.h"
#include "tests/unit/unit.h"

#include <string.h>
#include <unistd.h>

/* What hufuctl makes of a hufu-ldapd that does not do as it should: it is refused and said, and nothing waits
 * for ever. */

static const char *const attributes[] = {"hufuId", NULL};

struct heard {
    unsigned n;
    enum exit_code code; /* of the first */
};

static enum exit_code hear(struct ldif_record **record, void *userdata)
{
    struct heard *h = userdata;

    assert_non_null(*record);
    h->n++;
    return h->code;
}

/* What directory_list() came to, with `said` among what was said ("": nothing at all was). */
static unsigned list(const char *script, enum exit_code expected, const char *said, enum exit_code answer)
{
    struct fake_directory f;
    struct heard h = {.code = answer};
    enum exit_code code;

    fake_directory_start(&f, script);
    code = directory_list(&f.directory, "ou=uses", "(objectClass=*)", attributes, hear, &h);
    if (code != expected || !strstr(fake_directory_said(&f), said) || (!*said && *fake_directory_said(&f)))
        fail_msg("%s: %d, %s", script, (int)code, fake_directory_said(&f));
    fake_directory_done(&f);
    return h.n;
}

#define ENTRY "printf 'dn: cn=x\\nhufuId: 1\\n\\n';"

static void test_as_it_should(void **state)
{
    cleanup_free char *words = NULL;

    (void)state;
    assert_int_equal(list("echo \"$@\" > words;" ENTRY ENTRY, EXIT_DONE, "", EXIT_DONE), 2);
    words = fake_directory_file("words");
    assert_string_equal(words, "--config directory.conf --below ou=uses," FAKE_BASE
                               " --list (objectClass=*) hufuId\n");
    assert_int_equal(list("true", EXIT_DONE, "", EXIT_DONE), 0);
}

static void test_garbage(void **state)
{
    (void)state;
    assert_int_equal(list("echo garbage", EXIT_REFUSED, "cannot be read: line 1", EXIT_DONE), 0);
    assert_int_equal(
        list(ENTRY "printf 'dn: cn=y\\nhufuId: 1'", EXIT_REFUSED, "cannot be read: line 5", EXIT_DONE), 1);
    assert_int_equal(list(ENTRY "printf 'dn: cn=y\\nhufuId:< file:///etc/passwd\\n\\n'", EXIT_REFUSED,
                          "cannot be read", EXIT_DONE),
                     1);
}

static void test_exit_codes(void **state)
{
    static const struct {
        int status;
        enum exit_code code;
        const char *said;
    } cases[] = {
        {1, EXIT_REFUSED, "the directory refused: no such thing; and more"},
        {2, EXIT_REFUSED, "failed (2): no such thing"},
        {3, EXIT_REFUSED, "hufuctl: no such thing"},
        {4, EXIT_BROKER_AWAY, "cannot be reached: no such thing"},
        {5, EXIT_NOT_PERMITTED, "does not let you in: no such thing"},
        {99, EXIT_REFUSED, "failed (99): no such thing"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        cleanup_free char *script = NULL;

        assert_true(asprintf(&script,
                             ENTRY "echo 'hufu-ldapd: no such thing' >&2; echo 'and more' >&2; exit %d",
                             cases[i].status) > 0);
        (void)list(script, cases[i].code, cases[i].said, EXIT_DONE);
    }
    (void)list("exit 4", EXIT_BROKER_AWAY, "cannot be reached: ?", EXIT_DONE);
    (void)list(ENTRY "kill -9 $$", EXIT_REFUSED, "failed (-10)", EXIT_DONE);
}

static void test_cannot_be_run(void **state)
{
    struct fake_directory f;
    struct heard h = {0};

    (void)state;
    fake_directory_start(&f, "true");
    f.cli.ldapd = "/nonexistent/hufu-ldapd";
    assert_int_equal(directory_list(&f.directory, NULL, "(x=*)", attributes, hear, &h), EXIT_REFUSED);
    assert_says(fake_directory_said(&f), "cannot run /nonexistent/hufu-ldapd");
    fake_directory_done(&f);
}

/* One that goes on writing is not listened to for ever, and does not hold up whoever has heard enough. */
static void test_ten_mebibytes(void **state)
{
    (void)state;
    assert_int_equal(list("head -c 10485760 /dev/zero | tr '\\0' x", EXIT_REFUSED, "failed", EXIT_DONE), 0);
    assert_int_equal(list("while " ENTRY "do :; done", EXIT_NOT_FOUND, "", EXIT_NOT_FOUND), 1);
    (void)list(ENTRY "head -c 10485760 /dev/zero | tr '\\0' x >&2; exit 4", EXIT_BROKER_AWAY, "xxxx",
               EXIT_DONE);
}

/* A base is one line, and its output ends there. */
static void test_base(void **state)
{
    struct fake_directory f;
    struct directory d;

    (void)state;
    fake_directory_start(&f, "echo " FAKE_BASE "; head -c 10485760 /dev/zero");
    assert_int_not_equal(directory_open(&f.cli, "x.conf", &d), EXIT_DONE); /* a signal ended it */
    directory_done(&d);
    fake_directory_done(&f);
    fake_directory_start(&f, "echo " FAKE_BASE);
    assert_int_equal(directory_open(&f.cli, "x.conf", &d), EXIT_DONE);
    assert_string_equal(d.base, FAKE_BASE);
    directory_done(&d);
    fake_directory_done(&f);
    fake_directory_start(&f, "true");
    assert_int_equal(directory_open(&f.cli, "x.conf", &d), EXIT_REFUSED);
    assert_says(fake_directory_said(&f), "x.conf says no base");
    directory_done(&d);
    fake_directory_done(&f);
}

/* It inherits nothing: no descriptor but the three, and an input that is empty. */
static void test_inherits_nothing(void **state)
{
    int fd = dup(0);
    cleanup_free char *open = NULL;

    (void)state;
    assert_true(fd > 2);
    assert_int_equal(
        list("cat > input; for n in 3 4 5 6 7 8 9; do [ ! -e /proc/self/fd/$n ] || echo $n; done > open",
             EXIT_DONE, "", EXIT_DONE),
        0);
    open = fake_directory_file("open");
    assert_string_equal(open, "");
    (void)close(fd);
}

/* ---- answers to changes ---- */

static void count(size_t number, int code, const char *text, void *userdata)
{
    unsigned *n = userdata;

    (void)text;
    (*n)++;
    assert_int_equal(number, *n);
    assert_true(code >= 0);
}

static void test_answers(void **state)
{
    static const struct {
        const char *script;
        enum exit_code code;
        unsigned n;
    } cases[] = {
        /* of two changes */
        {"cat >/dev/null; printf '1 0\\n2 68 Already exists\\n'; exit 1", EXIT_DONE, 2},
        {"printf '1 0 \\n2 0\\n'", EXIT_DONE, 2},
        {"printf '1 0 \\n'", EXIT_REFUSED, 1},
        {"printf '1 0\\n2 0\\n3 0\\n'", EXIT_REFUSED, 3},
        {"true", EXIT_REFUSED, 0},
        {"printf '2 0\\n'", EXIT_REFUSED, 0},
        {"printf '1 0\\n1 0\\n'", EXIT_REFUSED, 1},
        {"printf '1\\n'", EXIT_REFUSED, 0},
        {"printf '1 -1 x\\n'", EXIT_REFUSED, 0},
        {"printf '1 0x0 x\\n'", EXIT_REFUSED, 0},
        {"printf '1 99999999999999999999 x\\n'", EXIT_REFUSED, 0},
        {"printf '01 0 x\\n'", EXIT_REFUSED, 0},
        {"printf '1  0 x\\n'", EXIT_REFUSED, 0},
        {"printf '1 0 x\\n'; exit 4", EXIT_BROKER_AWAY, 1},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        cleanup_buf struct buf changes = BUF_INIT;
        struct fake_directory f;
        unsigned n = 0;

        entry_put_deletion(&changes, "cn=x");
        entry_put_deletion(&changes, "cn=\xe2\x98\x83\nchangetype: delete");
        fake_directory_start(&f, cases[i].script);
        if (directory_apply(&f.directory, &changes, count, &n) != cases[i].code || n != cases[i].n)
            fail_msg("%s: %u answers", cases[i].script, n);
        fake_directory_done(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_as_it_should, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(test_garbage, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(test_exit_codes, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(test_cannot_be_run, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(test_ten_mebibytes, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(test_base, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(test_inherits_nothing, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(test_answers, enter_folder, leave_folder),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
