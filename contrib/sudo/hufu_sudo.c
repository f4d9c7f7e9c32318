/*
 * hufu_sudo.so: sudo's approval and audit plugin in one file (sudo_plugin(5), API 1.15 and later).
 *
 * For who is not gated both are out of the way at once, without a connection, whatever state Hufu is in. For
 * gated people the approval plugin asks hufud about each run and refuses unless the answer is ALLOW, and the
 * audit plugin tells what came of it.
 *
 * sudo hands plugins no place to keep anything between its calls, so there is one static state here. sudo
 * runs one command and exits; where it checks sub-commands too (intercept), it asks for each, and the
 * reference of the first is the one that the end is told with.
 *
 * What sudo is refused with (*errstr) goes to its log, not to the person: the sentence is printed here.
 */
#include "contrib/sudo/pairs.h"
#include "contrib/sudo/request.h"
#include "pam_module/arguments.h"
#include "pam_module/caller.h"
#include "pam_module/client.h"
#include "pam_module/scope.h"
#include "pam_module/text.h"
#include "policy/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sudo_plugin.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#define APPROVAL_NAME "hufu_approval"
#define FIRST_API     SUDO_API_MKVERSION(1, 15)
#define OPTIONS_MAX   16
#define REFUSED       0
#define ACCEPTED      1
#define DISABLED      0 /* of an open function: not needed, unload it */
#define BROKEN        (-1)

#define WITHOUT_COMMAND_TEXT                                                     \
    "Hufu: this host's sudo does not say what it would run,\nso it is refused. " \
    "Please call the unit responsible for this host."

/* What sudo says when it opens a plugin, and what Hufu makes of it. The pointers are sudo's, which keeps
 * them until it ends. */
struct opened {
    sudo_printf_t print;
    struct arguments arguments;
    struct gate_caller caller;
    struct scope scope;
    char *const *settings;
    char *const *user_info;
    int submit_optind;
    char *const *submit_argv;
};

static struct {
    struct opened approval, audit;
    char reference[33]; /* of the run that was allowed; empty: none was */
    char error[128];    /* for *errstr: sudo reads it before it closes the plugin */
} state;

static void log_text(int priority, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void log_text(int priority, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsyslog(LOG_AUTHPRIV | priority, format, arguments);
    va_end(arguments);
}

/* The module's arguments, from the plugin's line in sudo.conf. */
static void take_options(char *const options[], struct arguments *ret)
{
    const char *list[OPTIONS_MAX];
    int n = 0;

    while (options && options[n] && n < OPTIONS_MAX) {
        list[n] = options[n];
        n++;
    }
    arguments_parse(n, list, ret);
}

/* Whether this is anything of Hufu's: DISABLED for who is not gated. */
static int open_for(struct opened *o, unsigned version, sudo_printf_t print, char *const options[])
{
    o->print = print;
    take_options(options, &o->arguments);
    caller_describe(&o->caller);
    scope_find("sudo", NULL, &o->arguments, &o->caller, &o->scope);
    if (o->scope.result == SCOPE_FREE)
        return DISABLED;
    return version >= FIRST_API ? ACCEPTED : BROKEN;
}

// NOLINTNEXTLINE(readability-function-size): as many arguments as sudo's API has
static int approval_open(unsigned version, sudo_conv_t conversation, sudo_printf_t print,
                         char *const settings[], char *const user_info[], int submit_optind,
                         char *const submit_argv[], char *const submit_envp[], char *const options[],
                         const char **errstr)
{
    (void)conversation, (void)submit_envp, (void)errstr;
    state.approval.settings = settings;
    state.approval.user_info = user_info;
    state.approval.submit_optind = submit_optind;
    state.approval.submit_argv = submit_argv;
    return open_for(&state.approval, version, print, options);
}

static int refuse(const char *text, const char *why, const char **errstr)
{
    if (text && text[0] != '\0')
        (void)state.approval.print(SUDO_CONV_ERROR_MSG, "%s\n", text);
    (void)snprintf(state.error, sizeof(state.error), "refused by Hufu: %s", why);
    if (errstr)
        *errstr = state.error;
    return REFUSED;
}

/* ---- the target account ---- */

#define BUFFER_SIZE 16384

struct target_memory {
    struct passwd row;
    char buffer[BUFFER_SIZE];
};

static void find_target(const char *name, struct target_memory *memory, struct request_target *ret)
{
    struct passwd *row = NULL;

    *ret = (struct request_target){.uid = UINT32_MAX, .gid = UINT32_MAX};
    if (!name || getpwnam_r(name, &memory->row, memory->buffer, sizeof(memory->buffer), &row) != 0 || !row)
        return;
    *ret = (struct request_target){
        row->pw_uid, row->pw_gid, {.name = row->pw_name, .home = row->pw_dir, .shell = row->pw_shell}};
}

/* ---- may it run? ---- */

static int fill(char *const command_info[], char *const argv[], char *const envp[], struct gate_command *m)
{
    const struct opened *o = &state.approval;
    struct target_memory memory;
    struct request_target target;
    struct request_of of = {.settings = o->settings,
                            .user_info = o->user_info,
                            .command_info = command_info,
                            .submit_optind = o->submit_optind,
                            .submit_argv = o->submit_argv,
                            .argv = argv,
                            .envp = envp,
                            .place = {.root = -1, .owner = 0},
                            .is_sub_command = state.reference[0] != '\0'};
    int r;

    m->caller = o->caller;
    m->range = o->arguments.range;
    memcpy(m->person, o->scope.person.name, sizeof(m->person));
    m->person_uid = o->scope.person.uid;
    find_target(request_target_name(&of), &memory, &target);
    of.place.root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (of.place.root < 0)
        return -errno;
    r = request_fill(&of, &target, m);
    (void)close(of.place.root);
    return r;
}

static int ask(const struct gate_command *m, struct gate_reply *reply)
{
    uint8_t frame[FRAME_MAX];
    int size = gate_encode_command(m, frame);

    return size < 0 ? size : client_call(state.approval.arguments.socket, frame, (size_t)size, reply);
}

static int judge(const struct gate_command *m, const char **errstr)
{
    struct gate_reply reply = {.verdict = VERDICT_DENY, .reason = REASON_BROKER_ERROR};
    int r = ask(m, &reply);
    const char *name;

    if (r < 0) {
        log_text(LOG_ERR, "hufu: no answer at %s: %s", state.approval.arguments.socket, strerrordesc_np(-r));
        return refuse(CLIENT_AWAY_TEXT, "no answer", errstr);
    }
    text_clean(reply.message);
    text_clean(reply.reference);
    if (reply.verdict != VERDICT_ALLOW) {
        name = reason_name(reply.reason);
        return refuse(reply.message, name ? name : "no reason", errstr);
    }
    if (state.reference[0] == '\0')
        memcpy(state.reference, reply.reference, sizeof(state.reference));
    return ACCEPTED;
}

static int approval_check(char *const command_info[], char *const run_argv[], char *const run_envp[],
                          const char **errstr)
{
    const struct opened *o = &state.approval;
    struct gate_command m = {.path = ""};

    if (o->scope.result != SCOPE_GATED)
        return refuse(scope_text(o->scope.result), "whose run this is cannot be told", errstr);
    if (o->arguments.state != ARGUMENTS_GOOD) {
        log_text(LOG_CRIT, "hufu: fault in the plugin's options at \"%s\": gated accounts are refused",
                 o->arguments.culprit);
        return refuse(SCOPE_MISCONFIGURED_TEXT, "the plugin's options are faulty", errstr);
    }
    if (fill(command_info, run_argv, run_envp, &m) < 0)
        return refuse(WITHOUT_COMMAND_TEXT, "no command or no account", errstr);
    return judge(&m, errstr);
}

static int approval_show_version(int verbose)
{
    (void)verbose;
    (void)state.approval.print(SUDO_CONV_INFO_MSG, "Hufu approval plugin version %s\n", HUFU_VERSION);
    return ACCEPTED;
}

/* ---- what came of it ---- */

// NOLINTNEXTLINE(readability-function-size): as above
static int audit_open(unsigned version, sudo_conv_t conversation, sudo_printf_t print, char *const settings[],
                      char *const user_info[], int submit_optind, char *const submit_argv[],
                      char *const submit_envp[], char *const options[], const char **errstr)
{
    int r = open_for(&state.audit, version, print, options);

    (void)conversation, (void)submit_envp, (void)errstr;
    state.audit.settings = settings;
    state.audit.user_info = user_info;
    state.audit.submit_optind = submit_optind;
    state.audit.submit_argv = submit_argv;
    /* Who is to be told about is not known: the approval plugin refuses. */
    return r == ACCEPTED && state.audit.scope.result != SCOPE_GATED ? DISABLED : r;
}

static void tell(struct gate_command_end *m, char *const command_info[], const char *detail)
{
    const struct opened *o = &state.audit;
    const struct request_of of = {
        .command_info = command_info, .submit_optind = o->submit_optind, .submit_argv = o->submit_argv};
    const char *tty = pairs_get(o->user_info, "tty");
    struct gate_reply reply;
    uint8_t frame[FRAME_MAX];
    int r;

    if (o->arguments.state != ARGUMENTS_GOOD)
        return;
    m->caller = o->caller;
    m->range = o->arguments.range;
    memcpy(m->person, o->scope.person.name, sizeof(m->person));
    m->person_uid = o->scope.person.uid;
    request_command_text(&of, m->command, sizeof(m->command));
    (void)snprintf(m->tty, sizeof(m->tty), "%.128s", tty ? tty : "");
    (void)snprintf(m->detail, sizeof(m->detail), "%.256s", detail ? detail : "");
    r = gate_encode_command_end(m, frame);
    if (r > 0)
        r = client_call(o->arguments.socket, frame, (size_t)r, &reply);
    if (r < 0)
        log_text(LOG_ERR, "hufu: what came of \"%.200s\" could not be told: %s", m->command,
                 strerrordesc_np(-r));
}

static void fill_wait(int status, struct gate_command_end *m)
{
    m->outcome = GATE_COMMAND_FAILED;
    if (WIFEXITED(status)) {
        m->outcome = GATE_COMMAND_EXITED;
        m->status = (uint32_t)WEXITSTATUS(status);
    } else if (WIFSIGNALED(status)) {
        m->outcome = GATE_COMMAND_SIGNALLED;
        m->status = (uint32_t)WTERMSIG(status);
        m->core = WCOREDUMP(status) != 0;
    }
}

static void audit_close(int status_type, int status)
{
    struct gate_command_end m = {.outcome = GATE_COMMAND_FAILED};
    const char *detail = NULL;

    switch (status_type) {
    case SUDO_PLUGIN_WAIT_STATUS:
        fill_wait(status, &m);
        break;
    case SUDO_PLUGIN_EXEC_ERROR:
        m.outcome = GATE_COMMAND_NOT_STARTED;
        m.status = status > 0 ? (uint32_t)status : 0;
        break;
    case SUDO_PLUGIN_SUDO_ERROR:
        detail = strerrordesc_np(status);
        break;
    default: /* nothing ran: what it was refused by has been told */
        return;
    }
    memcpy(m.reference, state.reference, sizeof(m.reference));
    tell(&m, NULL, detail);
}

static bool is_own(const char *plugin_name, unsigned plugin_type)
{
    return plugin_type == SUDO_APPROVAL_PLUGIN && plugin_name && strcmp(plugin_name, APPROVAL_NAME) == 0;
}

static int tell_refusal(enum gate_command_outcome outcome, const char *plugin_name, unsigned plugin_type,
                        const char *message, char *const command_info[])
{
    struct gate_command_end m = {.outcome = (uint8_t)outcome};

    /* hufud recorded its own refusals when it answered. */
    if (is_own(plugin_name, plugin_type))
        return ACCEPTED;
    memcpy(m.reference, state.reference, sizeof(m.reference));
    tell(&m, command_info, message);
    return ACCEPTED;
}

static int audit_reject(const char *plugin_name, unsigned plugin_type, const char *message,
                        char *const command_info[], const char **errstr)
{
    (void)errstr;
    return tell_refusal(GATE_COMMAND_REFUSED, plugin_name, plugin_type, message, command_info);
}

static int audit_error(const char *plugin_name, unsigned plugin_type, const char *message,
                       char *const command_info[], const char **errstr)
{
    (void)errstr;
    return tell_refusal(GATE_COMMAND_FAILED, plugin_name, plugin_type, message, command_info);
}

static int audit_show_version(int verbose)
{
    (void)verbose;
    (void)state.audit.print(SUDO_CONV_INFO_MSG, "Hufu audit plugin version %s\n", HUFU_VERSION);
    return ACCEPTED;
}

extern struct approval_plugin hufu_approval;
struct approval_plugin hufu_approval = {
    .type = SUDO_APPROVAL_PLUGIN,
    .version = SUDO_API_VERSION,
    .open = approval_open,
    .check = approval_check,
    .show_version = approval_show_version,
};

extern struct audit_plugin hufu_audit;
struct audit_plugin hufu_audit = {
    .type = SUDO_AUDIT_PLUGIN,
    .version = SUDO_API_VERSION,
    .open = audit_open,
    .close = audit_close,
    .reject = audit_reject,
    .error = audit_error,
    .show_version = audit_show_version,
};
