#include "samples_fill.h"

const struct gate_caller sample_caller_most = {
    .pid = UINT32_MAX,
    .parent = UINT32_MAX,
    .start_time = UINT64_MAX,
    .parent_start_time = UINT64_MAX,
    .uid = UINT32_MAX,
    .login_uid = UINT32_MAX,
    .audit_session = UINT32_MAX,
};
