/*
 * What each line of a grant may say, what it means, and what the writer refuses to say.
 */
#include "policy/base/cleanup.h"
#include "policy/document/grant.h"
#include "tests/unit/policy/document/sample.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define GRANT     (&samples[0])
#define EMERGENCY (&samples[1])

static struct grant *parse(const char *text)
{
    struct document_error error;
    struct grant *g;

    if (grant_parse(text, strlen(text), &g, &error) != 0)
        fail_msg("%u: %s", error.line, error.reason);
    return g;
}

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
    cleanup(grant_free_p) struct grant *g = parse(sample_grant);
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
    cleanup(grant_free_p) struct grant *g = parse(sample_grant_emergency);

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
    cleanup(grant_free_p) struct grant *g = parse(sample_grant_full);

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

/* --- values ------------------------------------------------------------------------------------------ */

#define N10 "aaaaaaaaaa"
#define N60 N10 N10 N10 N10 N10 N10

struct value {
    const char *key;
    const char *value;
    const char *part; /* of the reason; NULL: accepted */
};

static const struct value values[] = {
    {"site", "a", NULL},
    {"site", "9", NULL},
    {"site", "A_b.c-D", NULL},
    {"site", N60 "aaaa", NULL},
    {"site", N60 "aaaaa", "site: `" N10 N10 N10 N10 "...` is not a name"},
    {"site", ".a", "not a name"},
    {"site", "_a", "not a name"},
    {"site", "-a", "not a name"},
    {"site", "a b", "not a name"},
    {"site", "a/b", "not a name"},
    {"site", "ä", "not a name"},
    {"site", "@a", "not a name"},
    {"id", "0123456789abcdef0123456789abcde", "not an id"},
    {"id", "0123456789abcdef0123456789abcdef0", "not an id"},
    {"id", "0123456789ABCDEF0123456789abcdef", "not an id"},
    {"id", "0123456789abcdeg0123456789abcdef", "not an id"},
    {"id", "00000000000000000000000000000000", NULL},
    {"version", "1", NULL},
    {"version", "2147483647", NULL},
    {"version", "0", "version: `0` is not a whole number"},
    {"version", "01", "not a whole number"},
    {"version", "2147483648", "not a whole number"},
    {"version", "4294967297", "not a whole number"},
    {"version", "18446744073709551617", "not a whole number"},
    {"version", "-1", "not a whole number"},
    {"version", "+1", "not a whole number"},
    {"version", "1.0", "not a whole number"},
    {"version", "0x1", "not a whole number"},
    {"version", "unlimited", "not a whole number"},
    {"class", "privileged", NULL},
    {"class", "Normal", "not a class: normal, privileged or emergency"},
    {"class", "norma", "not a class"},
    {"class", "normall", "not a class"},
    {"class", "emergency", "class emergency needs `incident-level: 1`"},
    {"vendor", "acme corp", "not a name"},
    {"employer", "-", "not a name"},
    {"contract", "C/2026", "not a name"},
    {"staff", "_", NULL},
    {"staff", "a2345678901234567890123456789012", NULL},
    {"staff", "a23456789012345678901234567890123", "not an account"},
    {"staff", "Zhang", "staff: `Zhang` is not an account"},
    {"staff", "9a", "not an account"},
    {"staff", "a$", "not an account"},
    {"staff-key", "SHA256:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQ", "not a fingerprint"},
    {"staff-key", "SHA256:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQF", "not a fingerprint"},
    {"staff-key", "SHA256:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=", "not a fingerprint"},
    {"staff-key", "SHA256:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB-_E", "not a fingerprint"},
    {"staff-key", "sha256:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE", "not a fingerprint"},
    {"staff-key", "MD5:16:27:ac:a5:76:28:2d:36:63:1b:56:4d:eb:df:a6:48", "not a fingerprint"},
    {"staff-key", "any", "not a fingerprint"},
    {"staff-key", "none", "not a fingerprint"},
    {"staff-key", "password\nstaff-key: zzz", "`password` stands alone"},
    {"staff-key", "SHA256:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE\nstaff-key: password",
     "`password` stands alone"},
    {"host", "@g", NULL},
    {"host", "H", NULL},
    {"host", "@", "not an exact host name"},
    {"host", "@@g", "not an exact host name"},
    {"host", "any", "not an exact host name"},
    {"host", "none", "not an exact host name"},
    {"host", "*", "not an exact host name"},
    {"host", "db*.example", "not an exact host name"},
    {"host", "fe80::1", "not an exact host name"},
    {"channel", "none\nchannel: shell", "`none` stands alone"},
    {"channel", "exec\nchannel: none", "`none` stands alone"},
    {"channel", "sftp", "not a channel"},
    {"channel", "any", "not a channel"},
    {"run-as", "root", NULL},
    {"run-as", "none", NULL},
    {"run-as", "any", "not an account"},
    {"run-as", "none\nrun-as: root", "`none` stands alone"},
    {"run-as", "aaa\nrun-as: none", "`none` stands alone"},
    {"run-as", "ALL", "not an account"},
    {"run-as", "0", "not an account"},
    {"run-as", "#0", "not an account"},
    {"command", "any", NULL},
    {"command", "none", NULL},
    {"command", "any\ncommand: none", "`any` stands alone"},
    {"command", "/bin/ls\ncommand: any", "`any` stands alone"},
    {"command", "/bin/ls\ncommand: none", "`none` stands alone"},
    {"command", "/a", NULL},
    {"command", "/bin/ls *", NULL},
    {"command", "/bin/ls * -l *", NULL},
    {"command", "/bin/ls [a-z] \\ ? .. . // :=,!", NULL},
    {"command", "/bin/ls\ncommand: /bin/ls *", NULL},
    {"command", "/.a/..b/c..", NULL},
    {"command", "/", "not an absolute path"},
    {"command", "/bin/", "not an absolute path"},
    {"command", "//bin/ls", "not an absolute path"},
    {"command", "/bin//ls", "not an absolute path"},
    {"command", "/bin/./ls", "not an absolute path"},
    {"command", "/bin/.", "not an absolute path"},
    {"command", "/bin/../ls", "not an absolute path"},
    {"command", "/..", "not an absolute path"},
    {"command", "/bin/*", "not an absolute path"},
    {"command", "/b*n/ls", "not an absolute path"},
    {"command", "*", "not an absolute path"},
    {"command", "bin/ls", "not an absolute path"},
    {"command", "ls", "not an absolute path"},
    {"command", "ALL", "not an absolute path"},
    {"command", "sudoedit /etc/hosts", "not an absolute path"},
    {"command", "/bin/ls  -l", "not an absolute path"},
    {"command", "/bin/ls a*", "not an absolute path"},
    {"command", "/bin/ls **", "not an absolute path"},
    {"command", "/bin/ls /var/log/*", "not an absolute path"},
    {"command", "/bin/ls ä", "not an absolute path"},
    {"source", "any", NULL},
    {"source", "local", NULL},
    {"source", "10.1.2.3/32", NULL},
    {"source", "128.0.0.0/1", NULL},
    {"source", "2001:db8::/32", NULL},
    {"source", "::1/128", NULL},
    {"source", "any\nsource: local", "`any` stands alone"},
    {"source", "10.0.0.0/8\nsource: any", "`any` stands alone"},
    {"source", "0.0.0.0/0", "not a limit; write `any`"},
    {"source", "::/0", "not a limit; write `any`"},
    {"source", "none", "not a network"},
    {"source", "10.1.2.3", "not a network"},
    {"source", "10.1.2.3/24", "not a network"},
    {"source", "10.1.2.0/024", "not a network"},
    {"source", "10.1.2.0/33", "not a network"},
    {"source", "10.1.2.0/", "not a network"},
    {"source", "10.1.2/24", "not a network"},
    {"source", "010.1.2.0/24", "not a network"},
    {"source", "2001:DB8::/32", "not a network"},
    {"source", "2001:db8:0::/32", "not a network"},
    {"source", "::ffff:10.0.0.0/104", "not a network"},
    {"source", "::ffff:a00:0/104", "not a network"},
    {"source", "fe80::%eth0/64", "not a network"},
    {"source", "db01.example", "not a network"},
    {"not-before", "2026-11-22T23:59:59Z", NULL},
    {"not-before", "2026-11-23T00:00:00Z", "not-after: is not later than not-before"},
    {"not-after", "2026-11-21T00:00:01Z", NULL},
    {"not-after", "2026-11-20T00:00:00Z", "not-after: is not later than not-before"},
    {"not-after", "never", "not a time like"},
    {"not-after", "2027-02-29T00:00:00Z", "not a time like"},
    {"not-after", "2028-02-29T00:00:00Z", NULL},
    {"not-after", "2026-11-23T00:00:00+00:00", "not a time like"},
    {"not-after", "2026-11-23 00:00:00Z", "not a time like"},
    {"not-after", "2026-11-23T24:00:00Z", "not a time like"},
    {"not-after", "2026-11-23T00:00:60Z", "not a time like"},
    {"hours", "any", NULL},
    {"hours", "any\nhours: mon 09:00-18:00 +00:00", "`any` stands alone"},
    {"hours", "none", "not `DAYS HH:MM-HH:MM OFFSET`"},
    {"hours", "mon-sun 00:00-24:00 +14:00", NULL},
    {"hours", "sun 00:01-00:00 -12:00", NULL},
    {"hours", "mon-tue 23:59-24:00 +00:00", NULL},
    {"hours", "sat-sun 22:00-06:00 -00:01", NULL},
    {"hours", "mon 00:00-24:00 +13:59", NULL},
    {"hours", "sun-mon 09:00-18:00 +08:00", "one day or one range"},
    {"hours", "mon-mon 09:00-18:00 +08:00", "one day or one range"},
    {"hours", "mon,tue 09:00-18:00 +08:00", "one day or one range"},
    {"hours", "mon-tue-wed 09:00-18:00 +08:00", "one day or one range"},
    {"hours", "Mon 09:00-18:00 +08:00", "one day or one range"},
    {"hours", "mon- 09:00-18:00 +08:00", "one day or one range"},
    {"hours", "mon 09:00-09:00 +08:00", "two different times"},
    {"hours", "mon 24:00-09:00 +08:00", "two different times"},
    {"hours", "mon 09:00-24:01 +08:00", "two different times"},
    {"hours", "mon 09:00-25:00 +08:00", "two different times"},
    {"hours", "mon 9:00-18:00 +08:00", "two different times"},
    {"hours", "mon 09:60-18:00 +08:00", "two different times"},
    {"hours", "mon 09:00 +08:00", "two different times"},
    {"hours", "mon 09:00-18:00 -00:00", "an offset from UTC"},
    {"hours", "mon 09:00-18:00 +14:01", "an offset from UTC"},
    {"hours", "mon 09:00-18:00 -12:01", "an offset from UTC"},
    {"hours", "mon 09:00-18:00 +8:00", "an offset from UTC"},
    {"hours", "mon 09:00-18:00 08:00", "an offset from UTC"},
    {"hours", "mon 09:00-18:00 Z", "an offset from UTC"},
    {"hours", "mon 09:00-18:00 +00:60", "an offset from UTC"},
    {"hours", "mon 09:00-18:00", "`DAYS HH:MM-HH:MM OFFSET`"},
    {"hours", "mon 09:00-18:00 +08:00 x", "`DAYS HH:MM-HH:MM OFFSET`"},
    {"hours", "mon  09:00-18:00 +08:00", "`DAYS HH:MM-HH:MM OFFSET`"},
    {"uses", "unlimited", NULL},
    {"uses", "2147483647 fleet", NULL},
    {"uses", "0 per-host", "not `unlimited`, `N per-host` or `N fleet`"},
    {"uses", "1", "not `unlimited`"},
    {"uses", "per-host", "not `unlimited`"},
    {"uses", "unlimited per-host", "not `unlimited`"},
    {"uses", "1 per-hosts", "not `unlimited`"},
    {"uses", "1  fleet", "not `unlimited`"},
    {"sessions", "unlimited", NULL},
    {"sessions", "0", "sessions: `0` is not a whole number"},
    {"sessions", "none", "not a whole number"},
    {"max-session", "unlimited", NULL},
    {"max-session", "0", "max-session: `0` is not a whole number"},
    {"max-session", "4h", "not a whole number"},
    {"recording", "none", NULL},
    {"recording", "optional", "not `required` or `none`"},
    {"requester", "li si", "not a name"},
    {"requester", "李四", "not a name"},
    {"ticket", "#1", "not a name"},
    {"purpose", "x", NULL},
    {"purpose", "a  b: c", NULL},
    {"purpose", "עברית \xd8\xb9", NULL},
    {"purpose", "caf\xc3\xa9 ☃ ﷺ", NULL},
    {"purpose", "a\xc2\xad", "not text in UTF-8 that is visible"},
    {"purpose",
     "a\xe3\x80\x80"
     "b",
     "not text in UTF-8 that is visible"},
    {"purpose",
     "\xef\xbb\xbf"
     "a",
     "not text in UTF-8 that is visible"},
    {"purpose",
     "a\xe2\x80\xa8"
     "b",
     "not text in UTF-8 that is visible"},
    {"purpose", "☃\xef\xb8\x8f", "not text in UTF-8 that is visible"},
    {"purpose", "\xc0\xaf", "not text in UTF-8 that is visible"},
    {"purpose", "\xed\xa0\x80", "not text in UTF-8 that is visible"},
};

/* The sample with all lines of the key replaced by "key: value". */
static char *with_value(const char *text, const char *key, const char *value)
{
    cleanup_free char *lines = NULL, *line = NULL, *start_of = NULL;
    const char *start, *end;

    assert_true(asprintf(&start_of, "\n%s: ", key) > 0);
    start = strstr(text, start_of);
    assert_non_null(start);
    for (end = start; strncmp(end, start_of, strlen(start_of)) == 0;)
        end = strchr(end + 1, '\n');
    lines = strndup(start, (size_t)(end - start));
    assert_true(asprintf(&line, "\n%s: %s", key, value) > 0);
    return sample_edit(text, lines, line);
}

static void test_values(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
        cleanup_free char *text = with_value(sample_grant, values[i].key, values[i].value), *again = NULL;
        struct document_error error = {0};
        int r = sample_round_grant(text, strlen(text), &again, &error);

        if (r != (values[i].part ? -EINVAL : 0))
            fail_msg("%s: %s gave %d (%s)", values[i].key, values[i].value, r, error.reason);
        if (!values[i].part)
            assert_string_equal(again, text);
        else if (!strstr(error.reason, values[i].part))
            fail_msg("%s: %s was refused with `%s`", values[i].key, values[i].value, error.reason);
    }
}

/* Line numbers of what is found only when fields are compared, or among repeats. */
static void test_lines_of_refusals(void **state)
{
    (void)state;
    sample_edit_refused(GRANT, "class: normal", "class: emergency", 5, "next line");
    sample_edit_refused(GRANT, "class: normal\n", "class: normal\nincident-level: 1\n", 6, "emergency alone");
    sample_edit_refused(GRANT, "not-after: 2026-11-23", "not-after: 2026-11-01", 20, "not later");
    sample_edit_refused(GRANT, "service: login\nservice: sshd\n", "service: login\nservice: sudo\n", 13,
                        "service: `sudo` is not a service a grant may name");
    sample_edit_refused(GRANT, "source: local\n", "source: x\n", 18, "source: `x`");
}

static void test_incident_level(void **state)
{
    (void)state;
    sample_edit_accepted(EMERGENCY, "incident-level: 2", "incident-level: 1");
    sample_edit_accepted(EMERGENCY, "incident-level: 2", "incident-level: 3");
    sample_edit_refused(EMERGENCY, "incident-level: 2", "incident-level: 4", 6, "1, 2 or 3");
    sample_edit_refused(EMERGENCY, "incident-level: 2", "incident-level: 0", 6, "1, 2 or 3");
    sample_edit_refused(EMERGENCY, "incident-level: 2\n", "", 5, "emergency needs");
    sample_edit_refused(EMERGENCY, "class: emergency\n", "class: privileged\n", 6, "emergency alone");
    sample_edit_refused(EMERGENCY, "incident-level: 2\n", "incident-level: 2\nincident-level: 3\n", 7,
                        "more than once");
    sample_edit_refused(EMERGENCY, "incident-level: 2\nvendor: acme\n", "vendor: acme\nincident-level: 2\n",
                        7, "out of order");
}

static void test_services(void **state)
{
    static const char *const refused[] = {"su",      "su-l",      "sudo",     "sudo-i",
                                          "runuser", "runuser-l", "polkit-1", "systemd-user",
                                          "atd",     "crond",     "any",      "none"};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
        cleanup_free char *text = with_value(sample_grant, "service", refused[i]);

        sample_refused(sample_round_grant, text, strlen(text), 12, "not a service a grant may name");
    }
}

/* --- the writer -------------------------------------------------------------------------------------- */

static void assert_not_written(const struct grant *g, const char *part)
{
    struct document_error error = {0};
    char *text = (char *)"";

    assert_int_equal(grant_write(g, &text, &error), -EINVAL);
    assert_null(text);
    if (!strstr(error.reason, part))
        fail_msg("refused with `%s`, expected `%s`", error.reason, part);
}

/* Each would be written as a text that says something else. */
static void test_what_has_no_text_is_not_written(void **state)
{
    cleanup(grant_free_p) struct grant *valid = parse(sample_grant);
    static const char *const lines[] = {"db01\nhost: db02"}, *const any[] = {"any"}, *const none[] = {"none"},
                             *const null[] = {NULL};
    static const struct grant_hours gap = {.days = 5, .start_minute = 1, .end_minute = 2};
    static const struct grant_hours no_day = {.start_minute = 1, .end_minute = 2};
    static const struct grant_hours late = {.days = 1, .start_minute = 1, .end_minute = 1441};
    static const struct grant_hours eighth = {.days = 128, .start_minute = 1, .end_minute = 2};
    static const struct grant_hours far = {.days = 1, .end_minute = 2, .offset_minutes = 6000};
    struct grant g;

    (void)state;
#define REFUSED(part, ...)            \
    do {                              \
        g = *valid;                   \
        __VA_ARGS__;                  \
        assert_not_written(&g, part); \
    } while (0)
    REFUSED("host:", g.hosts = (struct grant_strings){lines, 1});
    REFUSED("command:", g.commands = (struct grant_strings){any, 1});
    REFUSED("command:", g.commands = (struct grant_strings){none, 1});
    REFUSED("run-as:", g.run_as = (struct grant_strings){none, 1});
    REFUSED("run-as:", g.run_as = (struct grant_strings){null, 1});
    REFUSED("service:", g.services = (struct grant_strings){any, 1});
    REFUSED("`host` is missing", g.hosts.count = 0);
    REFUSED("`service` is missing", g.services.count = 0);
    REFUSED("`staff-key` is missing", g.n_keys = 0);
    REFUSED("`source` is missing", (g.n_networks = 0, g.local_source = false));
    REFUSED("`hours` is missing", g.n_hours = 0);
    REFUSED("stands alone", g.password = true);
    REFUSED("stands alone", g.any_command = true);
    REFUSED("stands alone", g.any_source = true);
    REFUSED("stands alone", g.any_hours = true);
    REFUSED("site:", g.site = NULL);
    REFUSED("vendor:", g.vendor = "acme\nemployer: other");
    REFUSED("ticket:", g.ticket = "");
    REFUSED("purpose:", g.purpose = "x\ny");
    REFUSED("purpose:", g.purpose = " x");
    REFUSED("purpose:", g.purpose = "x ");
    REFUSED("version:", g.version = 0);
    REFUSED("version:", g.version = 2147483648U);
    REFUSED("class:", g.class = (enum grant_class)0);
    REFUSED("class:", g.class = (enum grant_class)4);
    REFUSED("incident-level:", g.incident_level = 1);
    REFUSED("emergency needs", g.class = GRANT_CLASS_EMERGENCY);
    REFUSED("channel:", g.channels = 16);
    REFUSED("channel:", g.channels = 17);
    REFUSED("hours:", g.hours = &gap);
    REFUSED("hours:", g.hours = &no_day);
    REFUSED("hours:", g.hours = &late);
    REFUSED("hours:", g.hours = &eighth);
    REFUSED("hours:", g.hours = &far);
    REFUSED("uses:", g.uses.scope = GRANT_USES_UNLIMITED);
    REFUSED("uses:", g.uses.scope = (enum grant_uses_scope)0);
    REFUSED("uses:", g.uses.count = 0);
    REFUSED("sessions:", g.sessions.unlimited = true);
    REFUSED("sessions:", g.sessions.value = 0);
    REFUSED("max-session:", g.max_session.value = 0);
    REFUSED("not-after:", g.valid.until = g.valid.from);
    REFUSED("not-after:", g.valid.until = WHEN_NEVER);
    REFUSED("not-before:", g.valid.from = -1);
#undef REFUSED
}

static void test_writer_sorts(void **state)
{
    cleanup(grant_free_p) struct grant *valid = parse(sample_grant);
    static const char *const hosts[] = {"z", "@a", "m.x", "m"};
    static const char *const twice[] = {"z", "z"};
    struct grant g = *valid;
    cleanup_free char *text = NULL;

    (void)state;
    g.hosts = (struct grant_strings){hosts, ARRAY_SIZE(hosts)};
    assert_int_equal(grant_write(&g, &text, NULL), 0);
    assert_non_null(strstr(text, "\nhost: @a\nhost: m\nhost: m.x\nhost: z\nservice"));
    g.hosts = (struct grant_strings){twice, ARRAY_SIZE(twice)};
    assert_not_written(&g, "host: the same line stands twice");
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
    cleanup(grant_free_p) struct grant *g = parse(sample_grant_full);
    static const char *const in[] = {"web", "db"}, *const out[] = {"db01", "@db", "d"};
    const struct grant_strings groups = {in, ARRAY_SIZE(in)}, others = {out, ARRAY_SIZE(out)};
    const struct grant_strings no_groups = {0};

    (void)state;
    assert_true(grant_names_host(g, "db01", &no_groups));
    assert_true(grant_names_host(g, "db01", NULL));
    assert_true(grant_names_host(g, "web01", &groups));
    assert_false(grant_names_host(g, "web01", &others));
    assert_false(grant_names_host(g, "DB01", &no_groups));
    assert_false(grant_names_host(g, "db", &no_groups));
    assert_false(grant_names_host(g, "@db", &no_groups));
    assert_false(grant_names_host(g, "db01.finance.example.", &no_groups));
}

static void test_same_identity(void **state)
{
    cleanup(grant_free_p) struct grant *a = parse(sample_grant), *b = parse(sample_grant);
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
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_member),
        cmocka_unit_test(test_every_word_for_no_limit),
        cmocka_unit_test(test_members_that_repeat),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_lines_of_refusals),
        cmocka_unit_test(test_incident_level),
        cmocka_unit_test(test_services),
        cmocka_unit_test(test_what_has_no_text_is_not_written),
        cmocka_unit_test(test_writer_sorts),
        cmocka_unit_test(test_example_of_the_manual),
        cmocka_unit_test(test_names_host),
        cmocka_unit_test(test_same_identity),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_document_type),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
