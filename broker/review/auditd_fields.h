#ifndef HUFU_REVIEW_AUDITD_FIELDS_H
#define HUFU_REVIEW_AUDITD_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A line of auditd's log, taken apart: "type=SYSCALL msg=audit(1795255200.123:456): name=value ...". */
struct auditd_fields {
    char type[24];
    int64_t time; /* seconds */
    uint64_t serial;
    const char *rest; /* fields, behind the colon */
    size_t size;
};

/** 0 or -EBADMSG. Points into the line. */
int auditd_fields_parse(const char *line, size_t size, struct auditd_fields *ret);

/** The value of a field as it stands there, with its quotes; NULL: there is none. */
const char *auditd_field(const struct auditd_fields *f, const char *name, size_t *size);

/** A number, decimal. -EBADMSG: there is none, or it is another thing. */
int auditd_field_number(const struct auditd_fields *f, const char *name, uint64_t *ret);

/** Text: in quotes, or the hexadecimal digits that the kernel writes for what holds blanks, quotes or control
 * characters. False: none ("(null)"), or longer than `room`. NUL ends it. */
bool auditd_field_text(const struct auditd_fields *f, const char *name, char *text, size_t room);

#endif
