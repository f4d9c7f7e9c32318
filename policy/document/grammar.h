#ifndef HUFU_DOCUMENT_GRAMMAR_H
#define HUFU_DOCUMENT_GRAMMAR_H

#include "policy/base/arena.h"
#include "policy/base/buf.h"
#include "policy/base/words.h"
#include "policy/document/document.h"

#include <errno.h>

/*
 * The engine under all documents. A document is a table of fields in their fixed order; each says how often
 * its key stands, and how its lines become a member of the document's struct and back. The engine does what
 * all have in common: lines and octets, order of keys, counts, sorting, uniqueness. Only the lines of a key
 * that passed all this reach the field's reader, and all of them at once.
 */

#define GRAMMAR_FIELDS_MAX 40
#define GRAMMAR_WORDS_MAX  24
/* Octets of a foreign token that are quoted in a reason, and the buffer that quoting needs. */
#define GRAMMAR_QUOTE_MAX  40
#define GRAMMAR_QUOTE_SIZE (GRAMMAR_QUOTE_MAX + 4)

struct grammar_token {
    const char *text;
    size_t length;
};

/* One line of the document: what stands behind "key: ". */
struct grammar_line {
    struct grammar_token key;
    struct grammar_token value;
    unsigned number; /* from 1 */
};

struct grammar_field;

struct grammar_reader {
    struct arena *arena;
    struct document_error *error;
    const struct grammar_field *field;       /* whose lines are being read */
    unsigned first_line[GRAMMAR_FIELDS_MAX]; /* by place in the table; 0: absent */
    const struct grammar_field *fields;      /* of the document */
    size_t n_fields;
    const char *octets; /* the document's first octet */
};

struct grammar_writer {
    struct buf text;
    struct document_error *error;
    const struct grammar_field *field;
    unsigned line; /* that is being written */
    int result;    /* 0 or the first error */
};

/* What a token may look like, in code and in words ("is not ..."). */
struct grammar_word {
    bool (*is)(const char *text, size_t length);
    const char *expected;
};

struct grammar_field {
    const char *key;
    unsigned least;
    unsigned most;
    size_t offset;                   /* of the member in the document's struct */
    const struct grammar_word *word; /* for readers of words */
    /* Returns 0, -EINVAL after grammar_refuse(), -ENOMEM. There is at least one line. */
    int (*read)(struct grammar_reader *r, void *member, const struct grammar_line *lines, size_t n_lines);
    /* Calls grammar_emit() for each line, in any order. */
    void (*write)(struct grammar_writer *w, const void *member);
};

struct grammar {
    size_t max_size;
    size_t max_line;
    size_t struct_size;
    const struct grammar_field *fields; /* the first is the document's type and version */
    size_t n_fields;
    /* What one field alone cannot tell. As grammar_field.read. */
    int (*check)(struct grammar_reader *r, const void *document);
};

/** Reads a document into a zeroed struct of g->struct_size that lies in *arena, which is the caller's.
 * Returns 0, -EINVAL with `error` (may be NULL) filled, -ENOMEM. */
int grammar_read(const struct grammar *g, const void *octets, size_t size, void **ret, struct arena **arena,
                 struct document_error *error);

/** Appends the first `n_fields` fields of the table to `text`, repeats sorted. What cannot be told by reading
 * the text again (a value whose text would mean another value) is refused here. Same returns. */
int grammar_write(const struct grammar *g, size_t n_fields, const void *document, struct buf *text,
                  struct document_error *error);

/** Notes line and reason ("key: ..." for the field being read) in r->error. */
__attribute__((format(printf, 3, 4))) void grammar_note(struct grammar_reader *r, unsigned line,
                                                        const char *format, ...);

/** The same without a key before it: for the document as a whole. `error` may be NULL. */
__attribute__((format(printf, 3, 4))) void document_note(struct document_error *error, unsigned line,
                                                         const char *format, ...);

/** Note, with -EINVAL as the value, for `return`. */
#define grammar_refuse(...)  (grammar_note(__VA_ARGS__), -EINVAL)
#define document_refuse(...) (document_note(__VA_ARGS__), -EINVAL)

/** "key: `token` is not <expected>". Returns -EINVAL. */
int grammar_refuse_token(struct grammar_reader *r, unsigned line, struct grammar_token token,
                         const char *expected);

/** First line of a key of this document, or of the document if the key is absent. */
unsigned grammar_line_of(const struct grammar_reader *r, const char *key);

/** Writes one line "key: <formatted>". A line feed or other control character in it is an error. */
__attribute__((format(printf, 2, 3))) void grammar_emit(struct grammar_writer *w, const char *format, ...);

/** The writer's grammar_refuse_token(): for a value that has no text. */
void grammar_cannot_emit(struct grammar_writer *w, const char *token, const char *expected);

/** The writer failed for want of memory. */
void grammar_no_memory(struct grammar_writer *w);

/** Splits at single separators. Returns the number of tokens, or 0 if one is empty or there are more than
 * `most`. */
size_t grammar_split(struct grammar_token value, char separator, struct grammar_token *tokens, size_t most);

bool grammar_token_is(struct grammar_token token, const char *text);

/** A token fit to be shown: what is not visible is left out, and what is long is cut ("..."). */
void grammar_quote(struct grammar_token token, char quoted[static GRAMMAR_QUOTE_SIZE]);

#endif
