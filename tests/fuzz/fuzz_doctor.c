// LAYERS: doctor
// COVERS: broker/doctor/stack.c broker/doctor/stack_control.c broker/doctor/sudo_list.c
// COVERS: broker/doctor/users.c broker/doctor/sshd_config.c broker/doctor/sshd_settings.c
// COVERS: broker/doctor/settings.c broker/doctor/lines.c broker/doctor/accounts.c:-doctor_gated_accounts
// COVERS: broker/doctor/sshd_instances.c:put,next_word,is_word,is_sshd,add_option,take_option,is_same,add
// COVERS: broker/doctor/sshd_instances.c:sshd_instances_add
// OPTIONS: -max_len=4096
/* What doctor reads as root and others wrote: the first octet says as what. A PAM configuration may take
 * another in; both are the same text cut at a form feed. */
#include "broker/doctor/model.h"
#include "broker/doctor/settings.h"
#include "broker/doctor/sshd.h"
#include "broker/doctor/sudo_list.h"
#include "broker/doctor/users.h"
#include "tests/fuzz/fuzz.h"

#include <errno.h>
#include <string.h>

static int open_part(void *userdata, const char *name, char **text, char **path)
{
    const char *whole = userdata, *second = strchr(whole, '\f');

    *text = *path = NULL;
    if (strcmp(name, "service") == 0)
        *text = strndup(whole, strcspn(whole, "\f"));
    else if (second)
        *text = strdup(second + 1);
    else
        return -ENOENT;
    *path = strdup(name);
    return *text && *path ? 0 : -ENOMEM;
}

static void read_stack(char *text)
{
    static const uint32_t uids[] = {0, 20000, 29999};
    cleanup(stack_free_p) struct stack *s = NULL;

    if (stack_read("service", open_part, text, &s) < 0 || s->broken)
        return;
    for (size_t i = 0; i < ARRAY_SIZE(uids); i++) {
        struct model m = {.service = "service",
                          .phase = STACK_ACCOUNT,
                          .user = {.known = true, .uid = uids[i], .gated = uids[i] > 0},
                          .lookups_fail = i == 2,
                          .gate = WALK_BIT(STACK_SUCCESS) | WALK_BIT(STACK_PERM_DENIED),
                          .others = WALK_BIT(STACK_SUCCESS) | WALK_BIT(STACK_IGNORE)};
        cleanup_walk struct walk w = {0};

        (void)walk_all(&s->phases[STACK_ACCOUNT], WALK_GATE, model_returns, &m, 1, &w);
    }
}

static void read_sshd(const char *text)
{
    struct sshd_matches *matches = calloc(1, sizeof(*matches));
    struct sshd_instances *instances = calloc(1, sizeof(*instances));

    if (matches && instances) {
        sshd_config_add_matches(text, matches);
        for (const char *at = text; at;)
            free(sshd_config_next_include(&at));
        for (const char *at = text; at; at = strchr(at, '\n') ? strchr(at, '\n') + 1 : NULL)
            (void)sshd_instances_add(instances, at);
        for (size_t i = 0; i < matches->n; i++)
            (void)sshd_config_meets("zhang.san", matches->items[i].users);
        demand(instances->n <= SSHD_INSTANCES_MAX, "more programs than there is room for");
        for (size_t i = 0; i < instances->n; i++)
            demand(memchr(instances->items[i].config, 0, sizeof(instances->items[i].config)) &&
                       memchr(instances->items[i].program, 0, sizeof(instances->items[i].program)),
                   "a path has an end");
    }
    free(matches);
    free(instances);
}

static void judge_sshd(const char *text)
{
    const struct doctor_host host = {.root = "/", .gated_first = 20000, .gated_last = 29999};
    cleanup(doctor_free_p) struct doctor *d = doctor_new(&host);
    uint32_t told = 0;

    if (d)
        sshd_judge_settings(d, &(struct sshd_asked){"sshd_config", "zhang.san", text}, &told);
}

static void read_sudo(const char *text)
{
    cleanup(sudo_list_free_p) struct sudo_list *l = NULL;
    struct sudo_plugins plugins;
    size_t at = 0;

    sudo_plugins_parse(text, &plugins);
    if (sudo_list_parse(text, &l) < 0)
        return;
    demand(sudo_list_flag(l, "pam_session") >= -1 && sudo_list_flag(l, "pam_session") <= 1,
           "on, off, or not given");
    for (size_t i = 0; sudo_list_value(l, "env_keep", &at); i++)
        demand(i < l->n_settings, "more values than settings");
}

static void read_accounts(const char *text)
{
    cleanup(users_free_p) struct users *u = NULL;
    cleanup_doctor_accounts struct doctor_accounts accounts = {0};
    struct subordinate s;
    uint32_t first, last;
    const char *at = text;

    while (subordinate_next(&at, &s))
        ;
    (void)doctor_parse_gated_uid(text, &first, &last);
    (void)doctor_parse_passwd(text, NULL, NULL, &accounts);
    if (users_parse(text, text, &u) < 0)
        return;
    for (size_t i = 0; i < u->n_users; i++)
        demand(users_find(u, u->users[i].name) != NULL, "a user is found by their name");
    for (size_t i = 0; i < u->n_groups; i++) {
        const struct user_group *g = users_find_group(u, u->groups[i].name);

        demand(g && users_group_name(u, u->groups[i].gid), "a group is found by its name and number");
        for (size_t j = 0; j < g->n_members && u->n_users > 0; j++)
            (void)users_is_member(&u->users[0], g);
    }
}

static void read_settings(const char *text)
{
    char value[16];
    struct span s;

    if (mount_options(text, "/proc", value, sizeof(value)))
        (void)mount_hides_processes(value);
    (void)nsswitch_sources(text, "passwd", &s);
    (void)unit_property(text, "hufud.service", "User", value, sizeof(value));
    (void)audit_rules_cover(text, 20000, 29999);
    (void)kernel_is_at_least(text, 6, 5);
    (void)lines_value(text, "gate", "key", &s);
    (void)lines_value(text, NULL, "UID_MIN", &s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = size > 0 ? strndup((const char *)data + 1, size - 1) : NULL;

    switch (text ? data[0] : 0) {
    case 'p':
        read_stack(text);
        break;
    case 's':
        read_sshd(text);
        break;
    case 'j':
        judge_sshd(text);
        break;
    case 'u':
        read_sudo(text);
        break;
    case 'a':
        read_accounts(text);
        break;
    case 'l':
        read_settings(text);
        break;
    default:
        break;
    }
    free(text);
    return 0;
}
