#ifndef HUFU_COMMON_I18N_H
#define HUFU_COMMON_I18N_H

#include "policy/base/words.h"

#include <libintl.h>

/* Text that people see: English here, other languages in po/. The programs choose locale and domain. */
#define _(text) gettext(text)

/** gettext() as document_error.in_words has it. */
static inline const char *i18n_words(const char *english)
{
    return gettext(english);
}

#endif
