#include "tests/fuzz/stage/within.h"

#include "tests/fuzz/stage/doors.h"
#include "tests/fuzz/stage/scene.h"
#include "tests/fuzz/stage/site.h"
#include "tests/fuzz/stage/witness.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *const targets[] = {"root", "oracle", "nobody"};
static const char *const commands[][2] = {
    {"/usr/bin/systemctl", "restart\noracle\n"}, {"/usr/bin/id", "-u\n"}, {"/usr/bin/id", "-u\n-n\n"}};

/* As a grant says it. */
static const char *line_of(unsigned command)
{
    static const char *const lines[] = {"/usr/bin/systemctl restart oracle", "/usr/bin/id -u",
                                        "/usr/bin/id -u -n"};

    return lines[command % ARRAY_SIZE(lines)];
}

/* ---- what is sent ---- */

static struct gate_caller caller_of(const struct process *p, const struct model_switch *x)
{
    return (struct gate_caller){.pid = (uint32_t)p->pid,
                                .parent = (uint32_t)x->leader,
                                .start_time = p->start_time,
                                .uid = geteuid(),
                                .login_uid = site_persons[x->person].uid,
                                .audit_session = (uint32_t)x->leader};
}

static struct gate_pam words_of(const struct process *p, const struct model_switch *x)
{
    const char *person = site_persons[x->person].name;
    struct gate_pam m = {.caller = caller_of(p, x),
                         .range = {20000, 29999},
                         .user_uid = x->step == MODEL_ACCOUNT ? site_persons[x->person].uid : 0,
                         .person_uid = site_persons[x->person].uid};

    (void)snprintf(m.user, sizeof(m.user), "%s", x->step == MODEL_ACCOUNT ? person : x->target);
    (void)snprintf(m.person, sizeof(m.person), "%s", person);
    (void)snprintf(m.service, sizeof(m.service), "%s", x->step == MODEL_SU ? "su" : "sudo");
    (void)snprintf(m.tty, sizeof(m.tty), "/dev/pts/3");
    return m;
}

static int begin_command(const struct process *p, const struct model_switch *x, unsigned command)
{
    struct gate_command m = {
        .caller = caller_of(p, x), .range = {20000, 29999}, .person_uid = site_persons[x->person].uid};
    uint8_t frame[FRAME_MAX];

    command %= ARRAY_SIZE(commands);
    (void)snprintf(m.person, sizeof(m.person), "%s", site_persons[x->person].name);
    (void)snprintf(m.target, sizeof(m.target), "%s", x->target);
    (void)snprintf(m.path, sizeof(m.path), "%s", commands[command][0]);
    (void)snprintf(m.arguments, sizeof(m.arguments), "%s", commands[command][1]);
    return host_begin_frame(scene.host, p, frame, gate_encode_command(&m, frame));
}

/* ---- what is asked of both ---- */

static bool step(const struct process *p, struct model_switch *x, enum model_step step, enum frame_type type,
                 unsigned command)
{
    struct gate_reply reply;
    struct gate_pam m;

    x->step = step;
    x->command = line_of(command);
    scene_look();
    if (step == MODEL_COMMAND) {
        reply = host_take(scene.host, begin_command(p, x, command));
    } else {
        m = words_of(p, x);
        reply = host_ask(scene.host, p, type, &m);
    }
    witness_reason(model_switch(&scene.model, x), reply.reason, reply.verdict);
    return reply.verdict == VERDICT_ALLOW;
}

int within_begin_command(const struct process *p, struct model_switch *x, uint8_t how)
{
    x->step = MODEL_COMMAND;
    x->target = targets[how % ARRAY_SIZE(targets)];
    x->command = line_of(how >> 2);
    return begin_command(p, x, how >> 2);
}

struct process *within_enter(struct input *in, struct model_switch *x)
{
    const struct model_caller *c = doors_pick(take(in));

    if (!c)
        return NULL;
    *x = (struct model_switch){.person = c->person, .leader = c->pid};
    return people_begin();
}

void within_su(struct input *in)
{
    struct model_switch x;
    struct process *p = within_enter(in, &x);

    if (!p)
        return;
    x.target = targets[take(in) % ARRAY_SIZE(targets)];
    if (step(p, &x, MODEL_SU, FRAME_GATE_ACCOUNT, 0))
        (void)step(p, &x, MODEL_SU, FRAME_GATE_OPEN, 0);
    people_exit(p);
}

/* What the plugin was told holds for a minute, for that target, and for this hufud. */
static void sudo(const struct process *p, struct model_switch *x, uint8_t how)
{
    bool asked = false;

    if (!step(p, x, MODEL_ACCOUNT, FRAME_GATE_ACCOUNT, 0))
        return;
    if ((how & 0x10) == 0)
        asked = step(p, x, MODEL_COMMAND, FRAME_GATE_COMMAND, how >> 2);
    if ((how & 0x20) != 0)
        scene_pass(61000000);
    if ((how & 0x40) != 0)
        x->target = targets[(how + 1) % ARRAY_SIZE(targets)];
    asked = asked && (how & 0x60) == 0;
    (void)step(p, x, asked ? MODEL_RUN : MODEL_UNASKED, FRAME_GATE_OPEN, 0);
}

void within_sudo(struct input *in)
{
    struct model_switch x;
    struct process *p = within_enter(in, &x);
    uint8_t how = take(in);

    if (!p)
        return;
    x.target = targets[how % ARRAY_SIZE(targets)];
    sudo(p, &x, how);
    people_exit(p);
}
