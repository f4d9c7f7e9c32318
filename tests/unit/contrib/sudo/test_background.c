/* `sudo -b`: sudo tells its plugins nothing of it, so that its own command line is read as sudo reads it. */
#include "contrib/sudo/request.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define WORDS_MAX 12

static void background(const char *line, bool expected)
{
    char text[200], *rest = text, *argv[WORDS_MAX] = {(char *)"sudo"};
    int n = 1, optind;

    (void)snprintf(text, sizeof(text), "%s", line);
    for (char *word; (word = strsep(&rest, " ")) != NULL;)
        argv[n++] = word;
    for (optind = 1; optind < n && strcmp(argv[optind], "id") != 0; optind++)
        ;
    if (request_is_background(optind, argv) != expected)
        fail_msg("%s", line);
}

static void test_background(void **state)
{
    (void)state;
    background("-b id", true);
    background("-nb id", true);
    background("-bn id", true);
    background("-u oracle -b id", true);
    background("-uoracle -b id", true);
    background("--background id", true);
    background("--ba id", true);
    background("--user oracle --back id", true);
    background("LANG=C -b id", true);
    background("-n id -b", false);
    background("-u -b id", false); /* the account of that name */
    background("-ub id", false);
    background("-p -b id", false);
    background("-n -u oracle id", false);
    background("--bell id", false);
    background("--backgrounds id", false);
    background("id", false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_background),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
