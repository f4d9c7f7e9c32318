#include "broker/doctor/doctor.h"

#include <errno.h>
#include <string.h>

void doctor_accounts_done(struct doctor_accounts *a)
{
    for (size_t i = 0; i < a->n; i++)
        free(a->items[i].name);
    free(a->items);
    *a = (struct doctor_accounts){.n = 0};
}

/* A uid or gid: digits up to 4294967295 and a colon. */
static bool read_number(const char **at, uint32_t *ret)
{
    uint64_t value = 0;
    const char *p = *at;

    for (; *p >= '0' && *p <= '9' && value <= UINT32_MAX; p++)
        value = value * 10 + (uint64_t)(*p - '0');
    if (p == *at || *p != ':' || value > UINT32_MAX)
        return false;
    *at = p + 1;
    *ret = (uint32_t)value;
    return true;
}

/* name:password:uid:gid: ... */
static bool read_line(const char *line, size_t *name_length, struct doctor_account *ret)
{
    const char *at;

    *name_length = strcspn(line, ":\n");
    at = line[*name_length] == ':' ? line + *name_length + 1 : NULL;
    if (!at || *name_length == 0)
        return false;
    at += strcspn(at, ":\n");
    if (*at++ != ':')
        return false;
    return read_number(&at, &ret->uid) && read_number(&at, &ret->gid);
}

int doctor_parse_passwd(const char *text, bool (*wanted)(const struct doctor *d, uint32_t uid),
                        const struct doctor *d, struct doctor_accounts *ret)
{
    for (const char *line = text; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
        struct doctor_account account = {.name = NULL}, *grown;
        size_t length;

        if (!read_line(line, &length, &account) || (wanted && !wanted(d, account.uid)))
            continue;
        grown = reallocarray(ret->items, ret->n + 1, sizeof(*grown));
        if (!grown)
            return -ENOMEM;
        ret->items = grown;
        account.name = strndup(line, length);
        if (!account.name)
            return -ENOMEM;
        grown[ret->n++] = account;
    }
    return 0;
}

int doctor_gated_accounts(struct doctor *d, struct doctor_accounts *ret)
{
    static const char *const argv[] = {"/usr/bin/getent", "passwd", NULL};
    cleanup_doctor_output struct doctor_output output = {0};
    int r = doctor_run(d, argv, &output);

    *ret = (struct doctor_accounts){.n = 0};
    if (r < 0)
        return r;
    if (output.status != 0)
        return -EIO;
    r = doctor_parse_passwd(output.out, doctor_is_gated, d, ret);
    if (r < 0)
        doctor_accounts_done(ret);
    return r;
}
