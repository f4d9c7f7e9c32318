#include "broker/sessions/session.h"

#include <string.h>

#define MARK_NUMBER ((uint64_t)1 << 62)

uint64_t session_process_mark(const struct session_process *p)
{
    return p->number != 0 ? p->number | MARK_NUMBER : p->start_time;
}

void session_process_take_mark(struct session_process *p, uint64_t mark)
{
    bool number = mark >> 62 == 1;

    p->number = number ? mark & ~MARK_NUMBER : 0;
    p->start_time = number ? 0 : mark;
}

when_t session_now(const struct session *s, int64_t wall_us, uint64_t boot_us)
{
    int64_t passed = (int64_t)(boot_us - s->boot_base_us);
    int64_t steady = s->wall_base_us + passed;

    return (steady > wall_us ? steady : wall_us) / 1000000;
}

struct reap_target session_target(const struct session *s, enum reap_scope scope)
{
    struct reap_target t = {.scope = scope,
                            .uid = s->uid,
                            .session = s->number,
                            .audit_session = UINT32_MAX,
                            .leader = s->leader.pid,
                            .leader_start = s->leader.start_time};

    if (scope == REAP_SESSION)
        t.audit_session = s->audit_session;
    return t;
}

void session_source_text(const struct session *s, char text[static ADDRESS_TEXT_SIZE])
{
    text[0] = '\0';
    if (s->source == SOURCE_ADDRESS)
        address_format(&s->address, text);
    else if (s->source == SOURCE_LOCAL)
        memcpy(text, "local", sizeof("local"));
}

const char *session_state_name(enum session_state state)
{
    switch (state) {
    case SESSION_RESERVED:
        return "reserved";
    case SESSION_OPENING:
        return "opening";
    case SESSION_OPEN:
        return "open";
    case SESSION_ENDING:
        return "ending";
    }
    return "";
}
