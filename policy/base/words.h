#ifndef HUFU_BASE_WORDS_H
#define HUFU_BASE_WORDS_H

/* Text that people see: marked here, in another language where it is shown or becomes a reason. */
#define N_(text) (text)

#endif
