#ifndef HUFU_AUDIT_EXPORT_READ_H
#define HUFU_AUDIT_EXPORT_READ_H

#include "broker/audit/export.h"
#include "policy/base/cleanup.h"

/*
 * Reading an export file, strictly: one line at a time, each of a bounded length, nothing unknown in it,
 * nothing missing. The file is taken for what an attacker may have written. Whether its records are those of
 * the ledger is the chain's to say (broker/audit/chain.h).
 */
struct export_file;

/* The longest line: twelve texts of a record, 65535 octets each, all of them quotes. */
#define EXPORT_LINE_MAX ((size_t)2 * 1024 * 1024)
/* The first one has all segments that were ever sealed, 28,000 or so. As much as a reply has. */
#define EXPORT_HEAD_MAX ((size_t)16 * 1024 * 1024)

/** Parses the octets of a record's line, without its end. Texts of *ret lie in `space` (of `size` octets or
 * more). 0, -EBADMSG. */
int export_parse_record(const char *line, size_t size, char *space, struct record *ret);

/** The inverse of export_segments(): *ret is the caller's to free, its texts are the array's. 0, -EBADMSG,
 * -ENOMEM. */
int export_read_segments(json_t *array, struct sealed_segment **ret, size_t *n);

/** Reads the first line of what `fd` (borrowed) has. 0; -EBADMSG: no export file, or one that is cut off or
 * of a newer format, and `error`, a sentence, says so; other -errno. */
#define EXPORT_ERROR_SIZE 200
int export_open(int fd, struct export_file **ret, char error[static EXPORT_ERROR_SIZE]);
struct export_file *export_close(struct export_file *f);
DEFINE_CLEANUP(struct export_file, export_close);

/** What the first line says; lasts as long as the file. */
const struct export_head *export_file_head(const struct export_file *f);

/** The next record; its texts last until the next call. 1; 0: there was the last line, which agrees with what
 * was read, and nothing behind it; -EBADMSG and `error` as above; other -errno. */
int export_next(struct export_file *f, struct record *ret, char error[static EXPORT_ERROR_SIZE]);

/** The number of the line that was read last, from 1 on. */
uint64_t export_line(const struct export_file *f);

#endif
