#ifndef HUFU_PAM_MODULE_TEXT_H
#define HUFU_PAM_MODULE_TEXT_H

/** Makes text from outside fit for a terminal, in place: control characters except LF, DEL and the C1
 * controls of UTF-8 become `?`. */
void text_clean(char *text);

#endif
