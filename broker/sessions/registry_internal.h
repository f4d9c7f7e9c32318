#ifndef HUFU_SESSIONS_REGISTRY_INTERNAL_H
#define HUFU_SESSIONS_REGISTRY_INTERNAL_H

#include "broker/sessions/registry.h"

/*
 * A login looks for its person's reservations and sessions in several ways. Each has a table of its own, so
 * that a person with hundreds of them logs in as fast as one with none.
 */
struct registry {
    sd_event *event;
    struct registry_events events;
    void *userdata;
    struct session *sessions;
    struct places by_number, by_uid, unwritten; /* unwritten: all under one key */
    struct places by_state;                     /* under registry_state_key() */
    struct places by_holder, by_parent;         /* reservations, by pid */
};

static inline uint64_t registry_state_key(uint32_t uid, enum session_state state)
{
    return (uint64_t)uid << 3 | (uint64_t)state;
}

#endif
