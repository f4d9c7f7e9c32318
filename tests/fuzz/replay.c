/*
 * Runs a fuzz target over every file of the folders named, so that what fuzzing once found is a test for
 * ever. Each input is given again cut short at every octet (or at some hundred places, if it is long; at a
 * few, with --cuts=N). A folder without files is a failure.
 */
#include "policy/base/cleanup.h"
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static size_t cuts_max = 512;

static bool is_file(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* An exact copy on the heap, so that a read beyond its end is seen by the sanitizers. */
static bool run(const uint8_t *data, size_t size)
{
    cleanup_free uint8_t *copy = malloc(size > 0 ? size : 1);

    if (!copy)
        return false;
    memcpy(copy, data, size);
    return LLVMFuzzerTestOneInput(copy, size) == 0;
}

static bool replay_file(const char *path)
{
    cleanup_free uint8_t *data = NULL;
    FILE *file = fopen(path, "rb");
    long size;
    bool whole;

    if (!file || fseek(file, 0, SEEK_END) != 0 || (size = ftell(file)) < 0 || fseek(file, 0, SEEK_SET) != 0) {
        perror(path);
        return false;
    }
    data = malloc((size_t)size + 1);
    whole = data && fread(data, 1, (size_t)size, file) == (size_t)size;
    fclose(file);
    if (!whole || !run(data, (size_t)size))
        return false;
    for (size_t step = (size_t)size / cuts_max + 1, cut = 0; cut < (size_t)size; cut += step)
        if (!run(data, cut))
            return false;
    return true;
}

/* Number of files, or -1. */
static int replay_folder(const char *folder)
{
    DIR *directory = opendir(folder);
    const struct dirent *entry;
    int n = 0;

    if (!directory) {
        perror(folder);
        return -1;
    }
    while ((entry = readdir(directory))) {
        char path[4096];

        if (!is_file(entry))
            continue;
        if (snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name) >= (int)sizeof(path) ||
            !replay_file(path)) {
            fprintf(stderr, "failed: %s/%s\n", folder, entry->d_name);
            n = -1;
            break;
        }
        n++;
    }
    closedir(directory);
    return n;
}

int main(int argc, char **argv)
{
    int files = 0;

    for (int i = 1; i < argc; i++) {
        int n;

        if (strncmp(argv[i], "--cuts=", 7) == 0) {
            cuts_max = strtoul(argv[i] + 7, NULL, 10);
            continue;
        }
        n = replay_folder(argv[i]);
        if (n <= 0) {
            fprintf(stderr, "%s: %s\n", argv[i], n == 0 ? "no input in the corpus" : "broken promise");
            return 1;
        }
        files += n;
    }
    printf("%d inputs replayed\n", files);
    return files > 0 ? 0 : 1;
}
