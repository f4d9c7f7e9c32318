// LAYERS: test_support
// LIBRARIES: libcrypto

#include "tests/unit/broker/trust/question.h"
#include "tests/unit/unit.h"

#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/*
 * Whoever does not want to run hufuctl signs with the openssl command. Authorities, certificates and
 * signatures are made here by the very command lines that the documentation shows, and have to count.
 */

struct tool {
    enum signature_algorithm alg;
    const char *key;         /* makes NAME.key */
    const char *certificate; /* options for what a key of this kind signs in a certificate */
    const char *sign;        /* tbs to sig with NAME.key */
};

#define DISTID "distid:1234567812345678"

static const struct tool tools[] = {
    {SIGNATURE_ED25519, "genpkey -algorithm ED25519", "",
     "openssl pkeyutl -sign -rawin -inkey person.key -in tbs -out sig"},
    {SIGNATURE_SM2_SM3, "genpkey -algorithm SM2", "-sm3 -sigopt " DISTID,
     "openssl dgst -sm3 -sign person.key -sigopt " DISTID " -out sig tbs"},
    {SIGNATURE_ECDSA_P256_SHA256, "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256", "-sha256",
     "openssl dgst -sha256 -sign person.key -out sig tbs"},
    {SIGNATURE_RSA_PSS_SHA256, "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048", "-sha256",
     "openssl dgst -sha256 -sign person.key -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32 -out sig "
     "tbs"},
};

__attribute__((format(printf, 1, 2))) static void run(const char *format, ...)
{
    va_list arguments;
    char *line = NULL;
    char *quiet;

    va_start(arguments, format);
    must(vasprintf(&line, format, arguments) >= 0);
    va_end(arguments);
    quiet = issue_text("%s 2>log", line);
    if (system(quiet) != 0) // NOLINT(cert-env33-c): the documented lines are for a shell
        fail_msg("failed: %s", line);
    free(line);
    free(quiet);
}

static X509 *read_certificate(const char *name)
{
    FILE *f = fopen(name, "re");
    X509 *x = f ? PEM_read_X509(f, NULL, NULL, NULL) : NULL;

    must(x != NULL);
    (void)fclose(f);
    return x;
}

/* ca.pem, and person.key with person.pem. */
static void make_chain(const struct tool *tool)
{
    const char *verify = tool->alg == SIGNATURE_SM2_SM3 ? "-vfyopt " DISTID : "";

    run("openssl %s -out ca.key", tool->key);
    run("openssl req -new -x509 -key ca.key %s -subj /CN=authority -days 3650 "
        "-addext keyUsage=critical,keyCertSign -out ca.pem",
        tool->certificate);
    run("openssl %s -out person.key", tool->key);
    run("openssl req -new -key person.key %s -subj /CN=wang.wu -out person.csr", tool->certificate);
    run("printf 'basicConstraints=critical,CA:FALSE\\nkeyUsage=critical,digitalSignature\\n' >extensions");
    run("openssl x509 -req -in person.csr %s -CA ca.pem -CAkey ca.key -CAcreateserial %s -days 365 "
        "-extfile extensions -out person.pem",
        verify, tool->certificate);
}

static char *signed_by_tool(const struct tool *tool, struct approval_plan plan)
{
    cleanup_free char *tbs = paper_tbs(&plan);
    cleanup_free char *base64 = NULL;
    uint8_t signature[1024];
    FILE *f = fopen("tbs", "we");
    size_t size;

    must(f && fputs(tbs, f) >= 0);
    must(fclose(f) == 0);
    run("%s", tool->sign);
    f = fopen("sig", "re");
    must(f != NULL);
    size = fread(signature, 1, sizeof(signature), f);
    (void)fclose(f);
    base64 = ident_base64_encode(signature, size);
    plan.signature_base64 = base64;
    return paper_approval(&plan);
}

static void assert_counts(const struct tool *tool)
{
    struct authority anchor = {.name = "authority", .certificate = read_certificate("ca.pem")};
    struct signatory person = {"wang.wu", "finance", "leader",
                               tool->alg, NULL,      read_certificate("person.pem")};
    struct trust_plan plan = {
        .from = "2020-01-01T00:00:00Z",
        .until = "2099-01-01T00:00:00Z",
        .anchors = &anchor,
        .n_anchors = 1,
        .approvers = &person,
        .n_approvers = 1,
        .quorum_emergency = "total=1",
        .quorum_normal = "total=1",
        .quorum_privileged = "total=1",
    };
    struct question q = ask(NULL);
    struct grant_standing s;

    q.trust = paper_trust(&plan);
    q.now = time(NULL) + 1; /* the certificates are of this second */
    add(&q, signed_by_tool(tool, (struct approval_plan){.by = &person, .document = q.grant}));
    s = answer(&q);
    assert_outcome(&s, 0, SIGNATURE_COUNTED);
    assert_standing(&s, REASON_OK);
    X509_free(anchor.certificate);
    X509_free(person.certificate);
}

static void test_openssl_command(void **state)
{
    static const char *const names[] = {"ca.key",     "ca.pem",     "ca.srl", "person.key", "person.csr",
                                        "person.pem", "extensions", "tbs",    "sig",        "log"};
    char directory[] = "/tmp/hufu-stock-tools.XXXXXX";

    (void)state;
    must(mkdtemp(directory) && chdir(directory) == 0);
    for (size_t i = 0; i < ARRAY_SIZE(tools); i++) {
        make_chain(&tools[i]);
        assert_counts(&tools[i]);
    }
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        (void)unlink(names[i]);
    (void)rmdir(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_openssl_command),
    };

    if (system("openssl version >/dev/null 2>&1") != 0) { // NOLINT(cert-env33-c)
        (void)puts("skipped: there is no openssl command here");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
