// LAYERS: audit common base
// LIBRARIES: jansson
// COVERS: broker/audit/record_decode.c broker/audit/record.c broker/audit/flat_json.c
// COVERS: broker/audit/export_read.c broker/audit/checkpoint.c broker/audit/sign_off.c
// COVERS: broker/audit/record_json.c broker/audit/message.c broker/audit/fields.c
// OPTIONS: -max_len=8192
/*
 * What of a ledger comes back from outside. The first octet says as what: a record's octets, a record's line
 * of an export, an export file, a checkpoint, the announcement of a key, the signature under a review. What
 * is accepted is written back as the very octets, or as a line that reads the same; and whatever a record
 * holds, its sentence, its fields for journald and its JSON can be made, without an octet that a terminal
 * obeys.
 */
#include "broker/audit/checkpoint.h"
#include "broker/audit/export_read.h"
#include "broker/audit/fields.h"
#include "broker/audit/message.h"
#include "broker/audit/record_decode.h"
#include "broker/audit/record_json.h"
#include "broker/audit/sign_off.h"
#include "tests/fuzz/fuzz.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void demand_plain(const char *text)
{
    demand(ident_is_visible_text(text, strlen(text)), "a sentence without an octet that is not seen");
}

/* Told to journald, to a terminal and as JSON, after record_clean() as by who writes records. */
static void tell(const struct record *r)
{
    struct record *copy = NULL;
    cleanup_buf struct buf sentence = BUF_INIT;
    cleanup_free char *text = NULL;
    cleanup_fields struct fields fields = {0};
    json_t *json;

    demand(record_copy(r, &copy) == 0, "a copy");
    record_clean(copy);
    message_render(copy, &sentence);
    text = buf_steal_text(&sentence);
    demand(text != NULL, "a sentence");
    demand_plain(text);
    if (fields_build(copy, "host", "0123456789abcdef0123456789abcdef", &fields) == 0) {
        demand(fields.n > 0 && fields.n <= FIELDS_MAX, "fields");
        for (size_t i = 0; i < fields.n; i++)
            demand(memchr(fields.items[i].iov_base, '=', fields.items[i].iov_len) != NULL,
                   "a field has a name");
    }
    json = record_json(copy);
    demand(json != NULL, "a record in JSON");
    json_decref(json);
    record_free_array(copy, 1);
}

static bool records_equal(const struct record *a, const struct record *b)
{
    for (size_t i = 0; i < RECORD_TEXTS; i++)
        if (strcmp(record_text(a, i), record_text(b, i)) != 0)
            return false;
    return a->format == b->format && a->sequence == b->sequence && a->at_us == b->at_us &&
           a->reason == b->reason && a->version == b->version && a->session == b->session &&
           a->deadline == b->deadline && a->latency_us == b->latency_us && a->actor == b->actor &&
           a->count == b->count && a->first_us == b->first_us && a->sources == b->sources &&
           memcmp(a->previous, b->previous, sizeof(a->previous)) == 0 &&
           memcmp(a->hash, b->hash, sizeof(a->hash)) == 0;
}

static void try_octets(const uint8_t *data, size_t size)
{
    cleanup_record_space struct record_space space = RECORD_SPACE_INIT;
    cleanup_buf struct buf again = BUF_INIT;
    struct record r;

    if (record_decode(data, size, &space, &r) < 0)
        return;
    record_encode(&r, &again);
    demand(buf_error(&again) == 0 && again.size == size && memcmp(again.data, data, size) == 0,
           "a record has one encoding");
    tell(&r);
}

static void demand_reads_the_same(const struct record *r)
{
    cleanup_buf struct buf line = BUF_INIT;
    cleanup_free char *space = NULL;
    struct record again;

    export_put_record(&line, r);
    demand(buf_error(&line) == 0 && line.data[line.size - 1] == '\n', "a line is written");
    demand(!memchr(line.data, '\n', line.size - 1), "a record is one line");
    space = malloc(line.size);
    demand(space && export_parse_record((const char *)line.data, line.size - 1, space, &again) == 0,
           "a line that was written is read");
    demand(records_equal(r, &again), "a record comes back");
}

static void try_line(const char *line, size_t size)
{
    cleanup_free char *space = malloc(size + 1);
    struct record r;

    demand(space != NULL, "memory");
    if (export_parse_record(line, size, space, &r) < 0)
        return;
    demand_reads_the_same(&r);
    tell(&r);
}

static void try_file(const uint8_t *data, size_t size)
{
    int fd = memfd_create("export", MFD_CLOEXEC);
    struct export_file *file = NULL;
    char error[EXPORT_ERROR_SIZE];
    struct record record;
    int r;

    demand(fd >= 0 && write(fd, data, size) == (ssize_t)size && lseek(fd, 0, SEEK_SET) == 0, "a file");
    r = export_open(fd, &file, error);
    demand((r == 0) == (file != NULL), "a file with an error");
    while (r >= 0 && (r = export_next(file, &record, error)) == 1)
        demand_reads_the_same(&record);
    demand(r != -EBADMSG || error[0] != '\0', "refused without a reason");
    if (file)
        export_close(file);
    (void)close(fd);
}

static void try_checkpoint(const char *text)
{
    cleanup_checkpoint struct checkpoint c = {0};
    cleanup_buf struct buf again = BUF_INIT, octets = BUF_INIT;
    cleanup_free char *written = NULL;

    if (checkpoint_parse(text, &c) < 0)
        return;
    checkpoint_format(&c, &again);
    written = buf_steal_text(&again);
    demand(written && strcmp(written, text) == 0, "a checkpoint has one text");
    checkpoint_signed_octets(&c, &octets);
    demand(buf_error(&octets) == 0 && octets.data[octets.size - 1] == '\n', "what it signs is lines");
    for (size_t i = 0, lines = 0; i < octets.size; i++) {
        lines += octets.data[i] == '\n';
        demand(lines <= 8, "what it signs is eight lines");
    }
}

static void try_key(const char *text)
{
    cleanup_checkpoint_key struct checkpoint_key k = {0};
    cleanup_buf struct buf again = BUF_INIT;
    cleanup_free char *written = NULL;

    if (checkpoint_key_parse(text, &k) < 0)
        return;
    checkpoint_key_format(&k, &again);
    written = buf_steal_text(&again);
    demand(written && strcmp(written, text) == 0, "a key has one text");
}

static void try_sign_off(const char *text)
{
    cleanup_buf struct buf again = BUF_INIT;
    cleanup_free char *written = NULL;
    struct sign_off x;

    if (sign_off_parse(text, &x) < 0)
        return;
    sign_off_format(&x, &again);
    written = buf_steal_text(&again);
    demand(written && strcmp(written, text) == 0 && x.from < x.until,
           "a signature under a review has one text");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup_free char *text = size > 0 ? fuzz_text(data + 1, size - 1) : NULL;

    switch (text ? data[0] : 0) {
    case 'o':
        try_octets(data + 1, size - 1);
        break;
    case 'l':
        try_line(text, size - 1);
        break;
    case 'f':
        try_file(data + 1, size - 1);
        break;
    case 'c':
        try_checkpoint(text);
        break;
    case 'k':
        try_key(text);
        break;
    case 's':
        try_sign_off(text);
        break;
    default:
        break;
    }
    return 0;
}
