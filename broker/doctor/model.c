#include "broker/doctor/model.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#define GATED_GROUP "hufu-gated"
#define TRUE_       WALK_BIT(STACK_SUCCESS)
#define FALSE_      WALK_BIT(STACK_AUTH_ERR)

static uint32_t bit_of(bool holds)
{
    return holds ? TRUE_ : FALSE_;
}

static bool is_one_of(const char *word, const char *const *words)
{
    for (; *words; words++)
        if (strcasecmp(word, *words) == 0)
            return true;
    return false;
}

static bool read_number(const char *text, long long *ret)
{
    char *end = NULL;

    errno = 0;
    *ret = strtoll(text, &end, 0);
    return errno == 0 && end != text && *end == 0;
}

static uint32_t compare_number(const char *how, long long left, const char *text)
{
    long long right;

    if (!read_number(text, &right))
        return WALK_BIT(STACK_SERVICE_ERR);
    if (strcasecmp(how, "lt") == 0 || strcmp(how, "<") == 0)
        return bit_of(left < right);
    if (strcasecmp(how, "le") == 0 || strcmp(how, "<=") == 0)
        return bit_of(left <= right);
    if (strcasecmp(how, "gt") == 0 || strcmp(how, ">") == 0)
        return bit_of(left > right);
    if (strcasecmp(how, "ge") == 0 || strcmp(how, ">=") == 0)
        return bit_of(left >= right);
    if (strcasecmp(how, "eq") == 0)
        return bit_of(left == right);
    if (strcasecmp(how, "ne") == 0)
        return bit_of(left != right);
    return TRUE_ | FALSE_;
}

/* Whether a list `a:b:c` has this item. */
static bool list_has(const char *list, const char *item)
{
    size_t length = strlen(item);

    for (; *list; list += strcspn(list, ":"), list += *list == ':')
        if (strcspn(list, ":") == length && memcmp(list, item, length) == 0)
            return true;
    return false;
}

static uint32_t compare_text(const char *how, const char *left, const char *right)
{
    if (strcmp(how, "=") == 0)
        return bit_of(strcmp(left, right) == 0);
    if (strcmp(how, "!=") == 0)
        return bit_of(strcmp(left, right) != 0);
    if (strcasecmp(how, "in") == 0)
        return bit_of(list_has(right, left));
    if (strcasecmp(how, "notin") == 0)
        return bit_of(!list_has(right, left));
    return TRUE_ | FALSE_;
}

/* `ingroup`: only about the group that every gated account has can something be said. */
static uint32_t is_in_groups(const struct model_account *who, const char *groups)
{
    if (who->known && who->gated && list_has(groups, GATED_GROUP))
        return TRUE_;
    return who->known && !who->gated && strcmp(groups, GATED_GROUP) == 0 ? FALSE_ : TRUE_ | FALSE_;
}

static uint32_t swap(uint32_t values)
{
    return ((values & TRUE_) ? FALSE_ : 0) | ((values & FALSE_) ? TRUE_ : 0);
}

static uint32_t evaluate(const struct model *m, const struct model_account *who, const char *left,
                         const char *how, const char *right)
{
    static const char *const of_account[] = {"uid", "gid", "shell", "home", "dir", "homedir", NULL};
    uint32_t values = TRUE_ | FALSE_;

    if (strcasecmp(how, "ingroup") == 0)
        values = is_in_groups(who, right);
    else if (strcasecmp(how, "notingroup") == 0)
        values = swap(is_in_groups(who, right));
    else if (strcasecmp(left, "uid") == 0 && who->known)
        values = compare_number(how, who->uid, right);
    else if (strcasecmp(left, "service") == 0)
        values = compare_text(how, m->service, right);
    if (m->lookups_fail && is_one_of(left, of_account))
        values |= WALK_BIT(STACK_USER_UNKNOWN);
    return values;
}

/* Conditions are asked in turn; the first that does not hold is the answer. */
static uint32_t succeed_if(const struct model *m, const struct stack_line *line)
{
    static const char *const options[] = {"debug",         "use_uid", "quiet", "quiet_fail",
                                          "quiet_success", "audit",   NULL};
    const struct model_account *who = &m->user;
    const char *words[3];
    uint32_t values = 0;
    size_t n = 0;

    for (size_t i = 0; i < line->argc; i++)
        if (strcmp(line->argv[i], "use_uid") == 0)
            who = &m->caller;
    if (who == &m->caller && m->lookups_fail)
        values |= WALK_BIT(STACK_USER_UNKNOWN);
    for (size_t i = 0; i < line->argc; i++) {
        uint32_t one;

        if (is_one_of(line->argv[i], options))
            continue;
        words[n++] = line->argv[i];
        if (n < ARRAY_SIZE(words))
            continue;
        n = 0;
        one = evaluate(m, who, words[0], words[1], words[2]);
        values |= one & ~TRUE_;
        if ((one & TRUE_) == 0)
            return values;
    }
    return values | (n > 0 ? WALK_BIT(STACK_SERVICE_ERR) : TRUE_);
}

uint32_t model_returns(const void *userdata, const struct stack_line *line)
{
    const struct model *m = userdata;

    if (walk_is_gate(line))
        return m->gate;
    if (stack_is_module(line, "pam_permit.so"))
        return WALK_BIT(STACK_SUCCESS);
    if (stack_is_module(line, "pam_deny.so"))
        return WALK_BIT(m->phase == STACK_ACCOUNT ? STACK_ACCT_EXPIRED : STACK_SESSION_ERR);
    return stack_is_module(line, "pam_succeed_if.so") ? succeed_if(m, line) : m->others;
}
