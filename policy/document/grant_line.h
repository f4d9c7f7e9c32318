#ifndef HUFU_DOCUMENT_GRANT_LINE_H
#define HUFU_DOCUMENT_GRANT_LINE_H

#include "policy/document/grammar.h"
#include "policy/document/grant.h"

/*
 * Readers and writers of what only grants have, for the rows of their table. `member` is the whole struct
 * grant where several members are set together (staff-key, command, source, hours), else the one that is
 * named.
 */

int grant_read_class(struct grammar_reader *r, void *member, const struct grammar_line *lines, size_t n);
void grant_write_class(struct grammar_writer *w, const void *member);

int grant_read_incident_level(struct grammar_reader *r, void *member, const struct grammar_line *lines,
                              size_t n);
void grant_write_incident_level(struct grammar_writer *w, const void *member);

int grant_read_staff_key(struct grammar_reader *r, void *member, const struct grammar_line *lines, size_t n);
void grant_write_staff_key(struct grammar_writer *w, const void *member);

int grant_read_channel(struct grammar_reader *r, void *member, const struct grammar_line *lines, size_t n);
void grant_write_channel(struct grammar_writer *w, const void *member);

int grant_read_run_as(struct grammar_reader *r, void *member, const struct grammar_line *lines, size_t n);
void grant_write_run_as(struct grammar_writer *w, const void *member);

int grant_read_command(struct grammar_reader *r, void *member, const struct grammar_line *lines, size_t n);
void grant_write_command(struct grammar_writer *w, const void *member);

int grant_read_source(struct grammar_reader *r, void *member, const struct grammar_line *lines, size_t n);
void grant_write_source(struct grammar_writer *w, const void *member);

int grant_read_hours(struct grammar_reader *r, void *member, const struct grammar_line *lines, size_t n);
void grant_write_hours(struct grammar_writer *w, const void *member);

int grant_read_uses(struct grammar_reader *r, void *member, const struct grammar_line *lines, size_t n);
void grant_write_uses(struct grammar_writer *w, const void *member);

int grant_read_bound(struct grammar_reader *r, void *member, const struct grammar_line *lines, size_t n);
void grant_write_bound(struct grammar_writer *w, const void *member);

int grant_read_recording(struct grammar_reader *r, void *member, const struct grammar_line *lines, size_t n);
void grant_write_recording(struct grammar_writer *w, const void *member);

#endif
