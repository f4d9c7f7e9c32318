#include "broker/ctl/papers.h"

#include "broker/common/files.h"
#include "policy/engine/quorum.h"

#include <errno.h>
#include <string.h>

enum exit_code papers_read(const struct cli *cli, const char *path, size_t limit, char **ret,
                           size_t *ret_size)
{
    int r = files_read(path, (uid_t)-1, limit, ret, ret_size);

    if (r == 0)
        return EXIT_DONE;
    if (r == -EPERM)
        return cli_fail(cli, EXIT_REFUSED, _("%s is not a regular file (links are not followed)"), path);
    if (r == -EFBIG)
        return cli_fail(cli, EXIT_REFUSED, _("%s is larger than such a file may be"), path);
    return cli_fail(cli, EXIT_REFUSED, _("cannot read %s: %s"), path, strerror(-r));
}

enum exit_code papers_write(const struct cli *cli, const char *path, const char *text)
{
    int r;

    if (!path || strcmp(path, "-") == 0)
        return fputs(text, cli->out) == EOF ? cli_fail(cli, EXIT_REFUSED, _("cannot write the output"))
                                            : EXIT_DONE;
    r = files_write(path, 0644, text, strlen(text));
    if (r < 0)
        return cli_fail(cli, EXIT_REFUSED, _("cannot write %s: %s"), path, strerror(-r));
    return EXIT_DONE;
}

static enum exit_code malformed(const struct cli *cli, const char *path, int r,
                                const struct document_error *e)
{
    if (r != -EINVAL)
        return cli_fail(cli, EXIT_REFUSED, _("out of memory"));
    if (e->line == 0)
        return cli_fail(cli, EXIT_REFUSED, _("%s: %s"), path, e->reason);
    return cli_fail(cli, EXIT_REFUSED, _("%s, line %u: %s"), path, e->line, e->reason);
}

enum exit_code papers_read_trust(const struct cli *cli, const char *path, char **text, struct trust_set **ret)
{
    cleanup_free char *read = NULL;
    struct document_error error = {.in_words = i18n_words};
    size_t size = 0;
    enum exit_code code = papers_read(cli, path, DOCUMENT_MAX_SIZE_TRUST, &read, &size);
    int r;

    *ret = NULL;
    if (code != EXIT_DONE)
        return code;
    r = trust_set_new(read, size, ret, &error);
    if (r < 0)
        return malformed(cli, path, r, &error);
    if (text)
        *text = steal_pointer(&read);
    return EXIT_DONE;
}

void papers_grant_done(struct papers_grant *p)
{
    grant_free(p->grant);
    free(p->text);
    *p = (struct papers_grant){0};
}

enum exit_code papers_read_grant(const struct cli *cli, const char *path, struct papers_grant *ret)
{
    struct document_error error = {.in_words = i18n_words};
    enum exit_code code;
    int r;

    *ret = (struct papers_grant){0};
    code = papers_read(cli, path, DOCUMENT_MAX_SIZE, &ret->text, &ret->size);
    if (code != EXIT_DONE)
        return code;
    r = grant_parse(ret->text, ret->size, &ret->grant, &error);
    return r < 0 ? malformed(cli, path, r, &error) : EXIT_DONE;
}

void papers_approvals_done(struct papers_approvals *p)
{
    for (size_t i = 0; i < p->count; i++)
        free((void *)p->items[i].data);
    p->count = 0;
}

enum exit_code papers_read_approvals(const struct cli *cli, const struct option_list *paths,
                                     struct papers_approvals *ret)
{
    ret->count = 0;
    for (size_t i = 0; i < paths->count; i++) {
        char *text = NULL;
        size_t size = 0;
        enum exit_code code = papers_read(cli, paths->items[i], DOCUMENT_MAX_SIZE, &text, &size);

        if (code != EXIT_DONE)
            return code;
        ret->items[ret->count++] = (struct octets){(const uint8_t *)text, size};
    }
    return EXIT_DONE;
}

const char *papers_fault_of_grant(const struct trust_set *t, const struct grant *g)
{
    const struct trust *d = trust_set_document(t);

    if (strcmp(g->site, d->site) != 0)
        return _("the grant is for another site than the trust file");
    if (!trust_find_requester(d, g->requester))
        return _("its requester is not one of the trust file's");
    if (!quorum_within_limit(&d->limit[g->class], g))
        return _("it is wider than its class may be: compare its dates, max-session and every `any` or "
                 "`unlimited` "
                 "with the class's limit line in the trust file");
    return NULL;
}
