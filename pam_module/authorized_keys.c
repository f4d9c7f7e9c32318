/*
 * hufu-authorized-keys: sshd's AuthorizedKeysCommand for gated accounts (2-architecture, "The way of a
 * login", step 1). Asks whether the offered key stands in a grant of that person, and prints the one line
 * that lets sshd accept it, or nothing. Runs as user hufu-keys, before anybody is authenticated: every
 * argument is the client's word. Anything that goes wrong prints nothing; the exit status is then still 0,
 * because "no key" is an answer, and sshd must go on to its next method.
 */
#include "pam_module/caller.h"
#include "pam_module/client.h"
#include "policy/base/cleanup.h"
#include "policy/base/ident.h"
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

/* "ssh-ed25519", "ecdsa-sha2-nistp256", "sk-ssh-ed25519@openssh.com" */
static bool is_key_type(const char *text)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-@.";

    return text[0] != 0 && text[strspn(text, letters)] == 0;
}

/* The blob is canonical base64, and says of itself that it is of this type (RFC 4253, section 6.6). */
static bool is_key_of_type(const char *key, const char *type)
{
    cleanup_free uint8_t *blob = NULL;
    size_t size, length = strlen(type);

    if (ident_base64_decode(key, strlen(key), &blob, &size) < 0 || size <= 4 + length)
        return false;
    return blob[0] == 0 && blob[1] == 0 && blob[2] == 0 && blob[3] == length &&
           memcmp(blob + 4, type, length) == 0;
}

/* Copies an argument that must not be longer than its field. */
static bool take(const char *argument, char *array, size_t size)
{
    size_t length = strlen(argument);

    if (length == 0 || length >= size)
        return false;
    memcpy(array, argument, length + 1);
    return true;
}

static bool take_arguments(char **argv, struct gate_keys *m)
{
    return ident_is_account(argv[0], strlen(argv[0])) && is_key_type(argv[1]) &&
           take(argv[0], m->user, sizeof(m->user)) && take(argv[1], m->key_type, sizeof(m->key_type)) &&
           take(argv[2], m->key, sizeof(m->key)) && is_key_of_type(m->key, m->key_type);
}

/* `restrict`, then what is given back, without a blank or a control character: whatever else came, printing
 * it could turn the line into another one, or into a key without any bounds. */
static bool are_options(const char *text)
{
    static const char first[] = "restrict";
    size_t length = strlen(first);

    if (strncmp(text, first, length) != 0 || (text[length] != 0 && text[length] != ','))
        return false;
    for (; *text != 0; text++)
        if (*text <= ' ' || *text > '~')
            return false;
    return true;
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
    if (argc - optind != 3 || !take_arguments(argv + optind, &m))
        return usage();
    m.parent_start_time = caller_start_time(m.parent);
    size = gate_encode_keys(&m, frame);
    if (size < 0 || client_call(path, frame, (size_t)size, &reply) < 0)
        return 0;
    if (reply.verdict == VERDICT_ALLOW && are_options(reply.options))
        print_key(&m, &reply);
    return 0;
}
