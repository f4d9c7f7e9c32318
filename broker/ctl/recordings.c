#include "broker/ctl/recordings.h"

#include "broker/ctl/call.h"
#include "broker/ctl/tape.h"
#include "broker/doctor/doctor.h"
#include "policy/base/cleanup.h"
#include "policy/base/recorder.h"

#include <errno.h>
#include <string.h>

#define PAGE 1000 /* records that the broker hands out at once */

/* Every record of this kind that succeeded, oldest first, appended to *ret. With `after` the broker goes on
 * from there; the first record of a ledger is none of a session. */
static enum exit_code ask_all(const struct cli *cli, uint32_t session, const char *event, json_t *ret)
{
    json_int_t after = 1;
    size_t n;

    do {
        cleanup_json json_t *reply = NULL;
        const json_t *records;
        enum exit_code code = call_broker(cli, "Audit",
                                          json_pack("{s:I, s:s, s:s, s:I}", "session", (json_int_t)session,
                                                    "event", event, "result", "success", "after", after),
                                          CALL_TIMEOUT_MS, &reply);

        if (code != EXIT_DONE)
            return code;
        records = json_object_get(reply, "records");
        n = json_array_size(records);
        if (n > 0 && json_array_extend(ret, (json_t *)records) < 0)
            return cli_fail(cli, EXIT_REFUSED, _("out of memory"));
        if (n > 0)
            after = json_integer_value(json_object_get(json_array_get(records, n - 1), "sequence"));
    } while (n >= PAGE);
    return EXIT_DONE;
}

/* A recording and the channel that it is of are written in one transaction, one behind the other. */
static const char *started(const json_t *channels, json_int_t sequence)
{
    const json_t *channel;
    size_t i;

    json_array_foreach((json_t *)channels, i, channel)
    {
        if (json_integer_value(json_object_get(channel, "sequence")) == sequence - 1) {
            const char *detail = json_string_value(json_object_get(channel, "detail"));

            return detail && strncmp(detail, "exec: ", 6) == 0 ? detail + 6 : detail;
        }
    }
    return NULL;
}

/* What a record names becomes a path only if hufud can have written it, about this session. */
static bool is_file_of(const char *file, uint32_t session)
{
    size_t length = file ? strlen(file) : 0, suffix = sizeof(RECORDER_SUFFIX) - 1;
    char name[RECORDER_NAME_SIZE];
    uint64_t number;

    if (length <= suffix || length - suffix >= sizeof(name) ||
        strcmp(file + length - suffix, RECORDER_SUFFIX) != 0)
        return false;
    memcpy(name, file, length - suffix);
    name[length - suffix] = '\0';
    return recorder_is_name(name, &number, NULL) && number == session;
}

static enum exit_code add(const struct cli *cli, uint32_t session, const json_t *record,
                          const json_t *channels, json_t *ret)
{
    const char *file = json_string_value(json_object_get(record, "detail"));
    const char *user = json_string_value(json_object_get(record, "staff"));
    json_int_t sequence = json_integer_value(json_object_get(record, "sequence"));

    if (!is_file_of(file, session) || !user)
        return cli_fail(cli, EXIT_REFUSED, _("record %lld names no recording of session %u: %s"),
                        (long long)sequence, (unsigned)session, file ? file : "-");
    if (json_array_append_new(ret, json_pack("{s:I, s:O?, s:s, s:s?, s:s}", "number",
                                             (json_int_t)json_array_size(ret) + 1, "time",
                                             json_object_get(record, "time"), "user", user, "started",
                                             started(channels, sequence), "file", file)) < 0)
        return cli_fail(cli, EXIT_REFUSED, _("out of memory"));
    return EXIT_DONE;
}

enum exit_code recordings_ask(const struct cli *cli, uint32_t session, json_t **ret)
{
    cleanup_json json_t *records = json_array(), *channels = json_array(), *list = json_array();
    enum exit_code code = ask_all(cli, session, "recording", records);
    const json_t *record;
    size_t i;

    if (code != EXIT_DONE)
        return code;
    if (json_array_size(records) == 0)
        return cli_fail(
            cli, EXIT_NOT_FOUND,
            _("no recording of session %u is on record: only a grant with `recording: required` has its "
              "sessions recorded; `hufuctl audit --session %u` shows what is on record"),
            (unsigned)session, (unsigned)session);
    code = ask_all(cli, session, "channel", channels);
    json_array_foreach(records, i, record)
    {
        if (code == EXIT_DONE)
            code = add(cli, session, record, channels, list);
    }
    if (code == EXIT_DONE)
        *ret = steal_pointer(&list);
    return code;
}

static const char *state_of_error(int error)
{
    return error == -ENOENT ? "missing" : error == -EINVAL ? "not-a-recording" : "not-readable";
}

static int look(const struct cli *cli, json_t *recording)
{
    static const char *const states[] = {"whole", "empty", "cut", "damaged"}; /* by enum tape_end - 1 */
    cleanup_tape struct tape t = {0};
    enum tape_end end;
    int r = tape_open(&t, cli->host->root, json_string_value(json_object_get(recording, "file")));

    if (r < 0)
        return json_object_set_new(recording, "state", json_string(state_of_error(r)));
    end = tape_read(&t, json_string_value(json_object_get(recording, "user")), NULL, NULL);
    if (t.fault && (json_object_set_new(recording, "line", json_integer((json_int_t)t.line)) < 0 ||
                    json_object_set_new(recording, "fault", json_string(t.fault)) < 0))
        return -ENOMEM;
    return json_object_set_new(recording, "state", json_string(states[end - 1])) < 0 ||
                   json_object_set_new(recording, "size", json_integer(t.size)) < 0 ||
                   json_object_set_new(recording, "length_ms", json_integer(t.length_ms)) < 0
               ? -ENOMEM
               : 0;
}

int recordings_look(const struct cli *cli, json_t *recordings)
{
    json_t *recording;
    size_t i;

    json_array_foreach(recordings, i, recording)
    {
        if (look(cli, recording) < 0)
            return -ENOMEM;
    }
    return 0;
}
