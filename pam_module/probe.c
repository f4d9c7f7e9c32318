/*
 * hufu-probe: asks this host's real PAM stack whether somebody may come in, for `hufuctl doctor`. Account
 * phase alone, and from a remote host by name: a gated account is always refused for that, so nothing is ever
 * used up, and the record shows who asked. A program of its own, because a module may take whoever loads it
 * down with it.
 */
#include <security/pam_appl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXIT_USAGE  2
#define REMOTE_HOST "hufu-doctor"

/* Each line that a module says, behind `said: `. */
static void print_said(const char *text)
{
    while (*text) {
        size_t length = strcspn(text, "\n");

        (void)printf("said: %.*s\n", (int)length, text);
        text += length + (text[length] == '\n');
    }
}

/* Nobody is there to answer. */
static int converse(int n, const struct pam_message **messages, struct pam_response **responses, void *data)
{
    (void)data;
    if (n <= 0 || n > PAM_MAX_NUM_MSG)
        return PAM_CONV_ERR;
    for (int i = 0; i < n; i++) {
        if (messages[i]->msg_style != PAM_ERROR_MSG && messages[i]->msg_style != PAM_TEXT_INFO)
            return PAM_CONV_ERR;
        print_said(messages[i]->msg ? messages[i]->msg : "");
    }
    *responses = calloc((size_t)n, sizeof(**responses));
    return *responses ? PAM_SUCCESS : PAM_BUF_ERR;
}

static int ask(pam_handle_t *pamh)
{
    int r = pam_set_item(pamh, PAM_RHOST, REMOTE_HOST);

    if (r == PAM_SUCCESS)
        r = pam_set_item(pamh, PAM_TTY, "ssh");
    return r == PAM_SUCCESS ? pam_acct_mgmt(pamh, 0) : r;
}

int main(int argc, char **argv)
{
    const struct pam_conv conversation = {.conv = converse};
    pam_handle_t *pamh = NULL;
    int r;

    if (argc != 3 || !argv[1][0] || !argv[2][0]) {
        (void)fputs("usage: hufu-probe SERVICE USER\n"
                    "Called by hufuctl doctor: prints what the account phase of SERVICE says of USER\n",
                    stderr);
        return EXIT_USAGE;
    }
    r = pam_start(argv[1], argv[2], &conversation, &pamh);
    if (r == PAM_SUCCESS)
        r = ask(pamh);
    (void)printf("code: %d\ntext: %s\n", r, pam_strerror(pamh, r));
    if (pamh)
        (void)pam_end(pamh, r);
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
