#include "tests/bench/peers/trip.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
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

static int exchange(int fd, const struct sockaddr_un *address)
{
    char question[TRIP_QUESTION_SIZE] = "question", answer[TRIP_ANSWER_SIZE];

    if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0)
        return -1;
    if (send(fd, question, sizeof(question), MSG_NOSIGNAL) != (ssize_t)sizeof(question))
        return -1;
    return recv(fd, answer, sizeof(answer), MSG_WAITALL) == (ssize_t)sizeof(answer) ? 0 : -1;
}

int trip(const char *path)
{
    struct sockaddr_un address;
    int fd, r;

    if (address_of(path, &address) < 0)
        return -1;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    r = exchange(fd, &address);
    (void)close(fd);
    return r;
}

int trip_serve(const char *path)
{
    char question[TRIP_QUESTION_SIZE], answer[TRIP_ANSWER_SIZE] = "answer";
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
        if (recv(fd, question, sizeof(question), MSG_WAITALL) == (ssize_t)sizeof(question))
            (void)send(fd, answer, sizeof(answer), MSG_NOSIGNAL);
        (void)close(fd);
    }
}
