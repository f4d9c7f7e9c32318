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

size_t text_number(uint32_t number, char text[static TEXT_NUMBER_SIZE])
{
    size_t length = 1, at;

    for (uint32_t rest = number / 10; rest > 0; rest /= 10)
        length++;
    text[length] = 0;
    for (at = length; at > 0; number /= 10)
        text[--at] = (char)('0' + number % 10);
    return length;
}
