#ifndef HUFU_BASE_CLEANUP_H
#define HUFU_BASE_CLEANUP_H

#include <stdlib.h>

/* Run `f` on the variable's address when it leaves its scope. */
#define cleanup(f) __attribute__((cleanup(f)))

/* Take the value out of a cleanup-guarded pointer: the guard then sees NULL. */
#define steal_pointer(p)                            \
    ({                                              \
        __auto_type steal_p_ = (p);                 \
        __typeof__(*steal_p_) steal_v_ = *steal_p_; \
        *steal_p_ = NULL;                           \
        steal_v_;                                   \
    })

static inline void cleanup_free_p(void *p)
{
    free(*(void **)p);
}
#define cleanup_free cleanup(cleanup_free_p)

/* Defines `name_p(type **)`, to be used as cleanup(name_p), from a destructor that takes NULL. */
#define DEFINE_CLEANUP(type, destructor)        \
    static inline void destructor##_p(type **p) \
    {                                           \
        destructor(*p);                         \
    }                                           \
    struct cleanup_needs_semicolon_##destructor

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#endif
