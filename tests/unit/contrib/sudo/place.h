#ifndef HUFU_TESTS_SUDO_PLACE_H
#define HUFU_TESTS_SUDO_PLACE_H

#include "contrib/sudo/path.h"

/*
 * A small host in a folder, all of it owned by who runs the test, who plays root:
 *
 *   /bin -> usr/bin               /usr/bin/id     program
 *   /usr/bin/awk -> /etc/alternatives/awk -> /usr/bin/mawk
 *   /usr/bin/report               script of /bin/sh
 *   /open                         folder that everybody may write, with a program `tool`
 *   /home/who/link -> /usr/bin/id
 */
struct place {
    char folder[64];
    struct path_place as;
};

/** The one of the running test. */
extern struct place place;

/** For cmocka. */
int place_setup(void **state);
int place_teardown(void **state);

/** Puts a file, a link or a folder; parents are there. */
void place_file(const struct place *p, const char *path, unsigned mode, const char *text);
void place_link(const struct place *p, const char *path, const char *to);
void place_folder(const struct place *p, const char *path, unsigned mode);

#endif
