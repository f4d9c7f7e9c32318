#include "samples_command.h"

#include "policy/base/doubt.h"
#include "policy/wire/gate.h"
#include "samples_fill.h"

#include <string.h>

static const struct gate_caller caller = {
    .pid = 1400,
    .parent = 1301,
    .start_time = 568100,
    .parent_start_time = 567950,
    .uid = 20001,
    .login_uid = 20001,
    .audit_session = 7,
};

void sample_fill_command(enum frame_type type, void *p)
{
    struct gate_command *m = p;

    (void)type;
    m->caller = caller;
    m->range = (struct gate_range){20000, 29999};
    COPY(m->person, "zhang.san");
    m->person_uid = 20001;
    COPY(m->target, "oracle");
    m->target_uid = 54321;
    m->doubts = DOUBT_ENVIRONMENT;
    COPY(m->path, "/usr/bin/systemctl");
    COPY(m->arguments, "restart\noracle\n");
    COPY(m->cwd, "/home/zhang.san");
    COPY(m->tty, "/dev/pts/3");
    COPY(m->concern, "PAGER");
}

void sample_fill_command_most(enum frame_type type, void *p)
{
    struct gate_command *m = p;

    (void)type;
    m->caller = sample_caller_most;
    m->range = (struct gate_range){UINT32_MAX, UINT32_MAX};
    MOST(m->person);
    m->person_uid = UINT32_MAX;
    MOST(m->target);
    m->target_uid = UINT32_MAX;
    m->doubts = DOUBT_ALL;
    MOST(m->path);
    MOST(m->arguments);
    m->arguments[sizeof(m->arguments) - 2] = '\n';
    MOST(m->cwd);
    MOST(m->tty);
    MOST(m->concern);
}

int sample_encode_command(enum frame_type type, const void *m, uint8_t out[static FRAME_MAX])
{
    (void)type;
    return gate_encode_command(m, out);
}

int sample_decode_command(enum frame_type type, const uint8_t *body, size_t size, void *ret)
{
    (void)type;
    return gate_decode_command(body, size, ret);
}

void sample_fill_command_end(enum frame_type type, void *p)
{
    struct gate_command_end *m = p;

    (void)type;
    m->caller = caller;
    m->range = (struct gate_range){20000, 29999};
    COPY(m->person, "zhang.san");
    m->person_uid = 20001;
    COPY(m->reference, "K7TQ2MXA");
    m->outcome = GATE_COMMAND_SIGNALLED;
    m->core = 1;
    m->status = 11;
    COPY(m->command, "/usr/bin/systemctl restart oracle");
    COPY(m->tty, "/dev/pts/3");
    COPY(m->detail, "killed");
}

void sample_fill_command_end_most(enum frame_type type, void *p)
{
    struct gate_command_end *m = p;

    (void)type;
    m->caller = sample_caller_most;
    m->range = (struct gate_range){UINT32_MAX, UINT32_MAX};
    MOST(m->person);
    m->person_uid = UINT32_MAX;
    MOST(m->reference);
    m->outcome = GATE_COMMAND_NOT_STARTED;
    m->core = 0;
    m->status = UINT32_MAX;
    MOST(m->command);
    MOST(m->tty);
    MOST(m->detail);
}

int sample_encode_command_end(enum frame_type type, const void *m, uint8_t out[static FRAME_MAX])
{
    (void)type;
    return gate_encode_command_end(m, out);
}

int sample_decode_command_end(enum frame_type type, const uint8_t *body, size_t size, void *ret)
{
    (void)type;
    return gate_decode_command_end(body, size, ret);
}
