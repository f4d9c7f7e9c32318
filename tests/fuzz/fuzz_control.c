// LAYERS: test_support daemon
// LIBRARIES: jansson
// STAGE: yes
// COVERS: broker/daemon/handlers_control.c:control_read,control_when,control_find_grant,look_at
// COVERS: broker/daemon/handlers_control_explain.c broker/daemon/handlers_control_grants.c
// COVERS: broker/daemon/handlers_control_audit.c:complete,control_audit
// COVERS: broker/daemon/handlers_control_revoke.c:parse_scope,parse_name,take_in,control_revoke
// COVERS: broker/daemon/handlers_control_lock.c:control_lock,control_unlock,control_taken_list
// OPTIONS: -max_len=2048 -timeout=60
// CUTS: 8
/*
 * Calls on the control socket of a whole broker, a line each: `METHOD PARAMETERS`, root's. Whatever stands in
 * the parameters, a call has one answer, which is a reply or an error that the interface declares; one whose
 * parameters are refused names one of them, and has put nothing on record.
 */
#include "broker/daemon/handlers_control.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/stage/host.h"
#include "tests/fuzz/stage/site.h"

#include <string.h>

#define CALLS_MAX     8
#define INPUTS_A_HOST 100

static const char *const errors[] = {
    "org.varlink.service.InvalidParameter",
    "org.varlink.service.ExpectedMore",
    "org.hufu.control.NotFound",
    "org.hufu.control.Refused",
    "org.hufu.control.StoreUnavailable",
    "org.hufu.control.NotPermitted",
    "org.hufu.control.Malformed",
    "org.hufu.control.NotSigned",
};

static struct host *host;

static void hand_in(const struct site_paper *p)
{
    struct varlink_reply r = host_call(
        host, "DocumentAdd",
        json_pack("{ss s[ss]}", "document", p->document, "approvals", p->approvals[0], p->approvals[1]));

    varlink_reply_done(&r);
}

/* A host lasts for some inputs: making one takes longer than a call. */
static void set_up(void)
{
    static unsigned inputs;

    if (host && inputs++ % INPUTS_A_HOST != 0)
        return;
    if (host) {
        host_end(host);
    } else {
        host = host_of_program();
        site_make();
        inputs = 1;
    }
    host_begin(host, SITE_BEGIN);
    for (size_t i = 0; i < 2; i++)
        hand_in(&site_papers[i]);
    host_settle(host);
}

/* Backup has no parameters, and takes its time on a thread of its own, which virtual time does not wait for.
 */
static bool is_method(const char *name, size_t length)
{
    if (length == strlen("Backup") && memcmp(name, "Backup", length) == 0)
        return false;
    for (size_t i = 0; i < broker_n_control_methods; i++)
        if (strlen(broker_control_methods[i].name) == length &&
            memcmp(broker_control_methods[i].name, name, length) == 0)
            return true;
    return false;
}

static void judge(const struct varlink_reply *r, uint64_t before)
{
    bool declared = !r->error;

    demand(json_is_object(r->parameters), "an answer has parameters");
    for (size_t i = 0; r->error && i < sizeof(errors) / sizeof(errors[0]); i++)
        declared = declared || strcmp(errors[i], r->error) == 0;
    demand(declared, "an error that the interface does not declare");
    if (!r->error || strcmp(r->error, errors[0]) != 0)
        return;
    demand(json_is_string(json_object_get(r->parameters, "parameter")), "refused, and no parameter is named");
    host_settle(host);
    demand(host->broker->last_sequence == before, "refused for its form, and on record");
}

static void call(const char *line, size_t size)
{
    const char *blank = memchr(line, ' ', size);
    char method[32];
    struct varlink_reply r;
    json_t *parameters;
    uint64_t before;

    if (!blank || (size_t)(blank - line) >= sizeof(method) || !is_method(line, (size_t)(blank - line)))
        return;
    memcpy(method, line, (size_t)(blank - line));
    method[blank - line] = '\0';
    parameters = json_loadb(blank + 1, size - (size_t)(blank + 1 - line), JSON_REJECT_DUPLICATES, NULL);
    if (!json_is_object(parameters)) {
        json_decref(parameters);
        return;
    }
    host_settle(host);
    before = host->broker->last_sequence;
    r = host_call(host, method, parameters);
    judge(&r, before);
    varlink_reply_done(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *at = (const char *)data;

    set_up();
    for (size_t i = 0; i < CALLS_MAX && size > 0; i++) {
        const char *end = memchr(at, '\n', size);
        size_t length = end ? (size_t)(end - at) : size;

        call(at, length);
        at += length + (end != NULL);
        size -= length + (end != NULL);
    }
    return 0;
}
