/* Engines are deprecated since OpenSSL 3.0; on Debian 12 there is no provider for tokens yet. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "broker/trust/token_key.h"

#include "broker/trust/context.h"
#include "policy/base/words.h"

#include <errno.h>
#include <openssl/engine.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ui.h>
#include <stdbool.h>
#include <string.h>

struct token_key {
    ENGINE *engine; /* the key works only as long as it is there */
    EVP_PKEY *key;
};

struct answer {
    const char *pin;
    bool asked;
    bool unfit; /* a PIN of a length that the engine does not take */
};

/* Instead of libcrypto's own, which would read from the terminal. Returns 1, or 0: there is no answer. */
static int give_pin(UI *ui, UI_STRING *question)
{
    struct answer *answer = UI_get0_user_data(ui);

    switch (UI_get_string_type(question)) {
    case UIT_PROMPT:
    case UIT_VERIFY:
        answer->asked = true;
        answer->unfit = answer->pin && UI_set_result(ui, question, answer->pin) != 0;
        return answer->pin && !answer->unfit;
    case UIT_NONE:
    case UIT_BOOLEAN:
    case UIT_INFO:
    case UIT_ERROR:
        break;
    }
    return 1;
}

/* Started and with a module, or NULL. */
static ENGINE *start_engine(void)
{
    ENGINE *engine;

    ENGINE_load_dynamic();
    engine = ENGINE_by_id("pkcs11");
    if (!engine)
        return NULL;
    /* What goes wrong is said by who calls; the engine would print it as well. */
    (void)ENGINE_ctrl_cmd_string(engine, "QUIET", NULL, 1);
    if (ENGINE_init(engine) == 1)
        return engine;
    ENGINE_free(engine);
    return NULL;
}

static EVP_PKEY *load_key(ENGINE *engine, const char *uri, struct answer *answer)
{
    UI_METHOD *method = UI_create_method("hufu");
    EVP_PKEY *key = NULL;

    if (method && UI_method_set_reader(method, give_pin) == 0)
        key = ENGINE_load_private_key(engine, uri, method, answer);
    UI_destroy_method(method);
    return key;
}

/* What the module itself answered is in libcrypto's queue, under a library that the engine named so. */
#define MODULE_ERRORS     "PKCS#11 module"
#define CKR_PIN_INCORRECT 0xA0 /* PKCS #11 v2.40, 11.1 */
#define CKR_PIN_LEN_RANGE 0xA2
#define CKR_PIN_LOCKED    0xA4
#define ENGINE_HELPER     "libp11"
#define HELPER_NO_MODULE  0x401

/* Why there is no key; empties the queue. */
static int why_not(const struct answer *answer)
{
    int found = answer->asked && (!answer->pin || answer->unfit) ? -EKEYREJECTED : -ENOENT;
    unsigned long e;

    while ((e = ERR_get_error()) != 0) {
        const char *library = ERR_lib_error_string(e);
        int reason = ERR_GET_REASON(e);

        if (library && strcmp(library, ENGINE_HELPER) == 0 && reason == HELPER_NO_MODULE)
            found = -ENOSYS;
        if (!library || strcmp(library, MODULE_ERRORS) != 0)
            continue;
        if (reason == CKR_PIN_LOCKED)
            found = -EACCES;
        else if (reason >= CKR_PIN_INCORRECT && reason <= CKR_PIN_LEN_RANGE)
            found = -EKEYREJECTED;
    }
    return found;
}

int token_key_open(const char *uri, const char *pin, struct token_key **ret)
{
    cleanup(token_key_close_p) struct token_key *k = NULL;
    struct answer answer = {.pin = pin};

    *ret = NULL;
    if (strstr(uri, "pin-value="))
        return -EINVAL;
    k = calloc(1, sizeof(*k));
    if (!k || !crypto_context())
        return -ENOMEM;
    k->engine = start_engine();
    if (k->engine)
        k->key = load_key(k->engine, uri, &answer);
    if (!k->key) {
        int r = k->engine ? why_not(&answer) : -ENOSYS;

        ERR_clear_error();
        return r;
    }
    *ret = steal_pointer(&k);
    return 0;
}

const char *token_key_fault(int error)
{
    switch (error) {
    case -EACCES:
        return N_("the token is locked, since a wrong PIN was given too often");
    case -ENOSYS:
        return N_(
            "tokens need OpenSSL's engine pkcs11 (libengine-pkcs11-openssl) and a module that p11-kit or "
            "PKCS11_MODULE_PATH names");
    default:
        return NULL;
    }
}

struct token_key *token_key_close(struct token_key *k)
{
    if (!k)
        return NULL;
    EVP_PKEY_free(k->key);
    if (k->engine) {
        ENGINE_finish(k->engine);
        ENGINE_free(k->engine);
    }
    free(k);
    return NULL;
}

EVP_PKEY *token_key_pkey(const struct token_key *k)
{
    return k->key;
}
