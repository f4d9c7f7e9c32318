// LAYERS: test_support
// LIBRARIES: libcrypto

#include "broker/trust/ledger_public.h"
#include "policy/base/ident.h"
#include "tests/unit/support/token.h"
#include "tests/unit/unit.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* hufu-ledger-sign as it was built: whose PIN it takes, what it reads and what it says. */

#define URI(label) "pkcs11:token=approver;object=" label ";type=private"
#define INPUT_MAX  65536
#define NOT_ROOT   1

static char program[PATH_MAX];
static char folder[] = "/tmp/hufu-ledger-sign.XXXXXX";

static void find_program(void)
{
    char self[PATH_MAX / 2];
    ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

    must(n > 0);
    self[n] = '\0';
    *strrchr(self, '/') = '\0';
    (void)snprintf(program, sizeof(program), "%s/../hufu-ledger-sign", self);
    if (access(program, X_OK) < 0)
        fail_msg("%s is not built", program);
}

static void put(const char *path, const char *text, mode_t mode)
{
    FILE *f = fopen(path, "we");

    must(f && fputs(text, f) >= 0 && fclose(f) == 0 && chmod(path, mode) == 0);
}

static int setup(void **state)
{
    (void)state;
    find_program();
    must(mkdtemp(folder) && chdir(folder) == 0);
    put("pin", TOKEN_PIN "\r\n", 0600);
    put("input", "octets", 0600);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    must(chdir("/") == 0);
    issuing_remove_folder(folder);
    return 0;
}

static char *contents(const char *path)
{
    FILE *f = fopen(path, "re");
    char *text = calloc(1, 4096);

    must(f && text);
    must(fread(text, 1, 4095, f) < 4095 && fclose(f) == 0);
    return text;
}

/* Exit status with these arguments of a shell's, whose output and messages go to files. */
static int run(const char *arguments)
{
    cleanup_free char *line = issue_text("%s %s >out 2>err <input", program, arguments);

    return token_run(line);
}

static void assert_says(const char *arguments, const char *why)
{
    cleanup_free char *said = NULL;
    int status = run(arguments);

    said = contents("err");
    if (status != 1 || !strstr(said, why))
        fail_msg("%s: %d, %s", arguments, status, said);
    /* The engine may have said something before. */
    assert_ptr_equal(strrchr(said, '\n'), said + strlen(said) - 1);
}

static void test_arguments(void **state)
{
    (void)state;
    assert_says("", "usage: hufu-ledger-sign URI [PIN-FILE]");
    assert_says("a b c", "usage: hufu-ledger-sign URI [PIN-FILE]");
    assert_says("'" URI("ledger") "?pin-value=1'", "the URI holds a PIN");
}

static void assert_pin_refused(const char *path)
{
    cleanup_free char *arguments = issue_text("'%s' %s", URI("ledger"), path);

    assert_says(arguments, "the file with the PIN cannot be read");
}

/* Only a regular file of hufu or root, which nobody else may read or change. */
static void test_files_with_a_pin(void **state)
{
    static const mode_t open_to_others[] = {0604, 0602, 0601, 0640, 0620, 0610};

    (void)state;
    assert_pin_refused("nothing-there");
    must(mkdir("directory", 0700) == 0 && symlink("pin", "link") == 0 && mkfifo("pipe", 0600) == 0);
    assert_pin_refused("directory");
    assert_pin_refused("link");
    assert_pin_refused("pipe");
    put("empty", "", 0600);
    assert_pin_refused("empty");
    for (size_t i = 0; i < ARRAY_SIZE(open_to_others); i++) {
        put("open", TOKEN_PIN, open_to_others[i]);
        assert_pin_refused("open");
    }
    if (geteuid() != 0)
        return;
    put("foreign", TOKEN_PIN, 0600);
    must(chown("foreign", NOT_ROOT, 0) == 0);
    assert_pin_refused("foreign");
}

/* hufud's own file, which is how hufud's user has it. */
static void test_own_file_with_a_pin(void **state)
{
    cleanup_free char *line =
        issue_text("PKCS11_MODULE_PATH=/nonexistent setpriv --reuid=%d --clear-groups %s '%s' own >out 2>err",
                   NOT_ROOT, program, URI("ledger"));
    cleanup_free char *said = NULL;
    int status;

    (void)state;
    if (geteuid() != 0)
        skip(); /* nobody else to be */
    put("own", TOKEN_PIN, 0600);
    must(chown("own", NOT_ROOT, 0) == 0 && chmod(".", 0711) == 0);
    status = token_run(line);
    if (status == 126 || status == 127)
        skip(); /* the program was built where only root can start it */
    said = contents("err");
    assert_int_equal(status, 1);
    assert_non_null(strstr(said, "tokens need OpenSSL's engine pkcs11"));
}

static void test_no_module(void **state)
{
    (void)state;
    must(setenv("PKCS11_MODULE_PATH", "/nonexistent", 1) == 0);
    assert_says("'" URI("ledger") "' pin", "tokens need OpenSSL's engine pkcs11");
    must(unsetenv("PKCS11_MODULE_PATH") == 0);
}

static void import(EVP_PKEY *key, const char *label, const char *id)
{
    token_import(key, label, id);
    EVP_PKEY_free(key);
}

/* Two lines: the key, and the signature over what was read. */
static void assert_signs(const char *octets, bool has_signature)
{
    cleanup_free char *out = NULL;
    cleanup_free uint8_t *spki = NULL, *signature = NULL;
    cleanup(ledger_public_free_p) struct ledger_public *p = NULL;
    const char *fault;
    size_t spki_size, size = 0;
    char *second;

    if (run("'" URI("ledger") "' pin") != 0)
        fail_msg("not signed");
    out = contents("out");
    second = strchr(out, '\n');
    assert_non_null(second);
    *second++ = '\0';
    assert_ptr_equal(strchr(second, '\n'), second + strlen(second) - 1);
    second[strlen(second) - 1] = '\0';
    assert_int_equal(ident_base64_decode(out, strlen(out), &spki, &spki_size), 0);
    assert_int_equal(ledger_public_from_der(spki, spki_size, &p, &fault), 0);
    assert_int_equal(strlen(second) > 0, has_signature);
    if (!has_signature)
        return;
    assert_int_equal(ident_base64_decode(second, strlen(second), &signature, &size), 0);
    assert_int_equal(ledger_public_verify(p, "ecdsa-p256-sha256", octets, strlen(octets), signature, size),
                     1);
}

static char *filled(size_t size)
{
    char *text = calloc(1, size + 1);

    must(text != NULL);
    memset(text, 'x', size);
    return text;
}

static void test_what_is_signed(void **state)
{
    cleanup_free char *most = filled(INPUT_MAX), *more = filled(INPUT_MAX + 1);
    cleanup_free char *full = issue_text("%s '%s' pin >/dev/full 2>err <input", program, URI("ledger"));
    cleanup_free char *closed = issue_text("%s '%s' pin >out 2>err <&-", program, URI("ledger"));

    (void)state;
    if (token_missing()) {
        (void)fprintf(stderr, "needs %s\n", token_missing());
        skip();
    }
    token_make();
    import(issue_key(SIGNATURE_ECDSA_P256_SHA256), "ledger", "01");
    import(issue_ec_key("P-384"), "other", "02");
    assert_signs("octets", true);
    put("input", most, 0600);
    assert_signs(most, true);
    put("input", more, 0600);
    assert_says("'" URI("ledger") "' pin", "Input/output error");
    assert_int_equal(token_run(closed), 1);
    put("input", "x", 0600);
    assert_signs("x", true);
    assert_int_equal(token_run(full), 1);
    put("input", "", 0600);
    assert_signs("", false);
    assert_says("'" URI("ledger") "'", "asks for a PIN");
    assert_says("'" URI("other") "' pin", "of no kind that can sign here");
    assert_says("'" URI("nobody") "' pin", "no token here has such a private key");
    put("wrong", "000000", 0600);
    assert_says("'" URI("ledger") "' wrong", "a PIN that is missing or wrong");
    put("wrong", "7", 0600); /* a file like any other */
    assert_says("'" URI("ledger") "' wrong", "a PIN that is missing or wrong");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arguments),           cmocka_unit_test(test_files_with_a_pin),
        cmocka_unit_test(test_own_file_with_a_pin), cmocka_unit_test(test_no_module),
        cmocka_unit_test(test_what_is_signed),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
