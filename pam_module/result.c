#include "pam_module/result.h"

#include "pam_module/text.h"

#include <security/pam_ext.h>
#include <stdlib.h>

int result_of_reply(const struct gate_reply *reply)
{
    return reply->verdict == VERDICT_ALLOW ? PAM_SUCCESS : PAM_PERM_DENIED;
}

int result_of_scope(enum scope_result result)
{
    if (result == SCOPE_FREE)
        return PAM_IGNORE;
    return result == SCOPE_NO_USER ? PAM_USER_UNKNOWN : PAM_PERM_DENIED;
}

void result_tell(pam_handle_t *pamh, int flags, int code, const char *text)
{
    if (!text || text[0] == 0 || ((unsigned)flags & PAM_SILENT) != 0)
        return;
    /* Whether it was shown changes nothing of the verdict. */
    if (code == PAM_SUCCESS)
        (void)pam_info(pamh, "%s", text);
    else
        (void)pam_error(pamh, "%s", text);
}

static void free_data(pam_handle_t *pamh, void *data, int status)
{
    (void)pamh;
    (void)status;
    free(data);
}

int result_set_runtime_max(pam_handle_t *pamh, uint32_t seconds)
{
    char *text;
    int r;

    if (seconds == 0)
        return PAM_SUCCESS;
    text = malloc(TEXT_NUMBER_SIZE);
    if (!text)
        return PAM_BUF_ERR;
    (void)text_number(seconds, text);
    r = pam_set_data(pamh, "systemd.runtime_max_sec", text, free_data);
    if (r != PAM_SUCCESS)
        free(text);
    return r;
}
