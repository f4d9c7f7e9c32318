// LAYERS: test_support

#include "broker/trust/sign.h"
#include "tests/unit/broker/trust/question.h"
#include "tests/unit/support/token.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * Approvers whose keys are on a PKCS#11 token: through trust_sign(), and through the stock commands of the
 * manual. What verifies is the same as ever, and knows nothing of tokens.
 */

#define URI(label) "pkcs11:token=approver;object=" label ";type=private"
#define PIN_SOURCE "?pin-source=file:pin"

struct place {
    struct department *department;
    struct signatory unit[2]; /* P-256 and RSA, on the token as "p256" and "rsa" */
    struct signatory ed25519; /* not on it yet */
    char *trust;
    char folder[40];
};

static int setup(void **state)
{
    struct place *p = calloc(1, sizeof(*p));
    struct signatory approvers[4];
    struct trust_plan plan;
    FILE *f;

    must(p != NULL);
    (void)strcpy(p->folder, "/tmp/hufu-token.XXXXXX");
    must(mkdtemp(p->folder) && chdir(p->folder) == 0);
    token_make();
    f = fopen("pin", "we");
    must(f && fputs(TOKEN_PIN, f) >= 0 && fclose(f) == 0);
    p->department = department_new();
    p->unit[0] =
        department_signatory(p->department, "yang.er", "finance", "unit", SIGNATURE_ECDSA_P256_SHA256);
    p->unit[1] = department_signatory(p->department, "yang.yi", "finance", "unit", SIGNATURE_RSA_PSS_SHA256);
    p->ed25519 = department_signatory(p->department, "yang.si", "finance", "unit", SIGNATURE_ED25519);
    token_import(p->unit[0].key, "p256", "01");
    token_import(p->unit[1].key, "rsa", "02");
    approvers[0] = p->department->approvers[DEPARTMENT_LEADER];
    approvers[1] = p->unit[0];
    approvers[2] = p->unit[1];
    approvers[3] = p->ed25519;
    plan = department_plan(p->department);
    plan.approvers = approvers;
    plan.n_approvers = ARRAY_SIZE(approvers);
    p->trust = paper_trust(&plan);
    *state = p;
    return 0;
}

static int teardown(void **state)
{
    struct place *p = *state;

    must(chdir("/") == 0);
    issuing_remove_folder(p->folder);
    signatory_done(&p->unit[0]);
    signatory_done(&p->unit[1]);
    signatory_done(&p->ed25519);
    department_free(p->department);
    free(p->trust);
    free(p);
    return 0;
}

static struct octets octets_of(const char *text)
{
    return (struct octets){(const uint8_t *)text, strlen(text)};
}

struct signed_here {
    int code;
    struct document_error error;
    char approval[4096]; /* empty: none */
};

static struct signed_here sign_here(const struct place *p, const char *person, const char *token,
                                    const char *pin)
{
    cleanup_free char *grant = paper_grant(&(struct grant_plan){0});
    cleanup(trust_set_free_p) struct trust_set *t = NULL;
    struct signed_here x = {0};
    cleanup_free char *text = NULL;

    must(trust_set_new(p->trust, strlen(p->trust), &t, NULL) == 0);
    x.code = trust_sign(t,
                        &(struct trust_signing){.type = DOCUMENT_GRANT,
                                                .subject = octets_of(grant),
                                                .person = person,
                                                .role = "unit",
                                                .token = token,
                                                .passphrase = pin,
                                                .now = PAPERS_NOW},
                        &text, &x.error);
    (void)snprintf(x.approval, sizeof(x.approval), "%s", text ? text : "");
    return x;
}

/* In a process of its own, as hufuctl signs: a login to a token lasts as long as the process. */
static struct signed_here sign(const struct place *p, const char *person, const char *token, const char *pin)
{
    struct signed_here x = {0};
    int ends[2];
    int status = 0;
    pid_t pid;

    must(pipe(ends) == 0);
    pid = fork();
    must(pid >= 0);
    if (pid == 0) {
        x = sign_here(p, person, token, pin);
        _exit(write(ends[1], &x, sizeof(x)) == sizeof(x) ? 0 : 1);
    }
    (void)close(ends[1]);
    must(read(ends[0], &x, sizeof(x)) == sizeof(x));
    (void)close(ends[0]);
    must(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    return x;
}

/* The unit's approval, which is taken over, counts beside the leader's. */
static void assert_counts(const struct place *p, char *approval)
{
    struct question q = ask(p->department);
    struct grant_standing s;

    q.trust = strdup(p->trust);
    add(&q, approval);
    add_by(&q, DEPARTMENT_LEADER);
    s = answer(&q);
    assert_outcome(&s, 0, SIGNATURE_COUNTED);
    assert_standing(&s, REASON_OK);
}

static void test_signed_on_a_token(void **state)
{
    static const char *const uris[] = {URI("p256"), URI("rsa")};
    const struct place *p = *state;

    for (size_t i = 0; i < ARRAY_SIZE(uris); i++) {
        struct signed_here x = sign(p, p->unit[i].person, uris[i], TOKEN_PIN);

        if (x.code != 0)
            fail_msg("%s: %s", uris[i], x.error.reason);
        assert_counts(p, strdup(x.approval));
    }
}

/* For scripts: the PIN in a file, named by the URI. */
static void test_pin_in_a_file(void **state)
{
    const struct place *p = *state;
    struct signed_here x = sign(p, "yang.er", URI("p256") PIN_SOURCE, NULL);

    assert_int_equal(x.code, 0);
    assert_counts(p, strdup(x.approval));
}

static void test_refusals(void **state)
{
    static const struct {
        const char *person, *uri, *pin;
        int code;
        const char *reason;
    } rows[] = {
        {"yang.er", URI("p256"), NULL, -EKEYREJECTED, ""},
        {"yang.er", URI("p256"), "999999", -EKEYREJECTED, ""},
        {"yang.er", URI("p256"), "1", -EKEYREJECTED, ""},
        {"yang.er", URI("p256"), "", -EKEYREJECTED, ""},
        {"yang.er", URI("none"), TOKEN_PIN, -EINVAL, "no token here has such a private key"},
        {"yang.er", "pkcs11:token=other;object=p256;type=private", TOKEN_PIN, -EINVAL, "no token here"},
        {"yang.er", "pkcs11:what", TOKEN_PIN, -EINVAL, "no token here"},
        {"yang.er", URI("p256") "?pin-value=" TOKEN_PIN, NULL, -EINVAL, "leave the PIN out"},
        {"yang.er", URI("rsa"), TOKEN_PIN, -EINVAL, "none of the certificates"},
        {"yang.yi", URI("p256"), TOKEN_PIN, -EINVAL, "none of the certificates"},
    };
    const struct place *p = *state;

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct signed_here x = sign(p, rows[i].person, rows[i].uri, rows[i].pin);

        if (x.code != rows[i].code || !strstr(x.error.reason, rows[i].reason))
            fail_msg("%s with %s: %d, %s", rows[i].uri, rows[i].pin, x.code, x.error.reason);
        assert_string_equal(x.approval, "");
    }
}

static void test_no_module(void **state)
{
    const struct place *p = *state;
    cleanup_free char *module = strdup(getenv("PKCS11_MODULE_PATH"));
    struct signed_here x;

    must(setenv("PKCS11_MODULE_PATH", "/nonexistent", 1) == 0);
    x = sign(p, "yang.er", URI("p256"), TOKEN_PIN);
    must(setenv("PKCS11_MODULE_PATH", module, 1) == 0);
    assert_int_equal(x.code, -EINVAL);
    assert_non_null(strstr(x.error.reason, "libengine-pkcs11-openssl"));
}

/* --- the stock commands ------------------------------------------------------------------------------- */

static char *signed_by(const struct signatory *by, const char *line)
{
    cleanup_free char *grant = paper_grant(&(struct grant_plan){0});
    struct approval_plan plan = {.by = by, .document = grant};
    cleanup_free char *tbs = paper_tbs(&plan);
    cleanup_free char *base64 = NULL;
    uint8_t signature[1024];
    FILE *f = fopen("tbs", "we");
    size_t size;

    must(f && fputs(tbs, f) >= 0 && fclose(f) == 0);
    (void)unlink("sig");
    if (token_run(line) != 0)
        fail_msg("failed: %s", line);
    f = fopen("sig", "re");
    must(f != NULL);
    size = fread(signature, 1, sizeof(signature), f);
    (void)fclose(f);
    base64 = ident_base64_encode(signature, size);
    plan.signature_base64 = base64;
    return paper_approval(&plan);
}

#define ENGINE_SIGNS "openssl dgst -engine pkcs11 -keyform engine -sha256 "

static void test_stock_commands(void **state)
{
    static const char *const lines[] = {
        ENGINE_SIGNS "-sign '" URI("p256") PIN_SOURCE "' -out sig tbs",
        ENGINE_SIGNS "-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32 -sign '" URI("rsa") PIN_SOURCE
        "' -out sig tbs",
    };
    const struct place *p = *state;

    for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
        assert_counts(p, signed_by(&p->unit[i], lines[i]));
}

/* The engine of Debian 12 knows no Ed25519; the module itself does. The last test: a token with such a key is
 * one that this engine does not list. */
static void test_stock_command_for_ed25519(void **state)
{
    const struct place *p = *state;

    token_import(p->ed25519.key, "ed25519", "03");
    assert_counts(p, signed_by(&p->ed25519,
                               "pkcs11-tool --module \"$PKCS11_MODULE_PATH\" --login --pin " TOKEN_PIN
                               " --sign --mechanism EDDSA --id 03 -i tbs -o sig"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_signed_on_a_token), cmocka_unit_test(test_pin_in_a_file),
        cmocka_unit_test(test_refusals),          cmocka_unit_test(test_no_module),
        cmocka_unit_test(test_stock_commands),    cmocka_unit_test(test_stock_command_for_ed25519),
    };

    if (token_missing()) {
        (void)printf("skipped: %s is not here\n", token_missing());
        return 77;
    }
    return cmocka_run_group_tests(tests, setup, teardown);
}
