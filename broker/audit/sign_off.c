#include "broker/audit/sign_off.h"

#include "policy/base/ident.h"

#include <errno.h>
#include <string.h>

void sign_off_format(const struct sign_off *x, struct buf *b)
{
    char from[WHEN_TEXT_SIZE], until[WHEN_TEXT_SIZE];

    when_format(x->from, from);
    when_format(x->until, until);
    buf_printf(b, "from=%s until=%s sha256=%s note=%s", from, until, x->sha256, x->note);
}

/* NULL: it does not stand there. */
static const char *skip(const char *at, const char *word)
{
    size_t length = strlen(word);

    return at && strncmp(at, word, length) == 0 ? at + length : NULL;
}

static const char *take_time(const char *at, when_t *ret)
{
    size_t length = WHEN_TEXT_SIZE - 1;

    return at && strnlen(at, length) == length && when_parse(at, length, ret) == 0 ? at + length : NULL;
}

int sign_off_parse(const char *detail, struct sign_off *ret)
{
    uint8_t digest[32];
    const char *at;

    *ret = (struct sign_off){.note = ""};
    at = take_time(skip(detail, "from="), &ret->from);
    at = take_time(skip(at, " until="), &ret->until);
    at = skip(at, " sha256=");
    if (!at || strnlen(at, 64) < 64 || ident_parse_hex(at, 64, digest, sizeof(digest)) < 0)
        return -EBADMSG;
    memcpy(ret->sha256, at, 64);
    at = skip(at + 64, " note=");
    if (!at || ret->until <= ret->from)
        return -EBADMSG;
    ret->note = at;
    return 0;
}
