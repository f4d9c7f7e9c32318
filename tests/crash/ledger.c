#include "tests/crash/ledger.h"

#include "tests/crash/archive.h"
#include "tests/crash/known.h"
#include "tests/crash/lane.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

/* In the order in which they are hashed; the hashes themselves come last. */
enum width { TEXT, TWO = 2, FOUR = 4, EIGHT = 8 };
static const struct {
    const char *name;
    enum width width;
} columns[] = {{"sequence", EIGHT},   {"at_us", EIGHT},    {"event", TEXT},    {"result", TEXT},
               {"reason", TWO},       {"staff", TEXT},     {"vendor", TEXT},   {"account", TEXT},
               {"service", TEXT},     {"address", TEXT},   {"tty", TEXT},      {"grant_id", TEXT},
               {"version", FOUR},     {"ticket", TEXT},    {"session", EIGHT}, {"deadline", EIGHT},
               {"latency_us", EIGHT}, {"reference", TEXT}, {"actor", FOUR},    {"detail", TEXT},
               {"count", EIGHT},      {"first_us", EIGHT}, {"sources", FOUR}};
#define FORMAT_1_COLUMNS 20
enum {
    SEQUENCE = 0,
    EVENT = 2,
    RESULT = 3,
    TTY = 10,
    GRANT = 11,
    VERSION = 12,
    REFERENCE = 17,
    DETAIL = 19,
    COUNT = 20,
    FIRST = 21,
    COLUMNS = ARRAY_SIZE(columns)
};
enum { FORMAT = COLUMNS, PREVIOUS, HASH };

static const char *const labels[] = {NULL, "hufu-record-1", "hufu-record-2-sha256", "hufu-record-2-sm3"};

/* ---- one record's hash ---- */

static void put(EVP_MD_CTX *md, uint64_t value, unsigned octets)
{
    uint8_t big[8];

    for (unsigned i = 0; i < octets; i++)
        big[i] = (uint8_t)(value >> (8 * (octets - 1 - i)));
    must(EVP_DigestUpdate(md, big, octets) == 1);
}

static void put_text(EVP_MD_CTX *md, const char *text)
{
    size_t size = strlen(text);

    put(md, size, 2);
    must(EVP_DigestUpdate(md, text, size) == 1);
}

static const char *text_of(sqlite3_stmt *row, int column)
{
    const char *text = (const char *)sqlite3_column_text(row, column);

    must(text != NULL);
    return text;
}

static void hash_row(sqlite3_stmt *row, int format, uint8_t hash[static 32])
{
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    int n = format == 1 ? FORMAT_1_COLUMNS : COLUMNS;
    unsigned size;

    must(md != NULL && EVP_DigestInit_ex(md, format == 3 ? EVP_sm3() : EVP_sha256(), NULL) == 1);
    must(EVP_DigestUpdate(md, sqlite3_column_blob(row, PREVIOUS), 32) == 1);
    put_text(md, labels[format]);
    for (int i = 0; i < n; i++) {
        if (columns[i].width == TEXT) {
            put_text(md, text_of(row, i));
        } else {
            put(md, columns[i].width, 2);
            put(md, (uint64_t)sqlite3_column_int64(row, i), columns[i].width);
        }
    }
    must(EVP_DigestFinal_ex(md, hash, &size) == 1 && size == 32);
    EVP_MD_CTX_free(md);
}

/* ---- what it says ---- */

static struct known_record record_of(sqlite3_stmt *row, uint64_t sequence)
{
    return (struct known_record){.sequence = sequence,
                                 .event = text_of(row, EVENT),
                                 .result = text_of(row, RESULT),
                                 .tty = text_of(row, TTY),
                                 .grant = text_of(row, GRANT),
                                 .reference = text_of(row, REFERENCE),
                                 .detail = text_of(row, DETAIL),
                                 .version = (unsigned)sqlite3_column_int64(row, VERSION),
                                 .count = (uint64_t)sqlite3_column_int64(row, COUNT),
                                 .first = text_of(row, FIRST)};
}

/* What was signed is what is there, as long as it is. */
static void judge_checkpoint(struct lane *l, sqlite3_stmt *row)
{
    static const char question[] = "SELECT lower(hex(hash)) FROM ledger WHERE sequence = ?1";
    unsigned long long n;
    sqlite3_stmt *s;
    char hash[65];

    if (strcmp(text_of(row, EVENT), "checkpoint") != 0 || strcmp(text_of(row, RESULT), "success") != 0)
        return;
    if (sscanf(text_of(row, DETAIL), "sequence=%llu hash=%64[0-9a-f] ", &n, hash) != 2)
        lane_violation(l, "a checkpoint says \"%s\"", text_of(row, DETAIL));
    must(sqlite3_prepare_v2(sqlite3_db_handle(row), question, -1, &s, NULL) == SQLITE_OK);
    must(sqlite3_bind_int64(s, 1, (int64_t)n) == SQLITE_OK);
    if (sqlite3_step(s) == SQLITE_ROW && strcmp((const char *)sqlite3_column_text(s, 0), hash) != 0)
        lane_violation(l, "record %llu has another hash than was signed", n);
    (void)sqlite3_finalize(s);
}

/* ---- one behind the other ---- */

static void judge(struct lane *l, sqlite3_stmt *row, struct chain *c)
{
    uint64_t sequence = (uint64_t)sqlite3_column_int64(row, SEQUENCE);
    int format = sqlite3_column_int(row, FORMAT);
    uint8_t hash[32];

    if (sequence != c->sequence + 1)
        lane_violation(l, "behind record %llu comes %llu", (unsigned long long)c->sequence,
                       (unsigned long long)sequence);
    if (format < 1 || format >= (int)ARRAY_SIZE(labels))
        lane_violation(l, "record %llu is of format %d", (unsigned long long)sequence, format);
    if (sqlite3_column_bytes(row, PREVIOUS) != 32 ||
        memcmp(sqlite3_column_blob(row, PREVIOUS), c->hash, 32) != 0)
        lane_violation(l, "record %llu does not go on from the record before", (unsigned long long)sequence);
    hash_row(row, format, hash);
    if (sqlite3_column_bytes(row, HASH) != 32 || memcmp(sqlite3_column_blob(row, HASH), hash, 32) != 0)
        lane_violation(l, "record %llu has another hash than what it says", (unsigned long long)sequence);
    c->sequence = sequence;
    memcpy(c->hash, hash, sizeof(c->hash));
    atomic_fetch_add(&l->totals->records, 1);
    judge_checkpoint(l, row);
    const struct known_record record = record_of(row, sequence);

    known_add(l, &record);
}

static sqlite3_stmt *select_from(sqlite3 *db, uint64_t first)
{
    char text[600] = "SELECT ";
    sqlite3_stmt *statement;

    for (size_t i = 0; i < COLUMNS; i++)
        (void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s, ", columns[i].name);
    (void)snprintf(text + strlen(text), sizeof(text) - strlen(text),
                   "format, previous, hash FROM ledger WHERE sequence >= ?1 ORDER BY sequence");
    must(sqlite3_prepare_v2(db, text, -1, &statement, NULL) == SQLITE_OK);
    must(sqlite3_bind_int64(statement, 1, (int64_t)first) == SQLITE_OK);
    return statement;
}

/* The last record that was seen is still the same. */
static void judge_last(struct lane *l, sqlite3_stmt *row, int r, const struct chain *c)
{
    if (r != SQLITE_ROW || (uint64_t)sqlite3_column_int64(row, SEQUENCE) != c->sequence ||
        memcmp(sqlite3_column_blob(row, HASH), c->hash, 32) != 0)
        lane_violation(l, "record %llu, which was on disk after an earlier kill, is lost",
                       (unsigned long long)c->sequence);
}

static uint64_t number_of(sqlite3 *db, const char *question)
{
    sqlite3_stmt *s;
    uint64_t n;

    must(sqlite3_prepare_v2(db, question, -1, &s, NULL) == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW);
    n = (uint64_t)sqlite3_column_int64(s, 0);
    (void)sqlite3_finalize(s);
    return n;
}

/* Where the ledger goes on. What left was sealed, and is in the archive. */
static uint64_t find_first(struct lane *l, sqlite3 *db, struct chain *c)
{
    uint64_t first = number_of(db, "SELECT coalesce(min(sequence), 0) FROM ledger");
    uint64_t sealed = number_of(db, "SELECT coalesce(max(last), 0) FROM segment");

    if (first > sealed + 1)
        lane_violation(l, "the ledger begins with record %llu, and is sealed as far as %llu",
                       (unsigned long long)first, (unsigned long long)sealed);
    if (first > c->sequence + 1)
        archive_follow(l, c, first - 1);
    return first > c->sequence ? first : c->sequence;
}

void ledger_follow(struct lane *l, sqlite3 *db, struct chain *c)
{
    uint64_t first = find_first(l, db, c);
    sqlite3_stmt *row = select_from(db, first);
    int r = sqlite3_step(row);

    if (c->sequence > 0 && first == c->sequence) {
        judge_last(l, row, r, c);
        r = sqlite3_step(row);
    }
    for (; r == SQLITE_ROW; r = sqlite3_step(row))
        judge(l, row, c);
    if (r != SQLITE_DONE)
        lane_violation(l, "the ledger cannot be read: %s", sqlite3_errmsg(db));
    (void)sqlite3_finalize(row);
}
