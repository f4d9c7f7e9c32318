// LAYERS: plugin client wire base
// LIBRARIES: pam
// COVERS: contrib/sudo/pairs.c contrib/sudo/environment.c contrib/sudo/request.c
// COVERS: pam_module/arguments.c:value_of,fault,is_socket_path,arguments_parse
// OPTIONS: -max_len=8192
// CUTS: 16
/*
 * What sudo tells its plugin, and what a PAM stack tells the module: lines of words, cut at form feeds into
 * settings, user, command, what was typed, arguments, and environment. Whatever comes of it fits the frame; a
 * run with the variable of a loader, of another account, or by another name is never free of doubt. The words
 * of the first part are the module's arguments, too: only the range that stands there, once, is the range.
 */
#include "contrib/sudo/pairs.h"
#include "contrib/sudo/request.h"
#include "pam_module/arguments.h"
#include "policy/base/cleanup.h"
#include "policy/base/doubt.h"
#include "policy/wire/gate.h"
#include "tests/fuzz/fuzz.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WORDS_MAX 64

enum { SETTINGS, USER, COMMAND, TYPED, ARGUMENTS, ENVIRONMENT, LISTS };

struct list {
    char *words[WORDS_MAX + 1];
    size_t n;
};

static const struct request_target oracle = {
    990, 991, {.name = "oracle", .home = "/home/oracle", .shell = "/bin/bash"}};

static int root = -1;
static char folder[] = "/tmp/hufu-fuzz-sudo-XXXXXX";

static void clear_up(void)
{
    (void)unlinkat(root, "usr/bin/id", 0);
    (void)unlinkat(root, "usr/bin/report", 0);
    (void)unlinkat(root, "usr/bin", AT_REMOVEDIR);
    (void)unlinkat(root, "usr", AT_REMOVEDIR);
    (void)unlinkat(root, "open/tool", 0);
    (void)unlinkat(root, "open", AT_REMOVEDIR);
    (void)unlinkat(root, "bin", 0);
    (void)rmdir(folder);
}

static void put(const char *path, const char *text)
{
    int fd = openat(root, path, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);

    demand(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text) && fchmod(fd, 0755) == 0,
           "a file");
    (void)close(fd);
}

/* A small host: programs that nobody else may change, and one that everybody may. */
static void set_up(void)
{
    if (root >= 0)
        return;
    demand(mkdtemp(folder) && (root = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC)) >= 0, "a folder");
    (void)atexit(clear_up);
    demand(mkdirat(root, "usr", 0755) == 0 && mkdirat(root, "usr/bin", 0755) == 0 &&
               mkdirat(root, "open", 0777) == 0 && fchmodat(root, "open", 0777, 0) == 0 &&
               symlinkat("usr/bin", root, "bin") == 0,
           "folders");
    put("usr/bin/id", "\177ELF");
    put("usr/bin/report", "#!/bin/sh\n");
    put("open/tool", "\177ELF");
}

static void cut(char *text, struct list lists[LISTS])
{
    size_t i = 0;

    while (text && i < LISTS) {
        char *part = strsep(&text, "\f"), *word;

        while ((word = strsep(&part, "\n")) && lists[i].n < WORDS_MAX)
            if (*word != '\0')
                lists[i].words[lists[i].n++] = word;
        i++;
    }
}

static bool names(const struct list *l, const char *name)
{
    return pairs_get(l->words, name) != NULL;
}

static void judge(const struct list lists[LISTS], const struct gate_command *m)
{
    static uint8_t frame[FRAME_MAX];
    struct gate_command whole = *m;
    uint32_t uid;

    whole.caller = (struct gate_caller){.pid = 1400, .parent = 1301};
    whole.range = (struct gate_range){20000, 29999};
    (void)snprintf(whole.person, sizeof(whole.person), "zhang.san");
    whole.person_uid = 20001;
    demand(gate_encode_command(&whole, frame) > 0, "a question that no frame holds");
    if (names(&lists[ENVIRONMENT], "LD_PRELOAD") || names(&lists[ENVIRONMENT], "BASH_ENV"))
        demand(m->doubts & DOUBT_ENVIRONMENT, "a variable that a loader obeys");
    if (!pairs_number(lists[COMMAND].words, "runas_uid", &uid) || uid != oracle.uid)
        demand(m->doubts & DOUBT_IDENTITY, "another account, and no doubt");
    if (pairs_say(lists[SETTINGS].words, "run_shell"))
        demand(m->doubts & DOUBT_SHELL, "a shell, and no doubt");
    if (strncmp(m->path, "/usr/bin/", 9) != 0)
        demand(m->doubts & (DOUBT_RELATIVE | DOUBT_PATH), "a program that others may change");
    for (const char *c = m->arguments; *c != '\0'; c++)
        demand(c[1] != '\0' || *c == '\n', "an argument without an end");
}

static void try_run(struct list lists[LISTS])
{
    struct gate_command m = {0};
    const struct request_of of = {
        .settings = lists[SETTINGS].words,
        .user_info = lists[USER].words,
        .command_info = lists[COMMAND].words,
        .submit_optind = (int)(lists[TYPED].n / 2),
        .submit_argv = lists[TYPED].words,
        .argv = lists[ARGUMENTS].words,
        .envp = lists[ENVIRONMENT].words,
        .place = {root, geteuid()},
        .is_sub_command = lists[TYPED].n % 2 == 1,
    };
    char text[64];

    request_command_text(&of, text, sizeof(text));
    for (const char *c = text; *c != '\0'; c++)
        demand(*c >= ' ' && *c <= '~', "a record that a terminal obeys");
    if (request_fill(&of, &oracle, &m) == 0)
        judge(lists, &m);
    else
        demand(!request_target_name(&of) || !pairs_get(of.command_info, "command") ||
                   request_target_name(&of)[0] == '\0' || pairs_get(of.command_info, "command")[0] == '\0' ||
                   strlen(request_target_name(&of)) >= sizeof(m.target),
               "a run that can be told is not");
}

static void try_arguments(const struct list *l)
{
    struct arguments a;
    struct gate_range range = {0};
    size_t ranges = 0;

    arguments_parse((int)l->n, (const char **)(uintptr_t)l->words, &a);
    for (size_t i = 0; i < l->n; i++)
        if (strncmp(l->words[i], "gated_uid=", 10) == 0) {
            ranges++;
            (void)arguments_parse_range(l->words[i] + 10, &range);
        }
    demand(a.state == ARGUMENTS_GOOD || a.state == ARGUMENTS_FAULTY || a.state == ARGUMENTS_NO_RANGE,
           "a state");
    demand((a.state == ARGUMENTS_GOOD) == (a.culprit == NULL), "a fault has a culprit");
    if (a.state == ARGUMENTS_NO_RANGE)
        demand(a.range.first == 0 && a.range.last == 0, "no range, and one is left");
    else
        demand(ranges == 1 && a.range.first == range.first && a.range.last == range.last && a.range.first > 0,
               "the range that stands there");
    demand(a.socket && a.socket[0] == '/', "a socket that is no absolute path");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup_free char *text = fuzz_text(data, size);
    struct list lists[LISTS] = {0};

    set_up();
    cut(text, lists);
    try_arguments(&lists[SETTINGS]);
    try_run(lists);
    return 0;
}
