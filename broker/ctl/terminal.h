#ifndef HUFU_CTL_TERMINAL_H
#define HUFU_CTL_TERMINAL_H

#include <stddef.h>
#include <stdio.h>

/* The terminal that a person sits at, whatever standard input and output are. */

/** Opens the controlling terminal for reading and writing; NULL if there is none. */
FILE *terminal_open(void);

/** Reads a line without its end. 0; -EMSGSIZE, -EIO (end of input), -EINTR (^C); the text is empty then. */
int terminal_read_line(FILE *terminal, char *text, size_t size);

/** The same with nothing of it shown; echo is put back also when a signal ends the program. `text` is
 * the caller's to wipe. */
int terminal_read_secret(FILE *terminal, char *text, size_t size);

#endif
