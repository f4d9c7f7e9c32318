#include "tests/differential/case_input.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void case_fail(const char *what, const char *why)
{
    (void)fprintf(stderr, "%s: %s\n", what, why);
    exit(2);
}

bool case_read_line(struct case_input *in)
{
    ssize_t length = getline(&in->line, &in->room, stdin);
    char *rest = in->line;

    in->n_words = 0;
    if (length <= 0)
        return false;
    in->line[length - 1] = '\0';
    for (char *word; (word = strsep(&rest, "\t")) != NULL;) {
        if (in->n_words == CASE_WORDS_MAX)
            case_fail(in->line, "too many words");
        in->words[in->n_words++] = word;
    }
    return true;
}

void case_read_octets(struct case_input *in, const char *size)
{
    in->size = strtoul(size, NULL, 10);
    if (in->size > sizeof in->octets || fread(in->octets, 1, in->size, stdin) != in->size)
        case_fail(in->words[0], "octets are missing");
}
