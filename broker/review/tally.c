#include "broker/review/tally.h"

#include "policy/base/cleanup.h"

#include <errno.h>
#include <string.h>

bool tally_add(json_t *counts, const char *key, uint64_t n)
{
    json_t *count = json_object_get(counts, key);

    if (count)
        return json_integer_set(count, json_integer_value(count) + (json_int_t)n) == 0;
    if (json_object_size(counts) >= TALLY_KEYS_MAX)
        return false;
    return json_object_set_new(counts, key, json_integer((json_int_t)n)) == 0;
}

static json_t *member(json_t *objects, const char *key, json_t *(*make)(void))
{
    json_t *there = json_object_get(objects, key);

    if (there)
        return there;
    if (json_object_size(objects) >= TALLY_KEYS_MAX || json_object_set_new(objects, key, make()) < 0)
        return NULL;
    return json_object_get(objects, key);
}

json_t *tally_object(json_t *objects, const char *key)
{
    return member(objects, key, json_object);
}

json_t *tally_array(json_t *objects, const char *key)
{
    return member(objects, key, json_array);
}

uint64_t tally_count(const json_t *object, const char *key)
{
    return (uint64_t)json_integer_value(json_object_get(object, key));
}

/* ---- sorting ---- */

struct place {
    json_t *value;
    size_t at;
    json_int_t count;
    int (*before)(const json_t *a, const json_t *b);
};

static int compare(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    int r = x->before ? x->before(x->value, y->value) : (y->count > x->count) - (y->count < x->count);

    return r != 0 ? r : (x->at > y->at) - (x->at < y->at);
}

static int sort(json_t *array, int (*before)(const json_t *a, const json_t *b), const char *name)
{
    size_t n = json_array_size(array);
    cleanup_free struct place *places = calloc(n + 1, sizeof(*places));

    if (!places)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++)
        places[i] = (struct place){json_incref(json_array_get(array, i)), i, 0, before};
    for (size_t i = 0; name && i < n; i++)
        places[i].count = json_integer_value(json_object_get(places[i].value, name));
    qsort(places, n, sizeof(*places), compare);
    for (size_t i = 0; i < n; i++)
        (void)json_array_set_new(array, i, places[i].value);
    return 0;
}

int tally_sort(json_t *array, int (*before)(const json_t *a, const json_t *b))
{
    return sort(array, before, NULL);
}

int tally_sort_by_count(json_t *array, const char *name)
{
    return sort(array, NULL, name);
}

static int by_text(const json_t *a, const json_t *b)
{
    return strcmp(json_string_value(a), json_string_value(b));
}

json_t *tally_keys(const json_t *object)
{
    json_t *keys = json_array(), *value;
    const char *key;

    json_object_foreach((json_t *)object, key, value)
    {
        if (json_array_append_new(keys, json_string(key)) < 0) {
            json_decref(keys);
            return NULL;
        }
    }
    if (keys && tally_sort(keys, by_text) < 0) {
        json_decref(keys);
        return NULL;
    }
    return keys;
}
