#include "broker/trust/ledger_public.h"
#include "broker/trust/signature.h"
#include "broker/trust/token_key.h"
#include "policy/base/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * hufu-ledger-sign URI [PIN-FILE]: signs with a key on a PKCS#11 token what comes on its standard input, and
 * writes two lines of base64: the key's SubjectPublicKeyInfo, and the signature (empty if there was nothing
 * to sign). hufud starts it for each signature. So the module of whoever made the token, and the token that
 * does not answer, are in a process that decides nothing and can be killed.
 *
 * Exit status: 0; 1: not signed, and standard error says why in one line.
 */
#define INPUT_MAX 65536
#define PIN_MAX   256

static int fail(const char *why)
{
    (void)fprintf(stderr, "%s\n", why);
    return EXIT_FAILURE;
}

static const char *why_not(int error)
{
    switch (error) {
    case -EKEYREJECTED:
        return "the token asks for a PIN that is missing or wrong (pin-file of hufud.conf)";
    case -ENOENT:
        return "no token here has such a private key";
    case -EACCES:
    case -ENOSYS:
        return token_key_fault(error);
    case -EINVAL:
        return "the URI holds a PIN: name a file with it as pin-file";
    default:
        return strerror(-error);
    }
}

/* Only ours or root's, and for nobody else. */
static int read_pin(const char *path, char pin[static PIN_MAX])
{
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    ssize_t n = -1;
    struct stat st;

    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (st.st_uid == 0 || st.st_uid == geteuid()) &&
        (st.st_mode & (S_IRWXG | S_IRWXO)) == 0)
        n = read(fd, pin, PIN_MAX - 1);
    if (fd >= 0)
        (void)close(fd);
    if (n <= 0)
        return -EACCES;
    pin[n] = '\0';
    pin[strcspn(pin, "\r\n")] = '\0';
    return 0;
}

static int read_input(struct buf *b)
{
    uint8_t chunk[4096];
    ssize_t n;

    while ((n = read(STDIN_FILENO, chunk, sizeof(chunk))) > 0 && b->size + (size_t)n <= INPUT_MAX)
        buf_put(b, chunk, (size_t)n);
    return n != 0 || buf_error(b) < 0 ? -EIO : 0;
}

static int print_base64(const uint8_t *octets, size_t size)
{
    cleanup_free char *text = ident_base64_encode(octets, size);

    return text && printf("%s\n", text) > 0 ? 0 : -ENOMEM;
}

static int sign(EVP_PKEY *key, const struct buf *b)
{
    cleanup(ledger_public_free_p) struct ledger_public *k = NULL;
    const char *fault;
    cleanup_free uint8_t *signature = NULL;
    uint8_t *spki = NULL;
    size_t size = 0;
    int length = i2d_PUBKEY(key, &spki), r;

    r = length > 0 ? ledger_public_from_der(spki, (size_t)length, &k, &fault) : -EIO;
    if (r == 0 && b->size > 0)
        r = signature_make(ledger_public_kind(k), key, b->data, b->size, &signature, &size);
    if (r == 0)
        r = print_base64(spki, (size_t)length);
    if (r == 0)
        r = print_base64(signature ? signature : (const uint8_t *)"", size);
    OPENSSL_free(spki);
    return r;
}

int main(int argc, char **argv)
{
    cleanup(token_key_close_p) struct token_key *token = NULL;
    cleanup_buf struct buf b = BUF_INIT;
    char pin[PIN_MAX] = "";
    int r;

    if (argc != 2 && argc != 3)
        return fail("usage: hufu-ledger-sign URI [PIN-FILE]");
    if (argc == 3 && read_pin(argv[2], pin) < 0)
        return fail("the file with the PIN cannot be read, or not only hufu and root can read it");
    r = token_key_open(argv[1], argc == 3 ? pin : NULL, &token);
    explicit_bzero(pin, sizeof(pin));
    if (r < 0)
        return fail(why_not(r));
    r = read_input(&b);
    if (r == 0)
        r = sign(token_key_pkey(token), &b);
    if (r < 0)
        return fail(r == -EINVAL ? "the key on the token is of no kind that can sign here" : strerror(-r));
    return fflush(stdout) == 0 ? EXIT_SUCCESS : fail("could not write");
}
