#include "policy/engine/order.h"

#include <string.h>

static struct grant_entry *merge(struct grant_entry *a, struct grant_entry *b)
{
    struct grant_entry *first = NULL, **end = &first;

    while (a && b) {
        struct grant_entry **less = memcmp(a->id.octets, b->id.octets, IDENT_ID_SIZE) < 0 ? &a : &b;

        *end = *less;
        end = &(*less)->next_of_staff;
        *less = *end;
    }
    *end = a ? a : b;
    return first;
}

#define ORDERED_MAX 64 /* lists of 1, 2, 4 ... entries */

struct grant_entry *grant_order(struct grant_entry *first)
{
    struct grant_entry *lists[ORDERED_MAX] = {NULL}, *next;

    for (; first && first->unordered; first = next) {
        struct grant_entry *one = first;
        size_t i = 0;

        next = one->next_of_staff;
        one->next_of_staff = NULL;
        one->unordered = false;
        for (; lists[i]; lists[i++] = NULL)
            one = merge(lists[i], one);
        lists[i] = one;
    }
    for (size_t i = 0; i < ORDERED_MAX; i++)
        if (lists[i])
            first = merge(lists[i], first);
    return first;
}
