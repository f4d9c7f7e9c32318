#ifndef HUFU_CTL_SIGNING_H
#define HUFU_CTL_SIGNING_H

#include "broker/ctl/signable.h"

/* Who signs, and with what. */
struct signing {
    const char *person; /* or the name of a status key */
    const char *role;
    const char *key; /* a file, or a PKCS#11 URI */
    const char
        *passphrase_file; /* holds its passphrase or PIN; NULL: it is asked for at the terminal, if needed */
};

/** Signs, and judges what was signed as a host would. *ret: the approval, the caller's to free. What is wrong
 * has been said. */
enum exit_code signing_sign(const struct cli *cli, const struct signing *g, const struct signable *s,
                            const struct trust_set *trust, char **ret);

#endif
