#include "broker/audit/journal_read.h"

#include "broker/audit/event.h"
#include "policy/base/ident.h"
#include "policy/base/unicode.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#define UNIT       "hufud.service"
#define IDENTIFIER "hufud"

struct journal_reader {
    struct journal_options o;
    sd_journal *journal;
};

/* ---- what to look for ---- */

static int match(struct journal_reader *j, const char *field, const char *value)
{
    char text[300];
    int n = snprintf(text, sizeof(text), "%s=%s", field, value);

    return n < 0 || (size_t)n >= sizeof(text) ? -EMSGSIZE : sd_journal_add_match(j->journal, text, (size_t)n);
}

static int match_uid(struct journal_reader *j)
{
    char uid[20];

    (void)snprintf(uid, sizeof(uid), "%u", (unsigned)j->o.uid);
    return match(j, "_UID", uid);
}

/* Every value of the field but one: a search for what is not there is none that journald has. */
static int match_others(struct journal_reader *j, const char *field, const char *except)
{
    size_t size, length = strlen(field) + 1;
    const void *data;
    int r = sd_journal_query_unique(j->journal, field);

    while (r >= 0) {
        r = sd_journal_enumerate_unique(j->journal, &data, &size);
        if (r <= 0)
            break;
        if (size < length || (size - length == strlen(except) &&
                              memcmp((const char *)data + length, except, size - length) == 0))
            continue;
        r = sd_journal_add_match(j->journal, data, size);
    }
    return r;
}

/* Others, or the user hufu outside of its unit. */
static int match_strangers(struct journal_reader *j)
{
    char uid[20];
    int r;

    (void)snprintf(uid, sizeof(uid), "%u", (unsigned)j->o.uid);
    r = match_others(j, "_UID", uid);
    if (r >= 0)
        r = sd_journal_add_disjunction(j->journal);
    if (r >= 0)
        r = match_others(j, "_SYSTEMD_UNIT", UNIT);
    return r;
}

static int match_our_marks(struct journal_reader *j)
{
    static const struct {
        const char *name, *id;
    } events[] = {
#define ROW(symbol, name, message_id, priority) {name, message_id},
        EVENT_TABLE(ROW)
#undef ROW
    };
    int r = match(j, "SYSLOG_IDENTIFIER", IDENTIFIER);

    if (r >= 0)
        r = sd_journal_add_disjunction(j->journal);
    for (size_t i = 0; i < ARRAY_SIZE(events) && r >= 0; i++)
        r = match(j, "MESSAGE_ID", events[i].id);
    if (r >= 0)
        r = sd_journal_add_disjunction(j->journal);
    for (size_t i = 0; i < ARRAY_SIZE(events) && r >= 0; i++)
        r = match(j, "HUFU_EVENT", events[i].name);
    return r;
}

static int match_wanted(struct journal_reader *j)
{
    int r;

    if (j->o.wanted == JOURNAL_RECORDS) {
        r = match_uid(j);
        return r < 0 ? r : match(j, "SYSLOG_IDENTIFIER", IDENTIFIER);
    }
    r = match_strangers(j);
    if (r >= 0)
        r = sd_journal_add_conjunction(j->journal);
    return r < 0 ? r : match_our_marks(j);
}

/* ---- one entry ---- */

/* A field's value, cut to `size` with its NUL; empty if it is not there. */
static void get_text(struct journal_reader *j, const char *field, char *text, size_t size)
{
    size_t length, name = strlen(field) + 1;
    const void *data;

    text[0] = '\0';
    if (sd_journal_get_data(j->journal, field, &data, &length) < 0 || length < name)
        return;
    length -= name;
    if (length > size - 1)
        length = size - 1;
    memcpy(text, (const char *)data + name, length);
    text[length] = '\0';
}

static bool get_number(struct journal_reader *j, const char *field, uint64_t *ret)
{
    char text[24], *end;

    get_text(j, field, text, sizeof(text));
    errno = 0;
    *ret = strtoull(text, &end, 10);
    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0;
}

static void make_visible(char *text)
{
    size_t left = strlen(text);

    while (left > 0) {
        uint32_t c;
        size_t n = unicode_take(text, left, &c);

        if (n == 0 || !unicode_is_visible(c)) {
            n = n == 0 ? 1 : n;
            memset(text, '?', n);
        }
        text += n;
        left -= n;
    }
}

/* journald asks /proc for the unit, and a hufud that has just ended is not there any more: then the uid alone
 * tells, which is nobody else's. */
static bool is_ours(struct journal_reader *j)
{
    char unit[JOURNAL_NAME_SIZE];
    uint64_t uid;

    get_text(j, "_SYSTEMD_UNIT", unit, sizeof(unit));
    return get_number(j, "_UID", &uid) && uid == j->o.uid && (unit[0] == '\0' || strcmp(unit, UNIT) == 0);
}

/* 1; 0: it is none. */
static int read_record(struct journal_reader *j, struct journal_entry *e)
{
    char hash[2 * RECORD_HASH_SIZE + 2];

    get_text(j, "HUFU_HASH", hash, sizeof(hash));
    get_text(j, "HUFU_EVENT", e->event, sizeof(e->event));
    get_text(j, "HUFU_LEDGER", e->ledger, sizeof(e->ledger));
    return get_number(j, "HUFU_SEQUENCE", &e->sequence) &&
           ident_parse_hex(hash, strlen(hash), e->hash, RECORD_HASH_SIZE) == 0;
}

static int read_forgery(struct journal_reader *j, struct journal_entry *e)
{
    uint64_t number;

    e->uid = get_number(j, "_UID", &number) ? (uid_t)number : (uid_t)-1;
    e->pid = get_number(j, "_PID", &number) ? (pid_t)number : 0;
    get_text(j, "_SYSTEMD_UNIT", e->unit, sizeof(e->unit));
    get_text(j, "HUFU_EVENT", e->event, sizeof(e->event));
    get_text(j, "MESSAGE", e->message, sizeof(e->message));
    make_visible(e->unit);
    make_visible(e->event);
    make_visible(e->message);
    return 1;
}

int journal_next(struct journal_reader *j, struct journal_entry *ret)
{
    uint64_t at;
    int r;

    while ((r = sd_journal_next(j->journal)) > 0) {
        *ret = (struct journal_entry){.uid = (uid_t)-1};
        if (sd_journal_get_realtime_usec(j->journal, &at) < 0)
            continue;
        ret->at_us = (int64_t)at;
        if (j->o.until_us != 0 && ret->at_us >= j->o.until_us)
            continue;
        if (is_ours(j) != (j->o.wanted == JOURNAL_RECORDS))
            continue;
        r = j->o.wanted == JOURNAL_RECORDS ? read_record(j, ret) : read_forgery(j, ret);
        if (r == 1)
            return 1;
    }
    return r;
}

/* ---- opening ---- */

/* Files that may not be read are passed over without a word, which would look like a journal that knows
 * nothing. */
static int check_readable(void)
{
    sd_journal *journal;
    int r = sd_journal_open(&journal, SD_JOURNAL_LOCAL_ONLY | SD_JOURNAL_SYSTEM);
    bool some;

    if (r < 0)
        return r;
    some = sd_journal_has_persistent_files(journal) > 0 || sd_journal_has_runtime_files(journal) > 0;
    sd_journal_close(journal);
    if (some)
        return 0;
    return geteuid() == 0 ? -ENODATA : -EACCES;
}

int journal_open(const struct journal_options *options, struct journal_reader **ret)
{
    cleanup(journal_close_p) struct journal_reader *j = calloc(1, sizeof(*j));
    int r;

    *ret = NULL;
    if (!j)
        return -ENOMEM;
    j->o = *options;
    r = options->directory ? 0 : check_readable();
    if (r == 0)
        r = options->directory ? sd_journal_open_directory(&j->journal, options->directory, 0)
                               : sd_journal_open(&j->journal, SD_JOURNAL_LOCAL_ONLY);
    if (r >= 0)
        r = match_wanted(j);
    if (r >= 0)
        r = options->from_us > 0 ? sd_journal_seek_realtime_usec(j->journal, (uint64_t)options->from_us)
                                 : sd_journal_seek_head(j->journal);
    if (r < 0)
        return r;
    *ret = steal_pointer(&j);
    return 0;
}

struct journal_reader *journal_close(struct journal_reader *j)
{
    if (!j)
        return NULL;
    if (j->journal)
        sd_journal_close(j->journal);
    free(j);
    return NULL;
}
