#ifndef HUFU_CTL_AUDIT_CSV_H
#define HUFU_CTL_AUDIT_CSV_H

#include "broker/audit/record.h"

#include <stdio.h>

/*
 * Records as comma-separated values (RFC 4180) for a spreadsheet: UTF-8 with a mark in front, without which
 * some take Chinese for something else; times in UTC and in the zone of whoever asks. A cell that a
 * spreadsheet would take for a formula, which the commands of a vendor's person may be, has an apostrophe in
 * front. Such a file cannot be verified.
 */

/** The mark, and the line of titles. */
void audit_csv_head(FILE *out);
void audit_csv_record(FILE *out, const char *host, const struct record *r);

#endif
