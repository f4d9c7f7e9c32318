#ifndef HUFU_CTL_AUDIT_TABLE_H
#define HUFU_CTL_AUDIT_TABLE_H

#include "broker/ctl/table.h"
#include "policy/base/when.h"

/* Records as a table for people. */

#define AUDIT_COLUMNS          12
#define AUDIT_COLUMNS_OF_HOSTS 13 /* the same, and the host */

/** The columns, n of them: one of the two numbers above. With `utc` their times are in UTC, else in the zone
 * of whoever looks, with its offset: both are what --since takes. */
void audit_table_columns(bool utc, size_t n, struct table_column columns[]);

/** An instant in the zone of whoever looks, with its offset; "Z" where that is UTC. */
#define AUDIT_LOCAL_TIME_SIZE 40
void audit_format_local(when_t t, char text[static AUDIT_LOCAL_TIME_SIZE]);

/** A record's time, "2026-11-21T08:00:00+08:00" in the zone of whoever looks, "Z" where that is UTC; the
 * caller's to free. "-": it has none. */
char *audit_local_time(const json_t *record);
/** The same in UTC. */
char *audit_utc_time(const json_t *record);

/** A time as records have it ("2026-11-21T00:00:00.123456Z"), to the second. 0 or -EINVAL. */
int audit_parse_time(const char *text, when_t *ret);

#endif
