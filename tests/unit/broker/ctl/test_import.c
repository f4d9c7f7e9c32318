// LAYERS: test_support

#include "broker/ctl/import.h"
#include "tests/unit/support/department.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

/* Entries of an exported file: what is taken of them, and why they are refused. */

#define BASE  "ou=hufu,dc=finance,dc=example"
#define NONCE "0123456789abcdef0123456789abcdef"

static struct department *department;

static int setup(void **state)
{
    (void)state;
    department = department_new();
    return department ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    department_free(department);
    return 0;
}

static struct ldif_record *record_of(struct buf *text)
{
    cleanup_free char *ldif = NULL;
    struct ldif_record *record = NULL;
    struct ldif_reader reader = {0};

    ldif_put_end(text);
    ldif = buf_steal_text(text);
    reader.in = fmemopen(ldif, strlen(ldif), "re");
    assert_non_null(reader.in);
    if (ldif_read(&reader, &record) != 1)
        fail_msg("line %u: %s in %s", reader.line, reader.reason, ldif);
    (void)fclose(reader.in);
    return record;
}

/* Takes the entry over; its reason has to have these words ("": it is taken). */
static void assert_import(struct buf *text, const char *words, struct import_item *item)
{
    struct ldif_record *record = record_of(text);
    char reason[IMPORT_REASON_SIZE] = "";
    int r = import_item_of(&record, item, reason);

    assert_null(record);
    if (r != (*words ? -EINVAL : 0) || !strstr(reason, words))
        fail_msg("%d: %s", r, reason);
    if (r < 0)
        assert_null(item->record);
}

static void assert_refused(struct buf *text, const char *words)
{
    cleanup_free struct import_item *item = calloc(1, sizeof(*item));

    assert_non_null(item);
    assert_import(text, words, item);
}

static struct buf begin(void)
{
    struct buf text = BUF_INIT;

    ldif_put_text(&text, "dn", "cn=anything,ou=elsewhere");
    return text;
}

/* ---- documents ---- */

/* An entry with the usual grant and `n` approvals of it by the leader. */
static struct buf with_grant(size_t n)
{
    struct buf text = begin();
    cleanup_free char *grant = paper_grant(&(struct grant_plan){0});

    ldif_put_text(&text, "hufuDocument", grant);
    for (size_t i = 0; i < n; i++) {
        cleanup_free char *approval = department_approval(department, DEPARTMENT_LEADER, grant);

        ldif_put_text(&text, "hufuApproval", approval);
    }
    return text;
}

/* Named by its document, whatever the file says. */
static void test_document(void **state)
{
    cleanup_free struct import_item *item = calloc(1, sizeof(*item));
    struct buf text = with_grant(2);

    (void)state;
    assert_non_null(item);
    ldif_put_text(&text, "hufuHost", "db99.finance.example");
    ldif_put_text(&text, "HUFUSTAFF", "somebody.else");
    assert_import(&text, "", item);
    assert_string_equal(item->name, "cn=" PAPERS_ID ".3,ou=grants");
    assert_int_equal(item->n_approvals, 2);
    assert_int_equal(item->line, 1);
    for (size_t i = 0; i < item->entry.n_values; i++)
        assert_true(!strstr(item->entry.values[i].value, "else") &&
                    !strstr(item->entry.values[i].value, "99"));
    import_item_done(item);
}

static void test_no_document(void **state)
{
    struct buf junk = begin(), approval = begin();
    cleanup_free char *grant = paper_grant(&(struct grant_plan){0});
    cleanup_free char *signature = department_approval(department, DEPARTMENT_LEADER, grant);
    cleanup_free char *cut = strndup(grant, strlen(grant) - 1);
    struct buf short_one = begin();

    (void)state;
    ldif_put_text(&junk, "hufuDocument", "junk");
    assert_refused(&junk, "its document is");
    ldif_put_text(&approval, "hufuDocument", signature);
    assert_refused(&approval, "neither a grant nor a trust file, revocation or status");
    ldif_put_text(&short_one, "hufuDocument", cut);
    assert_refused(&short_one, "its document is none: line");
}

static void test_approvals(void **state)
{
    struct buf junk = with_grant(0), other = with_grant(1), many = with_grant(ENTRY_APPROVALS_MAX + 1);
    cleanup_free char *grant = paper_grant(&(struct grant_plan){.version = 4});
    cleanup_free char *approval = department_approval(department, DEPARTMENT_LEADER, grant);

    (void)state;
    ldif_put_text(&junk, "hufuApproval", "junk");
    assert_refused(&junk, "an approval of it is none: line 1");
    ldif_put_text(&other, "hufuApproval", approval);
    assert_refused(&other, "by wang.wu, is about something else");
    assert_refused(&many, "more than 32 approvals");
}

/* A change is no entry, whatever it has in it. */
static void test_change(void **state)
{
    struct buf text = begin();
    cleanup_free char *grant = paper_grant(&(struct grant_plan){0});

    (void)state;
    ldif_put_text(&text, "changeType", "add");
    ldif_put_text(&text, "hufuDocument", grant);
    assert_refused(&text, "it is a change");
}

/* ---- uses ---- */

struct use {
    const char *id, *slot, *host, *holder; /* NULL: none */
};

static struct buf with_use(struct use x)
{
    struct buf text = begin();

    if (x.id)
        ldif_put_text(&text, "hufuId", x.id);
    if (x.slot)
        ldif_put_text(&text, "hufuSlot", x.slot);
    if (x.host)
        ldif_put_text(&text, "hufuHost", x.host);
    if (x.holder)
        ldif_put_text(&text, "hufuHolder", x.holder);
    return text;
}

static void test_use(void **state)
{
    cleanup_free struct import_item *item = calloc(1, sizeof(*item));
    struct buf text = with_use((struct use){PAPERS_ID, "7", "@db", "db01.finance.example:" NONCE});

    (void)state;
    assert_non_null(item);
    ldif_put_text(&text, "hufuHost", "db01.finance.example");
    assert_import(&text, "", item);
    assert_string_equal(item->name, "cn=" PAPERS_ID ".7,ou=uses");
    assert_string_equal(item->use, PAPERS_ID);
    assert_int_equal(item->slot, 7);
    assert_int_equal(item->n_hosts, 2);
    assert_string_equal(item->hosts[0], "@db");
    assert_string_equal(item->holder, "db01.finance.example:" NONCE);
    assert_null(item->document.text);
    import_item_done(item);
}

static void test_bad_uses(void **state)
{
    static const struct {
        struct use use;
        const char *words;
    } cases[] = {
        {{NULL, "1", "db01", NULL}, "neither a document nor a use"},
        {{PAPERS_ID, NULL, "db01", NULL}, "neither a document nor a use"},
        {{"x", "1", "db01", NULL}, "neither a document nor a use"},
        {{PAPERS_ID "0", "1", "db01", NULL}, "neither a document nor a use"},
        {{PAPERS_ID, "0", "db01", NULL}, "neither a document nor a use"},
        {{PAPERS_ID, "1001", "db01", NULL}, "neither a document nor a use"},
        {{PAPERS_ID, "01", "db01", NULL}, "neither a document nor a use"},
        {{PAPERS_ID, "1", NULL, NULL}, "names no host"},
        {{PAPERS_ID, "1", "@", NULL}, "no name of a host"},
        {{PAPERS_ID, "1", "@@db", NULL}, "no name of a host"},
        {{PAPERS_ID, "1", "db01 db02", NULL}, "no name of a host"},
        {{PAPERS_ID, "1", "", NULL}, "no name of a host"},
        {{PAPERS_ID, "1", "db01", ""}, "HOST:NONCE"},
        {{PAPERS_ID, "1", "db01", "db01"}, "HOST:NONCE"},
        {{PAPERS_ID, "1", "db01", ":" NONCE}, "HOST:NONCE"},
        {{PAPERS_ID, "1", "db01", "db01:" NONCE "0"}, "HOST:NONCE"},
        {{PAPERS_ID, "1", "db01", "db01:" NONCE ":" NONCE}, "HOST:NONCE"},
        {{PAPERS_ID, "1", "db01", "@db:" NONCE}, "HOST:NONCE"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct buf text = with_use(cases[i].use);

        assert_refused(&text, cases[i].words);
    }
}

/* Twice is not once. */
static void test_uses_with_too_much(void **state)
{
    struct buf holders = with_use((struct use){PAPERS_ID, "1", "db01", "db01:" NONCE});
    struct buf slots = with_use((struct use){PAPERS_ID, "1", "db01", NULL});
    struct buf octet = with_use((struct use){PAPERS_ID, "1", "db01", NULL});
    struct buf hosts = with_use((struct use){PAPERS_ID, "1", NULL, NULL});

    (void)state;
    ldif_put_text(&holders, "hufuHolder", "db02:" NONCE);
    assert_refused(&holders, "HOST:NONCE");
    ldif_put_text(&slots, "hufuslot", "2");
    assert_refused(&slots, "neither a document nor a use");
    ldif_put(&octet, "hufuHost", "db02\0x", 6);
    assert_refused(&octet, "no name of a host");
    for (unsigned i = 0; i <= IMPORT_HOSTS_MAX; i++) {
        char host[16];

        (void)snprintf(host, sizeof(host), "db%u", i);
        ldif_put_text(&hosts, "hufuHost", host);
    }
    assert_refused(&hosts, "more than 64 hosts");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_document),
        cmocka_unit_test(test_no_document),
        cmocka_unit_test(test_approvals),
        cmocka_unit_test(test_change),
        cmocka_unit_test(test_use),
        cmocka_unit_test(test_bad_uses),
        cmocka_unit_test(test_uses_with_too_much),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
