#ifndef HUFU_TESTS_CTL_INVOKE_H
#define HUFU_TESTS_CTL_INVOKE_H

#include "broker/ctl/cli.h"
#include "tests/unit/support/department.h"

/* Fixture: hufuctl as a function, in a folder of its own, with or without a broker that answers. */

struct result {
    enum exit_code code;
    char *out, *error;
};

/** Runs a command line at PAPERS_NOW; the words end with NULL. What it runs as hufu-ldapd is the file of that
 * name here.
 */
struct result invoke(const char *word, ...) __attribute__((sentinel));
void result_done(struct result *r);
#define cleanup_result cleanup(result_done)

/** Fails the test unless text is found in what was printed. */
void assert_says(const char *text, const char *part);

/** One word a blank: "grant list --all". For words without blanks. */
struct result invoke_line(const char *line);

void put_file(const char *name, const char *text);

/** A folder that the test works in, and that goes with everything in it. */
int enter_folder(void **state);
int leave_folder(void **state);

/* A broker for a number of calls: it gives these replies (JSON objects) in turn, on the socket "control". */
struct stand_in;
struct stand_in *stand_in_start(const char *const *replies, size_t n);
/** Waits for it; the calls it got as text, one a line, the caller's to free. */
char *stand_in_finish(struct stand_in *s);

/* A line end in a reply is the end of one of several messages. */
/** invoke_line() with --socket control and one reply; *call is what was asked, the caller's. */
struct result invoke_with(const char *reply, const char *line, char **call);

#endif
