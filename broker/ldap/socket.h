#ifndef HUFU_LDAP_SOCKET_H
#define HUFU_LDAP_SOCKET_H

#include "broker/ldap/config.h"

#include <lber.h>

#define SOCKET_ERROR_SIZE 256

/* The socket below libldap. */
struct ldap_socket {
    int fd;
    uint64_t deadline; /* CLOCK_BOOTTIME, microseconds: reads and writes wait until then; 0: never */
    bool timed_out;    /* the deadline has passed while something was waited for */
};

/** Connects, each address of the name in turn (eight at most), each for `seconds`. Close-on-exec and
 * non-blocking; over TCP with keepalive (a dead link is seen in 11 s) and TCP_USER_TIMEOUT. `loopback_only`:
 * refuses any other address. A descriptor, the caller's to close, or -errno with `error`. */
int ldap_socket_connect(const char *uri, uint32_t seconds, bool loopback_only,
                        char error[static SOCKET_ERROR_SIZE]);

/** The layer for ber_sockbuf_add_io(LBER_SBIOD_LEVEL_PROVIDER); its argument is a struct ldap_socket, which
 * keeps the descriptor. Never blocks beyond the deadline, whatever the descriptor's flags are made to be. */
extern Sockbuf_IO ldap_socket_io;

#endif
