#ifndef HUFU_DOCTOR_SUDO_LIST_H
#define HUFU_DOCTOR_SUDO_LIST_H

#include "policy/base/cleanup.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * What `sudo -ll -U NAME` prints in the C locale. sudo itself puts together the files that it includes,
 * aliases, groups, netgroups, the host's name and what a directory holds; whoever reads sudoers instead has
 * to do the same, and agree.
 */
struct sudo_list {
    bool allowed;             /* some command, as some account */
    bool without_password;    /* an entry says !authenticate (NOPASSWD), or Defaults do */
    bool may_set_environment; /* an entry says setenv */
    bool any_command;         /* an entry for ALL */
    char **settings;          /* Defaults that apply: "env_reset", "!pam_session", "env_keep+=\"A B\"" */
    size_t n_settings;
};

/** *ret is the caller's. 0 or -ENOMEM. */
int sudo_list_parse(const char *text, struct sudo_list **ret);
struct sudo_list *sudo_list_free(struct sudo_list *l);
DEFINE_CLEANUP(struct sudo_list, sudo_list_free);

/** The last setting of that name: 1 on, 0 off ("!name"), -1 not given. */
int sudo_list_flag(const struct sudo_list *l, const char *name);
/** What stands behind "name=" or "name+=", each of them in turn; `at` begins at 0. NULL: no more. */
const char *sudo_list_value(const struct sudo_list *l, const char *name, size_t *at);

/* ---- sudo.conf ---- */

struct sudo_plugins {
    bool sudoers;      /* the policy is sudoers_policy, named or as the one by default */
    bool other_policy; /* one whose name ends with "policy" */
    char other_name[64];
    bool hufu_approval, hufu_audit;
    char hufu_file[256]; /* as written; relative: below the plugin folder */
    char ranges[2][32];  /* gated_uid= of hufu_approval and of hufu_audit; empty: not given */
    char folder[256];    /* Path plugin_dir; empty: sudo's own */
};

void sudo_plugins_parse(const char *text, struct sudo_plugins *ret);

#endif
