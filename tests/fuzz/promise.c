#include "tests/fuzz/fuzz.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void demand(bool condition, const char *promise)
{
    if (condition)
        return;
    (void)fprintf(stderr, "broken promise: %s\n", promise);
    abort();
}

bool is_clear(const void *at, size_t size)
{
    const uint8_t *octets = at;

    /* Each is as the one before it. */
    return size == 0 || (octets[0] == 0 && memcmp(octets, octets + 1, size - 1) == 0);
}

char *fuzz_text(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);

    demand(text != NULL, "memory");
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    return text;
}

static char file[] = "/tmp/hufu-fuzz-XXXXXX";

static void remove_file(void)
{
    (void)unlink(file);
}

const char *fuzz_file(const uint8_t *data, size_t size)
{
    static int fd = -1;

    if (fd < 0) {
        demand((fd = mkostemp(file, O_CLOEXEC)) >= 0, "a file");
        (void)atexit(remove_file);
    }
    demand(ftruncate(fd, 0) == 0 && pwrite(fd, data, size, 0) == (ssize_t)size, "a file");
    return file;
}
