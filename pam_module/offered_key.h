#ifndef HUFU_PAM_MODULE_OFFERED_KEY_H
#define HUFU_PAM_MODULE_OFFERED_KEY_H

#include "policy/wire/gate.h"

#include <stdbool.h>

/* What hufu-authorized-keys is told before anybody is authenticated, each word of it the client's, and what
 * it prints. */

/** Fills user, key_type and key from USER, KEYTYPE and KEY. False: they are not an account, a type of keys,
 * and a key in canonical base64 that says of itself that it is of this type (RFC 4253, section 6.6). */
bool offered_key_take(char *const argv[static 3], struct gate_keys *m);

/** `restrict`, then what is given back, without a blank or a control character: whatever else came, printing
 * it could turn the line into another one, or into a key without any bounds. */
bool offered_key_are_options(const char *text);

#endif
