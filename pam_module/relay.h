#ifndef HUFU_PAM_MODULE_RELAY_H
#define HUFU_PAM_MODULE_RELAY_H

#include <sys/types.h>

/*
 * What a recorded command reads, on both sides of tlog. tlog 12.1 loses what a command writes once the input
 * that it was given ends, and it hangs when a command does not read for a while. So hufu-recorder never ends
 * tlog's input, and never has more octets on the way than the pipe behind tlog holds: it tells the end on a
 * socket that goes past tlog (a u64: how many octets there were), and is told there as octets were handed on
 * (u32 each).
 */
#define RELAY_FD 3 /* of the socket, in tlog and in what it starts */

/** In front of tlog: copies `from` to `to` until `watch` hangs up (tlog has ended). `channel` is the socket.
 * 0 or -errno. */
int relay_feed(int from, int to, int channel, int watch);

/** Behind tlog: runs argv[0] with an input of its own, and hands on what comes on standard input until as
 * many octets came as RELAY_FD says. The exit status as a shell has it, or -errno. */
int relay_run(char *const argv[]);

#endif
