#include "tests/crash/journal.h"

#include "broker/common/clock.h"
#include "broker/common/files.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define SOCKET      LANE_JOURNAL "/socket"
#define PATIENCE_US ((uint64_t)10000000)

struct journal {
    struct lane *lane;
    pthread_t thread;
    int fd, stop[2];
    _Atomic uint64_t sequence; /* all up to here have come */
};

static void take(struct journal *j)
{
    static const char field[] = "HUFU_SEQUENCE=";
    char text[65536];
    ssize_t n = recv(j->fd, text, sizeof(text), MSG_DONTWAIT);
    const char *at = n > 0 ? memmem(text, (size_t)n, field, strlen(field)) : NULL;
    uint64_t sequence;

    if (!at)
        return;
    sequence = strtoull(at + strlen(field), NULL, 10);
    if (sequence > j->sequence + 1)
        lane_violation(j->lane, "journald was sent record %llu behind %llu", (unsigned long long)sequence,
                       (unsigned long long)j->sequence);
    atomic_fetch_add(&j->lane->totals->journal, 1);
    if (sequence == j->sequence + 1)
        j->sequence = sequence;
}

static void *run(void *userdata)
{
    struct journal *j = userdata;

    for (;;) {
        struct pollfd p[] = {{.fd = j->stop[1], .events = POLLIN}, {.fd = j->fd, .events = POLLIN}};

        must(poll(p, ARRAY_SIZE(p), -1) > 0 || errno == EINTR);
        if (p[0].revents)
            return NULL;
        if (p[1].revents)
            take(j);
    }
}

struct journal *journal_start(struct lane *l)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = SOCKET};
    struct journal *j = calloc(1, sizeof(*j));

    must(j != NULL && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, j->stop) == 0);
    j->lane = l;
    j->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    must(j->fd >= 0 && bind(j->fd, (struct sockaddr *)&address, sizeof(address)) == 0);
    must(pthread_create(&j->thread, NULL, run, j) == 0);
    return j;
}

struct journal *journal_stop(struct journal *j)
{
    close_fd(j->stop[0]);
    must(pthread_join(j->thread, NULL) == 0 && unlink(SOCKET) == 0);
    close_fd(j->stop[1]);
    close_fd(j->fd);
    free(j);
    return NULL;
}

void journal_check(struct journal *j, uint64_t sequence)
{
    uint64_t until = clock_boot_us() + PATIENCE_US;

    while (j->sequence < sequence) {
        if (clock_boot_us() > until)
            lane_violation(j->lane, "record %llu is noted as sent to journald, which has %llu",
                           (unsigned long long)sequence, (unsigned long long)j->sequence);
        (void)usleep(1000);
    }
}
