// LAYERS: test_support
// LIBRARIES: jansson

#include "broker/doctor/checks.h"
#include "tests/unit/broker/doctor/patient.h"
#include "tests/unit/support/folder.h"
#include "tests/unit/support/issuing.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* How findings are kept, and how a host is looked at. */

static void check_several(struct doctor *d)
{
    doctor_find(d, DOCTOR_NOTE, "third", "a", "%s", "one");
    doctor_find(d, DOCTOR_PROBLEM, "first", "b", "%d of %d", 2, 3);
    doctor_advise(d, "do %s", "this");
    doctor_find(d, DOCTOR_WARNING, "second", "c", "%s", "x");
    doctor_find(d, DOCTOR_PROBLEM, "first", "d", "%s", "y");
    doctor_looked(d, "%d things", 4);
}

static void test_the_gravest_first(void **state)
{
    static const char *const subjects[] = {"b", "d", "c", "a"};
    struct patient *p = *state;

    patient_examine(p, check_several);
    assert_int_equal(doctor_count(p->doctor), 4);
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(doctor_get(p->doctor, i)->subject, subjects[i]);
    assert_string_equal(doctor_get(p->doctor, 0)->message, "2 of 3");
    assert_string_equal(doctor_get(p->doctor, 0)->advice, "do this");
    assert_null(doctor_get(p->doctor, 2)->advice);
    assert_null(doctor_get(p->doctor, 4));
    assert_int_equal(doctor_count_looked(p->doctor), 1);
    assert_string_equal(doctor_get_looked(p->doctor, 0), "4 things");
}

static void check_unseen(struct doctor *d)
{
    doctor_unseen(d, "/etc/shadow", -EACCES);
    doctor_find(d, DOCTOR_NOTE, "n", "n", "%s", "n");
    doctor_unseen(d, "/usr/sbin/sshd", -ENOENT);
    doctor_unseen(d, "/etc/shadow", -EACCES);
    doctor_unseen_because(d, "/usr/bin/systemctl", "it has no answer");
}

/* What nobody looked at is a problem, and is named, once. */
static void test_what_was_not_seen_is_said(void **state)
{
    struct patient *p = *state;

    patient_examine(p, check_unseen);
    assert_finds(p, DOCTOR_PROBLEM, "not-looked-at", "hufuctl doctor");
    assert_string_equal(
        doctor_get(p->doctor, 0)->message,
        "could not be looked at: /etc/shadow (Permission denied), /usr/sbin/sshd (No such file or "
        "directory), /usr/bin/systemctl (it has no answer)");
}

static void test_files_lie_below_the_root(void **state)
{
    struct patient *p = *state;
    cleanup_free char *text = NULL, *linked = NULL, *outside = NULL, *where = NULL;
    cleanup_doctor_names struct doctor_names names = {0};
    struct stat st;

    patient_put(p, "/etc/pam.d/sshd", "text\n");
    patient_put(p, "/etc/pam.d/login", "");
    patient_link(p, "/etc/pam.d/x", "/etc/pam.d/sshd");
    patient_link(p, "/etc/passwd-link", "/etc/hufu-is-nowhere");
    patient_examine(p, check_several);
    assert_int_equal(doctor_read(p->doctor, "/etc/pam.d/sshd", &text), 0);
    assert_string_equal(text, "text\n");
    assert_int_equal(doctor_read(p->doctor, "/etc/pam.d/x", &linked), 0);
    assert_string_equal(linked, "text\n");
    assert_int_equal(doctor_read(p->doctor, "/etc/passwd", &outside), -ENOENT);
    assert_int_equal(doctor_read(p->doctor, "/../../../../etc/passwd", &outside), -ENOENT);
    assert_int_equal(doctor_read(p->doctor, "/etc/pam.d", &outside), -EISDIR);
    assert_int_equal(doctor_list(p->doctor, "/etc/pam.d", &names), 0);
    assert_int_equal(names.n, 3);
    assert_string_equal(names.items[0], "login");
    assert_int_equal(doctor_stat(p->doctor, "/etc/pam.d/x", &st), 0);
    assert_true(S_ISREG(st.st_mode));
    assert_int_equal(doctor_lstat(p->doctor, "/etc/pam.d/x", &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    assert_int_equal(doctor_readlink(p->doctor, "/etc/pam.d/x", &where), 0);
    assert_string_equal(where, "/etc/pam.d/sshd");
}

static void test_a_nul_is_no_text(void **state)
{
    struct patient *p = *state;
    cleanup_free char *text = NULL;

    folder_put(p->folder, "nul", "a\0b", 3);
    patient_examine(p, check_several);
    assert_int_equal(doctor_read(p->doctor, "/nul", &text), -EBADMSG);
}

/* The real runner: its status, both outputs, its bounds; and nothing of ours is inherited. */
static void test_programs(void **state)
{
    static const char *const says[] = {"/bin/sh", "-c", "echo out; echo err >&2; exit 3", NULL};
    static const char *const floods[] = {"/bin/sh", "-c", "exec cat /dev/zero", NULL};
    static const char *const dies[] = {"/bin/sh", "-c", "kill -9 $$", NULL};
    static const char *const nothing[] = {"/nonexistent/program", NULL};
    static const char *const environment[] = {"/usr/bin/env", NULL};
    struct doctor_output o;

    (void)state;
    must(setenv("LD_PRELOAD_OF_NOBODY", "x", 1) == 0);
    assert_int_equal(doctor_run_program(NULL, says, &o), 0);
    assert_int_equal(o.status, 3);
    assert_string_equal(o.out, "out\n");
    assert_string_equal(o.error, "err\n");
    doctor_output_done(&o);
    assert_int_equal(doctor_run_program(NULL, dies, &o), 0);
    assert_int_equal(o.status, 128 + 9);
    doctor_output_done(&o);
    assert_int_equal(doctor_run_program(NULL, environment, &o), 0);
    assert_null(strstr(o.out, "LD_PRELOAD_OF_NOBODY"));
    doctor_output_done(&o);
    assert_int_equal(doctor_run_program(NULL, floods, &o), -EFBIG);
    assert_null(o.out);
    assert_int_equal(doctor_run_program(NULL, nothing, &o), -ENOENT);
}

static void test_accounts(void **state)
{
    static const char passwd[] = "root:x:0:0:root:/root:/bin/bash\n"
                                 "zhang.san:x:20001:990::/home/zhang.san:/bin/bash\n"
                                 "broken:x\n"
                                 "far:x:99999999999:1::/:/bin/sh\n"
                                 "empty:x::1::/:/bin/sh\n"
                                 "+::::::\n"
                                 "li.hua:x:29999:990::/home/li.hua:/bin/bash\n"
                                 "beyond:x:30000:990::/home/beyond:/bin/bash";
    struct patient *p = *state;
    cleanup_doctor_accounts struct doctor_accounts accounts = {0};

    patient_answer(p, "/usr/bin/getent passwd", 0, passwd);
    patient_examine(p, check_several);
    assert_int_equal(doctor_gated_accounts(p->doctor, &accounts), 0);
    assert_int_equal(accounts.n, 2);
    assert_string_equal(accounts.items[0].name, "zhang.san");
    assert_int_equal(accounts.items[0].uid, 20001);
    assert_int_equal(accounts.items[0].gid, 990);
    assert_string_equal(accounts.items[1].name, "li.hua");
}

static void test_the_range(void **state)
{
    struct patient *p = *state;

    assert_int_equal(doctor_host_read_range(&p->host), -ENOENT);
    assert_int_equal(p->host.gated_first, 0);
    patient_put(p, "/etc/hufu/hufud.conf", "[gate]\n# gated-uid = 5-6\ngated-uid = 20000-29999\n");
    assert_int_equal(doctor_host_read_range(&p->host), 0);
    assert_int_equal(p->host.gated_first, 20000);
    assert_int_equal(p->host.gated_last, 29999);
    for (size_t i = 0; i < 5; i++) {
        static const char *const bad[] = {"gated-uid = 0-5\n", "gated-uid = 7\n", "gated-uid = 9-8\n",
                                          "gated-uid 5-6\n", "gated-uidx = 5-6\n"};

        patient_put(p, "/etc/hufu/hufud.conf", bad[i]);
        assert_int_equal(doctor_host_read_range(&p->host), -EBADMSG);
        assert_int_equal(p->host.gated_first, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_the_gravest_first, patient_setup, patient_teardown),
        cmocka_unit_test_setup_teardown(test_what_was_not_seen_is_said, patient_setup, patient_teardown),
        cmocka_unit_test_setup_teardown(test_files_lie_below_the_root, patient_setup, patient_teardown),
        cmocka_unit_test_setup_teardown(test_a_nul_is_no_text, patient_setup, patient_teardown),
        cmocka_unit_test(test_programs),
        cmocka_unit_test_setup_teardown(test_accounts, patient_setup, patient_teardown),
        cmocka_unit_test_setup_teardown(test_the_range, patient_setup, patient_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
