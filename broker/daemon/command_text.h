#ifndef HUFU_DAEMON_COMMAND_TEXT_H
#define HUFU_DAEMON_COMMAND_TEXT_H

#include "policy/base/buf.h"
#include "policy/wire/gate.h"

/*
 * Runs of sudo as text for records and people.
 */

/** Path and arguments as one line of visible text from which each of them can be told: one blank apart, an
 * empty one `''`; octets of what is not visible, a blank within one, `'` and `\` as `\` and three octal
 * digits. */
void command_text_line(const struct gate_command *m, struct buf *b);

/** Behind the line, where it runs: `, in ` and the folder, as one word like those; nothing if that is not
 * known.
 */
void command_text_folder(const struct gate_command *m, struct buf *b);

/** Names of the doubts, and what the first of them is about in parentheses; nothing without any. */
void command_text_doubts(const struct gate_command *m, struct buf *b);

/** What came of it: `exit 3`, `signal 11, core dumped`, `not started: Permission denied` ... */
void command_text_outcome(const struct gate_command_end *m, struct buf *b);

#endif
