// LAYERS: test_support
// LIBRARIES: libcrypto

#include "broker/trust/digest.h"
#include "tests/unit/broker/trust/question.h"
#include "tests/unit/unit.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * No environment changes a verification. The program starts itself with OPENSSL_CONF naming a file that
 * takes every algorithm away from whoever reads it, and has that child verify; papers come from the
 * parent, whose library is untouched.
 */

#define MODE "HUFU_TEST_ENVIRONMENT"

enum {
    CHILD_OK = 0,
    CHILD_REFUSED = 10,
    CHILD_NOT_HOSTILE = 11, /* the file does nothing: the test would show nothing */
    CHILD_CONFIGURED = 12,  /* the file was read on our account */
    CHILD_TROUBLE = 13,
};

static char *read_all(const char *name)
{
    FILE *f = fopen(name, "re");
    char *text = calloc(1, 65536);

    must(f && text);
    must(fread(text, 1, 65535, f) > 0);
    (void)fclose(f);
    return text;
}

static bool sha256_is_there(void)
{
    EVP_MD *md = EVP_MD_fetch(NULL, "SHA256", NULL);

    EVP_MD_free(md);
    return md != NULL;
}

static enum reason verify_here(void)
{
    cleanup_free char *trust = read_all("trust");
    cleanup_free char *grant = read_all("grant");
    cleanup_free char *a = read_all("a.approval");
    cleanup_free char *b = read_all("b.approval");
    cleanup(trust_set_free_p) struct trust_set *t = NULL;
    cleanup(grant_free_p) struct grant *g = NULL;
    struct octets approvals[] = {{(uint8_t *)a, strlen(a)}, {(uint8_t *)b, strlen(b)}};
    struct grant_standing s;

    if (trust_set_new(trust, strlen(trust), &t, NULL) < 0 || grant_parse(grant, strlen(grant), &g, NULL) < 0)
        return REASON_TRUST_MISSING;
    if (trust_verify_grant(t, g, (struct octets){(uint8_t *)grant, strlen(grant)}, approvals, 2, PAPERS_NOW,
                           &s) < 0)
        return REASON_BROKER_ERROR;
    return s.standing;
}

/* "first": the configuration would be read when the library is first used, which is by us.
 * "late": somebody else in the process has read it before. */
static int child(const char *mode)
{
    if (strcmp(mode, "late") == 0) {
        if (OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG, NULL) != 1 || sha256_is_there())
            return CHILD_NOT_HOSTILE;
        return verify_here() == REASON_OK ? CHILD_OK : CHILD_REFUSED;
    }
    if (verify_here() != REASON_OK)
        return CHILD_REFUSED;
    return sha256_is_there() ? CHILD_OK : CHILD_CONFIGURED;
}

static void put(const char *name, const char *text)
{
    FILE *f = fopen(name, "we");

    must(f && fputs(text, f) >= 0);
    must(fclose(f) == 0);
}

static void put_papers(void)
{
    cleanup(department_free_p) struct department *d = department_new();
    cleanup_free char *grant = paper_grant(&(struct grant_plan){0});
    cleanup_free char *a = department_approval(d, DEPARTMENT_LEADER, grant);
    cleanup_free char *b = department_approval(d, DEPARTMENT_UNIT, grant);

    put("trust", d->trust);
    put("grant", grant);
    put("a.approval", a);
    put("b.approval", b);
    put("hostile.cnf", "openssl_conf = everything\n"
                       "[everything]\n"
                       "alg_section = algorithms\n"
                       "[algorithms]\n"
                       "default_properties = fips=yes\n");
}

static int run_child(const char *mode)
{
    pid_t pid = fork();
    int status = 0;

    must(pid >= 0);
    if (pid == 0) {
        if (setenv("OPENSSL_CONF", "hostile.cnf", 1) == 0 && setenv(MODE, mode, 1) == 0)
            execl("/proc/self/exe", "test_environment", NULL);
        _exit(CHILD_TROUBLE);
    }
    must(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void test_hostile_configuration(void **state)
{
    char directory[] = "/tmp/hufu-environment.XXXXXX";

    (void)state;
    must(mkdtemp(directory) && chdir(directory) == 0);
    put_papers();
    assert_int_equal(run_child("first"), CHILD_OK);
    assert_int_equal(run_child("late"), CHILD_OK);
    must(chdir("/") == 0);
    issuing_remove_folder(directory);
}

/* FIPS 180-4, of no octets and of "abc". */
static void test_sha256(void **state)
{
    uint8_t digest[32];
    char text[65];

    (void)state;
    assert_int_equal(digest_sha256("", 0, digest), 0);
    ident_format_hex(digest, sizeof(digest), text);
    assert_string_equal(text, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_int_equal(digest_sha256("abc", 3, digest), 0);
    ident_format_hex(digest, sizeof(digest), text);
    assert_string_equal(text, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sha256),
        cmocka_unit_test(test_hostile_configuration),
    };
    const char *mode = getenv(MODE);

    if (mode)
        return child(mode);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
