#include "broker/ctl/call.h"
#include "broker/ctl/recordings.h"
#include "broker/ctl/table.h"
#include "broker/ctl/tape.h"
#include "broker/ctl/text.h"
#include "broker/ctl/verbs.h"
#include "broker/doctor/doctor.h"
#include "policy/base/cleanup.h"
#include "policy/base/ident.h"
#include "policy/base/recorder.h"
#include "policy/base/when.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* session replay. */

#define PLAYER         "/usr/bin/tlog-play"
#define STARTED_OCTETS 40

struct replay {
    const char *channel, *speed;
    bool list, text;
};

static const struct option_row rows[] = {
    {"channel", 0, OPTION_TEXT, false, "N", N_("this recording, by its number in the list"),
     offsetof(struct replay, channel)},
    {"list", 0, OPTION_FLAG, false, NULL, N_("what there is, and whether it is whole; nothing is played"),
     offsetof(struct replay, list)},
    {"text", 0, OPTION_FLAG, false, NULL, N_("lines of text with times: typed, shown; needs no terminal"),
     offsetof(struct replay, text)},
    {"speed", 0, OPTION_TEXT, false, "X", N_("so many times as fast, such as 4 or 0.5"),
     offsetof(struct replay, speed)},
};

static const char *text_of(const json_t *recording, const char *member)
{
    const char *text = json_string_value(json_object_get(recording, member));

    return text ? text : "-";
}

static bool is_in_state(const json_t *recording, const char *state)
{
    return strcmp(text_of(recording, "state"), state) == 0;
}

/* ---- the list ---- */

static char *whole_seconds(const json_t *object)
{
    const char *time = text_of(object, "time");
    size_t length = strcspn(time, ".");
    char *text = NULL;

    return asprintf(&text, "%.*s%s", (int)length, time, time[length] != '\0' ? "Z" : "") < 0 ? NULL : text;
}

static char *length_of(const json_t *object)
{
    long long s = json_integer_value(json_object_get(object, "length_ms")) / 1000;
    char *text = NULL;

    if (!json_object_get(object, "length_ms"))
        return strdup("-");
    return asprintf(&text, "%lld:%02lld:%02lld", s / 3600, s / 60 % 60, s % 60) < 0 ? NULL : text;
}

/* Commands can be long; --json has them whole. */
static char *beginning_of(const json_t *object)
{
    const char *started = text_of(object, "started");
    size_t length = strlen(started), shown = length > STARTED_OCTETS ? STARTED_OCTETS : length;
    char *text = NULL;

    while (shown < length && shown > 0 && ((unsigned char)started[shown] & 0xc0) == 0x80)
        shown--;
    return asprintf(&text, "%.*s%s", (int)shown, started, shown < length ? " ..." : "") < 0 ? NULL : text;
}

static const struct table_column columns[] = {
    {.title = N_("CHANNEL"), .member = "number", .right = true},
    {.title = N_("TIME"), .member = "time", .format = whole_seconds, .spare = 3},
    {.title = N_("STAFF"), .member = "user", .spare = 1},
    {.title = N_("STARTED"), .member = "started", .format = beginning_of},
    {.title = N_("LENGTH"), .member = "length_ms", .right = true, .format = length_of},
    {.title = N_("SIZE"), .member = "size", .right = true, .spare = 2},
    {.title = N_("STATE"), .member = "state"},
    {.title = N_("FILE"), .member = "file", .spare = 4},
};

/* What is wrong with a file, or with the caller; EXIT_DONE without a word if nothing is. */
static enum exit_code say_state(const struct cli *cli, const json_t *recording)
{
    const char *file = text_of(recording, "file"), *fault = text_of(recording, "fault");
    long long line = json_integer_value(json_object_get(recording, "line"));

    if (is_in_state(recording, "missing"))
        return cli_fail(cli, EXIT_NOT_FOUND,
                        _("%s was recorded, and is not there: it was deleted or moved; find out by whom"),
                        file);
    if (is_in_state(recording, "not-readable"))
        return cli_fail(
            cli, EXIT_NOT_PERMITTED,
            _("%s cannot be read: root may, and members of the group hufu-auditors from their next login "
              "on"),
            file);
    if (is_in_state(recording, "not-a-recording"))
        return cli_fail(cli, EXIT_REFUSED, _("%s is no file: somebody put something in its place"), file);
    if (is_in_state(recording, "cut"))
        return cli_fail(
            cli, EXIT_REFUSED,
            _("%s: line %lld %s: its recorder was killed, or the disk was full, or it is being written; "
              "`--text` shows what is before"),
            file, line, fault);
    if (is_in_state(recording, "damaged"))
        return cli_fail(cli, EXIT_REFUSED,
                        _("%s: line %lld %s: it was changed or damaged; `--text` shows what is before"), file,
                        line, fault);
    return EXIT_DONE;
}

/* A file that is gone counts for more than one that is damaged. */
static enum exit_code worse(enum exit_code before, enum exit_code code)
{
    return before == EXIT_DONE || code == EXIT_NOT_FOUND ? code : before;
}

static enum exit_code say_states(const struct cli *cli, const json_t *recordings)
{
    enum exit_code worst = EXIT_DONE;
    const json_t *recording;
    size_t i;

    json_array_foreach((json_t *)recordings, i, recording)
    {
        worst = worse(worst, say_state(cli, recording));
    }
    return worst;
}

static enum exit_code print_list(const struct cli *cli, uint32_t session, json_t *recordings)
{
    cleanup_json json_t *object =
        json_pack("{s:I, s:O}", "session", (json_int_t)session, "recordings", recordings);
    enum exit_code code = EXIT_DONE;

    if (cli->json)
        code = object ? call_print_json(cli, object) : cli_fail(cli, EXIT_REFUSED, _("out of memory"));
    else if (table_print(cli->out, columns, ARRAY_SIZE(columns), recordings) < 0)
        code = cli_fail(cli, EXIT_REFUSED, _("cannot write the output"));
    return code == EXIT_DONE ? say_states(cli, recordings) : code;
}

/* ---- as text ---- */

static enum exit_code print_text(const struct cli *cli, json_t *recording)
{
    cleanup_tape struct tape t = {0};
    enum tape_end end;
    int r = tape_open(&t, cli->host->root, text_of(recording, "file"));

    if (r < 0)
        return say_state(cli, recording);
    (void)fprintf(cli->out, "%s: ", text_of(recording, "file"));
    text_print(cli->out, text_of(recording, "user"));
    (void)fputs(": ", cli->out);
    text_print(cli->out, text_of(recording, "started"));
    (void)fputc('\n', cli->out);
    (void)fputs(_("Times are when a line began; < was typed, > was shown, = is the window's size.\n"),
                cli->out);
    if (tape_print(&t, text_of(recording, "user"), cli->out, &end) < 0)
        return cli_fail(cli, EXIT_REFUSED, _("out of memory"));
    if (end == TAPE_EMPTY)
        (void)fprintf(cli->out, "%s\n", _("Nothing was typed or shown."));
    return say_state(cli, recording);
}

static enum exit_code print_texts(const struct cli *cli, json_t *recordings)
{
    enum exit_code worst = EXIT_DONE;
    json_t *recording;
    size_t i;

    json_array_foreach(recordings, i, recording)
    {
        worst = worse(worst, print_text(cli, recording));
    }
    return worst;
}

/* ---- played ---- */

/* Becomes tlog-play, with the very file that was checked. */
static enum exit_code become_player(const struct cli *cli, const json_t *recording, const char *speed)
{
    cleanup_tape struct tape t = {0};
    char path[32];
    int r = tape_open(&t, cli->host->root, text_of(recording, "file"));

    if (r == 0 && fcntl(fileno(t.file), F_SETFD, 0) < 0)
        r = -errno;
    if (r < 0)
        return cli_fail(cli, EXIT_REFUSED, _("%s: %s"), text_of(recording, "file"), strerror(-r));
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fileno(t.file));
    (void)fflush(NULL);
    (void)execl(PLAYER, PLAYER, "-r", "file", "-i", path, "-s", speed ? speed : "1", (char *)NULL);
    return cli_fail(cli, EXIT_REFUSED,
                    _("%s cannot be started (%s): install the package tlog, or use --text"), PLAYER,
                    strerror(errno));
}

static enum exit_code play(const struct cli *cli, const json_t *recording, const char *speed)
{
    enum exit_code code = say_state(cli, recording);

    if (code != EXIT_DONE)
        return code;
    if (is_in_state(recording, "empty")) {
        (void)fprintf(cli->out, "%s\n", _("Nothing was typed or shown."));
        return EXIT_DONE;
    }
    return become_player(cli, recording, speed);
}

/* ---- which ---- */

static bool is_speed(const char *text)
{
    size_t whole = strspn(text, "0123456789");
    size_t fraction = text[whole] == '.' ? 1 + strspn(text + whole + 1, "0123456789") : 0;

    return whole > 0 && whole <= 3 && fraction != 1 && fraction <= 4 && text[whole + fraction] == '\0' &&
           text[strspn(text, "0.")] != '\0';
}

/* Leaves the one that was asked for. */
static enum exit_code choose(const struct cli *cli, const char *channel, json_t **recordings)
{
    json_t *one, *list;
    uint32_t n;

    if (ident_parse_number(channel, strlen(channel), &n) < 0 || !(one = json_array_get(*recordings, n - 1)))
        return cli_fail(cli, EXIT_NOT_FOUND, _("there is no recording %s of this session; --list shows them"),
                        channel);
    list = json_pack("[O]", one);
    if (!list)
        return cli_fail(cli, EXIT_REFUSED, _("out of memory"));
    json_decref(*recordings);
    *recordings = list;
    return EXIT_DONE;
}

static bool is_at_terminal(const struct cli *cli)
{
    return cli->out == stdout && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

static enum exit_code show(const struct cli *cli, const struct replay *p, uint32_t session,
                           json_t *recordings)
{
    enum exit_code code;

    if (p->text)
        return print_texts(cli, recordings);
    if (!p->list && !cli->json && is_at_terminal(cli) && json_array_size(recordings) == 1)
        return play(cli, json_array_get(recordings, 0), p->speed);
    code = print_list(cli, session, recordings);
    if (!p->list && !cli->json && code == EXIT_DONE)
        (void)cli_fail(cli, EXIT_DONE, "%s",
                       is_at_terminal(cli)
                           ? _("choose one with --channel")
                           : _("playing needs a terminal; --text prints what was typed and shown"));
    return code;
}

static enum exit_code run(const struct cli *cli, const void *settings, const struct option_list *arguments)
{
    const struct replay *p = settings;
    cleanup_json json_t *recordings = NULL;
    uint32_t session;
    enum exit_code code = call_session_number(cli, arguments->items[0], &session);

    if (code == EXIT_DONE && p->list + p->text + (p->speed != NULL) > 1)
        return cli_fail(cli, EXIT_USAGE, _("--list, --text and --speed are one or the other"));
    if (code == EXIT_DONE && p->text && cli->json)
        return cli_fail(cli, EXIT_USAGE, _("--text is for people; the files themselves are JSON"));
    if (code == EXIT_DONE && p->speed && !is_speed(p->speed))
        return cli_fail(cli, EXIT_USAGE, _("--speed %s is no number such as 4 or 0.5"), p->speed);
    if (code == EXIT_DONE)
        code = recordings_ask(cli, session, &recordings);
    if (code == EXIT_DONE && p->channel)
        code = choose(cli, p->channel, &recordings);
    if (code == EXIT_DONE && recordings_look(cli, recordings) < 0)
        return cli_fail(cli, EXIT_REFUSED, _("out of memory"));
    return code == EXIT_DONE ? show(cli, p, session, recordings) : code;
}

const struct verb verb_session_replay = {
    .name = "session replay",
    .arguments = "NUMBER",
    .summary = N_("what was typed and shown in a recorded session"),
    .text = N_(
        "Plays a recording of a session on this terminal, with tlog-play: space pauses, q ends it. Without a "
        "terminal, or where there are several, it lists them. Each file is checked first: one that is gone, "
        "cut off or changed is said to be so. What is played steers this terminal, as it did the vendor's; "
        "--text shows it as text. Recordings hold what was typed, passwords too. For root and auditors.\n"
        "Exit status 3: nothing is on record, or a file is gone."),
    .example = "  hufuctl session replay 17 --list\n  hufuctl session replay 17 --channel 2 --speed 4\n"
               "  hufuctl session replay 17 --text",
    .options = rows,
    .n_options = ARRAY_SIZE(rows),
    .least = 1,
    .most = 1,
    .settings_size = sizeof(struct replay),
    .run = run,
};
