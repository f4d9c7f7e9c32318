#ifndef HUFU_DAEMON_GRANTS_INTERNAL_H
#define HUFU_DAEMON_GRANTS_INTERNAL_H

#include "broker/daemon/grants.h"

/* What grants.c and grants_source.c share. */
struct grants {
    struct verifier *verifier; /* borrowed */
    struct grant_index *index;
    struct papers_words *words;
    struct store_books *absent; /* of grants that are not here; a few at most */
    size_t n_absent;
    when_t uses_from;                   /* of what was used before nothing is known; 0: of nothing */
    const struct grants_source *source; /* borrowed; NULL: all are here */
    void *source_userdata;
};

#endif
