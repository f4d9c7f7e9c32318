#include "broker/doctor/users.h"
#include "tests/unit/unit.h"

#include <string.h>

static const char passwd[] = "root:x:0:0:root:/root:/bin/bash\n"
                             "+::::::\n"
                             "zhang.san:x:20001:990:张三:/home/zhang.san:/bin/bash\n"
                             "broken:x:twenty:1:::\n"
                             "short:x:1\n"
                             "li.si:x:1000:1000::/home/li.si:\n";
static const char group[] =
    "root:x:0:\nhufu-gated:x:990:\ndocker:x:120:li.si,zhang.san\nempty:x:121:,\nbad:x:b:\n";

static void test_parsed(void **state)
{
    cleanup(users_free_p) struct users *u = NULL;
    const struct user *zhang;

    (void)state;
    assert_int_equal(users_parse(passwd, group, &u), 0);
    assert_int_equal(u->n_users, 3);
    assert_int_equal(u->n_groups, 4);
    assert_false(u->cut);
    zhang = users_find(u, "zhang.san");
    assert_non_null(zhang);
    assert_int_equal(zhang->uid, 20001);
    assert_int_equal(zhang->gid, 990);
    assert_string_equal(zhang->home, "/home/zhang.san");
    assert_string_equal(zhang->shell, "/bin/bash");
    assert_string_equal(users_group_name(u, 990), "hufu-gated");
    assert_null(users_group_name(u, 991));
    assert_null(users_find(u, "broken"));
    assert_null(users_find_group(u, "bad"));
    assert_int_equal(users_find_group(u, "empty")->n_members, 0);
}

static void test_members(void **state)
{
    cleanup(users_free_p) struct users *u = NULL;

    (void)state;
    assert_int_equal(users_parse(passwd, group, &u), 0);
    assert_true(users_is_member(users_find(u, "zhang.san"), users_find_group(u, "hufu-gated")));
    assert_true(users_is_member(users_find(u, "zhang.san"), users_find_group(u, "docker")));
    assert_false(users_is_member(users_find(u, "root"), users_find_group(u, "docker")));
    assert_false(users_is_member(users_find(u, "li.si"), users_find_group(u, "hufu-gated")));
}

static void test_subordinate(void **state)
{
    const char *at =
        "li.si:100000:65536\nnonsense\nzhang.san:4294967000:65536\nnobody:5:0\n20001:19000:2000\n";
    struct subordinate s;

    (void)state;
    assert_true(subordinate_next(&at, &s));
    assert_string_equal(s.owner, "li.si");
    assert_int_equal(s.first, 100000);
    assert_int_equal(s.last, 165535);
    assert_true(subordinate_next(&at, &s));
    assert_int_equal(s.last, UINT32_MAX);
    assert_true(subordinate_next(&at, &s));
    assert_string_equal(s.owner, "20001");
    assert_int_equal(s.last, 20999);
    assert_false(subordinate_next(&at, &s));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parsed),
        cmocka_unit_test(test_members),
        cmocka_unit_test(test_subordinate),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
