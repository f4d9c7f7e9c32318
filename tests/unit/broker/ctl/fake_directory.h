#ifndef HUFU_TESTS_CTL_FAKE_DIRECTORY_H
#define HUFU_TESTS_CTL_FAKE_DIRECTORY_H

#include "broker/ctl/directory.h"

#include <stddef.h>

/* Fixture: a hufu-ldapd that is a script of the test's, in the folder of the test, and a directory that is
 * reached by it. */
struct fake_directory {
    struct cli cli;
    struct directory directory;
    char *out, *error; /* what was printed; after fake_directory_said() */
    size_t out_size, error_size;
    char path[512];
};

#define FAKE_BASE "ou=hufu,dc=finance,dc=example"

/** `script` is what /bin/sh runs: $MODE is --base, --list, --entry or --apply, and "$@" as it was called. Its
 * base is FAKE_BASE. */
void fake_directory_start(struct fake_directory *f, const char *script);
/** What was said on standard error so far. */
const char *fake_directory_said(struct fake_directory *f);
void fake_directory_done(struct fake_directory *f);

/** The whole text of a file of the folder, "" if there is none; the caller's. */
char *fake_directory_file(const char *name);

#endif
