#include "broker/common/clock.h"
#include "broker/ctl/cli.h"
#include "broker/doctor/doctor.h"

#include <locale.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    const struct doctor_host host = {.root = "", .caller = geteuid(), .run = doctor_run_program};
    struct cli cli = {
        .out = stdout, .error = stderr, .socket = CLI_SOCKET, .ldapd = CLI_LDAPD, .host = &host};

    (void)setlocale(LC_ALL, "");
    (void)bindtextdomain("hufu", HUFU_LOCALEDIR);
    (void)textdomain("hufu");
    cli.now = clock_wall();
    return (int)cli_run(&cli, argc > 0 ? argc - 1 : 0, argv + 1);
}
