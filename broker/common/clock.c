#include "broker/common/clock.h"

#include "broker/common/files.h"
#include "policy/base/ident.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/timex.h>
#include <time.h>

#define BOOT_ID_PATH  "/proc/sys/kernel/random/boot_id"
#define UUID_LENGTH   36U
#define NS_PER_US     1000
#define US_PER_SECOND 1000000

/* clock_gettime() of these clocks cannot fail on Linux; a time of zero would refuse, not admit. */
static struct timespec clock_read(clockid_t id)
{
    struct timespec t = {0};

    (void)clock_gettime(id, &t);
    return t;
}

when_t clock_wall(void)
{
    return clock_read(CLOCK_REALTIME).tv_sec;
}

int64_t clock_wall_us(void)
{
    struct timespec t = clock_read(CLOCK_REALTIME);

    return (int64_t)t.tv_sec * US_PER_SECOND + t.tv_nsec / NS_PER_US;
}

uint64_t clock_boot_us(void)
{
    struct timespec t = clock_read(CLOCK_BOOTTIME);

    return (uint64_t)t.tv_sec * US_PER_SECOND + (uint64_t)t.tv_nsec / NS_PER_US;
}

/* TIME_INS, TIME_DEL, TIME_OOP and TIME_WAIT are the course of a leap second. A call that fails, as under a
 * filter of system calls that lacks it, says nothing in the clock's favour. */
bool clock_is_synchronised(void)
{
    struct timex t = {.modes = 0};
    int state = adjtimex(&t);

    return state >= 0 && state != TIME_ERROR && (t.status & STA_UNSYNC) == 0;
}

int clock_boot_id(char text[static 33])
{
    cleanup_close int fd = open(BOOT_ID_PATH, O_RDONLY | O_CLOEXEC);
    char uuid[UUID_LENGTH + 2]; /* and its LF, and room to see anything more */
    struct ident_id id;
    size_t length = 0;
    ssize_t n;

    text[0] = '\0';
    if (fd < 0)
        return -errno;
    n = read(fd, uuid, sizeof(uuid));
    if (n < 0)
        return -errno;
    if (n != (ssize_t)UUID_LENGTH + 1 || uuid[UUID_LENGTH] != '\n')
        return -EBADMSG;
    for (size_t i = 0; i < UUID_LENGTH; i++)
        if (uuid[i] != '-')
            uuid[length++] = uuid[i];
    if (ident_parse_id(uuid, length, &id) < 0)
        return -EBADMSG;
    ident_format_id(&id, text);
    return 0;
}
