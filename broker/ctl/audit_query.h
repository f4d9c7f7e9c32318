#ifndef HUFU_CTL_AUDIT_QUERY_H
#define HUFU_CTL_AUDIT_QUERY_H

#include "broker/audit/filter.h"
#include "broker/ctl/cli.h"
#include "broker/ctl/options.h"

#include <jansson.h>

/* Which records: the options that `audit show` and `audit export` have in common. All that are given have to
 * hold. */
struct audit_query {
    const char *since, *until, *staff, *vendor, *host, *account, *address, *event, *result, *reason, *grant,
        *ticket, *service, *session;
};

#define AUDIT_QUERY_OPTION(name, value, help, type, query)                    \
    {                                                                         \
#name, 0, OPTION_TEXT, false, value, help, offsetof(type, query.name) \
    }

/** Rows for a verb whose settings, of `type`, hold a struct audit_query named `query`. */
#define AUDIT_QUERY_OPTIONS(type, query)                                                                \
    AUDIT_QUERY_OPTION(since, "TIME", N_("from this instant on"), type, query),                         \
        AUDIT_QUERY_OPTION(until, "TIME", N_("up to this instant"), type, query),                       \
        AUDIT_QUERY_OPTION(staff, "ACCOUNT", N_("of this person"), type, query),                        \
        AUDIT_QUERY_OPTION(vendor, "NAME", N_("of this vendor"), type, query),                          \
        AUDIT_QUERY_OPTION(account, "NAME", N_("about this account: the person's, or one they became"), \
                           type, query),                                                                \
        AUDIT_QUERY_OPTION(address, "ADDRESS", N_("from this address, or `local`"), type, query),       \
        AUDIT_QUERY_OPTION(event, "NAME", N_("of this kind"), type, query),                             \
        AUDIT_QUERY_OPTION(result, "WORD", N_("success or failure"), type, query),                      \
        AUDIT_QUERY_OPTION(reason, "NAME", N_("with this reason"), type, query),                        \
        AUDIT_QUERY_OPTION(grant, "ID", N_("under this grant"), type, query),                           \
        AUDIT_QUERY_OPTION(ticket, "NUMBER", N_("for this ticket"), type, query),                       \
        AUDIT_QUERY_OPTION(service, "NAME", N_("of this PAM service"), type, query),                    \
        AUDIT_QUERY_OPTION(session, "NUMBER", N_("of this session"), type, query)

/** The query as the parameters of the control method Audit, into `parameters`: times in UTC, a grant's id
 * whole. EXIT_DONE, or what is wrong with it, said. */
enum exit_code audit_query_parameters(const struct cli *cli, const struct audit_query *q, json_t *parameters);

/** The query as a filter, for records that are read here; its texts are the query's. EXIT_DONE, or what is
 * wrong with it, said.
 */
enum exit_code audit_query_filter(const struct cli *cli, const struct audit_query *q,
                                  struct record_filter *ret);

/** Puts a number from 1 on among the parameters; NULL: none. EXIT_DONE or EXIT_USAGE, said. */
enum exit_code audit_query_number(const struct cli *cli, json_t *parameters, const char *name,
                                  const char *text);

#endif
