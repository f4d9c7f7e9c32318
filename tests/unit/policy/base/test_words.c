/*
 * Tables of words: reasons and services; and the arena.
 */
#include "policy/base/arena.h"
#include "policy/base/service.h"
#include "policy/base/verdict.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdalign.h>
#include <string.h>

static void test_reasons(void **state)
{
    static const struct {
        enum reason reason;
        const char *name;
    } rows[] = {
#define ROW(symbol, number, text) {REASON_##symbol, text},
        REASON_TABLE(ROW)
#undef ROW
    };
    enum reason reason;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        assert_string_equal(reason_name(rows[i].reason), rows[i].name);
        assert_int_equal(reason_from_name(rows[i].name, &reason), 0);
        assert_int_equal(reason, rows[i].reason);
        assert_int_equal(reason_from_number((uint16_t)rows[i].reason, &reason), 0);
        assert_int_equal(reason, rows[i].reason);
        for (size_t k = 0; k < i; k++) {
            assert_int_not_equal(rows[k].reason, rows[i].reason);
            assert_string_not_equal(rows[k].name, rows[i].name);
        }
        for (const char *c = rows[i].name; *c; c++)
            assert_true((*c >= 'a' && *c <= 'z') || *c == '-');
    }
    assert_null(reason_name((enum reason)0));
    assert_int_equal(reason_from_number(0, &reason), -ENOENT);
    assert_int_equal(reason_from_number(65535, &reason), -ENOENT);
    assert_int_equal(reason_from_name("", &reason), -ENOENT);
    assert_int_equal(reason_from_name("OK", &reason), -ENOENT);
    assert_int_equal(reason_from_name("o", &reason), -ENOENT);
}

/* Numbers are on the wire and in records: these may never change. */
static void test_numbers_of_reasons(void **state)
{
    (void)state;
    assert_int_equal(REASON_OK, 1);
    assert_int_equal(REASON_BROKER_ERROR, 10);
    assert_int_equal(REASON_NO_GRANT, 40);
    assert_int_equal(REASON_LOGIN_UID_MISSING, 41);
    assert_int_equal(REASON_REVOKED, 52);
    assert_int_equal(REASON_USES_EXHAUSTED, 70);
    assert_int_equal(REASON_LAST_SESSION, 96);
}

/* No bit flip, no truncation and no cleared memory turns a refusal into ALLOW. */
static void test_verdicts_are_far_apart(void **state)
{
    unsigned differing = (unsigned)__builtin_popcount((unsigned)VERDICT_ALLOW ^ (unsigned)VERDICT_DENY);

    (void)state;
    assert_true(differing >= 12);
    assert_true(__builtin_popcount((unsigned)VERDICT_ALLOW) >= 12);
    assert_int_not_equal(VERDICT_ALLOW & 0xffff, VERDICT_ALLOW);
}

static const struct {
    const char *name;
    enum service_kind kind;
    const char *grant_name;
    bool may_be_granted;
    bool display_manager;
} services[] = {
    {"sshd", SERVICE_LOGIN, "sshd", true, false},
    {"login", SERVICE_LOGIN, "login", true, false},
    {"cron", SERVICE_JOB, "cron", true, false},
    {"crond", SERVICE_JOB, "cron", false, false},
    {"at", SERVICE_JOB, "at", true, false},
    {"atd", SERVICE_JOB, "at", false, false},
    {"su", SERVICE_SWITCH, "su", false, false},
    {"su-l", SERVICE_SWITCH, "su-l", false, false},
    {"sudo", SERVICE_SWITCH, "sudo", false, false},
    {"sudo-i", SERVICE_SWITCH, "sudo-i", false, false},
    {"runuser", SERVICE_SWITCH, "runuser", false, false},
    {"runuser-l", SERVICE_SWITCH, "runuser-l", false, false},
    {"polkit-1", SERVICE_SWITCH, "polkit-1", false, false},
    {"systemd-user", SERVICE_USER_MANAGER, "systemd-user", false, false},
    {"other", SERVICE_OTHER, "other", false, false},
    {"site-dm", SERVICE_OTHER, "site-dm", true, false},
    {"SSHD", SERVICE_OTHER, "SSHD", true, false},
    {"xscreensaver", SERVICE_OTHER, "xscreensaver", true, false},
};

static const char *const display_managers[] = {
    "gdm",
    "gdm-autologin",
    "gdm-fingerprint",
    "gdm-password",
    "gdm-pin",
    "gdm-smartcard",
    "gdm3",
    "greetd",
    "kdm",
    "lightdm",
    "lightdm-autologin",
    "lxdm",
    "sddm",
    "sddm-autologin",
    "slim",
    "wdm",
    "xdm",
};

static void test_services(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(services); i++) {
        assert_int_equal(service_kind_of(services[i].name), services[i].kind);
        assert_string_equal(service_grant_name(services[i].name), services[i].grant_name);
        assert_int_equal(service_may_be_granted(services[i].name), services[i].may_be_granted);
        assert_int_equal(service_is_display_manager(services[i].name), services[i].display_manager);
    }
    for (size_t i = 0; i < ARRAY_SIZE(display_managers); i++) {
        assert_int_equal(service_kind_of(display_managers[i]), SERVICE_LOGIN);
        assert_string_equal(service_grant_name(display_managers[i]), display_managers[i]);
        assert_true(service_may_be_granted(display_managers[i]));
        assert_true(service_is_display_manager(display_managers[i]));
    }
    assert_int_equal(service_kind_of(NULL), SERVICE_OTHER);
    assert_int_equal(service_kind_of(""), SERVICE_OTHER);
    assert_null(service_grant_name(NULL));
    assert_false(service_may_be_granted(NULL));
    assert_false(service_is_display_manager(NULL));
    assert_true(service_is_sudo("sudo"));
    assert_true(service_is_sudo("sudo-i"));
    assert_false(service_is_sudo("su"));
    assert_false(service_is_sudo("sudo-io"));
    assert_false(service_is_sudo(NULL));
}

static void test_arena(void **state)
{
    cleanup(arena_free_p) struct arena *arena = arena_new(64);
    const char *texts[200];

    (void)state;
    assert_non_null(arena);
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        uint64_t *numbers = arena_new_array(arena, uint64_t, 3);
        char text[40] = {0};

        memset(text, 'a' + (int)(i % 26), i % 40);
        assert_int_equal((uintptr_t)numbers % alignof(uint64_t), 0);
        assert_true(numbers[0] == 0 && numbers[1] == 0 && numbers[2] == 0);
        numbers[0] = numbers[1] = numbers[2] = UINT64_MAX;
        texts[i] = arena_copy_text(arena, text, i % 40);
        assert_non_null(texts[i]);
    }
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        assert_int_equal(strlen(texts[i]), i % 40);
        for (size_t k = 0; k < i % 40; k++)
            assert_int_equal(texts[i][k], 'a' + (int)(i % 26));
    }
    assert_non_null(arena_alloc(arena, 1, 100000, 16));
    /* The product is 0. */
    assert_null(arena_alloc(arena, SIZE_MAX / 2 + 1, 2, 1));
    assert_null(arena_alloc(arena, SIZE_MAX / 2, 3, 1));
    assert_null(arena_alloc(arena, SIZE_MAX, 1, 1));
    assert_null(arena_copy_text(arena, "", SIZE_MAX));
    assert_null(arena_new(SIZE_MAX));
    assert_null(arena_free(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reasons),  cmocka_unit_test(test_numbers_of_reasons),
        cmocka_unit_test(test_services), cmocka_unit_test(test_verdicts_are_far_apart),
        cmocka_unit_test(test_arena),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
