#ifndef HUFU_ENGINE_ORDER_H
#define HUFU_ENGINE_ORDER_H

#include "policy/engine/index.h"

/** A person's entries, of which those in front may be `unordered` and the others are ascending by id: puts
 * each in its place (n log n for the n in front), and returns the first. */
struct grant_entry *grant_order(struct grant_entry *first);

#endif
