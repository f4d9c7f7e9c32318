#ifndef HUFU_DOCUMENT_TRUST_LINE_H
#define HUFU_DOCUMENT_TRUST_LINE_H

#include "policy/document/grammar.h"
#include "policy/document/trust.h"

/*
 * Readers and writers of a trust file's lines, for the rows of its table. `member` is the whole struct trust.
 */

int trust_read_anchors(struct grammar_reader *r, void *member, const struct grammar_line *lines, size_t n);
void trust_write_anchors(struct grammar_writer *w, const void *member);

int trust_read_requesters(struct grammar_reader *r, void *member, const struct grammar_line *lines, size_t n);
void trust_write_requesters(struct grammar_writer *w, const void *member);

/** Collects t->roles as well. */
int trust_read_approvers(struct grammar_reader *r, void *member, const struct grammar_line *lines, size_t n);
void trust_write_approvers(struct grammar_writer *w, const void *member);

int trust_read_revokers(struct grammar_reader *r, void *member, const struct grammar_line *lines, size_t n);
void trust_write_revokers(struct grammar_writer *w, const void *member);

int trust_read_status_keys(struct grammar_reader *r, void *member, const struct grammar_line *lines,
                           size_t n);
void trust_write_status_keys(struct grammar_writer *w, const void *member);

int trust_read_limits(struct grammar_reader *r, void *member, const struct grammar_line *lines, size_t n);
void trust_write_limits(struct grammar_writer *w, const void *member);

/** Comes after the approvers: their roles are the ones a quorum may name. */
int trust_read_quorums(struct grammar_reader *r, void *member, const struct grammar_line *lines, size_t n);
void trust_write_quorums(struct grammar_writer *w, const void *member);

#endif
