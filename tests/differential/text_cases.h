#ifndef HUFU_DIFFERENTIAL_TEXT_CASES_H
#define HUFU_DIFFERENTIAL_TEXT_CASES_H

#include <stddef.h>

/** Whether some octets are a document of this type (grant, approval, revocation, status): "valid", "refused"
 * or "no memory". NULL: there is no such type. */
const char *text_case(const char *type, const void *octets, size_t size);

#endif
