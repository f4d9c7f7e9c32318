#ifndef HUFU_TESTS_FUZZ_TRUSTS_H
#define HUFU_TESTS_FUZZ_TRUSTS_H

#include "tests/fuzz/stage/input.h"
#include "tests/fuzz/stage/model.h"

/* Operations: another trust file, with more or less of what it takes. */

struct trusts_paper {
    unsigned list, epoch, keys; /* as in keys.h */
    bool is_junk;
};
/** Which one an input speaks of; `now` is the epoch in force. */
struct trusts_paper trusts_take(struct input *in, unsigned now);
const char *trusts_text(const struct trusts_paper *p);
/** Whether it is in force once it has come, or is already. */
bool trusts_may_follow(const struct model *m, const struct trusts_paper *p);

/** One is handed in, of this or another epoch, signed by some. */
void trusts_hand_in(struct input *in);
/** Root puts one, or what is none, where the file is, and starts over with it, or does not. */
void trusts_reset(struct input *in);

/** While what was decided waits for the disk: the next epoch, signed by all. Its connection; -1: it cannot be
 * now. */
int trusts_begin(struct input *in);

#endif
