#include "broker/daemon/trust_file.h"

#include "broker/common/files.h"
#include "broker/common/i18n.h"
#include "broker/trust/digest.h"

#include <stdio.h>
#include <string.h>

void trust_file_done(struct trust_file *f)
{
    free(f->octets);
    *f = (struct trust_file){0};
}

int trust_file_read(const struct broker *b, struct trust_file *ret)
{
    int r = files_read(b->options.trust_path, b->options.owner, DOCUMENT_MAX_SIZE_TRUST, &ret->octets,
                       &ret->size);

    return r < 0 ? r : digest_sha256(ret->octets, ret->size, ret->sha256);
}

static bool is_in_force(const struct broker *b, const struct trust_file *f)
{
    return memcmp(f->sha256, b->trust_keeper.sha256, sizeof(f->sha256)) == 0;
}

/* A later epoch in the file is what somebody put there to have it used. */
static void describe(const struct broker *b, const struct trust_file *f, char *text, size_t size)
{
    const struct trust *d = trust_set_document(b->trust);
    cleanup(trust_free_p) struct trust *filed = NULL;
    struct document_error error = {0};
    int r = trust_parse(f->octets, f->size, &filed, &error);

    if (r == 0 && strcmp(filed->site, d->site) == 0 && filed->epoch > d->epoch)
        (void)snprintf(
            text, size,
            _("%s holds epoch %u, which is not in force: epoch %u is. `hufuctl trust update` hands "
              "in the next epoch with its approvals."),
            b->options.trust_path, filed->epoch, d->epoch);
    else
        (void)snprintf(
            text, size,
            _("%s is not the trust in force, which is epoch %u. It decides nothing; put the one in "
              "force there, as `hufuctl trust show --document` prints it."),
            b->options.trust_path, d->epoch);
}

bool trust_file_differs(const struct broker *b, char *text, size_t size)
{
    cleanup_trust_file struct trust_file f = {0};
    int r;

    if (!b->trust)
        return false;
    r = trust_file_read(b, &f);
    if (r == 0 && is_in_force(b, &f))
        return false;
    if (r == 0)
        describe(b, &f, text, size);
    else
        (void)snprintf(text, size,
                       _("%s cannot be read: %s. It decides nothing, but approvers and `hufuctl trust reset` "
                         "look there."),
                       b->options.trust_path, strerror(-r));
    return true;
}
