#ifndef HUFU_TESTS_FUZZ_MODEL_PARTS_H
#define HUFU_TESTS_FUZZ_MODEL_PARTS_H

#include "tests/fuzz/stage/model.h"

/* What the halves of the model that change something share. */

struct model_session *model_add(struct model *m, const struct model_caller *c, enum model_state state);
const struct model_session *model_reservation_held(const struct model *m, const struct model_caller *c);
struct model_session *model_reservation_of(struct model *m, const struct model_caller *c);
/** A reservation is given back. */
void model_release(struct model *m, struct model_session *s);
/** The same of one that is not on disk. */
void model_release_unwritten(struct model *m, struct model_session *s);
/** It stands on disk, and so does its number. */
void model_write(struct model *m, const struct model_session *s);
/** Whether a reservation is sure to be refused: by person, by grant or by its signatures. */
bool model_has_lost_its_grant(const struct model *m, const struct model_session *s);
void model_look_at(struct model *m, struct model_session *s);
void model_look_at_sessions(struct model *m);

#endif
