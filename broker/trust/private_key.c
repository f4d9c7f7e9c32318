#include "broker/trust/private_key.h"

#include "broker/trust/context.h"
#include "broker/trust/openssl_cleanup.h"

#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

struct answer {
    const char *passphrase;
    bool asked;
};

/* Instead of libcrypto's own, which would read from the terminal. */
static int give_passphrase(char *buffer, int size, int writing, void *userdata)
{
    struct answer *answer = userdata;
    size_t length = answer->passphrase ? strlen(answer->passphrase) : 0;

    (void)writing;
    answer->asked = true;
    if (!answer->passphrase || size < 0 || length > (size_t)size)
        return -1;
    memcpy(buffer, answer->passphrase, length);
    return (int)length;
}

int private_key_parse(const char *pem, size_t size, const char *passphrase, EVP_PKEY **ret)
{
    cleanup(openssl_free_bio_p) BIO *bio = NULL;
    struct answer answer = {.passphrase = passphrase};

    *ret = NULL;
    if (size > INT_MAX)
        return -EINVAL;
    bio = BIO_new_mem_buf(pem, (int)size);
    if (!bio || !crypto_context())
        return -ENOMEM;
    *ret = PEM_read_bio_PrivateKey_ex(bio, NULL, give_passphrase, &answer, crypto_context(), NULL);
    ERR_clear_error();
    if (*ret)
        return 0;
    return answer.asked ? -EKEYREJECTED : -EINVAL;
}
