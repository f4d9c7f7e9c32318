#include "pam_module/arguments.h"

#include "pam_module/client.h"
#include "policy/base/ident.h"

#include <errno.h>
#include <string.h>
#include <sys/un.h>

int arguments_parse_range(const char *text, struct gate_range *ret)
{
    const char *dash = memchr(text, '-', strlen(text));
    struct gate_range range;

    *ret = (struct gate_range){0};
    if (!dash)
        return -EINVAL;
    if (ident_parse_number(text, (size_t)(dash - text), &range.first) < 0 ||
        ident_parse_number(dash + 1, strlen(dash + 1), &range.last) < 0 || range.first > range.last)
        return -EINVAL;
    *ret = range;
    return 0;
}

static const char *value_of(const char *argument, const char *name)
{
    for (; *name != 0; name++, argument++)
        if (*argument != *name)
            return NULL;
    return *argument == '=' ? argument + 1 : NULL;
}

/* The worst fault counts, and the first of its kind is named. */
static void fault(struct arguments *a, enum arguments_state state, const char *culprit)
{
    if (a->state == ARGUMENTS_NO_RANGE || a->state == state)
        return;
    a->state = state;
    a->culprit = culprit;
}

static bool is_socket_path(const char *text)
{
    return text[0] == '/' && strlen(text) < sizeof(((struct sockaddr_un *)0)->sun_path);
}

void arguments_parse(int argc, const char **argv, struct arguments *ret)
{
    const char *range = NULL, *socket = NULL;

    *ret = (struct arguments){.state = ARGUMENTS_GOOD, .socket = CLIENT_GATE_PATH};
    for (int i = 0; i < argc; i++) {
        const char *range_value = value_of(argv[i], "gated_uid");
        const char *socket_value = value_of(argv[i], "socket");

        if (range_value) {
            if (range || arguments_parse_range(range_value, &ret->range) < 0)
                fault(ret, ARGUMENTS_NO_RANGE, argv[i]);
            range = range_value;
        } else if (socket_value && !socket && is_socket_path(socket_value)) {
            socket = socket_value;
            ret->socket = socket;
        } else if (!ret->refusals_shown && strcmp(argv[i], "refusals=shown") == 0) {
            ret->refusals_shown = true;
        } else {
            fault(ret, ARGUMENTS_FAULTY, argv[i]);
        }
    }
    if (!range)
        fault(ret, ARGUMENTS_NO_RANGE, "gated_uid=");
    if (ret->state == ARGUMENTS_NO_RANGE)
        ret->range = (struct gate_range){0};
}
