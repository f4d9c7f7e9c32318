// LAYERS: test_support

#include "broker/common/clock.h"
#include "broker/daemon/signer.h"
#include "tests/unit/support/token.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * Signatures by a token, through the program as it was built, with SoftHSM for a token; and by programs that
 * stand still or lie, as a token's module may.
 */
#define URI(label) "pkcs11:token=approver;object=" label ";type=private"

struct place {
    char folder[40];
    char program[PATH_MAX];
    sd_event *event;
    struct signer *signer;
    int result, calls;
    char why[300];
};

static void find_program(struct place *p)
{
    char self[PATH_MAX / 2];
    ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

    must(n > 0);
    self[n] = '\0';
    *strrchr(self, '/') = '\0';
    (void)snprintf(p->program, sizeof(p->program), "%s/../hufu-ledger-sign", self);
    if (access(p->program, X_OK) < 0)
        fail_msg("%s is not built", p->program);
}

static void put(const char *path, const char *text, mode_t mode)
{
    FILE *f = fopen(path, "we");

    must(f && fputs(text, f) >= 0 && fclose(f) == 0 && chmod(path, mode) == 0);
}

static int setup(void **state)
{
    struct place *p = calloc(1, sizeof(*p));
    EVP_PKEY *key;

    must(p != NULL);
    find_program(p);
    (void)strcpy(p->folder, "/tmp/hufu-signer.XXXXXX");
    must(mkdtemp(p->folder) && chdir(p->folder) == 0);
    token_make();
    key = issue_key(SIGNATURE_ECDSA_P256_SHA256);
    token_import(key, "ledger", "01");
    EVP_PKEY_free(key);
    key = issue_key(SIGNATURE_RSA_PSS_SHA256);
    token_import(key, "rsa", "02");
    EVP_PKEY_free(key);
    put("pin", TOKEN_PIN "\n", 0600);
    must(sd_event_new(&p->event) >= 0);
    must(signer_new(p->event, p->program, &p->signer) == 0);
    *state = p;
    return 0;
}

static int teardown(void **state)
{
    struct place *p = *state;

    signer_free(p->signer);
    sd_event_unref(p->event);
    must(chdir("/") == 0);
    issuing_remove_folder(p->folder);
    free(p);
    return 0;
}

static void on_done(void *userdata, const struct signer_answer *a)
{
    struct place *p = userdata;

    p->calls++;
    p->result = a->result;
    (void)snprintf(p->why, sizeof(p->why), "%s", a->why);
    assert_int_equal(a->result == 0, a->why[0] == '\0');
}

static void ask(struct place *p, const char *octets)
{
    p->calls = 0;
    assert_int_equal(signer_sign(p->signer, octets, strlen(octets), on_done, p), 0);
    assert_int_equal(signer_sign(p->signer, octets, strlen(octets), on_done, p), -EBUSY);
    while (p->calls == 0)
        must(sd_event_run(p->event, 10000000) > 0);
    assert_int_equal(p->calls, 1);
}

static void test_a_token_signs(void **state)
{
    static const char *const uris[] = {URI("ledger"), URI("rsa")};
    struct place *p = *state;
    char pin[PATH_MAX];

    (void)snprintf(pin, sizeof(pin), "%s/pin", p->folder);
    for (size_t i = 0; i < ARRAY_SIZE(uris); i++) {
        assert_int_equal(signer_use_token(p->signer, uris[i], pin), 0);
        assert_null(signer_public(p->signer));
        ask(p, "");
        if (p->result < 0)
            fail_msg("%s", p->why);
        assert_non_null(signer_public(p->signer));
        ask(p, "what is signed\n");
        if (p->result < 0)
            fail_msg("%s", p->why);
        p->calls = 0;
        assert_int_equal(signer_sign_now(p->signer, "more\n", 5, 10000, on_done, p), 0);
        assert_int_equal(p->calls, 1);
        assert_int_equal(p->result, 0);
    }
}

static void test_it_is_away(void **state)
{
    struct place *p = *state;
    char pin[PATH_MAX];

    (void)snprintf(pin, sizeof(pin), "%s/pin", p->folder);
    assert_int_equal(signer_use_token(p->signer, URI("nobody"), pin), 0);
    ask(p, "");
    assert_true(p->result < 0);
    if (!strstr(p->why, "has such a private key"))
        fail_msg("%s", p->why);
    put("pin", "000000\n", 0600);
    assert_int_equal(signer_use_token(p->signer, URI("ledger"), pin), 0);
    ask(p, "");
    assert_non_null(strstr(p->why, "PIN"));
    put("pin", TOKEN_PIN "\n", 0644); /* which anybody can read */
    ask(p, "");
    assert_true(p->result < 0);
    assert_non_null(strstr(p->why, "PIN"));
    signer_use_none(p->signer);
    assert_int_equal(signer_sign(p->signer, "", 0, on_done, p), -ENOKEY);
}

static struct signer *with_program(struct place *p, const char *script)
{
    char path[PATH_MAX];
    struct signer *s;

    (void)snprintf(path, sizeof(path), "%s/program", p->folder);
    put(path, script, 0700);
    must(signer_new(p->event, path, &s) == 0);
    must(signer_use_token(s, URI("ledger"), NULL) == 0);
    return s;
}

/* Nobody waits but the thread; and giving it up ends the program. */
static void test_a_token_that_stands_still(void **state)
{
    struct place *p = *state;
    struct signer *s = with_program(p, "#!/bin/sh\necho $$ >running\nexec sleep 100\n");
    uint64_t before = clock_boot_us();
    FILE *f;
    int pid;

    assert_int_equal(signer_sign(s, "", 0, on_done, p), 0);
    assert_true(clock_boot_us() - before < 5000000);
    while (access("running", F_OK) < 0)
        (void)usleep(1000);
    (void)usleep(50000);
    p->calls = 0;
    assert_int_equal(signer_sign_now(s, "octets", 6, 300, on_done, p), 0);
    assert_int_equal(p->result, -ETIMEDOUT);
    assert_non_null(strstr(p->why, "does not answer"));
    assert_int_equal(signer_sign(s, "", 0, on_done, p), 0);
    (void)usleep(50000);
    signer_free(s);
    assert_int_equal(p->calls, 1);
    f = fopen("running", "re");
    must(f && fscanf(f, "%d", &pid) == 1 && fclose(f) == 0);
    assert_int_equal(kill(pid, 0), -1);
}

/* What it answers is judged, whatever it says. */
static void test_a_token_that_lies(void **state)
{
    static const char *const scripts[] = {
        "#!/bin/sh\nexit 0\n",
        "#!/bin/sh\necho\necho\n",
        "#!/bin/sh\necho AAAA\necho AAAA\n",
        "#!/bin/sh\nprintf 'AAAA'\n",
        "#!/bin/sh\nyes AAAA | head -c 100000\n",
        "#!/bin/sh\nprintf 'a\\033[2Jb\\nc' >&2\nexit 1\n",
        "#!/bin/no-such-shell\n",
    };
    struct place *p = *state;

    for (size_t i = 0; i < ARRAY_SIZE(scripts); i++) {
        struct signer *s = with_program(p, scripts[i]);

        p->calls = 0;
        assert_int_equal(signer_sign_now(s, "octets", 6, 5000, on_done, p), 0);
        assert_int_equal(p->calls, 1);
        assert_true(p->result < 0);
        assert_null(strchr(p->why, '\033'));
        assert_null(strchr(p->why, '\n'));
        signer_free(s);
    }
}

/* The right key, and the signature of something else. */
static void test_a_signature_of_something_else(void **state)
{
    struct place *p = *state;
    cleanup_free char *script =
        issue_text("#!/bin/sh\nprintf other | %s \"$1\" %s/pin\n", p->program, p->folder);
    struct signer *s = with_program(p, script);

    assert_int_equal(signer_sign_now(s, NULL, 0, 10000, on_done, p), 0);
    assert_int_equal(p->result, 0);
    assert_int_equal(signer_sign_now(s, "octets", 6, 10000, on_done, p), 0);
    assert_int_equal(p->result, -EBADMSG);
    signer_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_token_signs, setup, teardown),
        cmocka_unit_test_setup_teardown(test_it_is_away, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_token_that_stands_still, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_token_that_lies, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_signature_of_something_else, setup, teardown),
    };

    if (token_missing()) {
        (void)fprintf(stderr, "needs %s\n", token_missing());
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
