#ifndef HUFU_REVIEW_TALLY_H
#define HUFU_REVIEW_TALLY_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Counts by name, kept in JSON objects: what is counted grows with the names, not with the records. */

#define TALLY_KEYS_MAX 65536 /* of one object: beyond, what is new is not told apart */

/** Adds n to the count of `key`. False without memory, or if there are TALLY_KEYS_MAX others. */
bool tally_add(json_t *counts, const char *key, uint64_t n);

/** The object member `key`, made if it is not there. NULL as above. Borrowed. */
json_t *tally_object(json_t *objects, const char *key);
/** The same for an array. */
json_t *tally_array(json_t *objects, const char *key);

/** An integer member; 0 if there is none. */
uint64_t tally_count(const json_t *object, const char *key);

/** The keys of an object, sorted, as an array. NULL without memory. */
json_t *tally_keys(const json_t *object);

/** Sorts an array. `before` as for qsort(), of two members. 0 or -ENOMEM. */
int tally_sort(json_t *array, int (*before)(const json_t *a, const json_t *b));

/** By integer member `name`, the greatest first; equal ones by their order before. */
int tally_sort_by_count(json_t *array, const char *name);

#endif
