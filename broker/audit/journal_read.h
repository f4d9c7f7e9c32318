#ifndef HUFU_AUDIT_JOURNAL_READ_H
#define HUFU_AUDIT_JOURNAL_READ_H

#include "broker/audit/record.h"
#include "policy/base/cleanup.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * What journald was told in hufud's name: by hufud, and by others. Anybody may send journald any field, but
 * not those that journald writes itself: uid, pid and unit of the sender. A record is hufud's if the user
 * hufu sent it out of hufud.service; anything else that calls itself hufud, or has one of its message ids or
 * event names, is a forgery.
 */
struct journal_reader;

enum journal_wanted { JOURNAL_RECORDS = 1, JOURNAL_FORGERIES };

struct journal_options {
    enum journal_wanted wanted;
    const char *directory;     /* of journal files; NULL: this machine's journal */
    uid_t uid;                 /* of the user hufu */
    int64_t from_us, until_us; /* as journald received it; 0: no bound */
};

#define JOURNAL_NAME_SIZE    80
#define JOURNAL_MESSAGE_SIZE 400

struct journal_entry {
    int64_t at_us; /* as journald received it */
    /* Of a forgery: who sent it, as journald saw it; uid (uid_t)-1, pid 0, empty unit: it does not say. */
    uid_t uid;
    pid_t pid;
    char unit[JOURNAL_NAME_SIZE];
    char event[JOURNAL_NAME_SIZE];      /* what it calls itself; may be empty */
    char message[JOURNAL_MESSAGE_SIZE]; /* cut, and each octet that is not visible UTF-8 is `?` */
    /* Of a record. */
    uint64_t sequence;
    uint8_t hash[RECORD_HASH_SIZE];
    char ledger[2 * 16 + 1]; /* empty: it does not say */
};

/** 0; -EACCES: the caller may read no journal but their own; -ENODATA: there is none; other -errno. */
int journal_open(const struct journal_options *options, struct journal_reader **ret);
struct journal_reader *journal_close(struct journal_reader *j);
DEFINE_CLEANUP(struct journal_reader, journal_close);

/** The next one, oldest first. What hufud says besides its records is neither. 1; 0: that was all; -errno. */
int journal_next(struct journal_reader *j, struct journal_entry *ret);

#endif
