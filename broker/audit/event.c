#include "broker/audit/event.h"

#include "policy/base/cleanup.h"

#include <stddef.h>
#include <string.h>
#include <syslog.h>

#define ROW(symbol, name, message_id, priority) const char EVENT_##symbol[] = name;
EVENT_TABLE(ROW)
#undef ROW

static const struct event {
    const char *name;
    const char *message_id;
    int failure_priority;
} events[] = {
#define ROW(symbol, name, message_id, priority) {name, message_id, priority},
    EVENT_TABLE(ROW)
#undef ROW
};

static const struct event *event_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(events); i++)
        if (strcmp(events[i].name, name) == 0)
            return &events[i];
    return NULL;
}

const char *event_message_id(const char *event)
{
    const struct event *e = event_find(event);

    return e ? e->message_id : NULL;
}

int event_priority(const char *event, const char *result)
{
    const struct event *e = event_find(event);

    if (strcmp(result, "success") == 0)
        return LOG_INFO;
    return e ? e->failure_priority : LOG_WARNING;
}
