// LAYERS: test_support
// LIBRARIES: libldap
// LINK: -Wl,--wrap=ldap_search_ext -Wl,--wrap=ldap_modify_ext -Wl,--wrap=ldap_parse_result
// LINK: -Wl,--wrap=ldap_msgtype -Wl,--wrap=ldap_get_dn -Wl,--wrap=ldap_memfree
#include "broker/ldap/claim_request.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A question at the claim provider, against a server that answers as the test says. Its messages are no more
 * than what the request looks at: a type, a code, a name. */
#define BASE "ou=hufu,dc=finance,dc=example"
#define ID   "0123456789abcdef0123456789abcdef"
#define ME   "db01.finance.example:07000000000000000000000000000000"

struct told {
    int type, code;
    const char *dn;
};

static struct {
    char filter[300], base[100];
    char dn[100], value[100];
    int scope, limit, how, fails;
    unsigned searches, changes;
    struct claim_request *r;
    struct claim_place place;
} w;

int __wrap_ldap_search_ext(LDAP *ld, const char *base, int scope, const char *filter, char **attrs,
                           int attrsonly, LDAPControl **s, LDAPControl **c, struct timeval *timeout,
                           int limit, int *msgid);
int __wrap_ldap_search_ext(LDAP *ld, const char *base, int scope, const char *filter, char **attrs,
                           int attrsonly, LDAPControl **s, LDAPControl **c, struct timeval *timeout,
                           int limit, int *msgid)
{
    (void)ld, (void)attrsonly, (void)s, (void)c, (void)timeout;
    assert_string_equal(attrs[0], LDAP_NO_ATTRS);
    (void)snprintf(w.filter, sizeof(w.filter), "%s", filter);
    (void)snprintf(w.base, sizeof(w.base), "%s", base);
    w.scope = scope;
    w.limit = limit;
    w.searches++;
    *msgid = 1;
    return w.fails;
}

int __wrap_ldap_modify_ext(LDAP *ld, const char *dn, LDAPMod **mods, LDAPControl **s, LDAPControl **c,
                           int *msgid);
int __wrap_ldap_modify_ext(LDAP *ld, const char *dn, LDAPMod **mods, LDAPControl **s, LDAPControl **c,
                           int *msgid)
{
    (void)ld, (void)s, (void)c;
    assert_null(mods[1]);
    assert_string_equal(mods[0]->mod_type, "hufuHolder");
    assert_null(mods[0]->mod_values[1]);
    (void)snprintf(w.dn, sizeof(w.dn), "%s", dn);
    (void)snprintf(w.value, sizeof(w.value), "%s", mods[0]->mod_values[0]);
    w.how = mods[0]->mod_op;
    w.changes++;
    *msgid = 2;
    return w.fails;
}

static struct told *told_of(LDAPMessage *message)
{
    return (struct told *)(void *)message;
}

int __wrap_ldap_msgtype(LDAPMessage *message);
int __wrap_ldap_msgtype(LDAPMessage *message)
{
    return told_of(message)->type;
}

int __wrap_ldap_parse_result(LDAP *ld, LDAPMessage *message, int *code, char **dn, char **text,
                             char ***referrals, LDAPControl ***controls, int freeit);
int __wrap_ldap_parse_result(LDAP *ld, LDAPMessage *message, int *code, char **dn, char **text,
                             char ***referrals, LDAPControl ***controls, int freeit)
{
    (void)ld, (void)dn, (void)text, (void)referrals, (void)controls;
    assert_int_equal(freeit, 0);
    *code = told_of(message)->code;
    return LDAP_SUCCESS;
}

char *__wrap_ldap_get_dn(LDAP *ld, LDAPMessage *message);
char *__wrap_ldap_get_dn(LDAP *ld, LDAPMessage *message)
{
    (void)ld;
    return strdup(told_of(message)->dn);
}

void __wrap_ldap_memfree(void *p);
void __wrap_ldap_memfree(void *p)
{
    free(p);
}

static void begin(enum feed_operation operation)
{
    struct feed_message m = {.type = FEED_CLAIM, .operation = operation, .nonce = {7}};
    enum feed_outcome outcome;

    assert_int_equal(ident_parse_id(ID, 32, &m.grant), 0);
    w.r = claim_request_free(w.r);
    w.r = claim_request_new(&m);
    assert_non_null(w.r);
    w.searches = w.changes = 0;
    assert_false(claim_request_begin(w.r, &w.place, &outcome));
}

static int setup(void **state)
{
    (void)state;
    memset(&w, 0, sizeof(w));
    w.place = (struct claim_place){.base = BASE, .host = "db01.finance.example"};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    w.r = claim_request_free(w.r);
    return 0;
}

/* 0: it goes on. */
static int take(struct told t)
{
    enum feed_outcome outcome = FEED_HELD;

    return claim_request_take(w.r, &w.place, (LDAPMessage *)(void *)&t, &outcome) ? (int)outcome : 0;
}

static int entry(const char *dn)
{
    return take((struct told){.type = LDAP_RES_SEARCH_ENTRY, .dn = dn});
}

static int found(int code)
{
    return take((struct told){.type = LDAP_RES_SEARCH_RESULT, .code = code});
}

static int changed(int code)
{
    return take((struct told){.type = LDAP_RES_MODIFY, .code = code});
}

/* To where one free use was found and is being taken. */
static void to_change(void)
{
    begin(FEED_TAKE);
    assert_int_equal(found(LDAP_SUCCESS), 0);
    assert_int_equal(entry("cn=" ID ".1"), 0);
    assert_int_equal(found(LDAP_SUCCESS), 0);
    assert_int_equal(w.changes, 1);
}

static void test_take(void **state)
{
    (void)state;
    begin(FEED_TAKE);
    assert_string_equal(w.base, "ou=uses," BASE);
    assert_int_equal(w.scope, LDAP_SCOPE_ONELEVEL);
    assert_string_equal(w.filter, "(&(objectClass=hufuUse)(hufuId=" ID ")(hufuHolder=" ME "))");
    assert_int_equal(found(LDAP_SUCCESS), 0);
    assert_string_equal(w.filter, "(&(objectClass=hufuUse)(hufuId=" ID ")(!(hufuHolder=*)))");
    assert_int_equal(w.limit, CLAIM_SLOTS_MAX);
    assert_int_equal(entry("cn=" ID ".1"), 0);
    assert_int_equal(found(LDAP_SUCCESS), 0);
    assert_string_equal(w.dn, "cn=" ID ".1");
    assert_string_equal(w.value, ME);
    assert_int_equal(w.how, LDAP_MOD_ADD);
    assert_int_equal(changed(LDAP_SUCCESS), FEED_HELD);
}

static void test_is_held_already(void **state)
{
    (void)state;
    begin(FEED_TAKE);
    assert_int_equal(entry("cn=" ID ".1"), 0);
    assert_int_equal(found(LDAP_SUCCESS), FEED_HELD);
    assert_int_equal(w.changes, 0);
}

/* Of those that others were faster at the next is tried; when none is left it is looked again. */
static void test_others_are_faster(void **state)
{
    char first[100];

    (void)state;
    begin(FEED_TAKE);
    assert_int_equal(found(LDAP_SUCCESS), 0);
    assert_int_equal(entry("cn=" ID ".1"), 0);
    assert_int_equal(entry("cn=" ID ".2"), 0);
    assert_int_equal(found(LDAP_SIZELIMIT_EXCEEDED), 0);
    (void)snprintf(first, sizeof(first), "%s", w.dn);
    assert_int_equal(changed(LDAP_TYPE_OR_VALUE_EXISTS), 0);
    assert_int_equal(w.changes, 2);
    assert_string_not_equal(w.dn, first);
    assert_int_equal(changed(LDAP_CONSTRAINT_VIOLATION), 0);
    assert_int_equal(w.changes, 2);
    assert_int_equal(entry("cn=" ID ".3"), 0);
    assert_int_equal(found(LDAP_SUCCESS), 0);
    assert_string_equal(w.dn, "cn=" ID ".3");
    assert_int_equal(changed(LDAP_NO_SUCH_OBJECT), 0);
    assert_int_equal(found(LDAP_SUCCESS), 0);
    assert_string_equal(w.filter, "(&(objectClass=hufuUse)(hufuId=" ID "))");
    assert_int_equal(entry("cn=" ID ".1"), 0);
    assert_int_equal(found(LDAP_SUCCESS), FEED_EXHAUSTED);
}

/* A grant that nobody made uses of is not used up. */
static void test_no_such_grant(void **state)
{
    (void)state;
    begin(FEED_TAKE);
    assert_int_equal(found(LDAP_SUCCESS), 0);
    assert_int_equal(found(LDAP_SUCCESS), 0);
    assert_int_equal(found(LDAP_SUCCESS), FEED_UNAVAILABLE);
}

static void test_searches_that_fail(void **state)
{
    static const enum feed_operation operations[] = {FEED_TAKE, FEED_LOOK, FEED_GIVE_BACK};
    static const int codes[] = {LDAP_NO_SUCH_OBJECT, LDAP_INSUFFICIENT_ACCESS, LDAP_BUSY, LDAP_REFERRAL,
                                LDAP_SIZELIMIT_EXCEEDED};

    (void)state;
    for (size_t i = 0; i < 3; i++)
        for (size_t j = 0; j < sizeof(codes) / sizeof(codes[0]); j++) {
            begin(operations[i]);
            assert_int_equal(found(codes[j]), FEED_UNAVAILABLE);
        }
}

static void test_changes_that_fail(void **state)
{
    static const struct {
        int code;
        enum feed_outcome outcome;
    } cases[] = {{LDAP_INSUFFICIENT_ACCESS, FEED_UNAVAILABLE},
                 {LDAP_REFERRAL, FEED_UNAVAILABLE},
                 {LDAP_UNWILLING_TO_PERFORM, FEED_UNAVAILABLE},
                 {LDAP_BUSY, FEED_UNKNOWN}, /* perhaps of a proxy */
                 {LDAP_UNAVAILABLE, FEED_UNKNOWN},
                 {LDAP_OTHER, FEED_UNKNOWN},
                 {LDAP_OPERATIONS_ERROR, FEED_UNKNOWN},
                 {LDAP_TIMELIMIT_EXCEEDED, FEED_UNKNOWN},
                 {123, FEED_UNKNOWN}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        to_change();
        assert_int_equal(changed(cases[i].code), cases[i].outcome);
        assert_int_equal(w.changes, 1);
    }
}

static void test_look(void **state)
{
    (void)state;
    begin(FEED_LOOK);
    assert_int_equal(found(LDAP_SUCCESS), FEED_NOT_HELD);
    begin(FEED_LOOK);
    assert_int_equal(entry("cn=" ID ".4"), 0);
    assert_int_equal(found(LDAP_SUCCESS), FEED_HELD);
    assert_int_equal(w.searches, 1);
}

static void test_give_back(void **state)
{
    static const struct {
        int code;
        enum feed_outcome outcome;
    } cases[] = {{LDAP_SUCCESS, FEED_NOT_HELD},
                 {LDAP_NO_SUCH_ATTRIBUTE, FEED_NOT_HELD},
                 {LDAP_NO_SUCH_OBJECT, FEED_NOT_HELD},
                 {LDAP_INSUFFICIENT_ACCESS, FEED_UNAVAILABLE},
                 {LDAP_OTHER, FEED_UNKNOWN}};

    (void)state;
    begin(FEED_GIVE_BACK);
    assert_int_equal(found(LDAP_SUCCESS), FEED_NOT_HELD);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        begin(FEED_GIVE_BACK);
        assert_int_equal(entry("cn=" ID ".4"), 0);
        assert_int_equal(found(LDAP_SUCCESS), 0);
        assert_string_equal(w.dn, "cn=" ID ".4");
        assert_string_equal(w.value, ME);
        assert_int_equal(w.how, LDAP_MOD_DELETE);
        assert_int_equal(changed(cases[i].code), cases[i].outcome);
    }
}

/* While a change is under way nobody knows; before it, nothing was changed. Nor does anybody when libldap
 * could not send it: perhaps it sent a part. */
static void test_so_far(void **state)
{
    (void)state;
    begin(FEED_TAKE);
    assert_int_equal(claim_request_so_far(w.r), FEED_UNAVAILABLE);
    assert_int_equal(found(LDAP_SUCCESS), 0);
    assert_int_equal(entry("cn=" ID ".1"), 0);
    assert_int_equal(claim_request_so_far(w.r), FEED_UNAVAILABLE);
    assert_int_equal(found(LDAP_SUCCESS), 0);
    assert_int_equal(claim_request_so_far(w.r), FEED_UNKNOWN);
    begin(FEED_GIVE_BACK);
    assert_int_equal(entry("cn=" ID ".1"), 0);
    w.fails = LDAP_SERVER_DOWN;
    assert_int_equal(found(LDAP_SUCCESS), FEED_UNKNOWN);
    w.fails = 0;
    begin(FEED_TAKE);
    w.fails = LDAP_SERVER_DOWN;
    assert_int_equal(found(LDAP_SUCCESS), FEED_UNAVAILABLE);
}

static void test_more_than_asked_for(void **state)
{
    (void)state;
    begin(FEED_TAKE);
    assert_int_equal(found(LDAP_SUCCESS), 0);
    for (unsigned i = 0; i < 2 * CLAIM_SLOTS_MAX; i++)
        assert_int_equal(entry("cn=" ID ".1"), 0);
    assert_int_equal(w.r->n_slots, CLAIM_SLOTS_MAX);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_take),
        TEST(test_is_held_already),
        TEST(test_others_are_faster),
        TEST(test_no_such_grant),
        TEST(test_searches_that_fail),
        TEST(test_changes_that_fail),
        TEST(test_look),
        TEST(test_give_back),
        TEST(test_so_far),
        TEST(test_more_than_asked_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
