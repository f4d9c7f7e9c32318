#ifndef HUFU_TRUST_DIGEST_H
#define HUFU_TRUST_DIGEST_H

#include <stddef.h>
#include <stdint.h>

/** SHA-256 (FIPS 180-4) of octets. 0 or -ENOMEM. */
int digest_sha256(const void *octets, size_t size, uint8_t out[static 32]);

/** SM3 (GB/T 32905) of octets. 0; -EOPNOTSUPP: this libcrypto has none (a FIPS build); -ENOMEM. */
int digest_sm3(const void *octets, size_t size, uint8_t out[static 32]);

/** SHA-256 of a whole file, read by its descriptor from its beginning, and how many octets that were. 0 or
 * -errno.
 */
int digest_file(int fd, uint8_t out[static 32], uint64_t *size);

#endif
