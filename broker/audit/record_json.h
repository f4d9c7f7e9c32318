#ifndef HUFU_AUDIT_RECORD_JSON_H
#define HUFU_AUDIT_RECORD_JSON_H

#include "broker/audit/record.h"

#include <jansson.h>

/** A record as Audit and exports say it: every member, names as in org.hufu.control.varlink; times in UTC as
 * text, with microseconds where the record has them; `reason`, `deadline`, `actor` and `first` null when
 * there is none, a deadline without an end "never". What record_encode() takes can be made from it again.
 * NULL: no memory, or a text is not UTF-8 (record_clean()). */
json_t *record_json(const struct record *r);

#endif
