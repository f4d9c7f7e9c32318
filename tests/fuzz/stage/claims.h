#ifndef HUFU_TESTS_FUZZ_CLAIMS_H
#define HUFU_TESTS_FUZZ_CLAIMS_H

#include "tests/fuzz/stage/input.h"
#include "tests/fuzz/stage/model.h"

/* Uses that are counted over all hosts: what happens to them, and what has to be so. */

/* Operations. */

/** The provider's mood; it comes, goes away, or says that it cannot be asked. */
void claims_provider(struct input *in);
/** Another host takes one, or gives one back. */
void claims_elsewhere(struct input *in);
/** What was asked for and nobody waits for any more is answered, or done without an answer. */
void claims_late(struct input *in);

/** The connection of a login that asked for a use; waits for as long as it may. What is decided. */
enum reason claims_wait(int fd, struct model_flight *f);
/** The same without waiting: what the provider has said so far is what it says. */
enum reason claims_hear(struct model_flight *f);

/** Whoever holds a use here, or used one, has it of the provider. */
void claims_compare(void);
/** All that is not known is resolved: the provider has lent what was used or is held here, and nothing else.
 */
void claims_settle(void);

#endif
