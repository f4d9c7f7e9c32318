/*
 * Revocations: whom their lines may hit, and till when.
 */
#include "policy/base/cleanup.h"
#include "policy/document/revocation.h"
#include "tests/unit/policy/document/sample.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

#define STAFF (&samples[6])
#define GRANT (&samples[7])
#define ID    "0123456789abcdef0123456789abcdef"
#define SCOPE "scope: staff zhang.san"
#define UNTIL "until: 2026-12-21T00:00:00Z"

static struct revocation *parse(const char *text)
{
    struct document_error error = {0};
    struct revocation *x;

    if (revocation_parse(text, strlen(text), &x, &error) != 0)
        fail_msg("%u: %s", error.line, error.reason);
    return x;
}

static void test_every_member(void **state)
{
    cleanup(revocation_free_p) struct revocation *x = parse(sample_revocation);
    char id[IDENT_ID_TEXT_SIZE], until[WHEN_TEXT_SIZE], revoked_at[WHEN_TEXT_SIZE];

    (void)state;
    ident_format_id(&x->id, id);
    when_format(x->until, until);
    when_format(x->revoked_at, revoked_at);
    assert_string_equal(x->site, "cn.example.finance");
    assert_string_equal(id, "89abcdef0123456789abcdef01234567");
    assert_int_equal(x->scope, REVOCATION_SCOPE_STAFF);
    assert_string_equal(x->name, "zhang.san");
    assert_string_equal(until, "2026-12-21T00:00:00Z");
    assert_string_equal(revoked_at, "2026-11-21T08:30:00Z");
    assert_string_equal(x->reason, "证件丢失 (lost badge)");
}

static void test_scope_of_a_grant(void **state)
{
    cleanup(revocation_free_p) struct revocation *x = parse(sample_revocation_grant);
    char id[IDENT_ID_TEXT_SIZE];

    (void)state;
    ident_format_id(&x->grant, id);
    assert_int_equal(x->scope, REVOCATION_SCOPE_GRANT);
    assert_string_equal(id, ID);
    assert_null(x->name);
    assert_true(x->until == WHEN_NEVER);
}

static void test_scope_of_a_vendor(void **state)
{
    cleanup_free char *text = sample_edit(sample_revocation, SCOPE, "scope: vendor Acme-2");
    cleanup(revocation_free_p) struct revocation *x = parse(text);

    (void)state;
    assert_int_equal(x->scope, REVOCATION_SCOPE_VENDOR);
    assert_string_equal(x->name, "Acme-2");
}

static void test_scopes(void **state)
{
    static const struct {
        const char *line;
        const char *part; /* NULL: accepted */
    } rows[] = {
        {"scope: grant " ID, NULL},
        {"scope: staff _a", NULL},
        {"scope: grant 0123", "not an id"},
        {"scope: grant 0123456789ABCDEF0123456789ABCDEF", "not an id"},
        {"scope: grant " ID " 3", "not `grant ID`"},
        {"scope: grant *", "not an id"},
        {"scope: staff Zhang", "not an account"},
        {"scope: staff a b", "not `grant ID`"},
        {"scope: staff", "not `grant ID`"},
        {"scope: staff *", "not an account"},
        {"scope: vendor -acme", "not a name"},
        {"scope: vendor  acme", "not `grant ID`"},
        {"scope: host db01", "not `grant ID`"},
        {"scope: any", "not `grant ID`"},
        {"scope: Staff zhang.san", "not `grant ID`"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        if (rows[i].part)
            sample_edit_refused(STAFF, SCOPE, rows[i].line, 4, rows[i].part);
        else
            sample_edit_accepted(STAFF, SCOPE, rows[i].line);
    }
}

static void test_until(void **state)
{
    (void)state;
    sample_edit_accepted(STAFF, UNTIL, "until: forever");
    sample_edit_accepted(GRANT, "until: forever", "until: 1970-01-01T00:00:01Z");
    sample_edit_accepted(STAFF, UNTIL, "until: 2026-11-21T08:30:01Z");
    /* Over before it begins: whoever wrote that meant something else. */
    sample_edit_refused(STAFF, UNTIL, "until: 2026-11-21T08:30:00Z", 5,
                        "until: is not later than revoked-at");
    sample_edit_refused(STAFF, UNTIL, "until: never", 5, "or `forever`");
    sample_edit_refused(STAFF, UNTIL, "until: Forever", 5, "or `forever`");
    sample_edit_refused(STAFF, UNTIL, "until: unlimited", 5, "or `forever`");
    sample_edit_refused(STAFF, "revoked-at: 2026-11-21T08:30:00Z", "revoked-at: forever", 6, "not a time");
}

static void test_reason_is_visible(void **state)
{
    (void)state;
    sample_edit_accepted(GRANT, "reason: r", "reason: Größe  1/2");
    sample_edit_refused(GRANT, "reason: r", "reason: a\xe2\x80\xae z", 7, "visible throughout");
    sample_edit_refused(GRANT, "reason: r", "reason: a\xc2\xad", 7, "visible throughout");
}

static void test_what_has_no_text_is_not_written(void **state)
{
    cleanup(revocation_free_p) struct revocation *valid = parse(sample_revocation);
    struct document_error error = {0};
    struct revocation x;
    char *text;

    (void)state;
#define REFUSED(part, change)                                           \
    do {                                                                \
        x = *valid;                                                     \
        change;                                                         \
        text = (char *)"";                                              \
        error = (struct document_error){0};                             \
        assert_int_equal(revocation_write(&x, &text, &error), -EINVAL); \
        assert_null(text);                                              \
        assert_non_null(strstr(error.reason, part));                    \
    } while (0)
    REFUSED("scope:", x.scope = (enum revocation_scope)0);
    REFUSED("scope:", x.scope = (enum revocation_scope)4);
    REFUSED("scope:", x.name = NULL);
    REFUSED("scope:", x.name = "a\nuntil: forever");
    REFUSED("scope:", x.name = "Zhang");
    REFUSED("until:", x.until = x.revoked_at);
    REFUSED("until:", x.until = WHEN_NEVER - 1);
    REFUSED("revoked-at:", x.revoked_at = WHEN_NEVER);
    REFUSED("reason:", x.reason = "");
    REFUSED("site:", x.site = NULL);
#undef REFUSED
}

static void test_names(void **state)
{
    (void)state;
    assert_string_equal(revocation_scope_name(REVOCATION_SCOPE_GRANT), "grant");
    assert_string_equal(revocation_scope_name(REVOCATION_SCOPE_VENDOR), "vendor");
    assert_null(revocation_scope_name((enum revocation_scope)0));
    assert_null(revocation_free(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_member),
        cmocka_unit_test(test_scope_of_a_grant),
        cmocka_unit_test(test_scope_of_a_vendor),
        cmocka_unit_test(test_scopes),
        cmocka_unit_test(test_until),
        cmocka_unit_test(test_reason_is_visible),
        cmocka_unit_test(test_what_has_no_text_is_not_written),
        cmocka_unit_test(test_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
