#ifndef HUFU_CTL_SIGNABLE_H
#define HUFU_CTL_SIGNABLE_H

#include "broker/ctl/cli.h"
#include "broker/trust/trust_set.h"

#include <jansson.h>

/* A document that is to be signed: a grant, a trust file, a revocation or a status. */

#define SIGNABLE_CODE_DIGITS 8

struct signable {
    enum document_type type;
    char *text;
    size_t size;
    struct grant *grant; /* the one of its type; the others are NULL */
    struct trust *trust;
    struct revocation *revocation;
    struct status *status;
    char code[SIGNABLE_CODE_DIGITS + 1]; /* to be typed: of the id, else of the document's SHA-256 */
};

void signable_done(struct signable *s);

/** Reads and parses a file. What is wrong with it has been said when this returns. */
enum exit_code signable_read(const struct cli *cli, const char *path, struct signable *s);

/** The same of octets, which are copied. 0; -ENOTSUP: no document that is signed; -EINVAL with error;
 * -ENOMEM. */
int signable_parse(const void *octets, size_t size, struct signable *s, struct document_error *error);

/** "grant 0123... version 3", "trust epoch 4" ..., in the reader's language. */
#define SIGNABLE_TITLE_SIZE 160
void signable_title(const struct signable *s, char text[static SIGNABLE_TITLE_SIZE]);

/** Whether it is this document, these very octets, that an approval says to be about. */
bool signable_is_subject(const struct signable *s, const struct approval *a);

/** Asks who is sitting at `terminal` for the code. */
void signable_ask(FILE *terminal, const struct signable *s, const char *person, const char *role);

/** Why nobody's signature could make it good under this trust file. A sentence (translated), or NULL. */
const char *signable_fault(const struct signable *s, const struct trust_set *t, when_t now);

/** Judges it with these approvals, as a host would. 0 or -ENOMEM. */
int signable_verify(const struct signable *s, const struct trust_set *t, const struct octets *approvals,
                    size_t n_approvals, when_t now, struct grant_standing *ret);

/** How many signatures it needs in all. */
size_t signable_needed(const struct signable *s, const struct trust_set *t);

/** Says what one approval is worth: what is needed in all, and what the document does then. */
void signable_print_worth(FILE *out, const struct signable *s, const struct trust_set *t,
                          const struct grant_standing *standing);

/** The same as members of `object`: document, needed, standing. */
void signable_put_worth(json_t *object, const struct signable *s, const struct trust_set *t,
                        const struct grant_standing *standing);

#endif
