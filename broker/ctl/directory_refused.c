#include "broker/ctl/directory.h"

/* What a refusal of the server means to a person. */
static const struct {
    int code;
    enum exit_code exit;
    const char *means; /* msgid */
} refusals[] = {
    {10, EXIT_REFUSED, N_("this server is a copy, and another one takes changes")},
    {17, EXIT_REFUSED, N_("this server does not have the schema of Hufu")},
    {19, EXIT_REFUSED, N_("a rule of this server forbids this value")},
    {21, EXIT_REFUSED, N_("this server does not have the schema of Hufu, or an older one")},
    {DIRECTORY_NO_OBJECT, EXIT_REFUSED,
     N_("there is no such entry, nor the one above it; has the directory been set up for Hufu?")},
    {DIRECTORY_NOT_PERMITTED, EXIT_NOT_PERMITTED, N_("who you are there may not do this")},
    {51, EXIT_BROKER_AWAY, N_("the server is busy; try again")},
    {52, EXIT_BROKER_AWAY, N_("the server is not available; try again")},
    {53, EXIT_REFUSED, N_("the server is not willing; perhaps it is read-only")},
    {65, EXIT_REFUSED, N_("this server does not have the schema of Hufu, or an older one")},
};

enum exit_code directory_refused(const struct cli *cli, const char *what, int code, const char *text)
{
    const char *separator = *text ? ": " : "";

    for (size_t i = 0; i < ARRAY_SIZE(refusals); i++)
        if (refusals[i].code == code)
            return cli_fail(cli, refusals[i].exit, _("%s: %s (LDAP error %d%s%s)"), what,
                            _(refusals[i].means), code, separator, text);
    return cli_fail(cli, EXIT_REFUSED, _("%s: the directory refused it (LDAP error %d%s%s)"), what, code,
                    separator, text);
}
