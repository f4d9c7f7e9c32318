#include "broker/ctl/verbs.h"
#include "broker/ctl/verification.h"
#include "policy/base/cleanup.h"

struct audit_verify {
    struct option_list keys, checkpoints;
    bool no_journal;
};

#define AT(member) offsetof(struct audit_verify, member)

static const struct option_row rows[] = {
    {"key", 0, OPTION_LIST, false, "FILE",
     N_("the ledger's public key, from `audit key`; more than one if it was changed"), AT(keys)},
    {"checkpoint", 0, OPTION_LIST, false, "TEXT|FILE",
     N_("a checkpoint that left the host earlier, or a log with some"), AT(checkpoints)},
    {"no-journal", 0, OPTION_FLAG, false, NULL, N_("do not compare with journald"), AT(no_journal)},
};

static enum exit_code run(const struct cli *cli, const void *settings, const struct option_list *arguments)
{
    const struct audit_verify *a = settings;
    cleanup_verification struct verification v = {.cli = cli};
    enum exit_code code = ledger_keys_pin(cli, &v.keys, &a->keys);

    if (code == EXIT_DONE)
        code = verification_checkpoints(&v, &a->checkpoints);
    v.journal_asked = !a->no_journal && arguments->count == 0;
    if (code == EXIT_DONE)
        code = arguments->count > 0 ? verification_files(&v, arguments) : verification_live(&v);
    return code == EXIT_DONE ? verification_tell(&v) : code;
}

const struct verb verb_audit_verify = {
    .name = "audit verify",
    .arguments = "[FILE...]",
    .summary = N_("whether records were altered, and the first one that was"),
    .text = N_("Verifies this host's ledger, or files that `audit export` wrote, on any machine and without "
               "a broker: each "
               "record's hash, its place, the signed checkpoints. The first record that was changed, "
               "removed, inserted, "
               "moved or cut off is named. The ledger of this host is compared with what journald was told, "
               "if you may "
               "read that; files that join are verified as one.\n"
               "What was made anew as a whole by somebody with root and the key is only seen by comparing "
               "with what had "
               "left the host: give such a checkpoint with --checkpoint. Exit status 0: good; 1: bad."),
    .example = "  hufuctl audit verify\n"
               "  hufuctl audit verify 2026-10.jsonl 2026-11.jsonl --key db01.pub \\\n"
               "    --checkpoint /var/log/remote/db01.log",
    .options = rows,
    .n_options = ARRAY_SIZE(rows),
    .most = OPTION_LIST_MAX,
    .settings_size = sizeof(struct audit_verify),
    .run = run,
};
