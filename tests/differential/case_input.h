#ifndef HUFU_DIFFERENTIAL_CASE_INPUT_H
#define HUFU_DIFFERENTIAL_CASE_INPUT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Cases on standard input: lines of words that are separated by tabs, some of which say how many octets
 * follow them. What is no such input ends the program with status 2.
 */

enum {
    CASE_WORDS_MAX = 256,
    CASE_OCTETS_MAX = 1 << 20,
};

struct case_input {
    char *line;
    size_t room;
    char *words[CASE_WORDS_MAX];
    size_t n_words;
    char octets[CASE_OCTETS_MAX];
    size_t size;
};

_Noreturn void case_fail(const char *what, const char *why);

/** False at the end of the input. */
bool case_read_line(struct case_input *in);

/** The octets that follow a line, as many as the word `size` says; in->octets holds them until the next. */
void case_read_octets(struct case_input *in, const char *size);

#endif
