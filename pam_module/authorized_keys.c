/*
 * hufu-authorized-keys: sshd's AuthorizedKeysCommand for gated accounts (2-architecture, "The way of a
 * login", step 1). Asks whether the offered key stands in a grant of that person, and prints the one line
 * that lets sshd accept it, or nothing. Runs as user hufu-keys, before anybody is authenticated: every
 * argument is the client's word. Anything that goes wrong prints nothing; the exit status is then still 0,
 * because "no key" is an answer, and sshd must go on to its next method.
 */
#include "pam_module/caller.h"
#include "pam_module/client.h"
#include "pam_module/offered_key.h"
#include "policy/wire/gate.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define EXIT_USAGE 2

static int usage(void)
{
    (void)fputs("usage: hufu-authorized-keys [-s SOCKET] USER KEYTYPE KEY\n"
                "Called by sshd: AuthorizedKeysCommand /usr/libexec/hufu/hufu-authorized-keys %u %t %k\n",
                stderr);
    return EXIT_USAGE;
}

static void print_key(const struct gate_keys *m, const struct gate_reply *reply)
{
    if (printf("%s %s %s\n", reply->options, m->key_type, m->key) < 0 || fflush(stdout) != 0)
        (void)fputs("hufu-authorized-keys: the key could not be written\n", stderr);
}

int main(int argc, char **argv)
{
    const char *path = CLIENT_GATE_PATH;
    struct gate_keys m = {.pid = (uint32_t)getpid(), .parent = (uint32_t)getppid()};
    struct gate_reply reply;
    uint8_t frame[FRAME_MAX];
    int option, size;

    while ((option = getopt(argc, argv, "+s:")) != -1) {
        if (option != 's')
            return usage();
        path = optarg;
    }
    if (argc - optind != 3 || !offered_key_take(argv + optind, &m))
        return usage();
    m.parent_start_time = caller_start_time(m.parent);
    size = gate_encode_keys(&m, frame);
    if (size < 0 || client_call(path, frame, (size_t)size, &reply) < 0)
        return 0;
    if (reply.verdict == VERDICT_ALLOW && offered_key_are_options(reply.options))
        print_key(&m, &reply);
    return 0;
}
