#ifndef HUFU_DOCUMENT_DOCUMENT_H
#define HUFU_DOCUMENT_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The grammar that every signed document shares (4-documents, "Grammar"): lines `key: value`, keys in
 * one fixed order with a least and a greatest count, repeats sorted by memcmp of whole lines and
 * unique. One engine reads a table of fields; each document brings its table. The writers use the
 * same tables, so what is written can be read, and read(write(x)) equals x.
 */

#define DOCUMENT_MAX_SIZE       ((size_t)16 * 1024)
#define DOCUMENT_MAX_SIZE_TRUST ((size_t)1024 * 1024)
#define DOCUMENT_MAX_LINE       ((size_t)4 * 1024)
#define DOCUMENT_MAX_LINE_TRUST ((size_t)64 * 1024) /* trust and status */

/* Where and why a document was refused. line 0: the document as a whole. Zeroed by whoever asks. */
struct document_error {
    unsigned line;
    char reason[220];
    /* Has the words of a language, as gettext(3) does; from who shows the reason to a person. NULL: English.
     */
    const char *(*in_words)(const char *english);
};

/** What stands for `english` in the language of the error, which may be NULL. */
__attribute__((format_arg(2))) const char *document_words(const struct document_error *error,
                                                          const char *english);

/* What a first line says a document is. */
enum document_type {
    DOCUMENT_GRANT = 1,
    DOCUMENT_APPROVAL,
    DOCUMENT_REVOCATION,
    DOCUMENT_STATUS,
    DOCUMENT_TRUST,
};

/** Type by the first line ("hufu-grant: 1\n" ...). Returns 0 or -EINVAL. */
int document_type_of(const void *octets, size_t size, enum document_type *ret);

/** Name of a type: "grant", "approval", ... */
const char *document_type_name(enum document_type type);

#endif
