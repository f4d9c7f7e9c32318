#ifndef HUFU_CTL_PAPERS_H
#define HUFU_CTL_PAPERS_H

#include "broker/ctl/cli.h"
#include "broker/ctl/options.h"
#include "broker/trust/trust_set.h"

/* Documents in files, as verbs without a broker need them. Failures have been said when these return. */

#define PAPERS_KEY_MAX ((size_t)64 * 1024)

/** Octets of a file with a NUL behind them; the caller's to free. */
enum exit_code papers_read(const struct cli *cli, const char *path, size_t limit, char **ret,
                           size_t *ret_size);

/** Writes a file others may read; with `path` NULL or "-" to cli->out. */
enum exit_code papers_write(const struct cli *cli, const char *path, const char *text);

/** The trust file, judged; and, unless `text` is NULL, the octets that were, the caller's to free. */
enum exit_code papers_read_trust(const struct cli *cli, const char *path, char **text,
                                 struct trust_set **ret);

/* A grant and the octets it was parsed from. */
struct papers_grant {
    char *text;
    size_t size;
    struct grant *grant;
};
void papers_grant_done(struct papers_grant *p);
#define cleanup_papers_grant cleanup(papers_grant_done)
enum exit_code papers_read_grant(const struct cli *cli, const char *path, struct papers_grant *ret);

/* Approvals in files, whatever is in them. */
struct papers_approvals {
    struct octets items[OPTION_LIST_MAX];
    size_t count;
};
void papers_approvals_done(struct papers_approvals *p);
#define cleanup_papers_approvals cleanup(papers_approvals_done)
enum exit_code papers_read_approvals(const struct cli *cli, const struct option_list *paths,
                                     struct papers_approvals *ret);

/** Why no approval could ever make this grant good under this trust file: another site, an unknown
 * requester, wider than its class may be. A sentence (translated), or NULL. */
const char *papers_fault_of_grant(const struct trust_set *t, const struct grant *g);

#endif
