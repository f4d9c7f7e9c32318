#include "broker/daemon/config.h"

#include "broker/common/files.h"
#include "policy/base/ident.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIST_MAX          64
#define TOLERANCE_DEFAULT 10
#define TOLERANCE_MAX     3600
#define RESERVE_DEFAULT   ((uint64_t)64 << 20)
#define RESERVE_MIN       ((uint64_t)1 << 20)
#define RESERVE_MAX       ((uint64_t)64 << 30)
#define CHECKPOINT_MAX    3600
#define REVIEW_DEFAULT    ((uint32_t)31 * 86400)

static int set_host(void *target, const char *value, char *reason)
{
    struct config *c = target;

    if (!ident_is_name(value, strlen(value)))
        return conf_refuse(reason, "\"%.60s\" is no host name: [A-Za-z0-9][A-Za-z0-9._-]{0,63}", value);
    return conf_set_text(&c->host, value);
}

/* "A, B": appends each name; blanks around commas are fine, empty items are not. */
static int set_list(char ***items, size_t *n, const char *value, bool (*fits)(const char *, size_t),
                    const char *what, char *reason)
{
    while (*value != '\0') {
        size_t length, used;
        char **more;

        value += strspn(value, " ");
        length = strcspn(value, ",");
        used = length;
        while (used > 0 && value[used - 1] == ' ')
            used--;
        if (!fits(value, used))
            return conf_refuse(reason, "\"%.*s\" is no %s", (int)(used < 60 ? used : 60), value, what);
        if (*n == LIST_MAX)
            return conf_refuse(reason, "more than %d names", LIST_MAX);
        more = realloc(*items, (*n + 1) * sizeof(**items));
        if (!more)
            return -ENOMEM;
        *items = more;
        (*items)[*n] = strndup(value, used);
        if (!(*items)[*n])
            return -ENOMEM;
        (*n)++;
        value += length;
        if (*value == ',' && value[strspn(value, ", ")] == '\0')
            return conf_refuse(reason, "a comma at the end");
        value += *value == ',';
    }
    return 0;
}

static int set_groups(void *target, const char *value, char *reason)
{
    struct config *c = target;

    return set_list(&c->groups, &c->n_groups, value, ident_is_name, "group name", reason);
}

static bool is_serial_line(const char *text, size_t length)
{
    return ident_is_name(text, length) && length >= 4 && strncmp(text, "tty", 3) == 0;
}

static int set_serial_lines(void *target, const char *value, char *reason)
{
    struct config *c = target;

    return set_list(&c->serial, &c->n_serial, value, is_serial_line, "serial line such as ttyS0", reason);
}

static int set_gated_uid(void *target, const char *value, char *reason)
{
    struct config *c = target;

    if (conf_parse_range(value, &c->gated_first, &c->gated_last) < 0)
        return conf_refuse(reason, "\"%.60s\" is no range of uids such as 20000-29999", value);
    return 0;
}

static int set_status_max_age(void *target, const char *value, char *reason)
{
    struct config *c = target;

    c->status_required = strcmp(value, "none") != 0;
    if (c->status_required && conf_parse_duration(value, &c->status_max_age) < 0)
        return conf_refuse(reason, "\"%.60s\" is neither a duration such as 24h nor none", value);
    return 0;
}

static int set_tolerance(void *target, const char *value, char *reason)
{
    struct config *c = target;

    if (conf_parse_duration(value, &c->tolerance) < 0 || c->tolerance > TOLERANCE_MAX)
        return conf_refuse(reason, "\"%.60s\" is no duration from 1s to 1h", value);
    return 0;
}

static int set_recorder(void *target, const char *value, char *reason)
{
    struct config *c = target;

    c->recorder = strcmp(value, "tlog") == 0;
    if (!c->recorder && strcmp(value, "none") != 0)
        return conf_refuse(reason, "\"%.60s\" is neither tlog nor none", value);
    return 0;
}

static int set_ledger_hash(void *target, const char *value, char *reason)
{
    struct config *c = target;

    c->ledger_hash = strcmp(value, "sm3") == 0 ? RECORD_FORMAT_2_SM3 : RECORD_FORMAT_2_SHA256;
    if (strcmp(value, "sm3") != 0 && strcmp(value, "sha256") != 0)
        return conf_refuse(reason, "\"%.60s\" is neither sha256 nor sm3", value);
    return 0;
}

static int set_path(char **path, const char *value, char *reason)
{
    if (value[0] != '/')
        return conf_refuse(reason, "\"%.60s\" is no path from / on", value);
    return conf_set_text(path, value);
}

/* A PIN in the URI would be there for everybody who can read this file. */
static int set_ledger_key(void *target, const char *value, char *reason)
{
    struct config *c = target;

    if (strncmp(value, "pkcs11:", 7) != 0)
        return set_path(&c->ledger_key, value, reason);
    if (strstr(value, "pin-value="))
        return conf_refuse(reason, "a PIN does not belong here: name a file with it as pin-file");
    return conf_set_text(&c->ledger_key, value);
}

static int set_ledger_pin_file(void *target, const char *value, char *reason)
{
    struct config *c = target;

    return set_path(&c->ledger_pin_file, value, reason);
}

static int set_archive(void *target, const char *value, char *reason)
{
    struct config *c = target;

    return set_path(&c->archive, value, reason);
}

static int set_checkpoint_every(void *target, const char *value, char *reason)
{
    struct config *c = target;

    if (conf_parse_duration(value, &c->checkpoint_every) < 0 || c->checkpoint_every > CHECKPOINT_MAX)
        return conf_refuse(reason, "\"%.60s\" is no duration from 1s to 1h", value);
    return 0;
}

static int set_keep(void *target, const char *value, char *reason)
{
    struct config *c = target;

    if (conf_parse_duration(value, &c->keep) < 0)
        return conf_refuse(reason, "\"%.60s\" is no duration such as 1095d", value);
    return 0;
}

static int set_keep_size(void *target, const char *value, char *reason)
{
    struct config *c = target;

    if (conf_parse_size(value, &c->keep_size) < 0)
        return conf_refuse(reason, "\"%.60s\" is no size such as 4G", value);
    return 0;
}

static int set_reserve(void *target, const char *value, char *reason)
{
    struct config *c = target;

    if (conf_parse_size(value, &c->reserve) < 0 || c->reserve < RESERVE_MIN || c->reserve > RESERVE_MAX)
        return conf_refuse(reason, "\"%.60s\" is no size from 1M to 64G", value);
    return 0;
}

static int set_review_every(void *target, const char *value, char *reason)
{
    struct config *c = target;

    c->review_every = 0;
    if (strcmp(value, "none") != 0 && conf_parse_duration(value, &c->review_every) < 0)
        return conf_refuse(reason, "\"%.60s\" is neither a duration such as 31d nor none", value);
    return 0;
}

static int set_language(void *target, const char *value, char *reason)
{
    struct config *c = target;

    if (strcmp(value, "en") != 0 && strcmp(value, "zh_CN") != 0)
        return conf_refuse(reason, "\"%.60s\" is neither en nor zh_CN", value);
    return conf_set_text(&c->language, value);
}

static const struct conf_key keys[] = {
    {"host", "host", set_host, 1},
    {"host", "groups", set_groups, 0},
    {"gate", "gated-uid", set_gated_uid, 1},
    {"gate", "serial-lines", set_serial_lines, 0},
    {"directory", "status-max-age", set_status_max_age, 1},
    {"time", "tolerance", set_tolerance, 0},
    {"recording", "recorder", set_recorder, 0},
    {"ledger", "reserve", set_reserve, 0},
    {"ledger", "hash", set_ledger_hash, 0},
    {"ledger", "key", set_ledger_key, 0},
    {"ledger", "pin-file", set_ledger_pin_file, 0},
    {"ledger", "checkpoint-every", set_checkpoint_every, 0},
    {"ledger", "keep", set_keep, 0},
    {"ledger", "keep-size", set_keep_size, 0},
    {"ledger", "archive", set_archive, 0},
    {"review", "every", set_review_every, 0},
    {"texts", "language", set_language, 0},
    {NULL, NULL, NULL, 0},
};

int config_parse(const char *text, size_t size, struct config **ret, struct conf_error *error)
{
    cleanup(config_free_p) struct config *c = calloc(1, sizeof(*c));
    int r;

    *error = (struct conf_error){0};
    if (!c)
        return -ENOMEM;
    c->tolerance = TOLERANCE_DEFAULT;
    c->reserve = RESERVE_DEFAULT;
    c->ledger_hash = RECORD_FORMAT_2_SHA256;
    c->checkpoint_every = CHECKPOINT_MAX;
    c->review_every = REVIEW_DEFAULT;
    r = conf_parse(text, size, keys, c, error);
    if (r < 0)
        return r;
    if (!c->language && conf_set_text(&c->language, "en") < 0)
        return -ENOMEM;
    *ret = steal_pointer(&c);
    return 0;
}

int config_load(const char *path, uid_t owner, struct config **ret, struct conf_error *error)
{
    cleanup_free char *text = NULL;
    size_t size;
    int r = files_read(path, owner, CONF_SIZE_MAX, &text, &size);

    *error = (struct conf_error){0};
    if (r < 0) {
        const char *why =
            r == -EPERM ? "must be a regular file of root that nobody else can write" : strerror(-r);

        (void)snprintf(error->reason, sizeof(error->reason), "%s", why);
        return r;
    }
    return config_parse(text, size, ret, error);
}

static void free_list(char **items, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(items[i]);
    free(items);
}

struct config *config_free(struct config *c)
{
    if (!c)
        return NULL;
    free(c->host);
    free_list(c->groups, c->n_groups);
    free_list(c->serial, c->n_serial);
    free(c->ledger_key);
    free(c->ledger_pin_file);
    free(c->archive);
    free(c->language);
    free(c);
    return NULL;
}
