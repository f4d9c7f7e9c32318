#include "broker/ctl/hand_in.h"

#include "broker/ctl/ending.h"
#include "broker/ctl/table.h"

#include <string.h>

enum exit_code hand_in(const struct cli *cli, const char *text, size_t size,
                       const struct papers_approvals *approvals, json_t **ret)
{
    json_t *list = json_array();

    for (size_t i = 0; list && i < approvals->count; i++)
        if (json_array_append_new(
                list, json_stringn((const char *)approvals->items[i].data, approvals->items[i].size)) < 0) {
            json_decref(list);
            return cli_fail(cli, EXIT_REFUSED,
                            _("approval %zu is no text in UTF-8, so that it cannot be handed in"), i + 1);
        }
    return call_broker(cli, "DocumentAdd",
                       json_pack("{s:s%, s:o}", "document", text, size, "approvals", list),
                       CALL_VERIFYING_TIMEOUT_MS, ret);
}

static const struct table_column approval_columns[] = {
    {.title = N_("APPROVER"), .member = "approver"},
    {.title = N_("ROLE"), .member = "role"},
    {.title = N_("OUTCOME"), .member = "outcome"},
};

enum exit_code hand_in_print_approvals(const struct cli *cli, const json_t *approvals)
{
    if (json_array_size(approvals) > 0 &&
        table_print(cli->out, approval_columns, ARRAY_SIZE(approval_columns), approvals) < 0)
        return cli_fail(cli, EXIT_REFUSED, _("cannot write the output"));
    return EXIT_DONE;
}

static void print_document(const struct cli *cli, json_t *reply)
{
    const char *type = table_text(reply, "type"), *state = table_text(reply, "state");
    const char *id = table_text(reply, "id");
    int version = (int)json_integer_value(json_object_get(reply, "version"));

    if (strcmp(type, "grant") == 0)
        (void)fprintf(cli->out, _("Grant %s version %d: %s\n"), id, version, state);
    else if (strcmp(type, "trust") == 0)
        (void)fprintf(cli->out, _("Trust epoch %d: %s\n"), version, state);
    else if (strcmp(type, "revocation") == 0)
        (void)fprintf(cli->out, _("Revocation %s: %s\n"), id, state);
    else
        (void)fprintf(cli->out, _("Document of type %s, number %d: %s\n"), type, version, state);
}

/* Known, but good for nothing yet: that is not what was wanted. */
static bool is_usable(const json_t *reply)
{
    const char *state = json_string_value(json_object_get(reply, "state"));

    return state && (strcmp(state, "ok") == 0 || strcmp(state, "not-yet-valid") == 0);
}

enum exit_code hand_in_report(const struct cli *cli, json_t *reply)
{
    const json_t *ending = json_object_get(reply, "ending");
    enum exit_code code;

    if (cli->json) {
        code = json_is_object(ending) ? ending_print_json(cli, reply) : call_print_json(cli, reply);
    } else {
        print_document(cli, reply);
        code = hand_in_print_approvals(cli, json_object_get(reply, "approvals"));
        if (code == EXIT_DONE && json_is_object(ending))
            code = ending_report(cli, ending);
    }
    return code == EXIT_DONE && !is_usable(reply) ? EXIT_REFUSED : code;
}
