#ifndef HUFU_COMMON_I18N_H
#define HUFU_COMMON_I18N_H

#include <libintl.h>

/* Text that people see: English here, other languages in po/. The programs choose locale and domain. */
#define _(text)  gettext(text)
#define N_(text) (text) /* in tables: marked here, translated where it is printed */

#endif
