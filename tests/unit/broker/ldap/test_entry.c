// LIBRARIES: libldap
// LINK: -Wl,--wrap=ldap_get_values_len -Wl,--wrap=ldap_value_free_len
// LINK: -Wl,--wrap=ldap_get_dn -Wl,--wrap=ldap_memfree

#include "broker/ldap/entry.h"
#include "policy/base/buf.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Entries as a server may have them, and what is told of them. */

#define APPROVAL "hufu-approval: 1\n"
#define UUID     "01234567-89ab-cdef-0123-456789abcdef"

/* One attribute's values, which stay here. */
struct attribute {
    const char *name;
    size_t n;
    struct berval values[48];
};

static struct attribute attributes[6];
static size_t n_attributes;
static const char *dn;

static struct attribute *find(const char *name)
{
    for (size_t i = 0; i < n_attributes; i++)
        if (strcmp(attributes[i].name, name) == 0)
            return &attributes[i];
    return NULL;
}

struct berval **__wrap_ldap_get_values_len(LDAP *ldap, LDAPMessage *message, const char *name);
struct berval **__wrap_ldap_get_values_len(LDAP *ldap, LDAPMessage *message, const char *name)
{
    struct attribute *a = find(name);
    struct berval **values;

    (void)ldap;
    (void)message;
    if (!a)
        return NULL;
    values = calloc(a->n + 1, sizeof(struct berval *));
    assert_non_null(values);
    for (size_t i = 0; i < a->n; i++)
        values[i] = &a->values[i];
    return values;
}

void __wrap_ldap_value_free_len(struct berval **values);
void __wrap_ldap_value_free_len(struct berval **values)
{
    free(values);
}

char *__wrap_ldap_get_dn(LDAP *ldap, LDAPMessage *message);
char *__wrap_ldap_get_dn(LDAP *ldap, LDAPMessage *message)
{
    (void)ldap;
    (void)message;
    return dn ? strdup(dn) : NULL;
}

void __wrap_ldap_memfree(void *p);
void __wrap_ldap_memfree(void *p)
{
    free(p);
}

static void clear(void)
{
    for (size_t i = 0; i < n_attributes; i++)
        for (size_t j = 0; j < attributes[i].n; j++)
            free(attributes[i].values[j].bv_val);
    memset(attributes, 0, sizeof(attributes));
    n_attributes = 0;
}

static int setup(void **state)
{
    (void)state;
    clear();
    dn = "cn=x,ou=grants,ou=hufu,dc=example";
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    clear();
    return 0;
}

/* A value of `size` octets that begins with `text`. */
static void add(const char *name, const char *text, size_t size)
{
    struct attribute *a = find(name);
    struct berval *v;

    if (!a) {
        a = &attributes[n_attributes++];
        a->name = name;
    }
    v = &a->values[a->n++];
    v->bv_len = size;
    v->bv_val = malloc(size + 1);
    assert_non_null(v->bv_val);
    memset(v->bv_val, '.', size);
    memcpy(v->bv_val, text, strlen(text) < size ? strlen(text) : size);
    v->bv_val[size] = '\0';
}

static void add_text(const char *name, const char *text)
{
    add(name, text, strlen(text));
}

/* Read, and told in a frame: whatever it was, it fits. */
static struct entry read_entry(void)
{
    static const uint8_t uuid[16] = "sixteen octets.";
    cleanup_buf struct buf frame = BUF_INIT;
    struct entry e;

    assert_int_equal(entry_read(NULL, NULL, uuid, &e), 0);
    assert_int_equal(feed_encode(&e.message, &frame), 0);
    return e;
}

static void test_values_as_they_are(void **state)
{
    struct entry e;

    (void)state;
    add("hufuDocument", "hufu-grant: 1\n\0\xff", 16);
    add_text("hufuApproval", APPROVAL "a");
    add_text("modifyTimestamp", "20261121100000Z");
    e = read_entry();
    assert_int_equal(e.message.kind, FEED_DOCUMENT);
    assert_memory_equal(e.message.uuid, "sixteen octets.", 16);
    assert_string_equal(e.message.name, dn);
    assert_int_equal(e.message.document.size, 16);
    assert_int_equal(e.message.n_approvals, 1);
    assert_string_equal(e.modified, "20261121100000Z");
    entry_done(&e);
}

/* More than are told: the good ones first, wherever they stand. */
static void test_forty_approvals(void **state)
{
    struct entry e;

    (void)state;
    add_text("hufuDocument", "hufu-grant: 1\n");
    for (unsigned i = 0; i < 38; i++)
        add_text("hufuApproval", "junk");
    add_text("hufuApproval", APPROVAL "one");
    add_text("hufuApproval", APPROVAL "two");
    e = read_entry();
    assert_int_equal(e.message.n_approvals, FEED_APPROVALS_MAX);
    assert_memory_equal(e.message.approvals[0].data, APPROVAL "one", 20);
    assert_memory_equal(e.message.approvals[1].data, APPROVAL "two", 20);
    assert_memory_equal(e.message.approvals[2].data, "junk", 4);
    entry_done(&e);
}

/* One that is longer than any can be is junk as well, and junk that fills the frame takes no place. */
static void test_large_approvals(void **state)
{
    struct entry e;

    (void)state;
    add_text("hufuDocument", "hufu-grant: 1\n");
    add("hufuApproval", APPROVAL, FEED_BODY_MAX - 8192);
    add("hufuApproval", APPROVAL, FEED_BODY_MAX);
    add("hufuApproval", APPROVAL, 16 * 1024);
    add_text("hufuApproval", APPROVAL "good");
    e = read_entry();
    assert_int_equal(e.message.approvals[0].size, 16 * 1024);
    assert_memory_equal(e.message.approvals[1].data, APPROVAL "good", 21);
    assert_int_equal(e.message.n_approvals, 2);
    entry_done(&e);
}

static void test_document_too_large(void **state)
{
    struct entry e;

    (void)state;
    add("hufuDocument", "hufu-grant: 1\n", FEED_BODY_MAX);
    add_text("hufuApproval", APPROVAL "a");
    e = read_entry();
    assert_int_equal(e.message.document.size, 0);
    entry_done(&e);
    clear();
    add("hufuDocument", "hufu-grant: 1\n", FEED_BODY_MAX - 8192);
    e = read_entry();
    assert_int_equal(e.message.document.size, FEED_BODY_MAX - 8192);
    entry_done(&e);
}

static void test_document_twice_or_not_at_all(void **state)
{
    struct entry e;

    (void)state;
    e = read_entry();
    assert_int_equal(e.message.document.size, 0);
    entry_done(&e);
    add_text("hufuDocument", "hufu-grant: 1\na");
    add_text("hufuDocument", "hufu-grant: 1\nb");
    e = read_entry();
    assert_int_equal(e.message.document.size, 0);
    entry_done(&e);
}

static void test_heartbeat(void **state)
{
    struct entry e;

    (void)state;
    add_text("objectClass", "top");
    add_text("objectClass", "HUFUheartbeat");
    add_text("hufuBeat", "2026-11-21T00:00:00Z");
    add_text("hufuDocument", "hufu-grant: 1\n");
    add_text("hufuApproval", APPROVAL "a");
    e = read_entry();
    assert_int_equal(e.message.kind, FEED_HEARTBEAT);
    assert_int_equal(e.message.document.size, 20);
    assert_int_equal(e.message.n_approvals, 0);
    entry_done(&e);
}

/* A name of any length, and a time that is none. */
static void test_name_and_time(void **state)
{
    char longest[2 * FEED_NAME_MAX];
    struct entry e;
    uint8_t uuid[16] = {0};

    (void)state;
    memset(longest, 'x', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    dn = longest;
    add("modifyTimestamp", "20261121", ENTRY_MODIFIED_SIZE);
    e = read_entry();
    assert_int_equal(strlen(e.message.name), FEED_NAME_MAX);
    assert_string_equal(e.modified, "");
    entry_done(&e);
    clear();
    add("modifyTimestamp", "2026\0x", 6);
    e = read_entry();
    assert_string_equal(e.modified, "2026..");
    entry_done(&e);
    dn = NULL;
    assert_int_equal(entry_read(NULL, NULL, uuid, &e), -EBADMSG);
}

static void test_uuid_of_the_entry(void **state)
{
    static const uint8_t expected[16] = "\x01\x23\x45\x67\x89\xab\xcd\xef\x01\x23\x45\x67\x89\xab\xcd\xef";
    static const char *const bad[] = {"",
                                      "sixteen octets.x",
                                      "01234567-89ab-cdef-0123-456789abcde",
                                      "01234567-89ab-cdef-0123-456789abcdef0",
                                      "01234567 89ab-cdef-0123-456789abcdef",
                                      "0123456789ab-cdef-0123-456789abcdef00",
                                      "0123456-789ab-cdef-0123-456789abcdef",
                                      "01234567-89ab-cdef-0123-456789abcdeg"};
    struct entry e;

    (void)state;
    add_text("entryUUID", "01234567-89AB-cdef-0123-456789ABCDEF");
    assert_int_equal(entry_read(NULL, NULL, NULL, &e), 0);
    assert_memory_equal(e.message.uuid, expected, 16);
    entry_done(&e);
    add_text("entryUUID", UUID); /* twice */
    assert_int_equal(entry_read(NULL, NULL, NULL, &e), -EBADMSG);
    clear();
    assert_int_equal(entry_read(NULL, NULL, NULL, &e), -EBADMSG);
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        clear();
        add_text("entryUUID", bad[i]);
        if (entry_read(NULL, NULL, NULL, &e) != -EBADMSG)
            fail_msg("%s", bad[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_values_as_they_are, setup, teardown),
        cmocka_unit_test_setup_teardown(test_forty_approvals, setup, teardown),
        cmocka_unit_test_setup_teardown(test_large_approvals, setup, teardown),
        cmocka_unit_test_setup_teardown(test_document_too_large, setup, teardown),
        cmocka_unit_test_setup_teardown(test_document_twice_or_not_at_all, setup, teardown),
        cmocka_unit_test_setup_teardown(test_heartbeat, setup, teardown),
        cmocka_unit_test_setup_teardown(test_name_and_time, setup, teardown),
        cmocka_unit_test_setup_teardown(test_uuid_of_the_entry, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
