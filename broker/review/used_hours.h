#ifndef HUFU_REVIEW_USED_HOURS_H
#define HUFU_REVIEW_USED_HOURS_H

#include "broker/review/model.h"

/** The row of "wider" about hours. Of lines: those in which no session of the grant was open. Of `any`: the
 * days and hours that its sessions were within, as a line that the next grant could have. NULL: nothing to
 * say, or no memory. */
json_t *used_hours_json(struct review *v, const struct known_grant *k);

#endif
