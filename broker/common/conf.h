#ifndef HUFU_COMMON_CONF_H
#define HUFU_COMMON_CONF_H

#include <stddef.h>

/*
 * Strict `[section]` / `key = value` files. inih splits the lines; this puts in front of it what it
 * lacks: an unknown, duplicate or empty unknown section, an unknown or duplicate key, an indented
 * line, a line over 199 octets, a ` ;` inside a value, a key outside a section, a NUL, a missing
 * last LF: each refuses the file with its line and reason. Comments are whole lines beginning with #.
 */
struct conf_key {
	const char *section;
	const char *key;
	/* Sets the value in `target`; 0, or -EINVAL with a reason written to `reason` (200 octets). */
	int (*set)(void *target, const char *value, char *reason);
	int required;
};

struct conf_error {
	unsigned line; /* 0: the file as a whole (a required key is missing, the file unreadable) */
	char reason[200];
};

/** Parses text (NUL-terminated) by a table that ends with a NULL section. */
int conf_parse(const char *text, size_t size, const struct conf_key *table, void *target,
               struct conf_error *error);

/** files_read() (owner root, not group or world writable) and conf_parse(). */
int conf_load(const char *path, const struct conf_key *table, void *target, struct conf_error *error);

/** "20000-29999": first <= last, neither 0. 0 or -EINVAL. */
int conf_parse_range(const char *value, unsigned *first, unsigned *last);

#endif
