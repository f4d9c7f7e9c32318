#include "pam_module/caller.h"

#include "pam_module/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

/* 52 fields of at most 20 digits and a name of at most 64 octets. */
#define STAT_SIZE             2048

#define STAT_STATE_FIELD      3 /* the first behind the name */
#define STAT_START_TIME_FIELD 22

/* The kernel whose pidfds have a number of their own. */
#define COUNTED_SINCE_MAJOR 6
#define COUNTED_SINCE_MINOR 9

/* Reads what a file of /proc gives in one go. Its size, or -errno. */
static ssize_t read_proc(const char *path, char *octets, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    ssize_t n;
    int saved;

    if (fd < 0)
        return -errno;
    do
        n = read(fd, octets, size);
    while (n < 0 && errno == EINTR);
    saved = errno;
    (void)close(fd);
    return n < 0 ? -saved : n;
}

/* Digits at the start of `text`; *ret_length is how many. */
static int parse_decimal(const char *text, size_t size, uint64_t most, uint64_t *ret, size_t *ret_length)
{
    uint64_t value = 0;
    size_t i;

    for (i = 0; i < size && text[i] >= '0' && text[i] <= '9'; i++) {
        uint64_t digit = (uint64_t)(text[i] - '0');

        if (value > (most - digit) / 10)
            return -EBADMSG;
        value = value * 10 + digit;
    }
    if (i == 0)
        return -EBADMSG;
    *ret = value;
    *ret_length = i;
    return 0;
}

int caller_parse_stat(const char *text, size_t size, uint64_t *ret)
{
    const char *end = text + size;
    const char *at = memrchr(text, ')', size);
    size_t length;

    *ret = 0;
    for (int field = STAT_STATE_FIELD; at && field <= STAT_START_TIME_FIELD; field++) {
        at = memchr(at, ' ', (size_t)(end - at));
        if (at)
            at++;
    }
    if (!at || parse_decimal(at, (size_t)(end - at), UINT64_MAX, ret, &length) < 0)
        return -EBADMSG;
    /* Cut off in the middle of the number it would be a wrong one. */
    if (at + length == end || (at[length] != ' ' && at[length] != '\n')) {
        *ret = 0;
        return -EBADMSG;
    }
    return 0;
}

int caller_parse_audit(const char *text, size_t size, uint32_t *ret)
{
    uint64_t value;
    size_t length;

    if (parse_decimal(text, size, UINT32_MAX, &value, &length) < 0)
        return -EBADMSG;
    if (length != size && !(length + 1 == size && text[length] == '\n'))
        return -EBADMSG;
    *ret = (uint32_t)value;
    return 0;
}

uint64_t caller_start_time(uint32_t pid)
{
    char path[sizeof("/proc//stat") + TEXT_NUMBER_SIZE] = "/proc/", text[STAT_SIZE] = "";
    char *at = path + strlen(path);
    uint64_t start;
    ssize_t n;

    if (pid == 0)
        return 0;
    at += text_number(pid, at);
    memcpy(at, "/stat", sizeof("/stat"));
    n = read_proc(path, text, sizeof(text));
    if (n <= 0 || caller_parse_stat(text, (size_t)n, &start) < 0)
        return 0;
    return start;
}

static uint32_t audit_number(const char *path)
{
    char text[16] = "";
    ssize_t n = read_proc(path, text, sizeof(text));
    uint32_t value;

    if (n <= 0 || caller_parse_audit(text, (size_t)n, &value) < 0)
        return UINT32_MAX;
    return value;
}

void caller_identify(struct gate_caller *ret)
{
    *ret = (struct gate_caller){
        .pid = (uint32_t)getpid(),
        .parent = (uint32_t)getppid(),
        .uid = getuid(),
        .login_uid = UINT32_MAX,
        .audit_session = UINT32_MAX,
    };
}

/* The kernel gives a login uid and an audit session together, and takes both: without the one there is not
 * the other. */
void caller_find_login(struct gate_caller *c)
{
    c->login_uid = audit_number("/proc/self/loginuid");
    if (c->login_uid != UINT32_MAX)
        c->audit_session = audit_number("/proc/self/sessionid");
}

void caller_find_start(struct gate_caller *c)
{
    c->start_time = caller_start_time(c->pid);
    c->parent_start_time = caller_start_time(c->parent);
}

bool caller_release_counts(const char *release)
{
    const char *end = release + strlen(release);
    uint64_t major, minor;
    size_t length;

    if (parse_decimal(release, (size_t)(end - release), UINT32_MAX, &major, &length) < 0 ||
        release[length] != '.')
        return false;
    release += length + 1;
    if (parse_decimal(release, (size_t)(end - release), UINT32_MAX, &minor, &length) < 0)
        return false;
    return major > COUNTED_SINCE_MAJOR || (major == COUNTED_SINCE_MAJOR && minor >= COUNTED_SINCE_MINOR);
}

bool caller_is_counted(void)
{
    struct utsname name;

    return uname(&name) == 0 && caller_release_counts(name.release);
}

void caller_describe(struct gate_caller *ret)
{
    caller_identify(ret);
    caller_find_login(ret);
    caller_find_start(ret);
}

void caller_of_pkexec(const char *service, const char *value, struct gate_caller *c)
{
    uint32_t uid;

    if (c->uid != 0 || !value || !service || strcmp(service, "polkit-1") != 0)
        return;
    if (caller_parse_audit(value, strlen(value), &uid) == 0)
        c->uid = uid;
}
