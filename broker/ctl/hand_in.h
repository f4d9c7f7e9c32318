#ifndef HUFU_CTL_HAND_IN_H
#define HUFU_CTL_HAND_IN_H

#include "broker/ctl/call.h"
#include "broker/ctl/papers.h"

/** Hands a signed document to the broker (DocumentAdd). As call_broker(). */
enum exit_code hand_in(const struct cli *cli, const char *text, size_t size,
                       const struct papers_approvals *approvals, json_t **ret);

/** Prints what came of it: the document, each approval, what it ended. EXIT_DONE; EXIT_REFUSED if it is known
 * but gives nothing now; EXIT_NOT_PROVEN with what could not be ended. */
enum exit_code hand_in_report(const struct cli *cli, json_t *reply);

/** The table of approvals: APPROVER, ROLE, OUTCOME. EXIT_DONE or EXIT_REFUSED, said. */
enum exit_code hand_in_print_approvals(const struct cli *cli, const json_t *approvals);

#endif
