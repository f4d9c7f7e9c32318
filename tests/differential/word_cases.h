#ifndef HUFU_DIFFERENTIAL_WORD_CASES_H
#define HUFU_DIFFERENTIAL_WORD_CASES_H

#include <stddef.h>

enum {
    WORD_TEXT_SIZE = 256,
};

/** What the readers of policy/base make of some octets: their canonical text, or "refused". `kind`: time,
 * number, name, account, id, fingerprint, address, network, visible. 0, or -1 if it is none of these. */
int word_canonical(const char *kind, const char *octets, size_t size, char text[static WORD_TEXT_SIZE]);

#endif
