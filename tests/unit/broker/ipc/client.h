#ifndef HUFU_TESTS_IPC_CLIENT_H
#define HUFU_TESTS_IPC_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <systemd/sd-event.h>

/* A socket in a folder of its own, clients of it in the same process, and the loop that serves them. */
struct client_world {
    char folder[64];
    char path[96];
    sd_event *event;
};

void client_world_new(struct client_world *w);
void client_world_done(struct client_world *w);
int client_connect(const struct client_world *w);
void client_send(int fd, const void *octets, size_t size);
/** Turns the loop for so long. */
void client_turn(struct client_world *w, unsigned milliseconds);
/** Turns it until the descriptor is readable (false: not within half a minute). */
bool client_wait(struct client_world *w, int fd);
/** Whether the other end has hung up. */
bool client_is_hung_up(struct client_world *w, int fd);

#endif
