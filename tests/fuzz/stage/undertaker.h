#ifndef HUFU_TESTS_FUZZ_UNDERTAKER_H
#define HUFU_TESTS_FUZZ_UNDERTAKER_H

#include "policy/wire/reap.h"

#include <stdbool.h>
#include <systemd/sd-event.h>

/*
 * hufu-reaper as the broker sees it, for the processes of people.h: what it is asked to end exits. It can be
 * unable to end anything, or away.
 */
enum undertaker_mood {
    UNDERTAKER_ENDS,
    UNDERTAKER_CANNOT, /* somebody always survives */
    UNDERTAKER_AWAY,
};

struct undertaker {
    sd_event *event;
    sd_event_source *listen_io, *io;
    char path[96];
    int listening, fd;
    enum undertaker_mood mood;
    unsigned ends, leases;
    /* Called for each order to end, before it is carried out. */
    void (*on_end)(void *userdata, const struct reap_target *target);
    void *userdata;
};

void undertaker_start(struct undertaker *u, sd_event *event, const char *path);
/** It stands by the connection, or listens, as the mood says. */
void undertaker_set_mood(struct undertaker *u, enum undertaker_mood mood);
/** The broker is gone, and its connection with it. */
void undertaker_hang_up(struct undertaker *u);
void undertaker_stop(struct undertaker *u);

#endif
