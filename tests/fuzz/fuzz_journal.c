// LAYERS: audit common base
// LIBRARIES: sd-journal
// LINK: -Wl,--wrap=sd_journal_open_directory -Wl,--wrap=sd_journal_close -Wl,--wrap=sd_journal_add_match
// LINK: -Wl,--wrap=sd_journal_add_disjunction -Wl,--wrap=sd_journal_add_conjunction
// LINK: -Wl,--wrap=sd_journal_seek_head -Wl,--wrap=sd_journal_seek_realtime_usec -Wl,--wrap=sd_journal_next
// LINK: -Wl,--wrap=sd_journal_get_realtime_usec -Wl,--wrap=sd_journal_get_data
// LINK: -Wl,--wrap=sd_journal_query_unique -Wl,--wrap=sd_journal_enumerate_unique
// COVERS: broker/audit/journal_read.c:-check_readable
// OPTIONS: -max_len=4096
/*
 * A journal in which anybody wrote what they like: entries cut at form feeds, fields at record separators,
 * each NAME=value of any octets. A record is hufud's only if journald says that hufud sent it; whatever else
 * is told of an entry has no octet that a terminal obeys.
 */
#include "broker/audit/journal_read.h"
#include "policy/base/ident.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>
#include <systemd/sd-journal.h>

#define HUFU  990
#define UNTIL 2000

static const char *whole, *entry, *following;
static size_t whole_size, entry_size, following_size;
static uint64_t clock_us;
static char nothing;

int __wrap_sd_journal_open_directory(sd_journal **ret, const char *path, int flags);
int __wrap_sd_journal_open_directory(sd_journal **ret, const char *path, int flags)
{
    (void)path, (void)flags;
    *ret = (sd_journal *)(void *)&nothing;
    return 0;
}

void __wrap_sd_journal_close(sd_journal *j);
void __wrap_sd_journal_close(sd_journal *j)
{
    (void)j;
}

int __wrap_sd_journal_add_match(sd_journal *j, const void *data, size_t size);
int __wrap_sd_journal_add_match(sd_journal *j, const void *data, size_t size)
{
    (void)j;
    demand(memchr(data, '=', size) != NULL, "a match has a name");
    return 0;
}

int __wrap_sd_journal_add_disjunction(sd_journal *j);
int __wrap_sd_journal_add_disjunction(sd_journal *j)
{
    (void)j;
    return 0;
}

int __wrap_sd_journal_add_conjunction(sd_journal *j);
int __wrap_sd_journal_add_conjunction(sd_journal *j)
{
    (void)j;
    return 0;
}

static int rewind_all(void)
{
    following = whole;
    following_size = whole_size;
    clock_us = 0;
    return 0;
}

int __wrap_sd_journal_seek_head(sd_journal *j);
int __wrap_sd_journal_seek_head(sd_journal *j)
{
    (void)j;
    return rewind_all();
}

int __wrap_sd_journal_seek_realtime_usec(sd_journal *j, uint64_t usec);
int __wrap_sd_journal_seek_realtime_usec(sd_journal *j, uint64_t usec)
{
    (void)j, (void)usec;
    return rewind_all();
}

/* What is up to the next `separator`. */
static const char *cut(const char **at, size_t *left, char separator, size_t *size)
{
    const char *part = *at, *end = memchr(part, separator, *left);

    *size = end ? (size_t)(end - part) : *left;
    *at = part + *size + (end != NULL);
    *left -= *size + (end != NULL);
    return part;
}

int __wrap_sd_journal_next(sd_journal *j);
int __wrap_sd_journal_next(sd_journal *j)
{
    (void)j;
    if (following_size == 0)
        return 0;
    entry = cut(&following, &following_size, '\f', &entry_size);
    clock_us += 500;
    return 1;
}

int __wrap_sd_journal_get_realtime_usec(sd_journal *j, uint64_t *ret);
int __wrap_sd_journal_get_realtime_usec(sd_journal *j, uint64_t *ret)
{
    (void)j;
    *ret = clock_us;
    return entry_size == 1 ? -1 : 0;
}

int __wrap_sd_journal_get_data(sd_journal *j, const char *field, const void **data, size_t *size);
int __wrap_sd_journal_get_data(sd_journal *j, const char *field, const void **data, size_t *size)
{
    const char *at = entry;
    size_t left = entry_size, length = strlen(field);

    (void)j;
    while (left > 0) {
        *data = cut(&at, &left, '\x1e', size);
        if (*size > length && memcmp(*data, field, length) == 0 && ((const char *)*data)[length] == '=')
            return 0;
    }
    return -2;
}

static const char *unique_at, *unique_field;
static size_t unique_left;

int __wrap_sd_journal_query_unique(sd_journal *j, const char *field);
int __wrap_sd_journal_query_unique(sd_journal *j, const char *field)
{
    (void)j;
    unique_at = whole;
    unique_left = whole_size;
    unique_field = field;
    return 0;
}

/* Each field of that name of any entry; journald would give equal ones once. */
int __wrap_sd_journal_enumerate_unique(sd_journal *j, const void **data, size_t *size);
int __wrap_sd_journal_enumerate_unique(sd_journal *j, const void **data, size_t *size)
{
    size_t length = strlen(unique_field);

    (void)j;
    while (unique_left > 0) {
        const char *at = unique_at;

        *size = 0;
        while (*size < unique_left && at[*size] != '\f' && at[*size] != '\x1e')
            ++*size;
        *data = at;
        unique_at += *size + (*size < unique_left);
        unique_left -= *size + (*size < unique_left);
        if (*size > length && memcmp(at, unique_field, length) == 0 && at[length] == '=')
            return 1;
    }
    return 0;
}

static bool is_said(const char *pair)
{
    return memmem(entry, entry_size, pair, strlen(pair)) != NULL;
}

static void demand_visible(const char *text, size_t size)
{
    demand(memchr(text, 0, size) != NULL, "a text has an end");
    demand(text[0] == '\0' || ident_is_visible_text(text, strlen(text)), "a terminal obeys what is told");
}

static void judge(enum journal_wanted wanted, const struct journal_entry *e)
{
    demand(e->at_us > 0 && e->at_us < UNTIL, "an entry of another time");
    if (wanted == JOURNAL_RECORDS) {
        demand(is_said("_UID=990"), "a record that hufud did not send");
        demand(memchr(e->ledger, 0, sizeof(e->ledger)) && memchr(e->event, 0, sizeof(e->event)),
               "a text has an end");
        return;
    }
    demand_visible(e->event, sizeof(e->event));
    demand_visible(e->message, sizeof(e->message));
    demand_visible(e->unit, sizeof(e->unit));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    whole = (const char *)data;
    whole_size = size;
    for (enum journal_wanted wanted = JOURNAL_RECORDS; wanted <= JOURNAL_FORGERIES; wanted++) {
        const struct journal_options options = {wanted, "x", HUFU, wanted == JOURNAL_RECORDS ? 0 : 1, UNTIL};
        struct journal_reader *j = NULL;
        struct journal_entry e;

        demand(journal_open(&options, &j) == 0, "a journal is opened");
        while (journal_next(j, &e) == 1)
            judge(wanted, &e);
        journal_close(j);
    }
    return 0;
}
