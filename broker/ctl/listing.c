#include "broker/ctl/listing.h"

#include "broker/ctl/call.h"

enum exit_code listing_print(const struct cli *cli, const struct listing *l, const json_t *reply)
{
    const json_t *list = json_object_get(reply, l->member);

    if (cli->json)
        return call_print_json(cli, reply);
    if (json_array_size(list) == 0)
        (void)fputs(_(l->none), cli->out);
    else if (table_print(cli->out, l->columns, l->n_columns, list) < 0)
        return cli_fail(cli, EXIT_REFUSED, _("cannot write the output"));
    return EXIT_DONE;
}

enum exit_code listing_ask(const struct cli *cli, const struct listing *l, json_t *parameters)
{
    cleanup_json json_t *reply = NULL;
    enum exit_code code = call_broker(cli, l->method, parameters, CALL_TIMEOUT_MS, &reply);

    return code == EXIT_DONE ? listing_print(cli, l, reply) : code;
}
