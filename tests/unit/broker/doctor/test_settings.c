#include "broker/doctor/settings.h"
#include "tests/unit/unit.h"

#include <string.h>

static void test_mounts(void **state)
{
    static const char mounts[] = "proc /proc proc rw,nosuid 0 0\n"
                                 "tmpfs /run tmpfs rw,size=1k 0 0\n"
                                 "proc /proc proc rw,hidepid=invisible,gid=4 0 0\n";
    char options[128];

    (void)state;
    assert_true(mount_options(mounts, "/proc", options, sizeof(options)));
    assert_string_equal(options, "rw,hidepid=invisible,gid=4");
    assert_false(mount_options(mounts, "/sys", options, sizeof(options)));
}

static void test_hidden(void **state)
{
    (void)state;
    assert_true(mount_hides_processes("rw,hidepid=invisible"));
    assert_true(mount_hides_processes("hidepid=2,gid=4"));
    assert_true(mount_hides_processes("hidepid=1"));
    assert_false(mount_hides_processes("rw,hidepid=0"));
    assert_false(mount_hides_processes("rw,hidepid=off"));
    assert_false(mount_hides_processes("rw"));
}

static void test_nsswitch(void **state)
{
    static const char text[] = "passwd:  sss [NOTFOUND=return] files systemd\ngroup: files\n";
    struct span sources;

    (void)state;
    assert_true(nsswitch_sources(text, "passwd", &sources));
    assert_true(span_is(sources, "sss [NOTFOUND=return] files systemd"));
    assert_true(nsswitch_sources(text, "group", &sources));
    assert_true(span_is(sources, "files"));
    assert_false(nsswitch_sources(text, "shadow", &sources));
}

static void test_units(void **state)
{
    static const char shown[] = "Id=hufud.service\nUser=hufu\nUserX=no\n\nUser=root\nId=hufu-reaper.service\n"
                                "CapabilityBoundingSet=\n\nId=last.service\nUser=nobody";
    char value[64];

    (void)state;
    assert_true(unit_property(shown, "hufud.service", "User", value, sizeof(value)));
    assert_string_equal(value, "hufu");
    assert_true(unit_property(shown, "hufu-reaper.service", "User", value, sizeof(value)));
    assert_string_equal(value, "root");
    assert_true(unit_property(shown, "hufu-reaper.service", "CapabilityBoundingSet", value, sizeof(value)));
    assert_string_equal(value, "");
    assert_true(unit_property(shown, "last.service", "User", value, sizeof(value)));
    assert_string_equal(value, "nobody");
    assert_false(unit_property(shown, "last.service", "Group", value, sizeof(value)));
    assert_false(unit_property(shown, "other.service", "User", value, sizeof(value)));
}

static void test_audit_rules(void **state)
{
    static const char rules[] = "# -F auid>=1 -F auid<=2\n-D\n"
                                "-a always,exit -F arch=b64 -S open -F auid>=20000 -F auid<=29999 -k hufu\n"
                                "-a always,exit -F auid=unset -F uid>=20000 -F uid<=29999 -k hufu\n";

    (void)state;
    assert_true(audit_rules_cover(rules, 20000, 29999));
    assert_false(audit_rules_cover(rules, 20000, 30000));
    assert_false(audit_rules_cover(rules, 20001, 29999));
    assert_false(audit_rules_cover("-a always,exit -F auid>=1000 -F auid!=unset\n", 20000, 29999));
    assert_false(audit_rules_cover("-a always,exit -F auid>=20000 -F auid<=29999 -F key=a\n"
                                   "-a always,exit -F auid=unset -F uid>=20000 -F uid<=39999 -F key=a\n",
                                   20000, 29999));
    assert_false(audit_rules_cover("", 20000, 29999));
}

static void test_kernel(void **state)
{
    (void)state;
    assert_true(kernel_is_at_least("6.18.0-1-amd64\n", 6, 5));
    assert_true(kernel_is_at_least("6.5.0", 6, 5));
    assert_false(kernel_is_at_least("6.1.0-18-amd64", 6, 5));
    assert_false(kernel_is_at_least("5.14", 6, 5));
    assert_true(kernel_is_at_least("7.0", 6, 5));
    assert_true(kernel_is_at_least("strange", 6, 5));
}

static void test_space(void **state)
{
    const uint64_t gibi = 1024ULL * 1024 * 1024;

    (void)state;
    assert_false(space_is_short(gibi, 10 * gibi));
    assert_true(space_is_short(gibi, 100 * gibi));
    assert_true(space_is_short(99 * 1024 * 1024, 200 * 1024 * 1024));
    assert_false(space_is_short(100 * 1024 * 1024, 200 * 1024 * 1024));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mounts), cmocka_unit_test(test_hidden),      cmocka_unit_test(test_nsswitch),
        cmocka_unit_test(test_units),  cmocka_unit_test(test_audit_rules), cmocka_unit_test(test_kernel),
        cmocka_unit_test(test_space),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
