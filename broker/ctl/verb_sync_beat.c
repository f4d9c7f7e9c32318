#include "broker/ctl/call.h"
#include "broker/ctl/directory.h"
#include "broker/ctl/verbs.h"

#define HEARTBEAT "cn=heartbeat"

struct settings {
    const char *directory;
};

static const struct option_row rows[] = {
    DIRECTORY_OPTION(offsetof(struct settings, directory)),
};

static void put_beat(struct buf *changes, const char *base, const char *now)
{
    char dn[DIRECTORY_BASE_MAX + 20];

    (void)snprintf(dn, sizeof(dn), HEARTBEAT ",%s", base);
    ldif_put_text(changes, "dn", dn);
    ldif_put_text(changes, "changetype", "modify");
    ldif_put_text(changes, "replace", "hufuBeat");
    ldif_put_text(changes, "hufuBeat", now);
    ldif_put_dash(changes);
    ldif_put_end(changes);
}

static enum exit_code run(const struct cli *cli, const void *settings, const struct option_list *arguments)
{
    const struct settings *s = settings;
    cleanup_directory struct directory directory = {0};
    cleanup_buf struct buf changes = BUF_INIT;
    struct directory_reply reply;
    char now[WHEN_TEXT_SIZE];
    enum exit_code code = directory_open(cli, s->directory, &directory);

    (void)arguments;
    if (code != EXIT_DONE)
        return code;
    when_format(cli->now, now);
    put_beat(&changes, directory.base, now);
    code = directory_apply_one(&directory, &changes, &reply);
    if (code == EXIT_DONE && reply.code != 0)
        return directory_refused(cli, _("the heartbeat was not written"), reply.code, reply.text);
    if (code != EXIT_DONE)
        return code;
    if (cli->json) {
        cleanup_json json_t *value = json_pack("{s:s}", "beat", now);

        return call_print_json(cli, value);
    }
    (void)fprintf(cli->out, _("Heartbeat written: %s\n"), now);
    return EXIT_DONE;
}

const struct verb verb_sync_beat = {
    .name = "sync beat",
    .arguments = "",
    .summary = N_("write the time into the directory, so that hosts see that news come"),
    .text =
        N_("Writes this machine's time into the entry cn=heartbeat, which every host follows: where it stays "
           "behind, changes do not arrive. hufu-heartbeat.timer runs it each minute on one machine.\n"
           "Exit status 5: the directory cannot be reached. 6: it does not let you in, or not do this."),
    .example = "  hufuctl sync beat",
    .options = rows,
    .n_options = ARRAY_SIZE(rows),
    .settings_size = sizeof(struct settings),
    .run = run,
};
