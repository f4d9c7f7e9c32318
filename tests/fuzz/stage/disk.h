#ifndef HUFU_TESTS_FUZZ_DISK_H
#define HUFU_TESTS_FUZZ_DISK_H

/*
 * Between the broker and its store: transactions can be made to wait, and their answers. Stands in by --wrap
 * for store_submit().
 */
enum disk_mood {
    DISK_TAKES,
    DISK_WAITS,   /* nothing is written */
    DISK_SILENT,  /* it is written, and nobody is told */
    DISK_REFUSES, /* nothing is written; what is waited for will have failed */
};

void disk_set(enum disk_mood mood);

/** What waited is written, told, or told to have failed, in its order; from now on the disk takes again. */
void disk_go_on(void);

#endif
