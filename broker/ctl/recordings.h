#ifndef HUFU_CTL_RECORDINGS_H
#define HUFU_CTL_RECORDINGS_H

#include "broker/ctl/cli.h"

#include <jansson.h>

/*
 * The recordings of a session: what the ledger says was recorded, and what became of the files. Each is an
 * object: number (from 1, in the order in which they began), time, user, started ("shell", or the command;
 * null: the ledger does not say), file, state, line and fault (of a file in which something is wrong), size,
 * length_ms.
 *
 * States: "whole", "empty", "cut", "damaged"; "missing" (the ledger names it, and it is not there);
 * "not-readable" (for the caller); "not-a-recording" (a link, a folder).
 */

/** Asks the broker; *ret is the caller's: a list, never empty. EXIT_NOT_FOUND: there is none, said. Files are
 * not looked at. */
enum exit_code recordings_ask(const struct cli *cli, uint32_t session, json_t **ret);

/** Reads the file of each one and puts in what it found. 0 or -ENOMEM. */
int recordings_look(const struct cli *cli, json_t *recordings);

#endif
