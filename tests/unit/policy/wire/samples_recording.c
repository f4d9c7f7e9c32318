#include "samples_recording.h"

#include "samples_fill.h"

#include <string.h>

void sample_fill_transfer(enum frame_type type, void *p)
{
    struct gate_transfer *m = p;

    (void)type;
    m->caller = (struct gate_caller){1301, 1290, 567950, 567940, 20001, 20001, 7};
    m->kind = GATE_TRANSFER_FILE;
    m->written = 4096;
    COPY(m->path, "/srv/drop/patch.bin");
}

void sample_fill_transfer_most(enum frame_type type, void *p)
{
    struct gate_transfer *m = p;

    (void)type;
    m->caller = sample_caller_most;
    m->kind = GATE_TRANSFER_CUT;
    m->read = UINT64_MAX;
    m->written = UINT64_MAX;
    memset(m->path, 'x', sizeof(m->path) - 1);
}

int sample_encode_transfer(enum frame_type type, const void *m, uint8_t out[static FRAME_MAX])
{
    (void)type;
    return gate_encode_transfer(m, out);
}

int sample_decode_transfer(enum frame_type type, const uint8_t *body, size_t size, void *ret)
{
    (void)type;
    return gate_decode_transfer(body, size, ret);
}

void sample_fill_recorded(struct reap_request *m)
{
    m->target.scope = REAP_STRAYS;
    m->recorder_uid = 998;
    m->sshd = 1;
    m->n_channels = 1;
    m->channels[0] = (struct reap_channel){1301, 567950, REAP_CHANNEL_RECORDED, "17-3-0123456789abcdef"};
}

void sample_fill_recorded_most(struct reap_request *m)
{
    m->recorder_uid = UINT32_MAX;
    m->sshd = 1;
    m->n_channels = REAP_CHANNELS_MAX;
    for (size_t i = 0; i < REAP_CHANNELS_MAX; i++) {
        m->channels[i] = (struct reap_channel){UINT32_MAX, UINT64_MAX, REAP_CHANNEL_RECORDED, ""};
        recorder_name(UINT64_MAX, UINT32_MAX, UINT64_MAX, m->channels[i].name);
    }
}
