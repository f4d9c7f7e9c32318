#ifndef HUFU_CHANNEL_RELAY_H
#define HUFU_CHANNEL_RELAY_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * What a recorded command reads, on both sides of tlog. tlog 12.1 loses what a command writes once the input
 * that it was given ends, and it hangs when a command does not read for a while. So hufu-recorder never ends
 * tlog's input, and never has more octets on the way than the pipe behind tlog holds: it tells the end on a
 * socket that goes past tlog (a u64: how many octets there were), and is told there as octets were handed on
 * (u32 each).
 */
#define RELAY_FD 3 /* of the socket, in tlog and in what it starts */

/* What tlog said on its standard error; no more than there is room for is kept. */
struct relay_heard {
    char text[4096]; /* with a NUL behind it */
    size_t used;
};

/** Reads once, and waits for it. False at the end. */
bool relay_hear(int fd, struct relay_heard *heard);

/** In front of tlog: copies `from` to `to` until `watch`, which is tlog's standard error, hangs up (tlog has
 * ended). What is said there meanwhile is heard and ends nothing. `channel` is the socket. 0 or -errno. */
int relay_feed(int from, int to, int channel, int watch, struct relay_heard *heard);

/** Behind tlog: runs argv[0] with an input of its own, and hands on what comes on standard input until as
 * many octets came as RELAY_FD says. The exit status as a shell has it, or -errno. */
int relay_run(char *const argv[]);

#endif
