#ifndef HUFU_CTL_REVIEW_PAPER_H
#define HUFU_CTL_REVIEW_PAPER_H

#include "broker/audit/sign_off.h"
#include "broker/ctl/cli.h"

#include <jansson.h>

/* A review in a file: as JSON, which is what is signed off, or as the page that names the JSON's digest. */

/** The octets of a review as JSON, which `hufuctl review --json` prints, and their SHA-256; the caller's to
 * free. 0 or -ENOMEM. */
int review_paper_octets(const json_t *review, char **ret, char sha256[static SIGN_OFF_SHA256_SIZE]);

/** Reads a file of either kind: digest and period go to *ret. EXIT_DONE, or said. */
enum exit_code review_paper_read(const struct cli *cli, const char *path, struct sign_off *ret);

#endif
