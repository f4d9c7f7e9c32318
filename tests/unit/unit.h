#ifndef HUFU_TESTS_UNIT_UNIT_H
#define HUFU_TESTS_UNIT_UNIT_H

/* cmocka, and in this order what it wants to have seen before it. */

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
/* clang-format on */

#endif
