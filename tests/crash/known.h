#ifndef HUFU_TESTS_CRASH_KNOWN_H
#define HUFU_TESTS_CRASH_KNOWN_H

#include <stdint.h>

struct lane;

/* What a record says that facts are looked for by, whether it is a row or a line of an archive. */
struct known_record {
    uint64_t sequence;
    const char *event, *result, *tty, *grant, *reference, *detail;
    unsigned version;
    uint64_t count;
    const char *first; /* of those that are counted: any text that is another for another time */
};

/** Notes what it is known by, once; and how many refusals it stands for. A second one of what can be there
 * once is a violation. With the lane's lock held. */
void known_add(struct lane *l, const struct known_record *r);

#endif
