#ifndef HUFU_REAPER_DEPARTURE_H
#define HUFU_REAPER_DEPARTURE_H

#include "broker/reaper/look.h"

#include <systemd/sd-event.h>

/*
 * Tells when the processes that a look saw have gone, so that nobody has to go through /proc again and again
 * while they are dying. It proves nothing: others may have come meanwhile, and a pid may be another's by now.
 * Whoever hears of it looks again; and looks again after a while if nothing is heard.
 */
struct departure;

/** Called once all have gone, and never from within departure_wait(). It may free the departure. */
typedef void departure_done(void *userdata);

/** Waits for no one yet. 0 or -ENOMEM. */
int departure_new(sd_event *event, departure_done *done, void *userdata, struct departure **ret);
struct departure *departure_free(struct departure *d);

/** Waits for the marked ones of this look, and no longer for those of the one before. It has one descriptor
 * open at a time, however many they are. 0, or -errno: nothing will be heard. */
int departure_wait(struct departure *d, const struct look *l);

#endif
