#include "broker/sessions/auth_info.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const char publickey[] = "publickey ";

/* "TYPE BASE64" of a publickey line. */
static int line_key(const char *line, size_t length, uint8_t **blob, size_t *size)
{
    const char *blank = memchr(line, ' ', length), *end;

    if (!blank)
        return -EBADMSG;
    blank++;
    length -= (size_t)(blank - line);
    end = memchr(blank, ' ', length);
    if (end)
        length = (size_t)(end - blank);
    return ident_base64_decode(blank, length, blob, size) == -ENOMEM ? -ENOMEM : *blob ? 0 : -EBADMSG;
}

int auth_info_key(const char *auth_info, uint8_t **blob, size_t *size)
{
    const char *line = auth_info;

    *blob = NULL;
    *size = 0;
    while (*line != '\0') {
        size_t length = strcspn(line, "\n");

        if (length > sizeof(publickey) - 1 && strncmp(line, publickey, sizeof(publickey) - 1) == 0) {
            int r;

            free(*blob);
            *blob = NULL;
            r = line_key(line + sizeof(publickey) - 1, length - (sizeof(publickey) - 1), blob, size);
            if (r < 0)
                return r;
        } else if (strncmp(line, "publickey", sizeof("publickey") - 1) == 0) {
            free(*blob);
            *blob = NULL;
            return -EBADMSG;
        }
        line += length;
        line += *line == '\n';
    }
    return 0;
}

static bool in_list(const char *const *items, size_t n, const char *item)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(items[i], item) == 0)
            return true;
    return false;
}

/* tty1 to tty63, and the console. */
static bool is_console(const char *tty)
{
    char *end;
    unsigned long n;

    if (strcmp(tty, "console") == 0)
        return true;
    if (strncmp(tty, "tty", 3) != 0 || tty[3] < '1' || tty[3] > '9')
        return false;
    n = strtoul(tty + 3, &end, 10);
    return *end == '\0' && n <= 63;
}

static bool is_local(const struct source_claim *c)
{
    const char *tty = strncmp(c->tty, "/dev/", 5) == 0 ? c->tty + 5 : c->tty;

    if (c->remote_host[0] != '\0')
        return false;
    if (service_is_display_manager(c->service))
        return true;
    return strcmp(c->service, "login") == 0 && (is_console(tty) || in_list(c->serial, c->n_serial, tty));
}

/* An address, and nothing but an address, of `length` octets. */
static enum source_kind source_of_text(const char *text, size_t length, struct address *ret)
{
    return address_parse(text, length, ret) == 0 ? SOURCE_ADDRESS : SOURCE_NOT_ADDRESS;
}

enum source_kind source_of(const struct source_claim *c, struct address *ret)
{
    *ret = (struct address){0};
    if (c->kind != SERVICE_LOGIN)
        return SOURCE_IGNORED;
    /* sshd: with UseDNS the remote host is a name that whoever owns the address chose. */
    if (strcmp(c->service, "sshd") == 0 && c->ssh_connection[0] != '\0')
        return source_of_text(c->ssh_connection, strcspn(c->ssh_connection, " "), ret);
    if (c->remote_host[0] != '\0')
        return source_of_text(c->remote_host, strlen(c->remote_host), ret);
    return is_local(c) ? SOURCE_LOCAL : SOURCE_NONE;
}
