#include "tests/unit/broker/doctor/patient.h"

#include "tests/unit/support/folder.h"
#include "tests/unit/support/issuing.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct patient_answer {
    char *line;
    int error;
    int status;
    char *out, *said;
    unsigned ms;
};

static char *join(const char *const argv[])
{
    char *line = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&line, &size);

    for (size_t i = 0; f && argv[i]; i++)
        (void)fprintf(f, "%s%s", i > 0 ? " " : "", argv[i]);
    must(f && fclose(f) == 0);
    return line;
}

static int answer(void *userdata, const char *const argv[], struct doctor_output *ret)
{
    const struct patient *p = userdata;
    cleanup_free char *line = join(argv);

    for (size_t i = p->n_answers; i-- > 0;) {
        const struct patient_answer *a = &p->answers[i];

        if (strcmp(a->line, line) != 0)
            continue;
        if (a->error < 0)
            return a->error;
        *ret = (struct doctor_output){.status = a->status, .out = strdup(a->out), .error = strdup(a->said)};
        must(ret->out && ret->error);
        ret->elapsed_ms = a->ms;
        return 0;
    }
    return -ENOENT;
}

int patient_setup(void **state)
{
    struct patient *p = calloc(1, sizeof(*p));
    void *folder = NULL;

    must(p && folder_setup(&folder) == 0);
    p->folder = folder;
    p->host = (struct doctor_host){.root = p->folder,
                                   .owner = geteuid(),
                                   .caller = geteuid(),
                                   .run = answer,
                                   .userdata = p,
                                   .gated_first = 20000,
                                   .gated_last = 29999};
    *state = p;
    return 0;
}

int patient_teardown(void **state)
{
    struct patient *p = *state;
    void *folder = p->folder;

    doctor_free(p->doctor);
    for (size_t i = 0; i < p->n_answers; i++) {
        free(p->answers[i].line);
        free(p->answers[i].out);
        free(p->answers[i].said);
    }
    free(p->answers);
    free(p);
    return folder_teardown(&folder);
}

const char *patient_path(struct patient *p, const char *path)
{
    return folder_path(p->folder, path[0] == '/' ? path + 1 : path);
}

static void make_folders(struct patient *p, const char *path)
{
    for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        cleanup_free char *above = strndup(path, (size_t)(slash - path));

        must(above && (mkdir(patient_path(p, above), 0755) == 0 || errno == EEXIST));
    }
}

void patient_put(struct patient *p, const char *path, const char *text)
{
    FILE *f;

    make_folders(p, path);
    f = fopen(patient_path(p, path), "we");
    must(f && fputs(text, f) >= 0 && fclose(f) == 0 && chmod(patient_path(p, path), 0644) == 0);
}

void patient_link(struct patient *p, const char *path, const char *target)
{
    make_folders(p, path);
    must(symlink(target, patient_path(p, path)) == 0);
}

void patient_remove(struct patient *p, const char *path)
{
    must(remove(patient_path(p, path)) == 0);
}

static struct patient_answer *add_answer(struct patient *p, const char *line)
{
    struct patient_answer *grown = reallocarray(p->answers, p->n_answers + 1, sizeof(*grown));

    must(grown != NULL);
    p->answers = grown;
    grown[p->n_answers] = (struct patient_answer){.line = strdup(line)};
    must(grown[p->n_answers].line != NULL);
    return &grown[p->n_answers++];
}

void patient_answer_with(struct patient *p, const char *line, int status, const char *out, const char *error)
{
    struct patient_answer *a = add_answer(p, line);

    a->status = status;
    a->out = strdup(out);
    a->said = strdup(error);
    must(a->out && a->said);
}

void patient_takes(struct patient *p, unsigned ms)
{
    must(p->n_answers > 0);
    p->answers[p->n_answers - 1].ms = ms;
}

void patient_answer(struct patient *p, const char *line, int status, const char *out)
{
    patient_answer_with(p, line, status, out, "");
}

void patient_answer_fails(struct patient *p, const char *line, int error)
{
    add_answer(p, line)->error = error;
}

void patient_examine(struct patient *p, doctor_check *check)
{
    doctor_free(p->doctor);
    p->doctor = doctor_new(&p->host);
    must(p->doctor != NULL);
    assert_int_equal(doctor_examine(p->doctor, check), 0);
}

const struct doctor_finding *patient_finding(const struct patient *p, const char *code, const char *subject)
{
    for (size_t i = 0; i < doctor_count(p->doctor); i++) {
        const struct doctor_finding *f = doctor_get(p->doctor, i);

        if (strcmp(f->code, code) == 0 && (!subject || strcmp(f->subject, subject) == 0))
            return f;
    }
    return NULL;
}

static void print_findings(const struct patient *p)
{
    for (size_t i = 0; i < doctor_count(p->doctor); i++) {
        const struct doctor_finding *f = doctor_get(p->doctor, i);

        print_error("  %d %s: %s: %s\n    %s\n", f->severity, f->code, f->subject, f->message,
                    f->advice ? f->advice : "-");
    }
}

static size_t count(const struct patient *p, const char *code, const char *subject)
{
    size_t n = 0;

    for (size_t i = 0; i < doctor_count(p->doctor); i++)
        n += strcmp(doctor_get(p->doctor, i)->code, code) == 0 &&
             strcmp(doctor_get(p->doctor, i)->subject, subject) == 0;
    return n;
}

void assert_finds(const struct patient *p, enum doctor_severity severity, const char *code,
                  const char *subject)
{
    const struct doctor_finding *f = patient_finding(p, code, subject);

    if (f && f->severity == severity && f->advice && (!subject || count(p, code, subject) == 1))
        return;
    print_findings(p);
    fail_msg("not found once, as %d and with what to do: %s %s", severity, code, subject ? subject : "");
}

void assert_finds_not(const struct patient *p, const char *code)
{
    if (!patient_finding(p, code, NULL))
        return;
    print_findings(p);
    fail_msg("found: %s", code);
}

void assert_healthy(const struct patient *p)
{
    if (doctor_count(p->doctor) == 0 || doctor_get(p->doctor, 0)->severity == DOCTOR_NOTE)
        return;
    print_findings(p);
    fail_msg("found something");
}
