// LAYERS: test_support

#include "broker/daemon/config.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static const char whole[] = "# a comment\n"
                            "[host]\n"
                            "host = db01.finance.example\n"
                            "groups = databases, finance\n"
                            "[gate]\n"
                            "gated-uid = 20000-29999\n"
                            "serial-lines = ttyS0, ttyAMA0\n"
                            "[directory]\n"
                            "status-max-age = 24h\n"
                            "[time]\n"
                            "tolerance = 30s\n"
                            "[recording]\n"
                            "recorder = tlog\n"
                            "[ledger]\n"
                            "hash = sm3\n"
                            "key = pkcs11:object=ledger;type=private\n"
                            "pin-file = /etc/hufu/ledger.pin\n"
                            "checkpoint-every = 5m\n"
                            "keep = 1095d\n"
                            "keep-size = 4G\n"
                            "archive = /srv/archive\n"
                            "reserve = 2M\n"
                            "[review]\n"
                            "every = 7d\n"
                            "[texts]\n"
                            "language = zh_CN\n";

static const char least[] = "[host]\nhost = h\n[gate]\ngated-uid = 1-2\n[directory]\nstatus-max-age = none\n";

static void test_whole(void **state)
{
    struct config *c = NULL;
    struct conf_error error;

    (void)state;
    assert_int_equal(config_parse(whole, strlen(whole), &c, &error), 0);
    assert_string_equal(c->host, "db01.finance.example");
    assert_int_equal(c->n_groups, 2);
    assert_string_equal(c->groups[0], "databases");
    assert_string_equal(c->groups[1], "finance");
    assert_int_equal(c->gated_first, 20000);
    assert_int_equal(c->gated_last, 29999);
    assert_int_equal(c->n_serial, 2);
    assert_string_equal(c->serial[1], "ttyAMA0");
    assert_true(c->status_required);
    assert_int_equal(c->status_max_age, 86400);
    assert_int_equal(c->tolerance, 30);
    assert_int_equal(c->reserve, 2 << 20);
    assert_true(c->recorder);
    assert_int_equal(c->ledger_hash, RECORD_FORMAT_2_SM3);
    assert_string_equal(c->ledger_key, "pkcs11:object=ledger;type=private");
    assert_string_equal(c->ledger_pin_file, "/etc/hufu/ledger.pin");
    assert_int_equal(c->checkpoint_every, 300);
    assert_int_equal(c->keep, 1095 * 86400);
    assert_int_equal(c->keep_size, (uint64_t)4 << 30);
    assert_string_equal(c->archive, "/srv/archive");
    assert_int_equal(c->review_every, 7 * 86400);
    assert_string_equal(c->language, "zh_CN");
    config_free(c);
}

static void test_least(void **state)
{
    struct config *c = NULL;
    struct conf_error error;

    (void)state;
    assert_int_equal(config_parse(least, strlen(least), &c, &error), 0);
    assert_int_equal(c->n_groups, 0);
    assert_int_equal(c->n_serial, 0);
    assert_false(c->status_required);
    assert_int_equal(c->tolerance, 10);
    assert_int_equal(c->ledger_hash, RECORD_FORMAT_2_SHA256);
    assert_null(c->ledger_key);
    assert_null(c->ledger_pin_file);
    assert_int_equal(c->checkpoint_every, 3600);
    assert_int_equal(c->keep, 0);
    assert_int_equal(c->keep_size, 0);
    assert_null(c->archive);
    assert_int_equal(c->reserve, 64 << 20);
    assert_int_equal(c->review_every, 31 * 86400);
    assert_string_equal(c->language, "en");
    config_free(c);
}

struct mistake {
    const char *text;
    unsigned line;
    const char *says;
};

/* Each refuses the start, with the line and a reason that names what is wrong. */
static const struct mistake mistakes[] = {
    {"", 0, "host"},
    {"[gate]\ngated-uid = 1-2\n[directory]\nstatus-max-age = none\n", 0, "host"},
    {"[host]\nhost = h\n[directory]\nstatus-max-age = none\n", 0, "gated-uid"},
    {"[host]\nhost = h\n[gate]\ngated-uid = 1-2\n", 0, "status-max-age"},
    {"[host]\nhost = h\n[gate]\ngated-uid = 0-2\n", 4, "range"},
    {"[host]\nhost = h\n[gate]\ngated-uid = 2-1\n", 4, "range"},
    {"[host]\nhost = h\n[gate]\ngated-uid = 20000\n", 4, "range"},
    {"[host]\nhost =\n", 2, "host name"},
    {"[host]\nhost = -h\n", 2, "host name"},
    {"[host]\nhost = a b\n", 2, "host name"},
    {"[host]\nhost = h\nhost = i\n", 3, "host"},
    {"[host]\nhost = h\ngroups = a,,b\n", 3, "group"},
    {"[host]\nhost = h\ngroups = a,\n", 3, "comma"},
    {"[host]\nhost = h\ngroups = @a\n", 3, "group"},
    {"[host]\nhost = h\nhosts = h\n", 3, "hosts"},
    {"[gate]\nserial-lines = S0\n", 2, "serial"},
    {"[gate]\nserial-lines = tty\n", 2, "serial"},
    {"[directory]\nstatus-max-age = 0h\n", 2, "duration"},
    {"[directory]\nstatus-max-age = 24\n", 2, "duration"},
    {"[directory]\nstatus-max-age = h\n", 2, "duration"},
    {"[directory]\nstatus-max-age = 99999d\n", 2, "duration"},
    {"[directory]\nstatus-max-age = None\n", 2, "duration"},
    {"[time]\ntolerance = none\n", 2, "duration"},
    {"[time]\ntolerance = 2h\n", 2, "duration"},
    {"[ledger]\nreserve = 1000K\n", 2, "size"},
    {"[ledger]\nreserve = 65G\n", 2, "size"},
    {"[ledger]\nreserve = none\n", 2, "size"},
    {"[recording]\nrecorder = script\n", 2, "tlog"},
    {"[ledger]\nhash = md5\n", 2, "sm3"},
    {"[ledger]\nkey = ledger.key\n", 2, "path"},
    {"[ledger]\nkey = pkcs11:object=a;pin-value=1\n", 2, "pin-file"},
    {"[ledger]\npin-file = pin\n", 2, "path"},
    {"[ledger]\ncheckpoint-every = 61m\n", 2, "1h"},
    {"[ledger]\ncheckpoint-every = none\n", 2, "1h"},
    {"[ledger]\nkeep = 3y\n", 2, "duration"},
    {"[ledger]\nkeep-size = 4\n", 2, "size"},
    {"[ledger]\nkeep-size = 0G\n", 2, "size"},
    {"[ledger]\narchive = archive\n", 2, "path"},
    {"[review]\nevery = month\n", 2, "duration"},
    {"[texts]\nlanguage = de\n", 2, "zh_CN"},
    {"[paths]\n", 1, "paths"},
    {"host = h\n", 1, "section"},
};

static void test_each_mistake(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(mistakes); i++) {
        const struct mistake *m = &mistakes[i];
        struct config *c = NULL;
        struct conf_error error;

        if (config_parse(m->text, strlen(m->text), &c, &error) != -EINVAL || c)
            fail_msg("accepted: %s", m->text);
        if (error.line != m->line || !strstr(error.reason, m->says))
            fail_msg("%s: line %u: %s", m->text, error.line, error.reason);
    }
}

/* The file is root's, and nobody else may write it. (This test may be anybody: they are the owner here.) */
static void test_file(void **state)
{
    char path[] = "/tmp/hufu-config.XXXXXX";
    struct config *c = NULL;
    struct conf_error error;
    int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, least, strlen(least)), strlen(least));
    assert_int_equal(config_load(path, geteuid(), &c, &error), 0);
    c = config_free(c);
    assert_int_equal(fchmod(fd, 0666), 0);
    assert_int_equal(config_load(path, geteuid(), &c, &error), -EPERM);
    assert_int_equal(error.line, 0);
    assert_non_null(strstr(error.reason, "root"));
    assert_int_equal(close(fd), 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(config_load(path, geteuid(), &c, &error), -ENOENT);
    assert_null(c);
}

/* The example that is shipped is one that works. */
static void test_example(void **state)
{
    struct config *c = NULL;
    struct conf_error error;

    (void)state;
    if (config_load("contrib/hufud.conf", (uid_t)-1, &c, &error) < 0)
        fail_msg("contrib/hufud.conf, line %u: %s", error.line, error.reason);
    assert_int_equal(c->n_groups, 2);
    config_free(c);
}

/* The example of hufud.conf(5), which people copy, says what the manual says of it. */
static void test_example_of_the_manual(void **state)
{
    static char text[32768];
    FILE *page = fopen("docs/man/hufud.conf.5", "r");
    struct config *c = NULL;
    struct conf_error error;
    char *start, *end;

    (void)state;
    assert_non_null(page);
    text[fread(text, 1, sizeof(text) - 1, page)] = '\0';
    assert_int_equal(fclose(page), 0);
    start = strstr(text, "# /etc/hufu/hufud.conf\n");
    assert_non_null(start);
    end = strstr(start, ".Ed\n");
    assert_non_null(end);
    *end = '\0';
    if (config_parse(start, (size_t)(end - start), &c, &error) < 0)
        fail_msg("hufud.conf(5), line %u of its example: %s", error.line, error.reason);
    assert_int_equal(c->n_groups, 2);
    assert_int_equal(c->n_serial, 1);
    assert_int_equal(c->status_max_age, 86400);
    assert_string_equal(c->language, "zh_CN");
    config_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole),        cmocka_unit_test(test_least),
        cmocka_unit_test(test_each_mistake), cmocka_unit_test(test_file),
        cmocka_unit_test(test_example),      cmocka_unit_test(test_example_of_the_manual),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
