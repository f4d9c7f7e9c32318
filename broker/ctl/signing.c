#include "broker/ctl/signing.h"

#include "broker/ctl/papers.h"
#include "broker/ctl/terminal.h"
#include "broker/trust/sign.h"

#include <errno.h>
#include <string.h>

static bool is_on_token(const char *key)
{
    return strncmp(key, "pkcs11:", 7) == 0;
}

/* From a file, up to its first line end. */
static enum exit_code read_passphrase(const struct cli *cli, const char *path, char *text, size_t size)
{
    cleanup_free char *read = NULL;
    size_t length = 0;
    enum exit_code code = papers_read(cli, path, size - 1, &read, &length);

    if (code != EXIT_DONE)
        return code;
    (void)snprintf(text, size, "%.*s", (int)strcspn(read, "\n"), read);
    explicit_bzero(read, length);
    return EXIT_DONE;
}

/* An asked-for passphrase or PIN, only if the key turned out to need one. */
static enum exit_code ask_passphrase(const struct cli *cli, const char *path, char *text, size_t size)
{
    FILE *terminal = terminal_open();
    int r;

    if (!terminal)
        return cli_fail(cli, EXIT_REFUSED,
                        is_on_token(path)
                            ? _("%s needs a PIN, and there is no terminal to ask for it")
                            : _("%s is encrypted, and there is no terminal to ask for its passphrase"),
                        path);
    (void)fprintf(terminal, is_on_token(path) ? _("PIN of %s: ") : _("Passphrase of %s: "), path);
    r = terminal_read_secret(terminal, text, size);
    (void)fclose(terminal);
    return r == 0 ? EXIT_DONE : cli_fail(cli, EXIT_REFUSED, _("not signed"));
}

static enum exit_code sign_with(const struct cli *cli, const struct signing *g, const struct trust_set *trust,
                                struct trust_signing *signing, char **ret)
{
    struct document_error error = {.in_words = i18n_words};
    char passphrase[256] = "";
    int r = trust_sign(trust, signing, ret, &error);

    if (r == -EKEYREJECTED) {
        enum exit_code code = g->passphrase_file
                                  ? read_passphrase(cli, g->passphrase_file, passphrase, sizeof(passphrase))
                                  : ask_passphrase(cli, g->key, passphrase, sizeof(passphrase));

        if (code != EXIT_DONE)
            return code;
        signing->passphrase = passphrase;
        r = trust_sign(trust, signing, ret, &error);
        signing->passphrase = NULL;
        explicit_bzero(passphrase, sizeof(passphrase));
    }
    if (r == -EKEYREJECTED)
        return cli_fail(cli, EXIT_REFUSED,
                        is_on_token(g->key)
                            ? _("that is not the PIN of %s; tokens lock after a few wrong ones")
                            : _("that is not the passphrase of %s"),
                        g->key);
    if (r == -EINVAL)
        return cli_fail(cli, EXIT_REFUSED, _("not signed: %s"), error.reason);
    return r < 0 ? cli_fail(cli, EXIT_REFUSED, _("out of memory")) : EXIT_DONE;
}

enum exit_code signing_sign(const struct cli *cli, const struct signing *g, const struct signable *s,
                            const struct trust_set *trust, char **ret)
{
    struct trust_signing signing = {
        .type = s->type,
        .subject = {(const uint8_t *)s->text, s->size},
        .person = g->person,
        .role = g->role,
        .now = cli->now,
    };
    char *pem = NULL;
    size_t size = 0;
    enum exit_code code;

    if (is_on_token(g->key)) {
        signing.token = g->key;
        return sign_with(cli, g, trust, &signing, ret);
    }
    code = papers_read(cli, g->key, PAPERS_KEY_MAX, &pem, &size);
    if (code != EXIT_DONE)
        return code;
    signing.key = (struct octets){(const uint8_t *)pem, size};
    code = sign_with(cli, g, trust, &signing, ret);
    explicit_bzero(pem, size);
    free(pem);
    return code;
}
