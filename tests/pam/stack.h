#ifndef HUFU_TESTS_PAM_STACK_H
#define HUFU_TESTS_PAM_STACK_H

#include <security/pam_appl.h>

/*
 * One PAM transaction through the real libpam and the shipped module, as an application has it. The stack is
 * written so that the code which the module returned can be told from outside: PAM_SUCCESS and the refusals
 * come through as they are, PAM_IGNORE comes out as STACK_IGNORED.
 */
#define STACK_IGNORED   (-1)

#define STACK_TEXT_SIZE 8192

struct stack {
    pam_handle_t *pamh;
    int infos, errors, prompts; /* messages shown, by kind */
    char text[STACK_TEXT_SIZE]; /* all of them */
    char folder[32];
};

enum stack_hook {
    STACK_AUTHENTICATE = 1,
    STACK_SETCRED,
    STACK_ACCOUNT,
    STACK_OPEN,
    STACK_CLOSE,
    STACK_CHAUTHTOK,
};

/** Starts `service` for `user` (NULL: unset) with the module's arguments. Ends the test if it cannot. */
void stack_start(struct stack *s, const char *service, const char *user, const char *arguments);
/** What the module returned, or STACK_IGNORED. */
int stack_call(struct stack *s, enum stack_hook hook, int flags);
void stack_end(struct stack *s);

#endif
