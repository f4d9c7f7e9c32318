#include "tests/bench/peers/login.h"

#include "tests/bench/peers/trip.h"

#include <pwd.h>
#include <security/pam_appl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* For a module to write to: exported. */
int64_t login_heard;

#define NS_PER_S 1000000000

static int64_t now(clockid_t clock)
{
    struct timespec t;

    (void)clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

int64_t login_now(void)
{
    return now(CLOCK_MONOTONIC);
}

/* The piece of *text up to the separator, which is cut off; NULL if there is none. */
static const char *piece(char **text, const char *separator)
{
    const char *begin = *text && strpbrk(*text, separator) ? strsep(text, separator) : NULL;

    return begin && begin[0] != '\0' ? begin : NULL;
}

int contestant_read(char *text, struct contestant *ret)
{
    const char *kind;

    *ret = (struct contestant){.name = piece(&text, "=")};
    kind = piece(&text, ":");
    if (!ret->name || !kind || !text || text[0] == '\0')
        return -1;
    if (strcmp(kind, "socket") == 0) {
        ret->socket = text;
        return 0;
    }
    ret->folder = piece(&text, ":");
    ret->service = piece(&text, ":");
    ret->user = text;
    return strcmp(kind, "pam") == 0 && ret->folder && ret->service && ret->user[0] != '\0' ? 0 : -1;
}

/* Hears everything and answers nothing. */
static int converse(int n, const struct pam_message **messages, struct pam_response **ret, void *userdata)
{
    (void)messages, (void)userdata;
    *ret = calloc((size_t)n, sizeof(**ret));
    return *ret ? PAM_SUCCESS : PAM_BUF_ERR;
}

static int account(const struct contestant *c)
{
    const struct pam_conv conversation = {.conv = converse};
    pam_handle_t *pamh = NULL;
    int r = pam_start_confdir(c->service, c->user, &conversation, c->folder, &pamh);

    if (r != PAM_SUCCESS)
        return r;
    (void)pam_set_item(pamh, PAM_TTY, "ssh");
    (void)pam_set_item(pamh, PAM_RHOST, "10.1.2.3");
    r = pam_acct_mgmt(pamh, 0);
    (void)pam_end(pamh, r);
    return r;
}

/* What sshd, login, su and sudo have done before they begin with PAM: nobody looks the account up for the
 * first time in it. */
void contestant_know(const struct contestant *c)
{
    if (c->user)
        (void)getpwnam(c->user);
}

void contestant_ask(const struct contestant *c, struct sample *ret)
{
    int64_t began;

    *ret = (struct sample){.began = now(CLOCK_REALTIME)};
    login_heard = 0;
    began = login_now();
    ret->result = c->socket ? trip(c->socket, &login_heard) : account(c);
    ret->took = login_now() - began;
    ret->heard = login_heard;
}
