#include "broker/ldap/filter.h"

#include <errno.h>
#include <string.h>

void filter_put_value(struct buf *out, const char *value)
{
    for (const unsigned char *c = (const unsigned char *)value; *c != '\0'; c++) {
        if (*c < 0x20 || *c >= 0x7f || strchr("*()\\", *c))
            buf_printf(out, "\\%02x", *c);
        else
            buf_put_u8(out, *c);
    }
}

static int finish(struct buf *b, char **ret)
{
    *ret = buf_steal_text(b);
    return *ret ? 0 : -ENOMEM;
}

int filter_of_host(const struct feed_message *start, char **ret)
{
    cleanup_buf struct buf b = BUF_INIT;

    buf_puts(&b, "(|(&(objectClass=hufuGrant)(|(hufuHost=");
    filter_put_value(&b, start->host);
    buf_puts(&b, ")");
    for (size_t i = 0; i < start->n_groups; i++) {
        buf_puts(&b, "(hufuHost=@");
        filter_put_value(&b, start->groups[i]);
        buf_puts(&b, ")");
    }
    buf_puts(&b, "))(objectClass=hufuRevocation)(objectClass=hufuStatus)(objectClass=hufuTrust)"
                 "(objectClass=hufuHeartbeat))");
    return finish(&b, ret);
}

int filter_since(const char *filter, const char *modified, char **ret)
{
    cleanup_buf struct buf b = BUF_INIT;

    if (!modified) {
        buf_puts(&b, filter);
        return finish(&b, ret);
    }
    buf_puts(&b, "(&(modifyTimestamp>=");
    filter_put_value(&b, modified);
    buf_puts(&b, ")");
    buf_puts(&b, filter);
    buf_puts(&b, ")");
    return finish(&b, ret);
}
