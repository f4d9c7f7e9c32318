#include "broker/doctor/stack.h"

#include <limits.h>
#include <string.h>
#include <strings.h>

static const char *const returns[STACK_RETURNS] = {
    "success",
    "open_err",
    "symbol_err",
    "service_err",
    "system_err",
    "buf_err",
    "perm_denied",
    "auth_err",
    "cred_insufficient",
    "authinfo_unavail",
    "user_unknown",
    "maxtries",
    "new_authtok_reqd",
    "acct_expired",
    "session_err",
    "cred_unavail",
    "cred_expired",
    "cred_err",
    "no_module_data",
    "conv_err",
    "authtok_err",
    "authtok_recover_err",
    "authtok_lock_busy",
    "authtok_disable_aging",
    "try_again",
    "ignore",
    "abort",
    "authtok_expired",
    "module_unknown",
    "bad_item",
    "conv_again",
    "incomplete",
};

/* By -action. */
static const char *const actions_by_name[] = {"ignore", "ok", "done", "bad", "die", "reset"};

/* The four words; what is not named is the default. */
static const struct {
    const char *word;
    int success, new_authtok_reqd, ignore, others;
} words[] = {
    {"required", STACK_DO_OK, STACK_DO_OK, STACK_DO_IGNORE, STACK_DO_BAD},
    {"requisite", STACK_DO_OK, STACK_DO_OK, STACK_DO_IGNORE, STACK_DO_DIE},
    {"optional", STACK_DO_OK, STACK_DO_OK, STACK_DO_IGNORE, STACK_DO_IGNORE},
    {"sufficient", STACK_DO_DONE, STACK_DO_DONE, STACK_DO_IGNORE, STACK_DO_IGNORE},
};

const char *stack_return_name(int value)
{
    return value >= 0 && value < STACK_RETURNS ? returns[value] : "?";
}

static void set_default(int actions[static STACK_RETURNS], int action)
{
    for (size_t i = 0; i < STACK_RETURNS; i++)
        if (actions[i] == STACK_DO_UNDEFINED)
            actions[i] = action;
}

static bool set_word(const char *control, int actions[static STACK_RETURNS])
{
    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        if (strcasecmp(control, words[i].word) != 0)
            continue;
        actions[STACK_SUCCESS] = words[i].success;
        actions[STACK_NEW_AUTHTOK_REQD] = words[i].new_authtok_reqd;
        actions[STACK_IGNORE] = words[i].ignore;
        set_default(actions, words[i].others);
        return true;
    }
    return false;
}

static void skip_blanks(const char **at)
{
    *at += strspn(*at, " \t\n\v\f\r");
}

static bool skip_word(const char **at, const char *word)
{
    size_t length = strlen(word);

    if (strncmp(*at, word, length) != 0)
        return false;
    *at += length;
    return true;
}

/* Index of a return value, STACK_RETURNS for `default`, or -1. */
static int read_return(const char **at)
{
    for (int i = 0; i < STACK_RETURNS; i++)
        if (skip_word(at, returns[i]))
            return i;
    return skip_word(at, "default") ? STACK_RETURNS : -1;
}

static bool read_action(const char **at, int *ret)
{
    long jump = 0;

    for (size_t i = 0; i < ARRAY_SIZE(actions_by_name); i++)
        if (skip_word(at, actions_by_name[i])) {
            *ret = -(int)i;
            return true;
        }
    for (; **at >= '0' && **at <= '9'; (*at)++) {
        jump = jump * 10 + (**at - '0');
        if (jump > INT_MAX)
            return false;
    }
    *ret = (int)jump;
    return jump > 0;
}

static bool read_pairs(const char *at, int actions[static STACK_RETURNS])
{
    for (skip_blanks(&at); *at; skip_blanks(&at)) {
        int value = read_return(&at), action;

        skip_blanks(&at);
        if (value < 0 || *at++ != '=')
            return false;
        skip_blanks(&at);
        if (!read_action(&at, &action))
            return false;
        if (value < STACK_RETURNS)
            actions[value] = action;
        else
            set_default(actions, action);
    }
    return true;
}

void stack_parse_control(const char *control, int actions[static STACK_RETURNS])
{
    for (size_t i = 0; i < STACK_RETURNS; i++)
        actions[i] = STACK_DO_UNDEFINED;
    if (set_word(control, actions))
        return;
    if (!read_pairs(control, actions))
        for (size_t i = 0; i < STACK_RETURNS; i++)
            actions[i] = STACK_DO_BAD;
    set_default(actions, STACK_DO_BAD);
}
