#include "pam_module/text.h"

void text_clean(char *text)
{
    unsigned char *at = (unsigned char *)text;

    for (; *at != 0; at++) {
        if ((*at < 0x20 && *at != '\n') || *at == 0x7f)
            *at = '?';
        /* U+0080 to U+009F, which some terminals obey like ESC sequences */
        else if (*at == 0xc2 && at[1] >= 0x80 && at[1] <= 0x9f) {
            at[0] = '?';
            at[1] = '?';
        }
    }
}
