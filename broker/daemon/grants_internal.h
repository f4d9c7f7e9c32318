#ifndef HUFU_DAEMON_GRANTS_INTERNAL_H
#define HUFU_DAEMON_GRANTS_INTERNAL_H

#include "broker/daemon/grants.h"

/* What grants.c, grants_judge.c and grants_source.c share. */
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

/** Packs them beside their entry. 0 or -ENOMEM. */
int grants_keep_papers(struct grants *g, struct grant_entry *e, const struct grant_papers *papers);
/** What the papers amount to; the verdicts and the votes that count are noted in them. NULL: there is no
 * trust. 0; -ENOMEM, -EIO. */
int grants_verify_and_keep(const struct grants *g, const struct trust_set *trust, const struct grant *grant,
                           struct grant_papers *papers, when_t now, struct grant_standing *ret);
/** A lower version stays refused also when its own octets come again. */
bool grants_is_superseded(const struct grant_entry *e);
uint32_t grants_session_max(const struct trust_set *trust, enum grant_class class);

#endif
