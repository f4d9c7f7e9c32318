#include "tests/crash/ledger.h"

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

/* ---- what it is known by ---- */

static void add(struct lane *l, enum fact_kind kind, const char *key, uint64_t sequence)
{
    if (!facts_add_key(&l->facts, kind, key))
        lane_violation(l, "record %llu is a second one of %c %s", (unsigned long long)sequence, kind, key);
}

/* "#token#" in a reason that was given. */
static void know_order(struct lane *l, const char *event, const char *detail, uint64_t sequence)
{
    const char *from = strstr(detail, "#t");
    size_t length = from ? strcspn(from + 1, "#") : 0;
    char key[TOKEN_SIZE * 2];

    if (!from || from[1 + length] != '#')
        return;
    (void)snprintf(key, sizeof(key), "%s %.*s", event, (int)length, from + 1);
    add(l, FACT_ORDER, key, sequence);
}

/* What is counted has the reference of one before it: it is told from that by its terminal, or by when it
 * began. */
static void know_refusal(struct lane *l, sqlite3_stmt *row, const char *reference, uint64_t sequence)
{
    char key[TOKEN_SIZE * 3];

    (void)snprintf(key, sizeof(key), "%s %s since %lld", reference, text_of(row, TTY),
                   sqlite3_column_int64(row, FIRST));
    add(l, 'C', key, sequence);
    (void)facts_add_key(&l->facts, FACT_REFUSAL, reference);
}

/* Two may order one end, and what could not be ended is said again after each start. */
static bool may_be_again(const char *event)
{
    return strcmp(event, "session-end") == 0 || strcmp(event, "session-remains") == 0;
}

static void know(struct lane *l, sqlite3_stmt *row, uint64_t sequence)
{
    const char *event = text_of(row, EVENT), *tty = text_of(row, TTY), *reference = text_of(row, REFERENCE);
    bool success = strcmp(text_of(row, RESULT), "success") == 0;
    char key[TOKEN_SIZE * 2];

    if (tty[0] == 't' && !may_be_again(event)) {
        (void)snprintf(key, sizeof(key), "%s %d %s", event, success, tty);
        add(l, 'T', key, sequence); /* at most one of each event and result */
        if (success && strcmp(event, "login") == 0)
            add(l, FACT_LOGIN, tty, sequence);
        if (success && strcmp(event, "session-open") == 0)
            add(l, FACT_OPEN, tty, sequence);
    }
    if (!success && reference[0] != '\0' && !may_be_again(event))
        know_refusal(l, row, reference, sequence);
    if (success && strcmp(event, "grant-add") == 0)
        add(l, FACT_GRANT, text_of(row, GRANT), sequence);
    if (success && strcmp(event, "trust-replace") == 0)
        add(l, FACT_EPOCH, text_of(row, VERSION), sequence);
    know_order(l, event, text_of(row, DETAIL), sequence);
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
    know(l, row, sequence);
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

void ledger_follow(struct lane *l, sqlite3 *db, struct chain *c)
{
    sqlite3_stmt *row = select_from(db, c->sequence);
    int r = sqlite3_step(row);

    if (c->sequence > 0) {
        judge_last(l, row, r, c);
        r = sqlite3_step(row);
    }
    for (; r == SQLITE_ROW; r = sqlite3_step(row))
        judge(l, row, c);
    if (r != SQLITE_DONE)
        lane_violation(l, "the ledger cannot be read: %s", sqlite3_errmsg(db));
    (void)sqlite3_finalize(row);
}
