#include "broker/reaper/config.h"

#include "policy/base/ident.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int set_range(void *target, const char *value, char *reason)
{
    struct reaper_config *c = target;
    if (conf_parse_range(value, &c->gated_first, &c->gated_last) == 0)
        return 0;
    (void)snprintf(reason, 200, "gated-uid is FIRST-LAST, for example 20000-29999, and never holds 0");
    return -EINVAL;
}

static int set_seconds(uint64_t *ret, const char *value, char *reason)
{
    uint32_t seconds = 0;
    if (ident_parse_number(value, strlen(value), &seconds) < 0) {
        (void)snprintf(reason, 200, "a longest session is a number of seconds, 1 to 2147483647");
        return -EINVAL;
    }
    *ret = seconds;
    return 0;
}

static int set_normal(void *target, const char *value, char *reason)
{
    return set_seconds(&((struct reaper_config *)target)->maximum_seconds[1], value, reason);
}

static int set_privileged(void *target, const char *value, char *reason)
{
    return set_seconds(&((struct reaper_config *)target)->maximum_seconds[2], value, reason);
}

static int set_emergency(void *target, const char *value, char *reason)
{
    return set_seconds(&((struct reaper_config *)target)->maximum_seconds[3], value, reason);
}

static const struct conf_key keys[] = {
    {"reaper", "gated-uid", set_range, 1},
    {"reaper", "max-session-normal", set_normal, 1},
    {"reaper", "max-session-privileged", set_privileged, 1},
    {"reaper", "max-session-emergency", set_emergency, 1},
    {NULL, NULL, NULL, 0},
};

int reaper_config_load(const char *path, struct reaper_config *ret, struct conf_error *error)
{
    struct reaper_config c = {0};
    int r = conf_load(path, keys, &c, error);
    if (r == 0)
        *ret = c;
    return r;
}

int reaper_config_parse(const char *text, size_t size, struct reaper_config *ret, struct conf_error *error)
{
    struct reaper_config c = {0};
    int r = conf_parse(text, size, keys, &c, error);
    if (r == 0)
        *ret = c;
    return r;
}
