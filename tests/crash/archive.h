#ifndef HUFU_TESTS_CRASH_ARCHIVE_H
#define HUFU_TESTS_CRASH_ARCHIVE_H

#include <stdint.h>

struct chain;
struct lane;

/* The lane's archive, to which sealed records leave. */
#define ARCHIVE_FOLDER "archive"

/** Goes on with records that have left the store, up to this one, all of which have to be in the archive.
 * Notes what each is known by. Anything else is a violation. */
void archive_follow(struct lane *l, struct chain *c, uint64_t upto);
/** What is said of a segment that was sealed: its file is there, and is the one. */
void archive_check(struct lane *l, const char *detail);

#endif
