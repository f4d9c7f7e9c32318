// LAYERS: test_support

#include "broker/ctl/entry.h"
#include "tests/unit/support/department.h"
#include "tests/unit/unit.h"

#include <string.h>

/* Entries of documents, and what has to be done for them. */

#define BASE "ou=hufu,dc=finance,dc=example"

static void parse(struct signable *s, char *text)
{
    struct document_error error = {0};

    if (signable_parse(text, strlen(text), s, &error) < 0)
        fail_msg("line %u: %s", error.line, error.reason);
    free(text);
}

static struct ldif_record *record_of(const char *text)
{
    struct ldif_record *record = NULL;
    FILE *in = fmemopen((void *)text, strlen(text), "re");
    struct ldif_reader reader = {.in = in};

    assert_non_null(in);
    if (ldif_read(&reader, &record) != 1)
        fail_msg("line %u: %s in %s", reader.line, reader.reason, text);
    (void)fclose(in);
    return record;
}

static void assert_value(const struct ldif_record *r, const char *name, const char *value)
{
    const char *found = ldif_text(r, name);

    if (!found || strcmp(found, value) != 0)
        fail_msg("%s is %s, not %s", name, found ? found : "not there once", value);
}

/* The change that adds it, read back. */
static struct ldif_record *addition(const struct signable *s, const struct octets *approvals, size_t n)
{
    cleanup_free struct entry *e = calloc(1, sizeof(*e));
    cleanup_buf struct buf changes = BUF_INIT;
    cleanup_free char *text = NULL;

    assert_non_null(e);
    entry_of(s, e);
    assert_int_equal(entry_plan(e, approvals, n, NULL, false, BASE, &changes), ENTRY_ADD);
    text = buf_steal_text(&changes);
    return record_of(text);
}

static void test_grant(void **state)
{
    cleanup(signable_done) struct signable s = {0};
    cleanup(ldif_record_free_p) struct ldif_record *r = NULL;
    struct octets approvals[] = {{(const uint8_t *)"one", 3}, {(const uint8_t *)"two", 3}};
    size_t n = 0;

    (void)state;
    parse(&s, paper_grant(&(struct grant_plan){0}));
    r = addition(&s, approvals, 2);
    assert_string_equal(r->dn, "cn=" PAPERS_ID ".3,ou=grants," BASE);
    assert_value(r, "changetype", "add");
    assert_value(r, "objectClass", "hufuGrant");
    assert_value(r, "cn", PAPERS_ID ".3");
    assert_value(r, "hufuId", PAPERS_ID);
    assert_value(r, "hufuVersion", "3");
    assert_value(r, "hufuHost", "db01.finance.example");
    assert_value(r, "hufuStaff", "zhang.san");
    assert_value(r, "hufuVendor", "acme");
    assert_value(r, "hufuNotAfter", "2026-11-23T00:00:00Z");
    assert_value(r, "hufuDocument", s.text);
    for (size_t i = 0; i < r->n_lines; i++)
        n += entry_is_approval(&r->lines[i]);
    assert_int_equal(n, 2);
}

static void test_others(void **state)
{
    cleanup(department_free_p) struct department *d = department_new();
    cleanup(signable_done) struct signable revocation = {0}, status = {0}, trust = {0};
    cleanup(ldif_record_free_p) struct ldif_record *a = NULL, *b = NULL, *c = NULL;

    (void)state;
    parse(&revocation, paper_revocation(&(struct revocation_plan){0}));
    a = addition(&revocation, NULL, 0);
    assert_string_equal(a->dn, "cn=" PAPERS_REVOCATION ",ou=revocations," BASE);
    assert_value(a, "objectClass", "hufuRevocation");
    assert_value(a, "hufuId", PAPERS_REVOCATION);
    parse(&status, paper_status(&(struct status_plan){0}));
    b = addition(&status, NULL, 0);
    assert_string_equal(b->dn, "cn=4,ou=status," BASE);
    assert_value(b, "objectClass", "hufuStatus");
    assert_value(b, "hufuEpoch", "17");
    parse(&trust, strdup(d->trust));
    c = addition(&trust, NULL, 0);
    assert_string_equal(c->dn, "cn=4,ou=trust," BASE);
    assert_value(c, "objectClass", "hufuTrust");
    assert_value(c, "hufuEpoch", "4");
}

static void test_uses(void **state)
{
    cleanup(signable_done) struct signable fleet = {0}, host = {0};

    (void)state;
    parse(&fleet, paper_grant(&(struct grant_plan){.uses = "7 fleet"}));
    parse(&host, paper_grant(&(struct grant_plan){.uses = "7 per-host"}));
    assert_int_equal(entry_uses(&fleet), 7);
    assert_int_equal(entry_uses(&host), 0);
}

/* --- against what is there ---------------------------------------------------------------------------------
 */

/* An entry that holds this text and one approval, "there". */
static struct ldif_record *held(const char *document)
{
    cleanup_buf struct buf text = BUF_INIT;
    cleanup_free char *ldif = NULL;

    ldif_put_text(&text, "dn", "cn=x," BASE);
    ldif_put_text(&text, "hufuDocument", document);
    ldif_put_text(&text, "hufuApproval", "there");
    ldif = buf_steal_text(&text);
    return record_of(ldif);
}

static enum entry_plan plan(const struct signable *s, const char *approval, const char *there, bool replace,
                            char **changes)
{
    cleanup_free struct entry *e = calloc(1, sizeof(*e));
    cleanup(ldif_record_free_p) struct ldif_record *record = held(there);
    cleanup_buf struct buf text = BUF_INIT;
    struct octets octets = {(const uint8_t *)approval, approval ? strlen(approval) : 0};
    enum entry_plan p;

    assert_non_null(e);
    entry_of(s, e);
    p = entry_plan(e, &octets, approval != NULL, record, replace, BASE, &text);
    *changes = text.size > 0 ? buf_steal_text(&text) : strdup("");
    return p;
}

static void assert_plan(const struct signable *s, const char *approval, const char *there, bool replace,
                        enum entry_plan expected, const char *part)
{
    cleanup_free char *changes = NULL;
    enum entry_plan found = plan(s, approval, there, replace, &changes);

    if (found != expected || !strstr(changes, part) || (!*part && *changes))
        fail_msg("plan %d: %s", (int)found, changes);
}

static void test_same_document(void **state)
{
    cleanup(signable_done) struct signable s = {0};

    (void)state;
    parse(&s, paper_grant(&(struct grant_plan){0}));
    assert_plan(&s, "there", s.text, false, ENTRY_SAME, "");
    assert_plan(&s, NULL, s.text, false, ENTRY_SAME, "");
    assert_plan(&s, "new", s.text, false, ENTRY_APPROVE,
                "changetype: modify\nadd: hufuApproval\nhufuApproval: new\n-\n\n");
}

static void test_other_document(void **state)
{
    cleanup(signable_done) struct signable s = {0};
    cleanup_free char *other = paper_grant(&(struct grant_plan){.vendor = "evil"});

    (void)state;
    parse(&s, paper_grant(&(struct grant_plan){0}));
    assert_plan(&s, "new", other, false, ENTRY_OTHER, "");
    assert_plan(&s, "new", "junk", false, ENTRY_OTHER, "");
    /* The one that was seen goes, and no other; so do its approvals. */
    assert_plan(&s, "new", "junk", true, ENTRY_REPLACE,
                "delete: hufuDocument\nhufuDocument: junk\n-\nadd: hufuDocument\n");
    assert_plan(&s, "new", "junk", true, ENTRY_REPLACE, "replace: hufuApproval\nhufuApproval: new\n-\n");
    assert_plan(&s, "new", "junk", true, ENTRY_REPLACE, "replace: hufuVendor\nhufuVendor: acme\n-\n");
}

static void test_status_gives_way_to_newer(void **state)
{
    cleanup(signable_done) struct signable s = {0};
    cleanup_free char *older = paper_status(&(struct status_plan){.epoch = 16});
    cleanup_free char *newer = paper_status(&(struct status_plan){.epoch = 18});
    cleanup_free char *twin = paper_status(&(struct status_plan){.lines = "revoked: " PAPERS_ID "\n"});

    (void)state;
    parse(&s, paper_status(&(struct status_plan){0}));
    assert_plan(&s, "new", older, false, ENTRY_REPLACE, "replace: hufuEpoch\nhufuEpoch: 17\n-\n");
    assert_plan(&s, "new", newer, false, ENTRY_NEWER, "");
    assert_plan(&s, "new", twin, false, ENTRY_OTHER, "");
    assert_plan(&s, "new", newer, true, ENTRY_REPLACE, "hufuEpoch: 17");
    assert_plan(&s, "new", "junk", false, ENTRY_REPLACE, "hufuEpoch: 17");
}

static void test_no_more_approvals_than_hosts_look_at(void **state)
{
    cleanup(signable_done) struct signable s = {0};
    cleanup_free struct entry *e = calloc(1, sizeof(*e));
    struct octets approvals[ENTRY_APPROVALS_MAX];
    cleanup(ldif_record_free_p) struct ldif_record *record = NULL;
    cleanup_buf struct buf changes = BUF_INIT;
    char texts[ENTRY_APPROVALS_MAX][8];

    (void)state;
    assert_non_null(e);
    parse(&s, paper_grant(&(struct grant_plan){0}));
    record = held(s.text);
    entry_of(&s, e);
    for (size_t i = 0; i < ENTRY_APPROVALS_MAX; i++) {
        (void)snprintf(texts[i], sizeof(texts[i]), "%zu", i);
        approvals[i] = (struct octets){(const uint8_t *)texts[i], strlen(texts[i])};
    }
    assert_int_equal(entry_plan(e, approvals, ENTRY_APPROVALS_MAX, record, false, BASE, &changes),
                     ENTRY_TOO_MANY);
    assert_int_equal(changes.size, 0);
    assert_int_equal(entry_plan(e, approvals, ENTRY_APPROVALS_MAX - 1, record, false, BASE, &changes),
                     ENTRY_APPROVE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_grant),
        cmocka_unit_test(test_others),
        cmocka_unit_test(test_uses),
        cmocka_unit_test(test_same_document),
        cmocka_unit_test(test_other_document),
        cmocka_unit_test(test_status_gives_way_to_newer),
        cmocka_unit_test(test_no_more_approvals_than_hosts_look_at),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
