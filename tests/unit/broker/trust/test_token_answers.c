// LAYERS: test_support
// LIBRARIES: libcrypto
// LINK: -Wl,--wrap=ENGINE_by_id -Wl,--wrap=ENGINE_init -Wl,--wrap=ENGINE_load_private_key
// LINK: -Wl,--wrap=ENGINE_finish -Wl,--wrap=ENGINE_free -Wl,--wrap=ENGINE_ctrl_cmd_string
// LINK: -Wl,--wrap=UI_create_method

#define OPENSSL_SUPPRESS_DEPRECATED

#include "broker/trust/sign.h"
#include "broker/trust/token_key.h"
#include "tests/unit/broker/trust/question.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <openssl/engine.h>
#include <openssl/err.h>
#include <openssl/ui.h>
#include <string.h>

/* Engines and tokens that answer as none that can be had for a test does: what each answer means. */

static struct {
    bool missing, broken, no_method; /* no such engine; it does not start; no memory */
    bool tells, asks;                /* shows a message; asks for the PIN */
    int least, most;                 /* lengths of a PIN that it takes; most 0: 4 to 8 */
    const char *library;             /* under whose name it fails, and with what; NULL: says nothing */
    int reason;
    EVP_PKEY *key; /* what it gives */
} engine;
static char given[64]; /* the PIN that it got */
static int n_held;     /* references to it */
static int n_silenced; /* how often it was told to print nothing */
static int an_engine;

extern ENGINE *__wrap_ENGINE_by_id(const char *id);
extern int __wrap_ENGINE_init(ENGINE *e);
extern int __wrap_ENGINE_finish(ENGINE *e);
extern int __wrap_ENGINE_free(ENGINE *e);
extern int __wrap_ENGINE_ctrl_cmd_string(ENGINE *e, const char *name, const char *value, int optional);
extern EVP_PKEY *__wrap_ENGINE_load_private_key(ENGINE *e, const char *uri, UI_METHOD *method, void *data);
extern UI_METHOD *__real_UI_create_method(const char *name);
extern UI_METHOD *__wrap_UI_create_method(const char *name);

ENGINE *__wrap_ENGINE_by_id(const char *id)
{
    assert_string_equal(id, "pkcs11");
    n_held += !engine.missing;
    return engine.missing ? NULL : (ENGINE *)&an_engine;
}

int __wrap_ENGINE_init(ENGINE *e)
{
    (void)e;
    n_held += !engine.broken;
    return engine.broken ? 0 : 1;
}

int __wrap_ENGINE_finish(ENGINE *e)
{
    (void)e;
    n_held--;
    return 1;
}

int __wrap_ENGINE_free(ENGINE *e)
{
    (void)e;
    n_held--;
    return 1;
}

int __wrap_ENGINE_ctrl_cmd_string(ENGINE *e, const char *name, const char *value, int optional)
{
    (void)e;
    (void)value;
    assert_string_equal(name, "QUIET");
    assert_int_equal(optional, 1);
    n_silenced++;
    return 1;
}

UI_METHOD *__wrap_UI_create_method(const char *name)
{
    return engine.no_method ? NULL : __real_UI_create_method(name);
}

/* As an engine does it: a message, then the question. Whether there was an answer. */
static bool ask_pin(UI_METHOD *method, void *data)
{
    UI *ui = UI_new_method(method);
    int r;

    must(ui != NULL);
    (void)UI_add_user_data(ui, data);
    if (engine.tells)
        must(UI_add_info_string(ui, "a message") >= 0 && UI_add_error_string(ui, "an error") >= 0);
    must(UI_add_input_string(ui, "PIN", 0, given, engine.most ? engine.least : 4,
                             engine.most ? engine.most : 8) >= 0);
    r = UI_process(ui);
    UI_free(ui);
    return r == 0;
}

EVP_PKEY *__wrap_ENGINE_load_private_key(ENGINE *e, const char *uri, UI_METHOD *method, void *data)
{
    static ERR_STRING_DATA names[2];
    int library;

    (void)e;
    (void)uri;
    given[0] = '\0';
    if (engine.asks && !ask_pin(method, data))
        return NULL;
    if (engine.library) {
        library = ERR_get_next_error_library();
        names[0] = (ERR_STRING_DATA){ERR_PACK(library, 0, 0), engine.library};
        must(ERR_load_strings(library, names) == 1);
        ERR_raise(library, engine.reason);
    }
    if (engine.key)
        EVP_PKEY_up_ref(engine.key);
    return engine.key;
}

static int open_key(const char *pin)
{
    struct token_key *k = (struct token_key *)&an_engine;
    int silenced = n_silenced + !engine.missing;
    int r = token_key_open("pkcs11:object=x", pin, &k);

    assert_int_equal(n_silenced, silenced);
    assert_int_equal(r == 0, k != NULL);
    token_key_close(k);
    assert_int_equal(n_held, 0);
    assert_int_equal(ERR_peek_error(), 0);
    memset(&engine, 0, sizeof(engine));
    return r;
}

static void test_no_engine(void **state)
{
    (void)state;
    engine.missing = true;
    assert_int_equal(open_key("1234"), -ENOSYS);
    engine.broken = true;
    assert_int_equal(open_key("1234"), -ENOSYS);
    engine.no_method = true;
    assert_int_equal(open_key("1234"), -ENOENT);
    engine.library = "libp11";
    engine.reason = 0x401; /* no module */
    assert_int_equal(open_key("1234"), -ENOSYS);
}

/* What PKCS #11 calls an answer, and what it is called here. */
static void test_answers_of_the_module(void **state)
{
    static const struct {
        const char *library;
        int reason, r;
    } rows[] = {
        {"PKCS#11 module", 0xa0, -EKEYREJECTED}, /* incorrect */
        {"PKCS#11 module", 0xa1, -EKEYREJECTED}, /* invalid */
        {"PKCS#11 module", 0xa2, -EKEYREJECTED}, /* length */
        {"PKCS#11 module", 0xa3, -ENOENT},       /* expired */
        {"PKCS#11 module", 0xa4, -EACCES},       /* locked */
        {"PKCS#11 module", 0x9f, -ENOENT},
        {"PKCS#11 module", 0x401, -ENOENT},
        {"libp11", 0xa0, -ENOENT},
        {"libp11", 0xa4, -ENOENT},
        {"libp11", 0x400, -ENOENT},
        {"another", 0x401, -ENOENT},
        {"another", 0xa4, -ENOENT},
        {NULL, 0, -ENOENT},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        engine.library = rows[i].library;
        engine.reason = rows[i].reason;
        assert_int_equal(open_key("1234"), rows[i].r);
    }
}

static void test_pin(void **state)
{
    EVP_PKEY *key = issue_key(SIGNATURE_ED25519);

    (void)state;
    engine.asks = engine.tells = true;
    engine.key = key;
    assert_int_equal(open_key("1234"), 0);
    assert_string_equal(given, "1234");
    engine.asks = true;
    engine.key = key;
    assert_int_equal(open_key(NULL), -EKEYREJECTED);
    engine.asks = true;
    engine.key = key;
    assert_int_equal(open_key("123456789"), -EKEYREJECTED);
    engine.asks = true;
    engine.key = key;
    assert_int_equal(open_key("123"), -EKEYREJECTED);
    /* It has it from elsewhere. */
    engine.key = key;
    assert_int_equal(open_key(NULL), 0);
    assert_int_equal(token_key_open("pkcs11:object=x?pin-value=1", NULL, &(struct token_key *){NULL}),
                     -EINVAL);
    EVP_PKEY_free(key);
}

/* What somebody who signs is told. */
static void test_what_is_said(void **state)
{
    const struct department *d = *state;
    cleanup(trust_set_free_p) struct trust_set *t = NULL;
    cleanup_free char *grant = paper_grant(&(struct grant_plan){0});
    struct trust_signing s = {.type = DOCUMENT_GRANT,
                              .subject = {(const uint8_t *)grant, strlen(grant)},
                              .person = "zhou.ming",
                              .role = "unit",
                              .token = "pkcs11:object=x",
                              .now = PAPERS_NOW};
    struct document_error error = {0};
    char *text;

    assert_int_equal(trust_set_new(d->trust, strlen(d->trust), &t, NULL), 0);
    engine.library = "PKCS#11 module";
    engine.reason = 0xa4;
    assert_int_equal(trust_sign(t, &s, &text, &error), -EINVAL);
    assert_non_null(strstr(error.reason, "the token is locked"));
    engine.reason = 0xa0;
    assert_int_equal(trust_sign(t, &s, &text, &error), -EKEYREJECTED);
    engine.missing = true;
    assert_int_equal(trust_sign(t, &s, &text, &error), -EINVAL);
    assert_non_null(strstr(error.reason, "libengine-pkcs11-openssl"));
    engine = (typeof(engine)){.key = d->approvers[DEPARTMENT_UNIT].key};
    assert_int_equal(trust_sign(t, &s, &text, &error), 0);
    free(text);
    engine = (typeof(engine)){0};
    assert_int_equal(n_held, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_engine),
        cmocka_unit_test(test_answers_of_the_module),
        cmocka_unit_test(test_pin),
        cmocka_unit_test(test_what_is_said),
    };

    return cmocka_run_group_tests(tests, setup_department, teardown_department);
}
