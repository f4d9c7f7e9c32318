#include "broker/daemon/listening.h"

#include "broker/daemon/directory.h"
#include "broker/daemon/ledger.h"
#include "broker/daemon/repetition.h"

#include <limits.h>
#include <stdio.h>

static void on_gate_trouble(void *userdata, const struct peer *peer, enum reason reason, const char *detail)
{
    ledger_trouble(userdata, peer, reason, detail);
}

int listening_start_gate(struct broker *b)
{
    char path[PATH_MAX];
    const struct gate_options options = {.event = b->event,
                                         .path = path,
                                         .root = b->options.root,
                                         .keys_uid = b->options.accounts.keys,
                                         .limits = GATE_LIMITS_DEFAULT,
                                         .requests = broker_gate_requests,
                                         .n_requests = broker_n_gate_requests,
                                         .trouble = on_gate_trouble,
                                         .userdata = b};

    (void)snprintf(path, sizeof(path), "%s/gate", b->options.run_dir);
    return gate_new(&options, &b->gate);
}

static void on_identity(void *userdata, int result, const struct reap_reply *reply)
{
    uint32_t login_uid = CONTROL_LOGIN_UID_UNKNOWN;

    if (result == 0 && reply->result == REAP_DONE && reply->n_processes > 0)
        login_uid = reply->processes[0].login_uid;
    control_identified(userdata, login_uid);
}

static void identify(void *userdata, struct control_connection *connection, pid_t pid)
{
    struct broker *b = userdata;
    const struct reap_request request = {.type = FRAME_REAP_WHO, .pid = (uint32_t)pid};

    reaper_client_ask(b->reaper, &request, REAPER_ASK_US, on_identity, connection);
}

static void on_control_refused(void *userdata, const struct control_call *call, const char *method,
                               const char *needs)
{
    struct record r = ledger_record(EVENT_CONTROL_REFUSED, REASON_CALLER_FORBIDDEN, false);
    struct broker *b = userdata;
    char detail[200], about[200];

    (void)snprintf(detail, sizeof(detail), "%s needs %s", method, needs);
    (void)snprintf(about, sizeof(about), "uid %u, login uid %u: %s", (unsigned)control_call_peer(call)->uid,
                   control_call_actor(call), method);
    r.actor = control_call_actor(call);
    r.detail = detail;
    (void)repetition_write_about(b, &r, about, REPETITION_FEW);
}

int listening_start_feed(struct broker *b)
{
    return b->directory ? directory_listen(b->directory) : 0;
}

int listening_start_control(struct broker *b)
{
    char path[PATH_MAX];
    const struct control_options options = {.event = b->event,
                                            .path = path,
                                            .interface = "org.hufu.control",
                                            .description = control_interface_description,
                                            .version = HUFU_VERSION,
                                            .methods = broker_control_methods,
                                            .n_methods = broker_n_control_methods,
                                            .root = b->options.root,
                                            .operators = b->options.accounts.operators,
                                            .auditors = b->options.accounts.auditors,
                                            .gated_first = b->config->gated_first,
                                            .gated_last = b->config->gated_last,
                                            .identify = identify,
                                            .refused = on_control_refused,
                                            .userdata = b};

    (void)snprintf(path, sizeof(path), "%s/control", b->options.run_dir);
    return control_new(&options, &b->control);
}
