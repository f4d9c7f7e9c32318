/*
 * Runner of the golden tables.
 *
 *   golden TABLE               runs a table; fails if a case does, or if there is none
 *   golden --reasons TABLE...  fails if the engine can give a reason that no case of these tables shows
 */
#include "tests/golden/answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    REASON_NUMBERS = 128,
};

/* Reasons that others give: the broker about sessions, never the engine. */
static const enum reason not_of_engine[] = {
    REASON_LOGIN_UID_MISSING, REASON_LOGGED_OUT,       REASON_ENDED_BY_OPERATOR, REASON_KEY_MISMATCH,
    REASON_LEASE_LAPSED,      REASON_GRANT_SUPERSEDED, REASON_LAST_SESSION,      REASON_RECORDER_GONE};

struct tally {
    unsigned passed;
    unsigned failed;
    bool seen[REASON_NUMBERS];
};

/* Compares one line; absent in the case means `otherwise`. */
static bool same(const char *what, const char *expected, const char *got)
{
    if (strcmp(expected, got) == 0)
        return true;
    printf("    %s\n        expected: %s\n        got:      %s\n", what, expected, got);
    return false;
}

static bool run_case(const struct table *t, const struct table_case *c, struct tally *tally)
{
    const char *expect = table_get(&c->facts, "expect");
    const char *trace = table_get(&c->facts, "trace");
    const char *ask = table_get(&c->facts, "ask");
    char error[SCENE_TEXT_SIZE] = "no `expect` line";
    struct answer answer;
    struct scene scene = {0};
    bool passed = false;

    if (!expect || scene_make(&scene, t, c, error) < 0) {
        printf("    %s\n", error);
    } else if (answer_get(&scene, ask ? ask : "decide", &answer) < 0) {
        printf("    no such question: %s\n", ask);
    } else {
        passed = same("answer", expect, answer.text);
        passed = same("grants considered", trace ? trace : "-", answer.trace) && passed;
        if (passed && (unsigned)answer.reason < REASON_NUMBERS)
            tally->seen[answer.reason] = true;
    }
    scene_done(&scene);
    return passed;
}

static int run_table(const char *path, struct tally *tally)
{
    struct table *t = NULL;

    if (table_read(path, &t) < 0)
        return -1;
    for (size_t i = 0; i < table_n_cases(t); i++) {
        const struct table_case *c = table_case_at(t, i);

        if (run_case(t, c, tally)) {
            tally->passed++;
            continue;
        }
        tally->failed++;
        printf("%s:%u: FAILED: %s\n", path, c->number, c->name);
    }
    table_free(t);
    return 0;
}

static bool is_of_engine(enum reason reason)
{
    for (size_t i = 0; i < ARRAY_SIZE(not_of_engine); i++)
        if (not_of_engine[i] == reason)
            return false;
    return true;
}

static unsigned print_missing(const struct tally *tally)
{
    static const enum reason all[] = {
#define ROW(symbol, number, name) REASON_##symbol,
        REASON_TABLE(ROW)
#undef ROW
    };
    unsigned missing = 0;

    for (size_t i = 0; i < ARRAY_SIZE(all); i++)
        if ((unsigned)all[i] >= REASON_NUMBERS || (is_of_engine(all[i]) && !tally->seen[all[i]])) {
            printf("no case shows the reason %s\n", reason_name(all[i]));
            missing++;
        }
    return missing;
}

static int run_all_for_reasons(char **paths, int n)
{
    struct tally tally = {0};
    unsigned missing;

    for (int i = 0; i < n; i++)
        if (run_table(paths[i], &tally) < 0)
            return EXIT_FAILURE;
    missing = print_missing(&tally);
    printf("all tables: %u passed, %u failed, %u reasons without a case\n", tally.passed, tally.failed,
           missing);
    return tally.failed == 0 && missing == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    struct tally tally = {0};

    if (argc > 2 && strcmp(argv[1], "--reasons") == 0)
        return run_all_for_reasons(argv + 2, argc - 2);
    if (argc != 2 || argv[1][0] == '-') {
        fprintf(stderr, "usage: golden TABLE | golden --reasons TABLE...\n");
        return 2;
    }
    if (run_table(argv[1], &tally) < 0)
        return EXIT_FAILURE;
    if (tally.passed + tally.failed == 0)
        printf("%s: a table without cases\n", argv[1]);
    printf("%s: %u passed, %u failed\n", argv[1], tally.passed, tally.failed);
    return tally.failed == 0 && tally.passed > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
