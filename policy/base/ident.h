#ifndef HUFU_BASE_IDENT_H
#define HUFU_BASE_IDENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Words that documents, configuration and frames are made of (4-documents, "Grammar"). All take a
 * length, so that a NUL inside is seen and refused.
 */

#define IDENT_ID_SIZE               16 /* octets of a grant's id */
#define IDENT_ID_TEXT_SIZE          33 /* 32 lower-case hexadecimal digits and NUL */
#define IDENT_NAME_MAX              64
#define IDENT_ACCOUNT_MAX           32
#define IDENT_FINGERPRINT_SIZE      32
#define IDENT_FINGERPRINT_TEXT_SIZE 51 /* "SHA256:", 43 characters, NUL */

struct ident_id {
    uint8_t octets[IDENT_ID_SIZE];
};

/* SHA-256 of an ssh public key blob, as `ssh-keygen -l` prints it. */
struct ident_fingerprint {
    uint8_t octets[IDENT_FINGERPRINT_SIZE];
};

/** [a-z_][a-z0-9_.-]{0,31}: staff and every other login account. */
bool ident_is_account(const char *text, size_t length);

/** [A-Za-z0-9][A-Za-z0-9._-]{0,63}: site, vendor, host, service, person, ticket, contract, ... */
bool ident_is_name(const char *text, size_t length);

/** Canonical decimal 1..2147483647 without leading zeros. Returns 0 or -EINVAL. */
int ident_parse_number(const char *text, size_t length, uint32_t *ret);

/** 32 lower-case hexadecimal digits. Returns 0 or -EINVAL. */
int ident_parse_id(const char *text, size_t length, struct ident_id *ret);
void ident_format_id(const struct ident_id *id, char text[static IDENT_ID_TEXT_SIZE]);
bool ident_id_equal(const struct ident_id *a, const struct ident_id *b);

/** "SHA256:" and 43 characters of unpadded base64 that re-encode to themselves. Returns 0 or -EINVAL. */
int ident_parse_fingerprint(const char *text, size_t length, struct ident_fingerprint *ret);
void ident_format_fingerprint(const struct ident_fingerprint *f,
                              char text[static IDENT_FINGERPRINT_TEXT_SIZE]);
bool ident_fingerprint_equal(const struct ident_fingerprint *a, const struct ident_fingerprint *b);

/** Canonical padded base64 (RFC 4648 section 4): must re-encode to itself. `ret` is the caller's to
 * free. Returns 0, -EINVAL, -ENOMEM. */
int ident_base64_decode(const char *text, size_t length, uint8_t **ret, size_t *ret_size);

/** Encodes with padding into a NUL-terminated string, the caller's to free; NULL without memory. */
char *ident_base64_encode(const uint8_t *octets, size_t size);

/** Lower-case hexadecimal of exactly `size` octets. Returns 0 or -EINVAL. */
int ident_parse_hex(const char *text, size_t length, uint8_t *octets, size_t size);
void ident_format_hex(const uint8_t *octets, size_t size, char *text /* 2 * size + 1 */);

/** UTF-8 (RFC 3629) in which what is seen is all there is: no control, bidi, zero-width,
 * variation-selector, tag, interlinear, private-use or other invisible character, no noncharacter,
 * no space but U+0020. */
bool ident_is_visible_text(const char *text, size_t length);

#endif
