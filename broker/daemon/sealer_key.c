#include "broker/daemon/sealer_key.h"

#include "broker/audit/checkpoint.h"
#include "broker/common/files.h"
#include "broker/common/i18n.h"
#include "broker/trust/ledger_key.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define KEY_MAX    ((size_t)16 * 1024)
#define TOKEN_URI  "pkcs11:"
#define KEY_MODE   0600
#define KEY_IN_DIR "%s/ledger.key"

static bool default_path(const struct broker_options *o, char path[static PATH_MAX])
{
    int n = snprintf(path, PATH_MAX, KEY_IN_DIR, o->state_dir);

    return n > 0 && n < PATH_MAX;
}

static bool is_default(const struct broker_options *o, const struct config *c)
{
    char path[PATH_MAX];

    return !c->ledger_key || (default_path(o, path) && strcmp(c->ledger_key, path) == 0);
}

int sealer_key_make(const struct broker_options *o, const struct config *config)
{
    cleanup_free char *pem = NULL;
    char path[PATH_MAX];
    int r;

    if (!is_default(o, config))
        return 0;
    if (!default_path(o, path))
        return -ENAMETOOLONG;
    if (access(path, F_OK) == 0)
        return 0;
    r = ledger_key_make(&pem);
    if (r == 0)
        r = files_write(path, KEY_MODE, pem, strlen(pem));
    if (pem)
        explicit_bzero(pem, strlen(pem));
    return r;
}

static int say(char why[static SIGNER_WHY_SIZE], int error, const char *path)
{
    const char *what = strerror(-error);

    if (error == -ENOENT)
        what = _("it is missing; put it back, or make another one as hufud(8) says");
    if (error == -EPERM)
        what = _("it must be a file of the user hufu with mode 0600");
    (void)snprintf(why, SIGNER_WHY_SIZE, "%.150s: %.150s", path, what);
    return error;
}

static int load_file(struct signer *signer, const char *path, char why[static SIGNER_WHY_SIZE])
{
    char fault[SIGNER_WHY_SIZE] = "";
    cleanup_free char *pem = NULL;
    size_t size;
    int r = files_read_private(path, geteuid(), KEY_MAX, &pem, &size);

    if (r < 0)
        return say(why, r, path);
    r = signer_use_pem(signer, pem, size, fault);
    explicit_bzero(pem, size);
    if (r < 0)
        (void)snprintf(why, SIGNER_WHY_SIZE, "%.150s: %.150s", path, fault);
    return r;
}

int sealer_key_load(const struct broker *b, struct signer *signer, bool had, char why[static SIGNER_WHY_SIZE])
{
    const struct config *c = b->config;
    char path[PATH_MAX];
    int r;

    why[0] = '\0';
    if (c->ledger_key && strncmp(c->ledger_key, TOKEN_URI, strlen(TOKEN_URI)) == 0)
        return signer_use_token(signer, c->ledger_key, c->ledger_pin_file);
    if (!default_path(&b->options, path))
        return say(why, -ENAMETOOLONG, b->options.state_dir);
    if (!had) {
        r = sealer_key_make(&b->options, c);
        if (r < 0)
            return say(why, r, path);
    }
    return load_file(signer, c->ledger_key ? c->ledger_key : path, why);
}

char *sealer_key_text(const struct ledger_public *p)
{
    cleanup_buf struct buf b = BUF_INIT;
    struct checkpoint_key k = {.spki = NULL};

    // NOLINTNEXTLINE(performance-no-int-to-ptr): only read
    k.spki = (uint8_t *)(uintptr_t)ledger_public_spki(p, &k.spki_size);
    (void)snprintf(k.key, sizeof(k.key), "%s", ledger_public_fingerprint(p));
    (void)snprintf(k.alg, sizeof(k.alg), "%s", ledger_public_algorithm(p));
    checkpoint_key_format(&k, &b);
    return buf_steal_text(&b);
}
