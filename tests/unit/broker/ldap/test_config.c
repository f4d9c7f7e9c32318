// LAYERS: test_support

#include "broker/ldap/config.h"
#include "tests/unit/support/folder.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SERVER "[server]\nuri = ldaps://a.example\nbase = dc=example\n"
#define SIMPLE "[bind]\nmethod = simple\ndn = cn=h,dc=example\npassword-file = /p\n"
#define TLS    "[tls]\nca = /ca\n"

static int parse(const char *text, struct ldapd_config **ret, struct conf_error *error)
{
    *ret = NULL;
    return ldapd_config_parse(text, strlen(text), ret, error);
}

static void test_least(void **state)
{
    cleanup(ldapd_config_free_p) struct ldapd_config *c = NULL;
    struct conf_error error;

    (void)state;
    assert_int_equal(parse(SERVER SIMPLE TLS, &c, &error), 0);
    assert_int_equal(c->n_uris, 1);
    assert_string_equal(c->uris[0], "ldaps://a.example");
    assert_string_equal(c->base, "dc=example");
    assert_int_equal(c->method, LDAPD_SIMPLE);
    assert_false(c->start_tls);
    assert_null(c->claim_uri);
    assert_int_equal(c->network_timeout, 5);
    assert_int_equal(c->stall_after, 180);
    assert_int_equal(c->poll_interval, 60);
    assert_int_equal(c->reconnect_max, 60);
    assert_true(ldapd_config_uses_tls(c, c->uris[0]));
}

/* Files that people copy. */
static void assert_example(const char *path, const char *from, const char *to)
{
    static char text[32768];
    cleanup(ldapd_config_free_p) struct ldapd_config *c = NULL;
    FILE *file = fopen(path, "r");
    struct conf_error error;
    char *start, *end;

    assert_non_null(file);
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    assert_int_equal(fclose(file), 0);
    start = strstr(text, from);
    assert_non_null(start);
    end = to ? strstr(start, to) : start + strlen(start);
    assert_non_null(end);
    *end = '\0';
    if (parse(start, &c, &error) < 0)
        fail_msg("%s, line %u: %s", path, error.line, error.reason);
    assert_int_equal(c->n_uris, 2);
    assert_string_equal(c->claim_uri, "ldaps://ldap1.finance.example");
    assert_int_equal(c->method, LDAPD_EXTERNAL);
    assert_string_equal(c->crl, "/etc/hufu/tls/crl.pem");
}

static void test_examples(void **state)
{
    (void)state;
    assert_example("contrib/ldapd.conf", "# /etc/hufu/ldapd.conf", NULL);
    assert_example("docs/man/ldapd.conf.5", "# /etc/hufu/ldapd.conf\n", ".Ed\n");
}

static void test_transports(void **state)
{
    static const char *const good[] = {
        "[server]\nuri = ldap://127.0.0.1 ldap://127.1.2.3:389 ldap://[::1]:3890\nbase = dc=example\n" SIMPLE,
        "[server]\nuri = ldapi://%2Frun%2Fldapi\nbase = dc=example\n[bind]\nmethod = external\n",
        "[server]\nuri = ldap://a.example\nbase = dc=example\nstart-tls = yes\n" SIMPLE TLS,
        "[server]\nuri = LDAPS://a.example:636/\nbase = dc=example\n" SIMPLE TLS,
        SERVER "[bind]\nmethod = external\n" TLS "cert = /c\nkey = /k\n",
    };
    struct conf_error error;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
        cleanup(ldapd_config_free_p) struct ldapd_config *c = NULL;

        if (parse(good[i], &c, &error) < 0)
            fail_msg("refused: %s: %s", good[i], error.reason);
    }
}

static void test_refused(void **state)
{
#define URI(uri) "[server]\nuri = " uri "\nbase = dc=example\n" SIMPLE TLS
    static const struct {
        const char *text, *says;
    } bad[] = {
        {SERVER SIMPLE, "no certificate is believed by default"},
        {"[server]\nuri = ldaps://a\n" SIMPLE TLS, "base"},
        {"[server]\nbase = dc=example\n" SIMPLE TLS, "uri"},
        {"[server]\nuri = ldaps://a\nbase =\n" SIMPLE TLS, "no DN"},
        {"[server]\nuri = ldaps://a\nbase = example\n" SIMPLE TLS, "no DN"},
        {URI("ldap://a.example"), "read by everybody"},
        {URI("ldap://localhost"), "read by everybody"}, /* names are the resolver's */
        {URI("ldap://127.0.0.1.example"), "read by everybody"},
        {URI("ldap://1.2.3.4"), "read by everybody"},
        {URI("ldaps://a ldap://b"), "read by everybody"},
        {URI("ldaps://localhost"), "localhost"},
        {URI("https://a"), "does not begin"},
        {URI("cldap://a"), "does not begin"},
        {URI("ldaps://"), "must name a server"},
        {URI("ldaps://a/dc=example"), "nothing behind it"},
        {URI("ldaps://a/??sub"), "nothing behind it"},
        {URI("ldaps://a/????x-tls=never"), "nothing behind it"},
        {URI("ldaps://a:port"), "no LDAP URI"},
        {URI(""), "no URI"},
        {SERVER "claim-uri = ldap://b\n" SIMPLE TLS, "read by everybody"},
        {SERVER "start-tls = maybe\n" SIMPLE TLS, "neither yes nor no"},
        {SERVER "[bind]\nmethod = anonymous\n" TLS, "neither external nor simple"},
        {SERVER "[bind]\nmethod = simple\n" TLS, "needs dn and password-file"},
        {SERVER "[bind]\nmethod = simple\ndn = cn=h\n" TLS, "needs dn and password-file"},
        {SERVER "[bind]\nmethod = simple\ndn = cn=h\npassword-file = p\n" TLS, "absolute path"},
        {SERVER "[bind]\nmethod = external\n" TLS, "cert and key"},
        {SERVER "[bind]\nmethod = external\ndn = cn=h\n" TLS "cert = /c\nkey = /k\n", "neither dn"},
        {"[server]\nuri = ldap://127.0.0.1\nbase = dc=example\n[bind]\nmethod = external\n", "needs TLS"},
        {SERVER SIMPLE TLS "cert = /c\n", "go together"},
        {SERVER SIMPLE TLS "verify = never\n", "unknown key"},
        {SERVER SIMPLE TLS "[timing]\nnetwork-timeout = 61s\n", "no duration"},
        {SERVER SIMPLE TLS "[timing]\nreconnect-max = 0s\n", "no duration"},
        {SERVER SIMPLE TLS "[timing]\npoll-interval = 5\n", "no duration"},
        {SERVER SIMPLE TLS "[timing]\nstall-after = 2h\n", "no duration"},
    };
    struct conf_error error;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        cleanup(ldapd_config_free_p) struct ldapd_config *c = NULL;

        if (parse(bad[i].text, &c, &error) != -EINVAL || c)
            fail_msg("accepted: %s", bad[i].text);
        if (!strstr(error.reason, bad[i].says))
            fail_msg("%s: %s", bad[i].text, error.reason);
    }
}

static void test_many_uris(void **state)
{
    cleanup(ldapd_config_free_p) struct ldapd_config *c = ldapd_config_new();
    char reason[200];

    (void)state;
    assert_non_null(c);
    for (int i = 0; i < LDAPD_URIS_MAX / 2; i++)
        assert_int_equal(ldapd_config_add_uris(c, " ldaps://a  ldaps://b:637 ", reason), 0);
    assert_int_equal(c->n_uris, LDAPD_URIS_MAX);
    assert_string_equal(c->uris[1], "ldaps://b:637");
    assert_int_equal(ldapd_config_add_uris(c, "ldaps://c", reason), -EINVAL);
    assert_int_equal(c->n_uris, LDAPD_URIS_MAX);
}

/* Whoever may write it decides whom this host believes. */
static void test_file_is_roots_alone(void **state)
{
    static const char text[] = SERVER SIMPLE TLS;
    cleanup(ldapd_config_free_p) struct ldapd_config *c = NULL;
    struct conf_error error;
    const char *path;
    int r;

    folder_put(*state, "ldapd.conf", text, strlen(text));
    path = folder_path(*state, "ldapd.conf");
    r = ldapd_config_load(path, &c, &error);
    if (geteuid() != 0) {
        assert_int_equal(r, -EPERM);
        return;
    }
    assert_int_equal(r, 0);
    assert_int_equal(chmod(path, 0664), 0);
    c = ldapd_config_free(c);
    assert_int_equal(ldapd_config_load(path, &c, &error), -EPERM);
    assert_null(c);
    assert_int_equal(ldapd_config_load("/nonexistent", &c, &error), -ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_least),
        cmocka_unit_test(test_examples),
        cmocka_unit_test(test_transports),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_many_uris),
        cmocka_unit_test_setup_teardown(test_file_is_roots_alone, folder_setup, folder_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
