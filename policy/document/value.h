#ifndef HUFU_DOCUMENT_VALUE_H
#define HUFU_DOCUMENT_VALUE_H

#include "policy/document/grammar.h"

/*
 * Readers and writers of the members that several documents have, for the rows of their tables; and the words
 * that tokens are checked against. A word is checked in both directions, so that a list item can never be
 * written as something that reads back as `any`.
 */

extern const struct grammar_word value_name;
extern const struct grammar_word value_account;
extern const struct grammar_word value_role;    /* [a-z][a-z0-9-]{0,31} */
extern const struct grammar_word value_purpose; /* visible text, no blank at either end */

#define VALUE_EXPECTED_NUMBER    N_("a whole number from 1 to 2147483647 without leading zeros")
#define VALUE_EXPECTED_TIME      N_("a time like 2026-11-21T00:00:00Z")
#define VALUE_EXPECTED_ID        N_("an id of 32 lower-case hexadecimal digits")
#define VALUE_EXPECTED_SHA256    N_("a SHA-256 of 64 lower-case hexadecimal digits")
#define VALUE_EXPECTED_BASE64    N_("canonical base64")
#define VALUE_EXPECTED_ALGORITHM N_("an algorithm: ed25519, ecdsa-p256-sha256, rsa-pss-sha256 or sm2-sm3")

/** Type and version: the value is `1`; the struct has no member for it. */
int value_read_format(struct grammar_reader *r, void *member, const struct grammar_line *lines, size_t n);
void value_write_format(struct grammar_writer *w, const void *member);

/** const char *, checked by field->word. */
int value_read_word(struct grammar_reader *r, void *member, const struct grammar_line *lines, size_t n);
void value_write_word(struct grammar_writer *w, const void *member);

/** uint32_t. */
int value_read_number(struct grammar_reader *r, void *member, const struct grammar_line *lines, size_t n);
void value_write_number(struct grammar_writer *w, const void *member);

/** when_t. */
int value_read_time(struct grammar_reader *r, void *member, const struct grammar_line *lines, size_t n);
void value_write_time(struct grammar_writer *w, const void *member);

/** struct ident_id. */
int value_read_id(struct grammar_reader *r, void *member, const struct grammar_line *lines, size_t n);
void value_write_id(struct grammar_writer *w, const void *member);

/** uint8_t [32]. */
int value_read_sha256(struct grammar_reader *r, void *member, const struct grammar_line *lines, size_t n);
void value_write_sha256(struct grammar_writer *w, const void *member);

/** struct grant_strings, each checked by field->word. */
int value_read_words(struct grammar_reader *r, void *member, const struct grammar_line *lines, size_t n);
void value_write_words(struct grammar_writer *w, const void *member);

/** One checked token copied into the arena. Returns 0, -EINVAL (refused), -ENOMEM. */
int value_take_word(struct grammar_reader *r, unsigned line, struct grammar_token token,
                    const struct grammar_word *word, const char **ret);

/** One whole number. Returns 0 or -EINVAL (refused). */
int value_take_number(struct grammar_reader *r, unsigned line, struct grammar_token token, uint32_t *ret);

/** One run of canonical base64 copied into the arena as octets. Returns 0, -EINVAL (refused), -ENOMEM. */
int value_take_base64(struct grammar_reader *r, unsigned line, struct grammar_token token,
                      const uint8_t **ret, size_t *ret_size);

/** Whether a word that a member holds may be written; if not, the writer has failed. */
bool value_may_emit(struct grammar_writer *w, const struct grammar_word *word, const char *text);

/** Refuses a word that stands alone (`any`, `none`, `password`) among other lines. */
int value_refuse_company(struct grammar_reader *r, const struct grammar_line *lines, size_t n,
                         const char *word);

#endif
