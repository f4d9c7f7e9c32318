// LAYERS: channel client wire base
// COVERS: pam_module/channel/sftp_log.c
/* Any line as one of sftp-server's log. Whatever is read from it can be told to the broker; whatever is not
 * leaves a clear struct. */
#include "pam_module/channel/sftp_log.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t frame[FRAME_MAX];
    static const struct gate_transfer clear;
    char *line = malloc(size + 1);
    struct gate_transfer m;

    if (!line)
        return 0;
    memcpy(line, data, size);
    line[size] = '\0';
    if (sftp_log_parse(line, &m) ? gate_encode_transfer(&m, frame) < 0 : memcmp(&m, &clear, sizeof(m)) != 0)
        abort();
    free(line);
    return 0;
}
