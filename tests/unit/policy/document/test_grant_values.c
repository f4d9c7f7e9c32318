/*
 * What each line of a grant may say.
 */
#include "policy/base/cleanup.h"
#include "tests/unit/policy/document/sample.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define GRANT     (&samples[0])
#define EMERGENCY (&samples[1])

#define N10       "aaaaaaaaaa"
#define N60       N10 N10 N10 N10 N10 N10

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
    {"command", "/opt/a~ ~", NULL},
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
    {"uses", "2", "uses: `2` is not `unlimited`"},
    {"uses", "per-host", "not `unlimited`"},
    {"uses", "unlimited per-host", "not `unlimited`"},
    {"uses", "1 per-hosts", "uses: `1 per-hosts` is not `unlimited`"},
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

/* A reason `KEY: ...` belongs to a line of that key, and what it quotes stands there (a purpose is quoted
 * without what cannot be seen). */
static void assert_line_at_fault(const char *text, const struct document_error *error)
{
    size_t key = strspn(error->reason, "abcdefghijklmnopqrstuvwxyz-");
    const char *line = text;
    char quoted[64];

    if (error->reason[key] != ':')
        return;
    for (unsigned n = 1; n < error->line; n++)
        line = strchr(line, '\n') + 1;
    if (strncmp(line, error->reason, key + 1) != 0)
        fail_msg("line %u is at fault with `%s`", error->line, error->reason);
    if (sscanf(error->reason + key, ": `%60[^`.]", quoted) == 1 && !strstr(line, quoted) &&
        strncmp(line, "purpose", key) != 0)
        fail_msg("line %u has not what is quoted in `%s`", error->line, error->reason);
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
        else
            assert_line_at_fault(text, &error);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_lines_of_refusals),
        cmocka_unit_test(test_incident_level),
        cmocka_unit_test(test_services),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
