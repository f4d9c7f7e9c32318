#ifndef HUFU_CTL_OPTIONS_H
#define HUFU_CTL_OPTIONS_H

#include "broker/ctl/cli.h"

#include <stddef.h>

/*
 * The command line as tables: a verb is a row with its texts and its options, and one parser reads them
 * all. Strict: an unknown option, a missing or superfluous value, an option given twice, too few or too
 * many arguments is a usage error before anything is done. Names are never abbreviated.
 */

#define OPTION_LIST_MAX 64

enum option_kind {
    OPTION_TEXT = 1, /* const char * */
    OPTION_LIST,     /* struct option_list: may be repeated */
    OPTION_FLAG,     /* bool */
};

struct option_list {
    const char *items[OPTION_LIST_MAX]; /* borrowed from argv */
    size_t count;
};

struct option_row {
    const char *name; /* without dashes */
    char letter;      /* or 0 */
    enum option_kind kind;
    bool required;
    const char *value; /* what stands for the value in the help; NULL with OPTION_FLAG */
    const char *help;  /* msgid */
    size_t at;         /* of its target in the verb's settings */
};

struct verb {
    const char *name; /* "grant draft" */
    const char
        *shorthand; /* its first word, if that alone, or with options behind it, is the same; or NULL */
    const char *arguments; /* as shown in the usage line, or "" */
    const char *summary;   /* msgid: one line of the overview */
    const char *text;      /* msgid: what one should know, for its own --help */
    const char *example;   /* lines of commands */
    const struct option_row *options;
    size_t n_options;
    size_t least, most; /* arguments */
    size_t settings_size;
    enum exit_code (*run)(const struct cli *cli, const void *settings, const struct option_list *arguments);
};

#define OPTION_REASON_SIZE 200

enum option_outcome {
    OPTIONS_READ = 1,
    OPTIONS_HELP,  /* --help was among them */
    OPTIONS_USAGE, /* reason says why */
};

/** Reads what follows the verb. `settings` is zeroed memory of verb->settings_size; --json and --socket
 * go to `cli`. */
enum option_outcome options_read(const struct verb *verb, int argc, char **argv, struct cli *cli,
                                 void *settings, struct option_list *arguments,
                                 char reason[static OPTION_REASON_SIZE]);

/** What --help prints: usage, text, options, example. */
void options_help(FILE *out, const struct verb *verb);

/** The usage line alone. */
void options_usage(FILE *out, const struct verb *verb);

#endif
