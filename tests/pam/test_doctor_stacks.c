// LAYERS: doctor common
/*
 * The doctor's idea of a stack against the real libpam: many stacks by chance, of pam_debug (which returns
 * what it is told) and of a module that is not there, with jumps, substacks, includes, continued lines and
 * comments. Both have to end the same.
 */
#include "broker/doctor/walk.h"
#include "policy/base/cleanup.h"

#include <errno.h>
#include <security/pam_appl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define ROUNDS 400
#define FILES  4 /* a service, and three that are taken in */

static const char *const file_names[FILES] = {"service", "one", "two", "three"};

struct chance {
    uint64_t state;
};

static unsigned below(struct chance *c, unsigned n)
{
    c->state = c->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)((c->state >> 33) % n);
}

static const char *some_value(struct chance *c)
{
    static const int common[] = {0, 0, 0, 6, 7, 12, 25, 28, 13, 3};

    return stack_return_name(below(c, 4) > 0 ? common[below(c, ARRAY_SIZE(common))] : (int)below(c, 31));
}

static void put_control(struct chance *c, FILE *f)
{
    static const char *const words[] = {"required", "requisite", "optional", "sufficient", "REQUIRED"};
    static const char *const actions[] = {"ignore", "ok", "done", "bad", "die", "reset", "1", "2", "3", "17"};

    if (below(c, 2) == 0) {
        (void)fputs(words[below(c, ARRAY_SIZE(words))], f);
        return;
    }
    (void)fputc('[', f);
    for (unsigned i = below(c, 4); i > 0; i--)
        (void)fprintf(f, "%s%s=%s ", below(c, 6) == 0 ? "\\\n  " : "", some_value(c),
                      actions[below(c, ARRAY_SIZE(actions))]);
    if (below(c, 3) > 0)
        (void)fprintf(f, "default=%s", actions[below(c, ARRAY_SIZE(actions))]);
    if (below(c, 40) == 0)
        (void)fputs(" nonsense=ok", f);
    (void)fputc(']', f);
}

/* libpam 1.5.2 looks for what is taken in below /etc/pam.d, wherever the service lies: so by path. */
static void put_line(struct chance *c, FILE *f, const char *folder, unsigned file)
{
    const char *minus = below(c, 8) == 0 ? "-" : "";

    if (below(c, 10) == 0)
        (void)fputs("# account required pam_deny.so\n\n", f);
    /* Only files behind this one, so that it ends. */
    if (file + 1 < FILES && below(c, 4) == 0) {
        const char *other = file_names[file + 1 + below(c, FILES - file - 1)];

        if (below(c, 3) == 0)
            (void)fprintf(f, "@include %s/%s\n", folder, other);
        else
            (void)fprintf(f, "%saccount\t%s %s/%s\n", minus, below(c, 2) ? "include" : "substack", folder,
                          other);
        return;
    }
    (void)fprintf(f, "%s%s ", minus, below(c, 30) == 0 ? "session" : "account");
    put_control(c, f);
    if (below(c, 8) == 0)
        (void)fputs(" pam_is_not_there.so\n", f);
    else
        (void)fprintf(f, "\tpam_debug.so acct=%s%s\n", some_value(c), below(c, 10) == 0 ? " # a word" : "");
}

static void put_file(struct chance *c, const char *folder, unsigned file)
{
    cleanup_free char *path = NULL;
    FILE *f;

    assert_true(asprintf(&path, "%s/%s", folder, file_names[file]) > 0);
    f = fopen(path, "we");
    assert_non_null(f);
    for (unsigned i = 1 + below(c, file == 0 ? 7 : 4); i > 0; i--)
        put_line(c, f, folder, file);
    assert_int_equal(fclose(f), 0);
}

static int open_below(void *userdata, const char *name, char **text, char **path)
{
    const char *folder = userdata;
    size_t size = 0;
    char part[4096];
    FILE *from, *to;
    size_t got;

    *text = *path = NULL;
    assert_true(asprintf(path, "%s%s%s", name[0] == '/' ? "" : folder, name[0] == '/' ? "" : "/", name) > 0);
    from = fopen(*path, "re");
    if (!from) {
        free(*path);
        *path = NULL;
        return -ENOENT;
    }
    to = open_memstream(text, &size);
    assert_non_null(to);
    while ((got = fread(part, 1, sizeof(part), from)) > 0)
        (void)fwrite(part, 1, got, to);
    (void)fclose(from);
    assert_int_equal(fclose(to), 0);
    return 0;
}

/* What a line's module returns, as put_line() wrote it. */
static int value_of(const struct stack_line *line)
{
    for (size_t i = 0; i < line->argc; i++)
        for (int value = 0; value < STACK_RETURNS && strncmp(line->argv[i], "acct=", 5) == 0; value++)
            if (strcmp(line->argv[i] + 5, stack_return_name(value)) == 0)
                return value;
    return STACK_MODULE_UNKNOWN;
}

static int doctor_says(char *folder)
{
    cleanup(stack_free_p) struct stack *s = NULL;
    const struct stack_lines *lines;
    int values[2000];

    assert_int_equal(stack_read("service", open_below, folder, &s), 0);
    if (s->broken)
        return PAM_ABORT;
    lines = &s->phases[STACK_ACCOUNT];
    assert_true(lines->n < ARRAY_SIZE(values));
    for (size_t i = 0; i < lines->n; i++)
        values[i] = value_of(&lines->items[i]);
    return walk_once(lines, values);
}

static int converse(int n, const struct pam_message **messages, struct pam_response **responses, void *data)
{
    (void)messages;
    (void)data;
    *responses = calloc((size_t)n, sizeof(**responses));
    return *responses ? PAM_SUCCESS : PAM_BUF_ERR;
}

static int libpam_says(const char *folder)
{
    const struct pam_conv conversation = {.conv = converse};
    pam_handle_t *pamh = NULL;
    int r = pam_start_confdir("service", "nobody", &conversation, folder, &pamh);

    if (r == PAM_SUCCESS)
        r = pam_acct_mgmt(pamh, PAM_SILENT);
    (void)pam_end(pamh, r);
    return r;
}

static void print_files(const char *folder)
{
    for (size_t i = 0; i < FILES; i++) {
        cleanup_free char *text = NULL, *path = NULL;

        if (open_below((void *)(uintptr_t)folder, file_names[i], &text, &path) == 0)
            print_error("--- %s\n%s", file_names[i], text);
    }
}

static void stacks_by_chance_end_as_libpam_ends_them(void **state)
{
    char folder[] = "/tmp/hufu-pam-XXXXXX";
    struct chance c = {.state = 20261122};
    size_t passed = 0;

    (void)state;
    assert_non_null(mkdtemp(folder));
    for (int i = 0; i < ROUNDS; i++) {
        int ours, theirs;

        for (unsigned file = 0; file < FILES; file++)
            put_file(&c, folder, file);
        ours = doctor_says(folder);
        theirs = libpam_says(folder);
        passed += theirs == PAM_SUCCESS;
        if (ours != theirs) {
            print_files(folder);
            fail_msg("round %d: %s, and libpam %s", i, stack_return_name(ours), stack_return_name(theirs));
        }
    }
    /* They are worth something only if they end in both ways. */
    assert_in_range(passed, ROUNDS / 20, ROUNDS - ROUNDS / 20);
    for (size_t i = 0; i < FILES; i++) {
        cleanup_free char *path = NULL;

        assert_true(asprintf(&path, "%s/%s", folder, file_names[i]) > 0);
        (void)unlink(path);
    }
    assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(stacks_by_chance_end_as_libpam_ends_them)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
