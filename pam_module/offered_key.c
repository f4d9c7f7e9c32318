#include "pam_module/offered_key.h"

#include "policy/base/cleanup.h"
#include "policy/base/ident.h"

#include <string.h>

/* "ssh-ed25519", "ecdsa-sha2-nistp256", "sk-ssh-ed25519@openssh.com" */
static bool is_key_type(const char *text)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-@.";

    return text[0] != 0 && text[strspn(text, letters)] == 0;
}

/* The blob is canonical base64, and says of itself that it is of this type (RFC 4253, section 6.6). */
static bool is_key_of_type(const char *key, const char *type)
{
    cleanup_free uint8_t *blob = NULL;
    size_t size, length = strlen(type);

    if (ident_base64_decode(key, strlen(key), &blob, &size) < 0 || size <= 4 + length)
        return false;
    return blob[0] == 0 && blob[1] == 0 && blob[2] == 0 && blob[3] == length &&
           memcmp(blob + 4, type, length) == 0;
}

/* Copies an argument that must not be longer than its field. */
static bool take(const char *argument, char *array, size_t size)
{
    size_t length = strlen(argument);

    if (length == 0 || length >= size)
        return false;
    memcpy(array, argument, length + 1);
    return true;
}

bool offered_key_take(char *const argv[static 3], struct gate_keys *m)
{
    return ident_is_account(argv[0], strlen(argv[0])) && is_key_type(argv[1]) &&
           take(argv[0], m->user, sizeof(m->user)) && take(argv[1], m->key_type, sizeof(m->key_type)) &&
           take(argv[2], m->key, sizeof(m->key)) && is_key_of_type(m->key, m->key_type);
}

bool offered_key_are_options(const char *text)
{
    static const char first[] = "restrict";
    size_t length = strlen(first);

    if (strncmp(text, first, length) != 0 || (text[length] != 0 && text[length] != ','))
        return false;
    for (; *text != 0; text++)
        if (*text <= ' ' || *text > '~')
            return false;
    return true;
}
