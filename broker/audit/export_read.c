#include "broker/audit/export_read.h"

#include "broker/audit/flat_json.h"
#include "broker/audit/record_decode.h"
#include "broker/common/i18n.h"
#include "policy/base/ident.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define READ_SIZE    ((size_t)256 * 1024)
#define SEGMENTS_MAX 100000

struct export_file {
    int fd;
    char *data; /* the octets from `at` to `end` were read and not looked at */
    size_t capacity, at, end;
    bool ended; /* nothing more comes */
    uint64_t line;

    json_t *first_line;
    struct sealed_segment *segments;
    struct export_head head;
    struct record_space space;

    uint64_t records, sequence;
    uint8_t hash[RECORD_HASH_SIZE];
};

__attribute__((format(printf, 3, 4))) static int fail(const struct export_file *f, char *error,
                                                      const char *format, ...)
{
    va_list arguments;
    int length =
        f->line == 0 ? 0 : snprintf(error, EXPORT_ERROR_SIZE, _("line %llu: "), (unsigned long long)f->line);

    va_start(arguments, format);
    if (length >= 0 && length < EXPORT_ERROR_SIZE)
        (void)vsnprintf(error + length, EXPORT_ERROR_SIZE - (size_t)length, format, arguments);
    va_end(arguments);
    return -EBADMSG;
}

/* ---- lines ---- */

static int grow(struct export_file *f)
{
    size_t capacity = f->capacity == 0 ? 2 * READ_SIZE : 2 * f->capacity;
    char *data;

    if (f->at > 0) {
        memmove(f->data, f->data + f->at, f->end - f->at);
        f->end -= f->at;
        f->at = 0;
    }
    if (f->capacity - f->end >= READ_SIZE)
        return 0;
    data = realloc(f->data, capacity);
    if (!data)
        return -ENOMEM;
    f->data = data;
    f->capacity = capacity;
    return 0;
}

static int fill(struct export_file *f)
{
    int r = grow(f);
    ssize_t n;

    if (r < 0)
        return r;
    do
        n = read(f->fd, f->data + f->end, READ_SIZE);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return -errno;
    f->end += (size_t)n;
    f->ended = n == 0;
    return 0;
}

/* The next line without its end. 1; 0: there is none; -EBADMSG. */
static int next_line(struct export_file *f, const char **line, size_t *size, char *error)
{
    size_t looked = 0;

    for (;;) {
        size_t new = f->end - f->at - looked;
        char *end = new > 0 ? memchr(f->data + f->at + looked, '\n', new) : NULL;
        int r;

        if (end) {
            *line = f->data + f->at;
            *size = (size_t)(end - *line);
            f->at += *size + 1;
            f->line++;
            return 1;
        }
        looked = f->end - f->at;
        if (looked > (f->line == 0 ? EXPORT_HEAD_MAX : EXPORT_LINE_MAX))
            return fail(f, error, _("the line behind it is longer than any of ours"));
        if (f->ended && looked > 0)
            return fail(f, error, _("the line behind it has no end: the file was cut off"));
        if (f->ended)
            return 0;
        if ((r = fill(f)) < 0)
            return r;
    }
}

/* ---- a record ---- */

static int parse_time(const struct flat_value *v, int64_t *ret)
{
    char whole[WHEN_TEXT_SIZE];
    int64_t us = 0;
    when_t t;

    *ret = 0;
    if (v->kind == FLAT_NULL)
        return 0;
    if (v->kind != FLAT_TEXT || strlen(v->text) != EXPORT_TIME_SIZE - 1 || v->text[19] != '.' ||
        v->text[26] != 'Z')
        return -EBADMSG;
    (void)snprintf(whole, sizeof(whole), "%.19sZ", v->text);
    for (size_t i = 20; i < 26; i++) {
        if (v->text[i] < '0' || v->text[i] > '9')
            return -EBADMSG;
        us = us * 10 + (v->text[i] - '0');
    }
    if (when_parse(whole, sizeof(whole) - 1, &t) < 0)
        return -EBADMSG;
    *ret = t * 1000000 + us;
    return 0;
}

static int parse_deadline(const struct flat_value *v, when_t *ret)
{
    *ret = 0;
    if (v->kind == FLAT_NULL)
        return 0;
    if (v->kind != FLAT_TEXT)
        return -EBADMSG;
    if (strcmp(v->text, "never") == 0) {
        *ret = WHEN_NEVER;
        return 0;
    }
    return when_parse(v->text, strlen(v->text), ret) < 0 || *ret == 0 || *ret == WHEN_NEVER ? -EBADMSG : 0;
}

static int parse_reason(const struct flat_value *v, enum reason *ret)
{
    *ret = (enum reason)0;
    if (v->kind == FLAT_NULL)
        return 0;
    if (v->kind == FLAT_TEXT)
        return reason_from_name(v->text, ret) < 0 ? -EBADMSG : 0;
    if (v->kind != FLAT_NUMBER || v->number == 0 || v->number > UINT16_MAX)
        return -EBADMSG;
    *ret = (enum reason)v->number;
    return 0;
}

static int parse_hash(const struct flat_value *v, uint8_t hash[static RECORD_HASH_SIZE])
{
    return v->kind != FLAT_TEXT || ident_parse_hex(v->text, strlen(v->text), hash, RECORD_HASH_SIZE) < 0
               ? -EBADMSG
               : 0;
}

static bool is_number(const struct flat_value *v, uint64_t most)
{
    return v->kind == FLAT_NUMBER && v->number <= most;
}

static int parse_numbers(const struct flat_value *v, struct record *r)
{
    const struct flat_value *actor = &v[EXPORT_ACTOR];

    if (!is_number(&v[EXPORT_SEQUENCE], UINT64_MAX) || !is_number(&v[EXPORT_VERSION], UINT32_MAX) ||
        !is_number(&v[EXPORT_SESSION], UINT64_MAX) || !is_number(&v[EXPORT_LATENCY], UINT64_MAX) ||
        !is_number(&v[EXPORT_RECORD_FORMAT], UINT8_MAX) || !is_number(&v[EXPORT_COUNT], UINT64_MAX) ||
        !is_number(&v[EXPORT_SOURCES], UINT32_MAX) ||
        (actor->kind != FLAT_NULL && !is_number(actor, UINT32_MAX - 1)))
        return -EBADMSG;
    r->sequence = v[EXPORT_SEQUENCE].number;
    r->version = (uint32_t)v[EXPORT_VERSION].number;
    r->session = v[EXPORT_SESSION].number;
    r->latency_us = v[EXPORT_LATENCY].number;
    r->format = (uint8_t)v[EXPORT_RECORD_FORMAT].number;
    r->count = v[EXPORT_COUNT].number;
    r->sources = (uint32_t)v[EXPORT_SOURCES].number;
    r->actor = actor->kind == FLAT_NULL ? UINT32_MAX : (uint32_t)actor->number;
    /* What no hash covers is not there. */
    if (r->format == RECORD_FORMAT_1 &&
        (r->count != 0 || r->sources != 0 || v[EXPORT_COUNTED_FIRST].kind != FLAT_NULL))
        return -EBADMSG;
    return 0;
}

static int parse_texts(const struct flat_value *v, struct record *r)
{
    const struct {
        enum export_member member;
        const char **target;
    } texts[] = {
        {EXPORT_EVENT, &r->event},         {EXPORT_RESULT, &r->result},
        {EXPORT_STAFF, &r->staff},         {EXPORT_VENDOR, &r->vendor},
        {EXPORT_ACCOUNT, &r->account},     {EXPORT_SERVICE, &r->service},
        {EXPORT_ADDRESS, &r->address},     {EXPORT_TTY, &r->tty},
        {EXPORT_GRANT, &r->grant},         {EXPORT_TICKET, &r->ticket},
        {EXPORT_REFERENCE, &r->reference}, {EXPORT_DETAIL, &r->detail},
    };

    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        if (v[texts[i].member].kind != FLAT_TEXT)
            return -EBADMSG;
        *texts[i].target = v[texts[i].member].text;
    }
    return 0;
}

int export_parse_record(const char *line, size_t size, char *space, struct record *ret)
{
    struct flat_value v[EXPORT_MEMBERS];

    *ret = (struct record){0};
    if (flat_json_read(line, size, export_member_names, EXPORT_MEMBERS, space, v) < 0 ||
        parse_numbers(v, ret) < 0 || parse_texts(v, ret) < 0 || v[EXPORT_TIME].kind == FLAT_NULL ||
        parse_time(&v[EXPORT_TIME], &ret->at_us) < 0 || parse_reason(&v[EXPORT_REASON], &ret->reason) < 0 ||
        parse_deadline(&v[EXPORT_DEADLINE], &ret->deadline) < 0 ||
        parse_time(&v[EXPORT_COUNTED_FIRST], &ret->first_us) < 0 ||
        (ret->first_us == 0 && v[EXPORT_COUNTED_FIRST].kind != FLAT_NULL) ||
        parse_hash(&v[EXPORT_PREVIOUS], ret->previous) < 0 || parse_hash(&v[EXPORT_HASH], ret->hash) < 0)
        return -EBADMSG;
    return 0;
}

/* ---- the first line ---- */

static bool read_segment(json_t *object, struct sealed_segment *s)
{
    const char *hash;
    json_int_t first, last;

    if (json_unpack(object, "{sI sI ss ss !}", "first", &first, "last", &last, "hash", &hash, "sealed",
                    &s->sealed) < 0 ||
        first < 1 || last < first || ident_parse_hex(hash, strlen(hash), s->hash, sizeof(s->hash)) < 0)
        return false;
    s->first = (uint64_t)first;
    s->last = (uint64_t)last;
    return true;
}

int export_read_segments(json_t *array, struct sealed_segment **ret, size_t *n)
{
    cleanup_free struct sealed_segment *segments = NULL;
    size_t size = json_array_size(array);

    *ret = NULL;
    *n = 0;
    if (!json_is_array(array) || size > SEGMENTS_MAX)
        return -EBADMSG;
    segments = calloc(size + 1, sizeof(*segments));
    if (!segments)
        return -ENOMEM;
    for (size_t i = 0; i < size; i++)
        if (!read_segment(json_array_get(array, i), &segments[i]))
            return -EBADMSG;
    *ret = steal_pointer(&segments);
    *n = size;
    return 0;
}

static int read_head(struct export_file *f, char *error)
{
    struct export_head *h = &f->head;
    const char *exported;
    json_t *segments, *key;
    json_int_t first, last;
    struct ident_id id;
    int format, r;

    if (json_unpack(f->first_line, "{si}", "hufu-ledger", &format) < 0)
        return fail(f, error, _("this is no export of a ledger"));
    if (format != EXPORT_FORMAT)
        return fail(f, error, _("the export was made by a newer version"));
    if (json_unpack(f->first_line, "{si ss ss sI sI so ss so so !}", "hufu-ledger", &format, "host", &h->host,
                    "ledger", &h->ledger, "first", &first, "last", &last, "key", &key, "exported", &exported,
                    "segments", &segments, "filter", &h->filter) < 0 ||
        first < 0 || last < 0 || !ident_is_name(h->host, strlen(h->host)) ||
        ident_parse_id(h->ledger, strlen(h->ledger), &id) < 0 ||
        when_parse(exported, strlen(exported), &h->exported) < 0 ||
        !(json_is_null(key) || json_is_string(key)) ||
        !(json_is_null(h->filter) || json_is_object(h->filter)))
        return fail(f, error, _("the first line is not as one of ours"));
    r = export_read_segments(segments, &f->segments, &h->n_segments);
    if (r < 0)
        return r == -EBADMSG ? fail(f, error, _("the first line is not as one of ours")) : r;
    h->segments = f->segments;
    h->first = (uint64_t)first;
    h->last = (uint64_t)last;
    h->key = json_string_value(key);
    h->filter = json_is_null(h->filter) ? NULL : h->filter;
    return 0;
}

int export_open(int fd, struct export_file **ret, char error[static EXPORT_ERROR_SIZE])
{
    cleanup(export_close_p) struct export_file *f = calloc(1, sizeof(*f));
    const char *line;
    size_t size;
    int r;

    *ret = NULL;
    error[0] = '\0';
    if (!f)
        return -ENOMEM;
    f->fd = fd;
    r = next_line(f, &line, &size, error);
    if (r < 0)
        return r;
    if (r == 0)
        return fail(f, error, _("the file is empty"));
    f->first_line = json_loadb(line, size, JSON_REJECT_DUPLICATES, NULL);
    r = read_head(f, error);
    if (r < 0)
        return r;
    *ret = steal_pointer(&f);
    return 0;
}

struct export_file *export_close(struct export_file *f)
{
    if (!f)
        return NULL;
    json_decref(f->first_line);
    free(f->segments);
    free(f->data);
    record_space_done(&f->space);
    free(f);
    return NULL;
}

const struct export_head *export_file_head(const struct export_file *f)
{
    return &f->head;
}

uint64_t export_line(const struct export_file *f)
{
    return f->line;
}

/* ---- the last line ---- */

static int read_end(struct export_file *f, const char *line, size_t size, char *error)
{
    static const char *const names[] = {"end", "records", "sequence", "hash"};
    struct flat_value v[ARRAY_SIZE(names)];
    uint8_t hash[RECORD_HASH_SIZE];
    int r;

    if (flat_json_read(line, size, names, ARRAY_SIZE(names), f->space.text, v) < 0 ||
        v[0].kind != FLAT_BOOL || v[0].number != 1 || !is_number(&v[1], UINT64_MAX) ||
        !is_number(&v[2], UINT64_MAX) || parse_hash(&v[3], hash) < 0)
        return fail(f, error, _("this is neither a record nor the last line"));
    if (v[1].number != f->records || v[2].number != f->sequence || memcmp(hash, f->hash, sizeof(hash)) != 0)
        return fail(f, error, _("the last line tells of %llu records up to %llu; %llu were read, up to %llu"),
                    (unsigned long long)v[1].number, (unsigned long long)v[2].number,
                    (unsigned long long)f->records, (unsigned long long)f->sequence);
    r = next_line(f, &line, &size, error);
    return r == 1 ? fail(f, error, _("there is something behind the last line")) : r;
}

int export_next(struct export_file *f, struct record *ret, char error[static EXPORT_ERROR_SIZE])
{
    const char *line = NULL;
    size_t size = 0;
    int r = next_line(f, &line, &size, error);

    if (r < 0)
        return r;
    if (r == 0)
        return fail(f, error, _("the last line is missing: the file was cut off"));
    r = record_space_reserve(&f->space, size + 1);
    if (r < 0)
        return r;
    if (export_parse_record(line, size, f->space.text, ret) < 0)
        return read_end(f, line, size, error);
    f->records++;
    f->sequence = ret->sequence;
    memcpy(f->hash, ret->hash, sizeof(f->hash));
    return 1;
}
