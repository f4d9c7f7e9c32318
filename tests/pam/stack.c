#include "stack.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void must(int good, const char *what)
{
    if (!good) {
        perror(what);
        abort();
    }
}

/*
 * Success passes on to the probe, as to any module behind pam_hufu, and on to the end of the stack. Ignore
 * jumps over it, to a probe that returns the mark. Anything else ends the stack at once.
 */
#define LINES(type)                                                                      \
    type " [success=ok ignore=1 default=die] %1$s %2$s\n" type " sufficient %3$s\n" type \
         " required %3$s mark\n"

static const char stack_format[] = LINES("auth") LINES("account") LINES("session") LINES("password");

static int converse(int n, const struct pam_message **messages, struct pam_response **replies, void *data)
{
    struct stack *s = data;
    size_t length = strlen(s->text);

    *replies = calloc((size_t)n, sizeof(**replies));
    must(*replies != NULL, "memory");
    for (int i = 0; i < n; i++) {
        s->infos += messages[i]->msg_style == PAM_TEXT_INFO;
        s->errors += messages[i]->msg_style == PAM_ERROR_MSG;
        s->prompts += messages[i]->msg_style != PAM_TEXT_INFO && messages[i]->msg_style != PAM_ERROR_MSG;
        length += (size_t)snprintf(s->text + length, sizeof(s->text) - length, "%s", messages[i]->msg);
        must(length < sizeof(s->text), "text that fits");
    }
    return PAM_SUCCESS;
}

void stack_start(struct stack *s, const char *service, const char *user, const char *arguments)
{
    const struct pam_conv conversation = {converse, s};
    const char *module = getenv("HUFU_TEST_MODULE"), *probe = getenv("HUFU_TEST_PROBE");
    char path[64];
    FILE *f;

    must(module && probe, "HUFU_TEST_MODULE and HUFU_TEST_PROBE");
    memset(s, 0, sizeof(*s));
    memcpy(s->folder, "/tmp/pam-stack-XXXXXX", sizeof("/tmp/pam-stack-XXXXXX"));
    must(mkdtemp(s->folder) != NULL, "mkdtemp");
    (void)snprintf(path, sizeof(path), "%s/%s", s->folder, service);
    f = fopen(path, "we");
    must(f != NULL, path);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    must(fprintf(f, stack_format, module, arguments, probe) > 0, path);
#pragma GCC diagnostic pop
    must(fclose(f) == 0, path);
    must(pam_start_confdir(service, user, &conversation, s->folder, &s->pamh) == PAM_SUCCESS, "pam_start");
    (void)unlink(path);
    (void)rmdir(s->folder);
}

int stack_call(struct stack *s, enum stack_hook hook, int flags)
{
    int code = PAM_ABORT;

    switch (hook) {
    case STACK_AUTHENTICATE:
        code = pam_authenticate(s->pamh, flags);
        break;
    case STACK_SETCRED:
        code = pam_setcred(s->pamh, (int)((unsigned)flags | PAM_ESTABLISH_CRED));
        break;
    case STACK_ACCOUNT:
        code = pam_acct_mgmt(s->pamh, flags);
        break;
    case STACK_OPEN:
        code = pam_open_session(s->pamh, flags);
        break;
    case STACK_CLOSE:
        code = pam_close_session(s->pamh, flags);
        break;
    case STACK_CHAUTHTOK:
        code = pam_chauthtok(s->pamh, flags);
        break;
    }
    return code == PAM_MODULE_UNKNOWN ? STACK_IGNORED : code;
}

void stack_end(struct stack *s)
{
    must(pam_end(s->pamh, PAM_SUCCESS) == PAM_SUCCESS, "pam_end");
    s->pamh = NULL;
}
