#ifndef HUFU_TESTS_UNIT_BROKER_DOCTOR_PATIENT_H
#define HUFU_TESTS_UNIT_BROKER_DOCTOR_PATIENT_H

#include "broker/doctor/doctor.h"

/*
 * Fixture: a host to be examined, that is a folder, and programs whose answers are told beforehand. Setup and
 * teardown for cmocka; *state is the patient. Gated are 20000-29999; hufud does not answer unless a test says
 * what.
 */
struct patient {
    struct doctor_host host; /* to be changed */
    struct doctor *doctor;   /* after patient_examine() */
    char *folder;
    struct patient_answer *answers;
    size_t n_answers;
};

int patient_setup(void **state);
int patient_teardown(void **state);

/** A file of the host, 0644, with the folders above it. */
void patient_put(struct patient *p, const char *path, const char *text);
/** A symbolic link. */
void patient_link(struct patient *p, const char *path, const char *target);
/** Takes a file or an empty folder away. */
void patient_remove(struct patient *p, const char *path);
/** The path of a file of the host, for chmod() and the like; lasts until the next but three calls. */
const char *patient_path(struct patient *p, const char *path);

/** What a command line (its words with one blank between) answers; `error` is what its standard error says. A
 * program that nobody told of is not there (-ENOENT). The latest answer to a line counts. */
void patient_answer(struct patient *p, const char *line, int status, const char *out);
void patient_answer_with(struct patient *p, const char *line, int status, const char *out, const char *error);
/** How long the answer told last took. */
void patient_takes(struct patient *p, unsigned ms);
/** The program cannot be run: -errno. */
void patient_answer_fails(struct patient *p, const char *line, int error);

/** Examines with one check; findings of an earlier examination are gone. */
void patient_examine(struct patient *p, doctor_check *check);

/** The finding of that code about that subject (NULL: the first of any); NULL if there is none. */
const struct doctor_finding *patient_finding(const struct patient *p, const char *code, const char *subject);

/** Fails, and prints what was found, unless there is exactly one of that code about that subject (NULL: at
 * least one, about any), of that severity, and it says what to do. */
void assert_finds(const struct patient *p, enum doctor_severity severity, const char *code,
                  const char *subject);
/** Fails, and prints what was found, if there is one of that code. */
void assert_finds_not(const struct patient *p, const char *code);
/** Fails, and prints them, if there are problems or warnings. */
void assert_healthy(const struct patient *p);

#endif
