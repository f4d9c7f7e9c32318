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

struct place {
    char *source; /* where the sources are, and every test starts */
    char folder[40];
};

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

static void put(const char *name, const char *text)
{
    FILE *f = fopen(name, "we");

    must(f && fputs(text, f) >= 0);
    must(fclose(f) == 0);
}

/* Octets of a file, with a NUL behind them. */
static char *get(const char *name, size_t *ret_size)
{
    FILE *f = fopen(name, "re");
    char *octets = calloc(1, 65536);

    must(f && octets);
    *ret_size = fread(octets, 1, 65535, f);
    (void)fclose(f);
    return octets;
}

static char *signed_by_tool(const struct tool *tool, struct approval_plan plan)
{
    cleanup_free char *tbs = paper_tbs(&plan);
    cleanup_free char *signature = NULL;
    cleanup_free char *base64 = NULL;
    size_t size = 0;

    put("tbs", tbs);
    run("%s", tool->sign);
    signature = get("sig", &size);
    base64 = ident_base64_encode((const uint8_t *)signature, size);
    plan.signature_base64 = base64;
    return paper_approval(&plan);
}

/* Under a trust file with this authority and this person alone, the approval made by `make` counts. */
static void assert_counts(const struct tool *tool,
                          char *make(const struct tool *tool, struct approval_plan plan))
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
    add(&q, make(tool, (struct approval_plan){.by = &person, .document = q.grant}));
    s = answer(&q);
    assert_outcome(&s, 0, SIGNATURE_COUNTED);
    assert_standing(&s, REASON_OK);
    X509_free(anchor.certificate);
    X509_free(person.certificate);
}

static void test_openssl_command(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(tools); i++) {
        make_chain(&tools[i]);
        assert_counts(&tools[i], signed_by_tool);
    }
}

/* The example of hufuctl(1), out of the page itself; mdoc writes a backslash as \e. */
static char *example_of_the_manual(const char *page)
{
    char *start = strstr(page, "\n{\n  echo 'hufu-approval: 1'");
    char *end = start ? strstr(start, "\n.Ed") : NULL;
    char *out = start;

    must(start && end);
    *end = '\0';
    for (const char *in = start; *in; in++) {
        *out++ = *in;
        if (in[0] == '\\' && in[1] == 'e')
            in++;
    }
    *out = '\0';
    return start;
}

static char *signed_by_example(const struct tool *tool, struct approval_plan plan)
{
    size_t size = 0;

    (void)tool;
    put("grant", plan.document);
    run("cp person.pem wang.wu.pem && cp person.key wang.wu.key && sh -e example");
    return get("approval", &size);
}

static void test_example_of_the_manual(void **state)
{
    size_t size = 0;
    cleanup_free char *name = issue_text("%s/docs/man/hufuctl.1", ((const struct place *)*state)->source);
    cleanup_free char *page = get(name, &size);

    put("example", example_of_the_manual(page));
    make_chain(&tools[1]);
    assert_counts(&tools[1], signed_by_example);
}

static int enter_folder(void **state)
{
    struct place *p = calloc(1, sizeof(*p));

    must(p != NULL);
    p->source = getcwd(NULL, 0);
    (void)strcpy(p->folder, "/tmp/hufu-stock-tools.XXXXXX");
    must(p->source && mkdtemp(p->folder) && chdir(p->folder) == 0);
    *state = p;
    return 0;
}

static int leave_folder(void **state)
{
    struct place *p = *state;

    must(chdir(p->source) == 0);
    issuing_remove_folder(p->folder);
    free(p->source);
    free(p);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_openssl_command, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(test_example_of_the_manual, enter_folder, leave_folder),
    };

    if (system("openssl version >/dev/null 2>&1") != 0) { // NOLINT(cert-env33-c)
        (void)puts("skipped: there is no openssl command here");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
