#include "pam_module/items.h"

#include "policy/base/cleanup.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

static const char *item(pam_handle_t *pamh, int type)
{
    const void *value = NULL;

    return pam_get_item(pamh, type, &value) == PAM_SUCCESS ? value : NULL;
}

const char *items_service(pam_handle_t *pamh)
{
    return item(pamh, PAM_SERVICE);
}

const char *items_user(pam_handle_t *pamh)
{
    return item(pamh, PAM_USER);
}

static int copy(const char *text, char *array, size_t size)
{
    size_t length = text ? strlen(text) : 0;

    if (length >= size)
        return -EMSGSIZE;
    if (length > 0)
        memcpy(array, text, length);
    array[length] = 0;
    return 0;
}

/* Only sshd's variables mean a connection; su and sudo inherit their session's source. */
static const char *ssh_variable(pam_handle_t *pamh, const char *service, const char *name)
{
    return strcmp(service, "sshd") == 0 ? pam_getenv(pamh, name) : NULL;
}

#define ITEM_ROW(type, member)                                                          \
    {                                                                                   \
        type, offsetof(struct gate_pam, member), sizeof(((struct gate_pam *)0)->member) \
    }
#define VARIABLE_ROW(name, member)                                                      \
    {                                                                                   \
        name, offsetof(struct gate_pam, member), sizeof(((struct gate_pam *)0)->member) \
    }

static const struct {
    int type;
    size_t offset;
    size_t size;
} item_rows[] = {
    ITEM_ROW(PAM_USER, user),         ITEM_ROW(PAM_SERVICE, service),   ITEM_ROW(PAM_TTY, tty),
    ITEM_ROW(PAM_RHOST, remote_host), ITEM_ROW(PAM_RUSER, remote_user),
};

static const struct {
    const char *name;
    size_t offset;
    size_t size;
} variable_rows[] = {
    VARIABLE_ROW("SSH_CONNECTION", ssh_connection),
    VARIABLE_ROW("SSH_AUTH_INFO_0", auth_info),
};

int items_fill(pam_handle_t *pamh, struct gate_pam *m)
{
    int r;

    for (size_t i = 0; i < ARRAY_SIZE(item_rows); i++) {
        r = copy(item(pamh, item_rows[i].type), (char *)m + item_rows[i].offset, item_rows[i].size);
        if (r < 0)
            return r;
    }
    if (m->user[0] == 0 || m->service[0] == 0)
        return -ENODATA;
    for (size_t i = 0; i < ARRAY_SIZE(variable_rows); i++) {
        r = copy(ssh_variable(pamh, m->service, variable_rows[i].name), (char *)m + variable_rows[i].offset,
                 variable_rows[i].size);
        if (r < 0)
            return r;
    }
    return 0;
}
