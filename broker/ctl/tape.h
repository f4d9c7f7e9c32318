#ifndef HUFU_CTL_TAPE_H
#define HUFU_CTL_TAPE_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

/*
 * The file of a recording, as tlog writes it (its doc/log_format.md, version 2): a JSON object a line,
 * numbered from one, each with a part of what was typed and shown. Nothing of it is believed before it is
 * checked, since what the recorded person's programs wrote is in it.
 */

enum tape_end {
    TAPE_WHOLE = 1,
    TAPE_EMPTY,   /* nothing was typed or shown, or nothing is written yet */
    TAPE_CUT,     /* the last line has no end; what is before it holds */
    TAPE_DAMAGED, /* the line of tape.line is not what tlog writes there; what is before it holds */
};

enum tape_what { TAPE_INPUT = 1, TAPE_OUTPUT, TAPE_WINDOW };

/** A piece in the order of time, at `ms` since the recording began. `octets` is what the program wrote or
 * read (any octet may be there); a window is "COLUMNSxROWS". */
typedef void tape_heard(void *userdata, int64_t ms, enum tape_what what, const char *octets, size_t size);

struct tape {
    FILE *file;
    off_t size;
    size_t line;       /* the one read last, from 1 */
    int64_t start_ms;  /* since 1970, by the recorder's clock; 0: it does not say */
    int64_t length_ms; /* from the beginning to the last piece */
    json_t *first;     /* first message */
    const char *fault; /* what is wrong with that line, translated; NULL: nothing */
};

/** Opens a file of RECORDER_FOLDER below `root` ("" or "/x"); its name has been checked. 0; -ENOENT, -EACCES,
 * -EINVAL (not a regular file), or another -errno. */
int tape_open(struct tape *t, const char *root, const char *name);
void tape_close(struct tape *t);
#define cleanup_tape cleanup(tape_close)

/** Reads it from where it is to its end. `user` is the account that every message has to be of; `heard` may
 * be NULL, and is told of each piece of a message that has been checked. */
enum tape_end tape_read(struct tape *t, const char *user, tape_heard *heard, void *userdata);

/** The pieces of one message: 0 with the time of its last in *ms (which the caller sets to the message's
 * own), or -EBADMSG if its timing is malformed or does not fit what it counts: so ask without `heard` first.
 */
int tape_pieces(const json_t *message, int64_t *ms, tape_heard *heard, void *userdata);

/** Prints every piece as lines of visible text: time, `<` typed, `>` shown, or `=` size of the window, and
 * what. It ends as tape_read(). -ENOMEM: without memory. */
int tape_print(struct tape *t, const char *user, FILE *out, enum tape_end *end);

#endif
