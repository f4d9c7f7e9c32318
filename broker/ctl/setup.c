#include "broker/ctl/setup.h"

#include "broker/common/conf.h"
#include "broker/ctl/moment.h"
#include "policy/base/buf.h"
#include "policy/base/ident.h"

#include <string.h>

#define GATED_UID_USUAL "20000-29999"
#define RESERVE_USUAL   "64M"
#define REVIEW_USUAL    "31d"

/* "A,B": names, none empty. */
static bool is_list_of_names(const char *text)
{
    for (;;) {
        size_t length = strcspn(text, ",");

        if (!ident_is_name(text, length))
            return false;
        if (text[length] == '\0')
            return true;
        text += length + 1;
    }
}

/* A number and its unit, as hufud.conf has it. */
static bool is_age(const char *text)
{
    size_t length = strlen(text);
    uint32_t seconds;

    return length >= 2 && strchr("smhd", text[length - 1]) && moment_parse_duration(text, &seconds) == 0;
}

enum exit_code setup_check_options(const struct cli *cli, const struct setup *s)
{
    unsigned first, last;

    if (!ident_is_name(s->host, strlen(s->host)))
        return cli_fail(cli, EXIT_USAGE,
                        _("--host %s is no host's name: letters, digits, and . _ - between them"), s->host);
    if (s->groups && !is_list_of_names(s->groups))
        return cli_fail(cli, EXIT_USAGE, _("--groups %s is no list of names with commas"), s->groups);
    if (s->standalone == (s->status_max_age != NULL))
        return cli_fail(
            cli, EXIT_USAGE,
            _("say how long this host may go without news from the directory (--status-max-age 24h), or "
              "that it has no directory (--standalone)"));
    if (s->status_max_age && !is_age(s->status_max_age))
        return cli_fail(cli, EXIT_USAGE, _("--status-max-age %s is no duration such as 24h"),
                        s->status_max_age);
    if (s->gated_uid && conf_parse_range(s->gated_uid, &first, &last) < 0)
        return cli_fail(cli, EXIT_USAGE, _("--gated-uid %s is no range such as 20000-29999, without 0"),
                        s->gated_uid);
    if (s->language && strcmp(s->language, "en") != 0 && strcmp(s->language, "zh_CN") != 0)
        return cli_fail(cli, EXIT_USAGE, _("--language is en or zh_CN"));
    return EXIT_DONE;
}

/* What the defaults are is written down, so that whoever reads the file sees what there is to decide. */
static void write_records(struct buf *b)
{
    buf_puts(
        b, "\n[ledger]\n# Room that is set aside for the day when the disk is full; without it nobody gated "
           "gets in.\n");
    buf_puts(b, "reserve = " RESERVE_USUAL "\n");
    buf_puts(b,
             "# Records older than this leave the ledger, with a signed head. Without it all stay for ever.\n"
             "#keep = 1095d\n");
    buf_puts(b, "\n[review]\n# How long after a review the next one is due; or none.\n");
    buf_puts(b, "every = " REVIEW_USUAL "\n");
}

char *setup_write_broker_conf(const struct setup *s)
{
    cleanup_buf struct buf b = BUF_INIT;

    buf_puts(&b, "# Written by hufuctl setup; hufud(8) explains each key.\n\n[host]\n");
    buf_puts(&b, "# The name that grants call this host by. It is never taken from the network.\n");
    buf_printf(&b, "host = %s\n", s->host);
    if (s->groups)
        buf_printf(&b, "groups = %s\n", s->groups);
    buf_puts(&b, "\n[gate]\n# Accounts with these uids are gated; the same range stands in reaper.conf and "
                 "in the PAM stacks.\n");
    buf_printf(&b, "gated-uid = %s\n", s->gated_uid ? s->gated_uid : GATED_UID_USUAL);
    buf_puts(
        &b,
        "\n[directory]\n# Longest time without news of revocations, after which gated logins are refused.\n");
    buf_printf(&b, "status-max-age = %s\n", s->standalone ? "none" : s->status_max_age);
    write_records(&b);
    buf_printf(&b, "\n[texts]\nlanguage = %s\n", s->language ? s->language : "en");
    return buf_steal_text(&b);
}

char *setup_write_reaper_conf(const struct setup *s, const struct trust *trust)
{
    cleanup_buf struct buf b = BUF_INIT;

    buf_puts(&b, "# Written by hufuctl setup; hufud(8) explains each key. hufud cannot widen what stands "
                 "here.\n\n[reaper]\n");
    buf_printf(&b, "gated-uid = %s\n", s->gated_uid ? s->gated_uid : GATED_UID_USUAL);
    buf_puts(&b,
             "# Longest session of each class, in seconds; that of the trust file when this was written.\n");
    for (enum grant_class c = GRANT_CLASS_NORMAL; c <= GRANT_CLASS_COUNT; c++)
        buf_printf(&b, "max-session-%s = %u\n", grant_class_name(c), (unsigned)trust->limit[c].session);
    return buf_steal_text(&b);
}
