/*
 * What each line of a grant means, and the questions that are asked of a grant.
 */
#include "policy/base/cleanup.h"
#include "policy/document/grant.h"
#include "tests/unit/policy/document/sample.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void assert_instant(when_t t, const char *text)
{
    char formatted[WHEN_TEXT_SIZE];

    when_format(t, formatted);
    assert_string_equal(formatted, text);
}

static void assert_network(const struct network *n, const char *text)
{
    char formatted[NETWORK_TEXT_SIZE];

    network_format(n, formatted);
    assert_string_equal(formatted, text);
}

static void test_every_member(void **state)
{
    cleanup(grant_free_p) struct grant *g = sample_parse_grant(sample_grant);
    char id[IDENT_ID_TEXT_SIZE], key[IDENT_FINGERPRINT_TEXT_SIZE];

    (void)state;
    ident_format_id(&g->id, id);
    ident_format_fingerprint(&g->keys[0], key);
    assert_string_equal(g->site, "cn.example.finance");
    assert_string_equal(id, "0123456789abcdef0123456789abcdef");
    assert_int_equal(g->version, 3);
    assert_int_equal(g->class, GRANT_CLASS_NORMAL);
    assert_int_equal(g->incident_level, 0);
    assert_string_equal(g->vendor, "acme");
    assert_string_equal(g->employer, "subacme");
    assert_string_equal(g->contract, "C-2026-017");
    assert_string_equal(g->staff, "zhang.san");
    assert_false(g->password);
    assert_int_equal(g->n_keys, 1);
    assert_string_equal(key, "SHA256:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE");
    assert_int_equal(g->hosts.count, 1);
    assert_string_equal(g->hosts.items[0], "db01.finance.example");
    assert_int_equal(g->services.count, 2);
    assert_string_equal(g->services.items[0], "login");
    assert_string_equal(g->services.items[1], "sshd");
    assert_int_equal(g->channels, GRANT_CHANNEL_SHELL);
    assert_int_equal(g->run_as.count, 1);
    assert_string_equal(g->run_as.items[0], "oracle");
    assert_false(g->any_command);
    assert_int_equal(g->commands.count, 1);
    assert_string_equal(g->commands.items[0], "/usr/bin/systemctl restart oracle");
    assert_false(g->any_source);
    assert_true(g->local_source);
    assert_int_equal(g->n_networks, 1);
    assert_network(&g->networks[0], "10.1.2.0/24");
    assert_instant(g->valid.from, "2026-11-21T00:00:00Z");
    assert_instant(g->valid.until, "2026-11-23T00:00:00Z");
    assert_false(g->any_hours);
    assert_int_equal(g->n_hours, 1);
    assert_int_equal(g->hours[0].days, 0x1f);
    assert_int_equal(g->hours[0].start_minute, 540);
    assert_int_equal(g->hours[0].end_minute, 1080);
    assert_int_equal(g->hours[0].offset_minutes, 480);
    assert_int_equal(g->uses.scope, GRANT_USES_PER_HOST);
    assert_int_equal(g->uses.count, 2);
    assert_false(g->sessions.unlimited);
    assert_int_equal(g->sessions.value, 1);
    assert_false(g->max_session.unlimited);
    assert_int_equal(g->max_session.value, 14400);
    assert_true(g->recording_required);
    assert_string_equal(g->requester, "li.si");
    assert_string_equal(g->ticket, "CHG-2026-1142");
    assert_string_equal(g->purpose, "更换数据库存储阵列控制器");
}

static void test_every_word_for_no_limit(void **state)
{
    cleanup(grant_free_p) struct grant *g = sample_parse_grant(sample_grant_emergency);

    (void)state;
    assert_int_equal(g->class, GRANT_CLASS_EMERGENCY);
    assert_int_equal(g->incident_level, 2);
    assert_true(g->password);
    assert_int_equal(g->n_keys, 0);
    assert_string_equal(g->hosts.items[0], "@all");
    assert_int_equal(g->channels, 0);
    assert_int_equal(g->run_as.count, 0);
    assert_true(g->any_command);
    assert_int_equal(g->commands.count, 0);
    assert_true(g->any_source);
    assert_false(g->local_source);
    assert_int_equal(g->n_networks, 0);
    assert_true(g->any_hours);
    assert_int_equal(g->n_hours, 0);
    assert_int_equal(g->uses.scope, GRANT_USES_UNLIMITED);
    assert_int_equal(g->uses.count, 0);
    assert_true(g->sessions.unlimited);
    assert_int_equal(g->sessions.value, 0);
    assert_true(g->max_session.unlimited);
    assert_int_equal(g->max_session.value, 0);
    assert_false(g->recording_required);
}

static void test_members_that_repeat(void **state)
{
    cleanup(grant_free_p) struct grant *g = sample_parse_grant(sample_grant_full);

    (void)state;
    assert_int_equal(g->class, GRANT_CLASS_PRIVILEGED);
    assert_int_equal(g->n_keys, 2);
    assert_int_equal(g->hosts.count, 3);
    assert_int_equal(g->channels, 15);
    assert_int_equal(g->run_as.count, 2);
    assert_string_equal(g->run_as.items[1], "root");
    assert_int_equal(g->commands.count, 2);
    assert_string_equal(g->commands.items[0], "/bin/cat *");
    assert_int_equal(g->n_networks, 3);
    assert_network(&g->networks[1], "192.0.2.7/32");
    assert_network(&g->networks[2], "2001:db8::/32");
    assert_false(g->local_source);
    assert_int_equal(g->n_hours, 2);
    assert_int_equal(g->hours[0].days, 1 << 5);
    assert_int_equal(g->hours[0].start_minute, 1320);
    assert_int_equal(g->hours[0].end_minute, 360);
    assert_int_equal(g->hours[0].offset_minutes, -210);
    assert_int_equal(g->hours[1].end_minute, 1440);
    assert_int_equal(g->uses.scope, GRANT_USES_FLEET);
    assert_int_equal(g->uses.count, 1);
    assert_int_equal(g->sessions.value, 2147483647);
}

/* --- the manual -------------------------------------------------------------------------------------- */

/* The example that people copy is one that hosts accept. */
static void test_example_of_the_manual(void **state)
{
    FILE *page = fopen("docs/man/hufu-grant.5", "r");
    char text[32768];
    char *start, *end;
    size_t size;

    (void)state;
    assert_non_null(page);
    size = fread(text, 1, sizeof(text) - 1, page);
    fclose(page);
    text[size] = 0;
    start = strstr(text, "hufu-grant: 1\n");
    assert_non_null(start);
    end = strstr(start, ".Ed\n");
    assert_non_null(end);
    sample_accepted(sample_round_grant, start, (size_t)(end - start));
}

/* --- helpers ----------------------------------------------------------------------------------------- */

static void test_names_host(void **state)
{
    cleanup(grant_free_p) struct grant *g = sample_parse_grant(sample_grant_full);
    static const char *const in[] = {"web", "db"}, *const out[] = {"db01", "@db", "d"};
    const struct grant_strings groups = {in, ARRAY_SIZE(in)}, others = {out, ARRAY_SIZE(out)};
    const struct grant_strings no_groups = {0};

    (void)state;
    assert_true(grant_names_host(g, "db01", &no_groups));
    assert_true(grant_names_host(g, "db01", NULL));
    assert_true(grant_names_host(g, "web01", &groups));
    assert_false(grant_names_host(g, "web01", &others));
    /* The group may be the first that the host is in, or the last. */
    for (size_t i = 0; i < 2; i++) {
        const char *const ordered[] = {in[i], in[1 - i]};

        assert_true(grant_names_host(g, "web01", &(struct grant_strings){ordered, 2}));
    }
    assert_false(grant_names_host(g, "DB01", &no_groups));
    assert_false(grant_names_host(g, "db", &no_groups));
    assert_false(grant_names_host(g, "@db", &no_groups));
    assert_false(grant_names_host(g, "db01.finance.example.", &no_groups));
}

static void test_same_identity(void **state)
{
    cleanup(grant_free_p) struct grant *a = sample_parse_grant(sample_grant),
                                       *b = sample_parse_grant(sample_grant);
    struct grant g;

    (void)state;
    b->version = 4;
    b->employer = "other";
    b->sessions.unlimited = true;
    assert_true(grant_same_identity(a, b));
#define DIFFERS(change)                           \
    do {                                          \
        g = *b;                                   \
        change;                                   \
        assert_false(grant_same_identity(a, &g)); \
        assert_false(grant_same_identity(&g, a)); \
    } while (0)
    DIFFERS(g.site = "x");
    DIFFERS(g.id.octets[15] ^= 1);
    DIFFERS(g.vendor = "x");
    DIFFERS(g.staff = "x");
    DIFFERS(g.class = GRANT_CLASS_PRIVILEGED);
#undef DIFFERS
}

static void test_words(void **state)
{
    enum grant_class c;

    (void)state;
    assert_string_equal(grant_class_name(GRANT_CLASS_EMERGENCY), "emergency");
    assert_null(grant_class_name((enum grant_class)0));
    assert_null(grant_class_name((enum grant_class)4));
    assert_int_equal(grant_class_from_name("privileged!", 10, &c), 0);
    assert_int_equal(c, GRANT_CLASS_PRIVILEGED);
    assert_int_equal(grant_class_from_name("privileged", 9, &c), -EINVAL);
    assert_int_equal(grant_class_from_name("", 0, &c), -EINVAL);
    assert_string_equal(grant_channel_name(GRANT_CHANNEL_TRANSFER), "transfer");
    assert_string_equal(grant_channel_name(GRANT_CHANNEL_FORWARD), "forward");
    assert_null(grant_channel_name((enum grant_channel)3));
    assert_null(grant_free(NULL));
}

static void test_document_type(void **state)
{
    enum document_type type;

    (void)state;
    assert_int_equal(document_type_of(sample_grant, strlen(sample_grant), &type), 0);
    assert_int_equal(type, DOCUMENT_GRANT);
    assert_int_equal(document_type_of(sample_trust, strlen(sample_trust), &type), 0);
    assert_int_equal(type, DOCUMENT_TRUST);
    assert_int_equal(document_type_of("hufu-status: 1\n", 15, &type), 0);
    assert_string_equal(document_type_name(type), "status");
    assert_int_equal(document_type_of("hufu-revocation: 1\nx", 20, &type), 0);
    assert_string_equal(document_type_name(type), "revocation");
    assert_int_equal(document_type_of("hufu-approval: 1\n", 17, &type), 0);
    assert_string_equal(document_type_name(type), "approval");
    assert_int_equal(document_type_of("hufu-grant: 1\n", 13, &type), -EINVAL);
    assert_int_equal(document_type_of("hufu-grant: 12\n", 15, &type), -EINVAL);
    assert_int_equal(document_type_of("hufu-grant: 2\n", 14, &type), -EINVAL);
    assert_int_equal(document_type_of(" hufu-grant: 1\n", 15, &type), -EINVAL);
    assert_int_equal(document_type_of("", 0, &type), -EINVAL);
    assert_null(document_type_name((enum document_type)0));
    assert_string_equal(document_type_name(DOCUMENT_GRANT), "grant");
    assert_string_equal(document_type_name(DOCUMENT_APPROVAL), "approval");
    assert_string_equal(document_type_name(DOCUMENT_REVOCATION), "revocation");
    assert_string_equal(document_type_name(DOCUMENT_STATUS), "status");
    assert_string_equal(document_type_name(DOCUMENT_TRUST), "trust");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_member),
        cmocka_unit_test(test_every_word_for_no_limit),
        cmocka_unit_test(test_members_that_repeat),
        cmocka_unit_test(test_example_of_the_manual),
        cmocka_unit_test(test_names_host),
        cmocka_unit_test(test_same_identity),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_document_type),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
