#include "broker/ctl/confirm.h"

#include "broker/ctl/terminal.h"

#include <stddef.h>
#include <string.h>

const struct option_row confirm_rows[CONFIRM_ROWS] = {
    {"why", 0, OPTION_TEXT, false, "TEXT", N_("for the record"), offsetof(struct confirm_settings, why)},
    {"yes", 0, OPTION_FLAG, false, NULL, N_("do not ask, for scripts"),
     offsetof(struct confirm_settings, yes)},
};

static enum exit_code read_word(const struct cli *cli, FILE *terminal, const char *word)
{
    char answer[80] = "";

    (void)fprintf(terminal, _("\nType %s to confirm: "), word);
    if (terminal_read_line(terminal, answer, sizeof(answer)) < 0)
        (void)fputc('\n', terminal);
    if (strcmp(answer, word) != 0)
        return cli_fail(cli, EXIT_REFUSED, _("not confirmed; nothing was changed"));
    return EXIT_DONE;
}

enum exit_code confirm_ask(const struct cli *cli, confirm_show *show, void *userdata, const char *word)
{
    FILE *terminal = terminal_open();
    enum exit_code code;

    if (!terminal)
        return cli_fail(cli, EXIT_REFUSED, _("there is no terminal to ask at; scripts say --yes"));
    show(terminal, userdata);
    code = read_word(cli, terminal, word);
    (void)fclose(terminal);
    return code;
}
