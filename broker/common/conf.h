#ifndef HUFU_COMMON_CONF_H
#define HUFU_COMMON_CONF_H

#include <stddef.h>
#include <stdint.h>

/*
 * Strict `[section]` / `key = value` files. inih takes the lines apart; this puts in front of it what it
 * lacks: an unknown or duplicate section (also an empty one), an unknown or duplicate key, an indented line,
 * a line over 199 octets, a ` ;` inside a value, a key outside a section, a NUL, a control character, a
 * missing last LF: each refuses the file with its line and reason. Comments are whole lines beginning with #.
 */
#define CONF_SIZE_MAX    ((size_t)64 * 1024)
#define CONF_REASON_SIZE 200

struct conf_key {
    const char *section;
    const char *key;
    /* Sets the value (without blanks around it, perhaps empty) in `target`; 0, or -EINVAL with a reason
     * written to `reason` (CONF_REASON_SIZE octets), or another -errno. */
    int (*set)(void *target, const char *value, char *reason);
    int required;
};

struct conf_error {
    unsigned line; /* from 1; 0: the file as a whole (a required key is missing, the file unreadable) */
    char reason[CONF_REASON_SIZE];
};

/** Parses text of `size` octets (and a NUL behind them) by a table that ends with a NULL section. Stops at
 * the first fault; what was set before it stays in `target`. 0; -EINVAL with error filled; -ENOMEM; what a
 * `set` returned. */
int conf_parse(const char *text, size_t size, const struct conf_key *table, void *target,
               struct conf_error *error);

/** files_read() (owner root, not group or world writable, at most CONF_SIZE_MAX) and conf_parse(). Its errors
 * and theirs, each with `error` filled. */
int conf_load(const char *path, const struct conf_key *table, void *target, struct conf_error *error);

/* ---- for functions that set a value ---- */

/** Writes the reason and returns -EINVAL. */
__attribute__((format(printf, 2, 3))) int conf_refuse(char *reason, const char *format, ...);

/** A copy in *target, which held nothing. 0 or -ENOMEM. */
int conf_set_text(char **target, const char *value);

/** "20000-29999": first <= last, neither 0. 0 or -EINVAL. */
int conf_parse_range(const char *value, unsigned *first, unsigned *last);

/** "24h", "90m", "3600s", "2d": 1 second to 10 years. 0 or -EINVAL. */
int conf_parse_duration(const char *value, uint32_t *seconds);

/** "64M", "4G", "512K": octets, in powers of 1024, up to 1023 TiB. 0 or -EINVAL. */
int conf_parse_size(const char *value, uint64_t *octets);

#endif
