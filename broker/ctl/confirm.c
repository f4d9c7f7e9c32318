#include "broker/ctl/confirm.h"

#include "broker/ctl/terminal.h"

#include <string.h>

FILE *confirm_open(const struct cli *cli)
{
    FILE *terminal = terminal_open();

    if (!terminal)
        (void)cli_fail(cli, EXIT_REFUSED, _("there is no terminal to ask at; scripts say --yes"));
    return terminal;
}

enum exit_code confirm_ask(const struct cli *cli, FILE *terminal, const char *word)
{
    char answer[80] = "";

    (void)fprintf(terminal, _("\nType %s to confirm: "), word);
    if (terminal_read_line(terminal, answer, sizeof(answer)) < 0)
        (void)fputc('\n', terminal);
    if (strcmp(answer, word) != 0)
        return cli_fail(cli, EXIT_REFUSED, _("not confirmed; nothing was changed"));
    return EXIT_DONE;
}
