#include "tests/unit/broker/ctl/invoke.h"

#include "broker/doctor/doctor.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORDS_MAX 100

/* A host without programs. */
static int run_none(void *userdata, const char *const argv[], struct doctor_output *ret)
{
    (void)userdata;
    (void)argv;
    (void)ret;
    return -ENOENT;
}

static struct result invoke_words(int argc, char **argv)
{
    struct result r = {0};
    size_t out_size = 0;
    size_t error_size = 0;
    const struct doctor_host host = {.root = ".", .run = run_none};
    struct cli cli = {.socket = "control", .ldapd = "./hufu-ldapd", .host = &host, .now = PAPERS_NOW};

    cli.out = open_memstream(&r.out, &out_size);
    cli.error = open_memstream(&r.error, &error_size);
    must(cli.out && cli.error);
    r.code = cli_run(&cli, argc, argv);
    must(fclose(cli.out) == 0 && fclose(cli.error) == 0);
    return r;
}

struct result invoke(const char *word, ...)
{
    char *argv[WORDS_MAX];
    va_list words;
    int argc = 0;

    va_start(words, word);
    for (; word; word = va_arg(words, const char *)) {
        must(argc < WORDS_MAX);
        argv[argc++] = (char *)word;
    }
    va_end(words);
    return invoke_words(argc, argv);
}

struct result invoke_line(const char *line)
{
    cleanup_free char *copy = strdup(line);
    char *argv[WORDS_MAX];
    char *rest = copy;
    int argc = 0;

    must(copy != NULL);
    for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        must(argc < WORDS_MAX);
        argv[argc++] = word;
    }
    return invoke_words(argc, argv);
}

void result_done(struct result *r)
{
    free(r->out);
    free(r->error);
    *r = (struct result){0};
}

void assert_says(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("\"%s\" does not stand in: %s", part, text);
}

void put_file(const char *name, const char *text)
{
    FILE *f = fopen(name, "we");

    must(f && fputs(text, f) >= 0);
    must(fclose(f) == 0);
}

int enter_folder(void **state)
{
    char *folder = strdup("/tmp/hufuctl.XXXXXX");

    must(folder && mkdtemp(folder) && chdir(folder) == 0);
    *state = folder;
    return 0;
}

int leave_folder(void **state)
{
    must(chdir("/") == 0);
    issuing_remove_folder(*state);
    free(*state);
    return 0;
}

/* --- the broker's stand-in --------------------------------------------------------------------------------
 */

struct stand_in {
    pid_t pid;
};

/* In the child: one call, kept in the file "calls" without its NUL, and its reply. */
static void answer(int listener, const char *reply)
{
    int fd = accept(listener, NULL, NULL);
    FILE *calls = fopen("calls", "ae");
    char c;

    if (fd < 0 || !calls)
        _exit(1);
    while (read(fd, &c, 1) == 1 && c != '\0')
        (void)fputc(c, calls);
    (void)fputc('\n', calls);
    (void)fclose(calls);
    for (const char *at = reply; at; at = strchr(at, '\n') ? strchr(at, '\n') + 1 : NULL)
        if (write(fd, at, strcspn(at, "\n")) < 0 || write(fd, "", 1) < 0)
            _exit(1);
    (void)close(fd);
}

struct stand_in *stand_in_start(const char *const *replies, size_t n)
{
    struct stand_in *s = calloc(1, sizeof(*s));
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "control"};
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    (void)unlink("control");
    (void)unlink("calls");
    must(s && listener >= 0 && bind(listener, (struct sockaddr *)&address, sizeof(address)) == 0 &&
         listen(listener, 8) == 0);
    s->pid = fork();
    must(s->pid >= 0);
    if (s->pid == 0) {
        (void)alarm(20);
        for (size_t i = 0; i < n; i++)
            answer(listener, replies[i]);
        _exit(0);
    }
    (void)close(listener);
    return s;
}

char *stand_in_finish(struct stand_in *s)
{
    char *text = calloc(1, 1 << 20);
    FILE *calls;
    int status = 0;

    must(text && waitpid(s->pid, &status, 0) == s->pid);
    must(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    calls = fopen("calls", "re");
    must(calls != NULL);
    must(fread(text, 1, (1 << 20) - 1, calls) > 0);
    (void)fclose(calls);
    free(s);
    return text;
}

struct result invoke_with(const char *reply, const char *line, char **call)
{
    struct stand_in *s = stand_in_start(&reply, 1);
    struct result r = invoke_line(line);

    *call = stand_in_finish(s);
    return r;
}
