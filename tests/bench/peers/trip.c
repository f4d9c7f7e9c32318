#include "tests/bench/peers/trip.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define BACKLOG 4096

static int address_of(const char *path, struct sockaddr_un *ret)
{
    size_t length = strlen(path);

    *ret = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (length >= sizeof(ret->sun_path))
        return -1;
    memcpy(ret->sun_path, path, length + 1);
    return 0;
}

static int exchange(int fd, const struct sockaddr_un *address, int64_t *heard)
{
    char question[TRIP_QUESTION_SIZE] = "question", answer[TRIP_ANSWER_SIZE];

    if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0)
        return -1;
    if (send(fd, question, sizeof(question), MSG_NOSIGNAL) != (ssize_t)sizeof(question))
        return -1;
    if (recv(fd, answer, sizeof(answer), MSG_WAITALL) != (ssize_t)sizeof(answer))
        return -1;
    memcpy(heard, answer, sizeof(*heard));
    return 0;
}

int trip(const char *path, int64_t *heard)
{
    struct sockaddr_un address;
    int fd, r;

    if (address_of(path, &address) < 0)
        return -1;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    r = exchange(fd, &address, heard);
    (void)close(fd);
    return r;
}

static void answer_one(int fd)
{
    char question[TRIP_QUESTION_SIZE], answer[TRIP_ANSWER_SIZE] = "";
    struct timespec t;
    int64_t heard;

    if (recv(fd, question, sizeof(question), MSG_WAITALL) != (ssize_t)sizeof(question))
        return;
    (void)clock_gettime(CLOCK_REALTIME, &t);
    heard = (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
    memcpy(answer, &heard, sizeof(heard));
    (void)send(fd, answer, sizeof(answer), MSG_NOSIGNAL);
}

int trip_serve(const char *path)
{
    struct sockaddr_un address;
    int listening;

    if (address_of(path, &address) < 0)
        return -1;
    listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listening < 0)
        return -1;
    (void)unlink(path);
    if (bind(listening, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
        listen(listening, BACKLOG) < 0) {
        (void)close(listening);
        return -1;
    }
    for (;;) {
        int fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC);

        if (fd < 0)
            continue;
        answer_one(fd);
        (void)close(fd);
    }
}
