#include "broker/ldap/socket.h"

#include "broker/common/clock.h"
#include "broker/common/files.h"
#include "broker/common/i18n.h"

#include <errno.h>
#include <ldap.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#define ADDRESSES_MAX   8
#define SECOND          UINT64_C(1000000)
#define USER_TIMEOUT_MS 10000

/* 0: `events` (or an error, which the next call will tell), -ETIMEDOUT, -errno. */
static int await(int fd, short events, uint64_t deadline)
{
    for (;;) {
        uint64_t now = clock_boot_us();
        struct pollfd p = {.fd = fd, .events = events};
        int r;

        if (now >= deadline)
            return -ETIMEDOUT;
        r = poll(&p, 1, (int)((deadline - now) / 1000 + 1));
        if (r > 0)
            return 0;
        if (r < 0 && errno != EINTR)
            return -errno;
    }
}

static int set_number(int fd, int level, int option, int value)
{
    return setsockopt(fd, level, option, &value, sizeof(value)) < 0 ? -errno : 0;
}

/* Idle for 5 s, then up to three probes two seconds apart; what was sent is acknowledged within 10 s. */
static int set_tcp_options(int fd)
{
    const struct {
        int level, option, value;
    } options[] = {
        {SOL_SOCKET, SO_KEEPALIVE, 1}, {IPPROTO_TCP, TCP_KEEPIDLE, 5},
        {IPPROTO_TCP, TCP_KEEPCNT, 3}, {IPPROTO_TCP, TCP_KEEPINTVL, 2},
        {IPPROTO_TCP, TCP_NODELAY, 1}, {IPPROTO_TCP, TCP_USER_TIMEOUT, USER_TIMEOUT_MS},
    };

    for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
        int r = set_number(fd, options[i].level, options[i].option, options[i].value);

        if (r < 0)
            return r;
    }
    return 0;
}

static int connect_address(const struct sockaddr *address, socklen_t length, uint32_t seconds)
{
    cleanup_close int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    uint64_t deadline = clock_boot_us() + seconds * SECOND;
    int error = 0, r, connected;
    socklen_t size = sizeof(error);

    if (fd < 0)
        return -errno;
    r = address->sa_family == AF_UNIX ? 0 : set_tcp_options(fd);
    if (r < 0)
        return r;
    if (connect(fd, address, length) < 0) {
        if (errno != EINPROGRESS)
            return -errno;
        r = await(fd, POLLOUT, deadline);
        if (r < 0)
            return r;
        if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
            return -errno;
        if (error != 0)
            return -error;
    }
    connected = fd;
    fd = -1;
    return connected;
}

static int connect_ipc(const char *path, uint32_t seconds, char *error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int r;

    if (strlen(path) >= sizeof(address.sun_path)) {
        (void)snprintf(error, SOCKET_ERROR_SIZE, _("the path of the socket is too long"));
        return -ENAMETOOLONG;
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    r = connect_address((struct sockaddr *)&address, sizeof(address), seconds);
    if (r < 0)
        (void)snprintf(error, SOCKET_ERROR_SIZE, _("no connection to %.108s: %s"), path, strerrordesc_np(-r));
    return r;
}

static bool is_loopback(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET)
        return ntohl(((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr) >> 24 == 127;
    return address->sa_family == AF_INET6 &&
           IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr);
}

static int connect_each(const struct addrinfo *list, uint32_t seconds, bool loopback_only)
{
    int r = -EHOSTUNREACH, n = 0;

    for (const struct addrinfo *a = list; a && n < ADDRESSES_MAX; a = a->ai_next, n++) {
        if (loopback_only && !is_loopback(a->ai_addr)) {
            r = -EPERM;
            continue;
        }
        r = connect_address(a->ai_addr, a->ai_addrlen, seconds);
        if (r >= 0)
            return r;
    }
    return r;
}

static int connect_tcp(const char *host, int port, uint32_t seconds, bool loopback_only, char *error)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *list = NULL;
    char service[16];
    int r;

    (void)snprintf(service, sizeof(service), "%d", port);
    r = getaddrinfo(host, service, &hints, &list);
    if (r != 0) {
        (void)snprintf(error, SOCKET_ERROR_SIZE, _("the name %.100s has no address: %s"), host,
                       gai_strerror(r));
        return -EHOSTUNREACH;
    }
    r = connect_each(list, seconds, loopback_only);
    freeaddrinfo(list);
    if (r == -EPERM)
        (void)snprintf(error, SOCKET_ERROR_SIZE, _("%.100s is another machine: not without TLS"), host);
    else if (r < 0)
        (void)snprintf(error, SOCKET_ERROR_SIZE, _("no connection to %.100s, port %d: %s"), host, port,
                       strerrordesc_np(-r));
    return r;
}

int ldap_socket_connect(const char *uri, uint32_t seconds, bool loopback_only,
                        char error[static SOCKET_ERROR_SIZE])
{
    LDAPURLDesc *url = NULL;
    int r;

    if (ldap_url_parse(uri, &url) != LDAP_URL_SUCCESS || !url->lud_scheme || !url->lud_host) {
        (void)snprintf(error, SOCKET_ERROR_SIZE, _("\"%.80s\" is no LDAP URI"), uri);
        ldap_free_urldesc(url);
        return -EINVAL;
    }
    if (strcasecmp(url->lud_scheme, "ldapi") == 0)
        r = connect_ipc(url->lud_host, seconds, error);
    else
        r = connect_tcp(url->lud_host, url->lud_port, seconds, loopback_only, error);
    ldap_free_urldesc(url);
    return r;
}

/* --- what libldap reads and writes with */

static int io_setup(Sockbuf_IO_Desc *desc, void *argument)
{
    desc->sbiod_pvt = argument;
    return 0;
}

static int io_remove(Sockbuf_IO_Desc *desc)
{
    desc->sbiod_pvt = NULL;
    return 0;
}

static int io_control(Sockbuf_IO_Desc *desc, int option, void *argument)
{
    (void)desc;
    (void)option;
    (void)argument;
    return 0;
}

/* Whether to try again after `error` of a call that would have had to wait. */
static bool may_wait(struct ldap_socket *s, int error, short events)
{
    int r;

    if (error == EINTR)
        return true;
    if ((error != EAGAIN && error != EWOULDBLOCK) || s->deadline == 0)
        return false;
    r = await(s->fd, events, s->deadline);
    if (r == 0)
        return true;
    s->timed_out = r == -ETIMEDOUT;
    /* Not EAGAIN: whoever called would only call again. */
    errno = -r;
    return false;
}

static ber_slen_t io_read(Sockbuf_IO_Desc *desc, void *octets, ber_len_t size)
{
    struct ldap_socket *s = desc->sbiod_pvt;
    ssize_t n;

    do
        n = recv(s->fd, octets, size, MSG_DONTWAIT);
    while (n < 0 && may_wait(s, errno, POLLIN));
    return n;
}

static ber_slen_t io_write(Sockbuf_IO_Desc *desc, void *octets, ber_len_t size)
{
    struct ldap_socket *s = desc->sbiod_pvt;
    ssize_t n;

    do
        n = send(s->fd, octets, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    while (n < 0 && may_wait(s, errno, POLLOUT));
    return n;
}

static int io_close(Sockbuf_IO_Desc *desc)
{
    (void)desc; /* connection_free() closes it */
    return 0;
}

Sockbuf_IO ldap_socket_io = {
    .sbi_setup = io_setup,
    .sbi_remove = io_remove,
    .sbi_ctrl = io_control,
    .sbi_read = io_read,
    .sbi_write = io_write,
    .sbi_close = io_close,
};
