// LAYERS: base
// PARTS: review broker/review/auditd.c broker/review/auditd_fields.c
// COVERS: broker/review/auditd.c broker/review/auditd_fields.c
// OPTIONS: -max_len=8192
/*
 * Any lines as auditd's log, in which the audited write what they like. What is told of it is text within its
 * bounds, of the time asked for; a value that was read stands in the line.
 */
#include "broker/review/auditd.h"
#include "broker/review/auditd_fields.h"
#include "policy/base/cleanup.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

#define FROM  1795255200
#define UNTIL 1795341600

static void demand_inside(const char *at, size_t n, const char *line, size_t size)
{
    demand(at >= line && n <= size && (size_t)(at - line) <= size - n, "a field lies in its line");
}

static void try_line(const char *line, size_t size)
{
    static const char *const names[] = {"key", "auid", "uid", "syscall", "SYSCALL",
                                        "exe", "name", "cwd", "success"};
    struct auditd_fields f;

    if (auditd_fields_parse(line, size, &f) < 0)
        return;
    demand_inside(f.rest, f.size, line, size);
    demand(memchr(f.type, 0, sizeof(f.type)) != NULL && f.time >= 0, "a type and a time");
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        char text[32];
        size_t n = 0;
        uint64_t number;
        const char *value = auditd_field(&f, names[i], &n);

        if (value)
            demand_inside(value, n, line, size);
        demand(auditd_field_number(&f, names[i], &number) < 0 || value, "a number of no field");
        demand(!auditd_field_text(&f, names[i], text, sizeof(text)) ||
                   (value && memchr(text, 0, sizeof(text)) && strlen(text) <= n),
               "a text of no field");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup(auditd_free_p) struct auditd *a = NULL;
    const struct auditd_row *rows;
    const char *at = (const char *)data;
    uint64_t lines = 0, told = 0;

    demand(auditd_new(FROM, UNTIL, &a) == 0, "memory");
    while (size > 0) {
        const char *end = memchr(at, '\n', size);
        size_t length = end ? (size_t)(end - at) : size;

        try_line(at, length);
        demand(auditd_line(a, at, length) == 0, "memory");
        lines++;
        at += length + (end != NULL);
        size -= length + (end != NULL);
    }
    demand(auditd_end(a) == 0, "memory");
    for (size_t i = 0, n = auditd_rows(a, &rows); i < n; i++) {
        demand(rows[i].first >= FROM && rows[i].first < UNTIL, "outside of the time asked for");
        demand(rows[i].what && rows[i].path && rows[i].count > 0, "a row says what was denied");
        told += rows[i].count;
    }
    demand(told <= lines, "more was denied than was said");
    return 0;
}
