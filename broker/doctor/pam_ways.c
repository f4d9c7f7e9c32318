#include "broker/common/i18n.h"
#include "broker/doctor/model.h"
#include "broker/doctor/pam.h"
#include "policy/base/buf.h"

#include <errno.h>
#include <string.h>

#define ROOT     ((struct model_account){.known = true, .uid = 0})
#define ANYBODY  ((struct model_account){.known = false})

#define UIDS_MAX 32

#define LOGINUID "pam_loginuid.so"
#define ANSWERS  (WALK_BIT(STACK_SUCCESS) | WALK_BIT(STACK_PERM_DENIED))

/* What an application goes on after. An expired password is changed, and then sshd, login and su go on. */
static uint32_t passing_of(enum stack_phase phase)
{
    return phase == STACK_ACCOUNT ? WALK_BIT(STACK_SUCCESS) | WALK_BIT(STACK_NEW_AUTHTOK_REQD)
                                  : WALK_BIT(STACK_SUCCESS);
}

static const char *phase_name(enum stack_phase phase)
{
    return phase == STACK_ACCOUNT ? "account" : "session";
}

static bool starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

/* runuser neither asks nor changes anybody: it has no account phase. */
static bool has_phase(const struct pam_service *s, enum stack_phase phase)
{
    return phase == STACK_SESSION || !starts_with(s->name, "runuser");
}

static void advise_stack(struct doctor *d, const struct pam_service *s)
{
    if (starts_with(s->name, "runuser"))
        doctor_advise(d, "install -m 644 /usr/share/hufu/pam/runuser /etc/pam.d/");
    else if (s->kind == SERVICE_OTHER)
        doctor_advise(d, _("Run `pam-auth-update --enable hufu`, or put the login block of "
                           "/usr/share/hufu/pam/README into the file's account and session phases."));
    else
        doctor_advise(
            d, _("Run `pam-auth-update --enable hufu` if the service includes common-account and "
                 "common-session, or take its stack from /usr/share/hufu/pam; README there explains the "
                 "lines."));
}

/* `FILE:LINE (module returns value)` */
static char *describe(const struct walk_step *step)
{
    char *text = NULL;

    if (asprintf(&text, "%s:%u (%s: %s)", step->line->file, step->line->number,
                 step->line->module ? step->line->module : "?", stack_return_name(step->value)) < 0)
        return NULL;
    return text;
}

static bool has_gate(const struct stack_lines *lines)
{
    for (size_t i = 0; i < lines->n; i++)
        if (walk_is_gate(&lines->items[i]))
            return true;
    return false;
}

static const struct walk_step *find_gate(const struct walk *w)
{
    for (size_t i = 0; i < w->n_path; i++)
        if (walk_is_gate(w->path[i].line))
            return &w->path[i];
    return NULL;
}

/* The line that led past a gate: one stands between it and the next that was asked, or the end. */
static const struct walk_step *find_culprit(const struct stack_lines *lines, const struct walk *w)
{
    for (size_t i = 0; i < w->n_path; i++) {
        const struct stack_line *end = i + 1 < w->n_path ? w->path[i + 1].line : lines->items + lines->n;

        for (const struct stack_line *line = w->path[i].line + 1; line < end; line++)
            if (walk_is_gate(line))
                return &w->path[i];
    }
    return NULL;
}

/* A way past a gate that stands in the phase, by what is done at its decisive line. */
static void tell_way(struct doctor *d, const struct pam_service *s, enum stack_phase phase,
                     const struct walk *w)
{
    const struct walk_step *gate = find_gate(w);
    const struct walk_step *step = gate ? gate : find_culprit(&s->stack->phases[phase], w);
    cleanup_free char *where = step ? describe(step) : NULL;
    const char *at = where ? where : "?";

    if (gate)
        doctor_find(
            d, s->severity, "pam-refusal-ignored", s->file,
            _("the %s phase ends well although pam_hufu refuses, at %s: its line has to be `required`"),
            phase_name(phase), at);
    else if (step && step->action == STACK_DO_DONE)
        doctor_find(d, s->severity, "pam-ends-before-gate", s->file,
                    _("the %s phase can end well before pam_hufu is asked, at %s"), phase_name(phase), at);
    else
        doctor_find(d, s->severity, "pam-jumps-over-gate", s->file,
                    _("the %s phase can lead past pam_hufu, by %s"), phase_name(phase), at);
    advise_stack(d, s);
}

/* One who might be gated, and what is known of them. */
struct gated_case {
    struct model_account user, caller;
    bool module_decides; /* only the module can tell: without it nobody is refused, by design */
};

static void tell_too_complex(struct doctor *d, const struct pam_service *s, enum stack_phase phase)
{
    doctor_find(d, DOCTOR_PROBLEM, "pam-too-complex", s->file,
                _("the %s phase has too many ways through it to look at all of them"), phase_name(phase));
    doctor_advise(d,
                  _("Nothing is known about it. Make the stack simpler; the one in /usr/share/hufu/pam is."));
}

static bool walk_case(struct doctor *d, const struct pam_service *s, enum stack_phase phase,
                      const struct model *m, struct walk *w)
{
    int r = walk_all(&s->stack->phases[phase], WALK_GATE, model_returns, m, passing_of(phase), w);

    if (r < 0) {
        doctor_unseen(d, s->file, r);
        return false;
    }
    if (!w->complete)
        tell_too_complex(d, s, phase);
    return w->complete;
}

/* In what state the host is found. */
enum situation { AS_IT_SHOULD, WITHOUT_MODULE, WITHOUT_ACCOUNTS, SITUATIONS };

static void tell_situation(struct doctor *d, const struct pam_service *s, enum stack_phase phase,
                           enum situation situation, const struct walk *w)
{
    if (situation == AS_IT_SHOULD) {
        tell_way(d, s, phase, w);
        return;
    }
    if (situation == WITHOUT_MODULE)
        doctor_find(d, s->severity, "pam-open-without-module", s->file,
                    _("without pam_hufu.so, or with a broken one, the %s phase lets gated accounts pass"),
                    phase_name(phase));
    else
        doctor_find(d, s->severity, "pam-open-on-error", s->file,
                    _("while accounts cannot be looked up, the %s phase leads gated ones past pam_hufu"),
                    phase_name(phase));
    advise_stack(d, s);
}

/* false: there is a way, and it was told. */
static bool judge_case(struct doctor *d, const struct pam_service *s, enum stack_phase phase,
                       enum situation situation, const struct gated_case *c, bool *asked_twice)
{
    struct model m = {.service = s->name,
                      .phase = phase,
                      .user = c->user,
                      .caller = c->caller,
                      .lookups_fail = situation == WITHOUT_ACCOUNTS,
                      .gate = situation == WITHOUT_MODULE ? WALK_BIT(STACK_MODULE_UNKNOWN) : ANSWERS,
                      .others = WALK_ANY_RETURN};
    cleanup_walk struct walk w = {0};

    if (situation == WITHOUT_MODULE && c->module_decides)
        return true;
    if (!walk_case(d, s, phase, &m, &w))
        return false;
    *asked_twice = *asked_twice || w.asked_twice;
    if (w.open)
        tell_situation(d, s, phase, situation, &w);
    return !w.open;
}

/* sudo is called by PAM_USER, and is root itself; its session phase has the target for PAM_USER. */
static size_t switch_cases(const struct pam_service *s, enum stack_phase phase, struct model_account gated,
                           struct gated_case cases[static 2])
{
    size_t n = 0;

    if (starts_with(s->name, "sudo")) {
        if (phase == STACK_ACCOUNT)
            cases[n++] = (struct gated_case){.user = gated, .caller = ROOT};
    } else if (!starts_with(s->name, "runuser")) {
        cases[n++] = (struct gated_case){.user = ANYBODY, .caller = gated};
    }
    /* A vendor who became root. */
    cases[n++] = (struct gated_case){.user = ANYBODY, .caller = ROOT, .module_decides = true};
    return n;
}

static size_t cases_of(const struct pam_service *s, enum stack_phase phase, uint32_t uid,
                       struct gated_case cases[static 2])
{
    struct model_account gated = {.known = true, .uid = uid, .gated = true};

    if (s->kind == SERVICE_SWITCH)
        return switch_cases(s, phase, gated, cases);
    cases[0] = (struct gated_case){.user = gated, .caller = s->kind == SERVICE_OTHER ? ANYBODY : ROOT};
    return 1;
}

/* Gated uids that the phase's conditions can tell apart. */
struct uids {
    uint32_t items[UIDS_MAX];
    size_t n;
    bool more;
};

static void add_uid(const struct doctor *d, struct uids *all, long long uid)
{
    if (uid <= 0 || uid > UINT32_MAX || !doctor_is_gated(d, (uint32_t)uid))
        return;
    for (size_t i = 0; i < all->n; i++)
        if (all->items[i] == (uint32_t)uid)
            return;
    if (all->n < UIDS_MAX)
        all->items[all->n++] = (uint32_t)uid;
    else
        all->more = true;
}

/* Both ends of the range, and each number that a condition names, with its neighbours: between two of them
 * no comparison changes. */
static void find_uids(const struct doctor *d, const struct stack_lines *lines, struct uids *ret)
{
    *ret = (struct uids){.n = 0};
    add_uid(d, ret, doctor_host_of(d)->gated_first);
    add_uid(d, ret, doctor_host_of(d)->gated_last);
    for (size_t i = 0; i < lines->n; i++) {
        const struct stack_line *line = &lines->items[i];

        for (size_t j = 0; stack_is_module(line, "pam_succeed_if.so") && j < line->argc; j++) {
            char *end = NULL;
            long long number = strtoll(line->argv[j], &end, 0);

            for (int beside = -1;
                 end != line->argv[j] && *end == 0 && number > 0 && number < UINT32_MAX && beside <= 1;
                 beside++)
                add_uid(d, ret, number + beside);
        }
    }
}

/* Everybody of the range. false: there is a way, and it was told. */
static bool judge_situation(struct doctor *d, const struct pam_service *s, enum stack_phase phase,
                            enum situation situation, bool *asked_twice)
{
    struct uids uids;

    find_uids(d, &s->stack->phases[phase], &uids);
    if (uids.more) {
        tell_too_complex(d, s, phase);
        return false;
    }
    for (size_t i = 0; i < uids.n; i++) {
        struct gated_case cases[2];
        size_t n = cases_of(s, phase, uids.items[i], cases);

        for (size_t j = 0; j < n; j++)
            if (!judge_case(d, s, phase, situation, &cases[j], asked_twice))
                return false;
    }
    return true;
}

static void judge_gated(struct doctor *d, const struct pam_service *s, enum stack_phase phase)
{
    bool asked_twice = false;

    for (enum situation situation = AS_IT_SHOULD; situation < SITUATIONS; situation++)
        if (!judge_situation(d, s, phase, situation, &asked_twice))
            return;
    if (!asked_twice)
        return;
    doctor_find(d, DOCTOR_WARNING, "pam-asked-twice", s->file,
                _("pam_hufu is asked twice in the %s phase: each login is recorded, and counted, twice"),
                phase_name(phase));
    doctor_advise(d, _("Use either the profile for pam-auth-update or whole stacks, not both: "
                       "`pam-auth-update --disable hufu`, or take the lines out of the file."));
}

/* Somebody who is not gated, in a stack in which all else goes well. */
static bool is_stopped(struct doctor *d, const struct pam_service *s, enum stack_phase phase, uint32_t uid,
                       uint32_t gate, bool *ret)
{
    struct model_account account = {.known = true, .uid = uid};
    struct model m = {.service = s->name,
                      .phase = phase,
                      .user = account,
                      .caller = account,
                      .gate = gate,
                      .others = WALK_BIT(STACK_SUCCESS)};
    cleanup_walk struct walk w = {0};

    if (!walk_case(d, s, phase, &m, &w))
        return false;
    *ret = w.fails;
    return true;
}

static void judge_others(struct doctor *d, const struct pam_service *s, enum stack_phase phase)
{
    const uint32_t uids[] = {0, 1000, doctor_host_of(d)->gated_first - 1, doctor_host_of(d)->gated_last + 1};

    for (size_t i = 0; i < ARRAY_SIZE(uids); i++) {
        bool anyway, passed_over = false, missing = false;

        if (doctor_is_gated(d, uids[i]) ||
            !is_stopped(d, s, phase, uids[i], WALK_BIT(STACK_SUCCESS), &anyway) || anyway ||
            !is_stopped(d, s, phase, uids[i], WALK_BIT(STACK_IGNORE), &passed_over) ||
            !is_stopped(d, s, phase, uids[i], WALK_BIT(STACK_MODULE_UNKNOWN), &missing) ||
            (!passed_over && !missing))
            continue;
        doctor_find(d, DOCTOR_PROBLEM, "pam-stops-others", s->file,
                    passed_over
                        ? _("the %s phase fails for uid %u, who is not gated, when pam_hufu passes over it")
                        : _("the %s phase fails for uid %u, who is not gated, when pam_hufu.so is missing"),
                    phase_name(phase), uids[i]);
        advise_stack(d, s);
        return;
    }
}

/* The gate here is pam_loginuid, and pam_hufu says yes. */
static uint32_t returns_with_loginuid(const void *userdata, const struct stack_line *line)
{
    return stack_is_module(line, LOGINUID) ? WALK_BIT(STACK_SUCCESS) | WALK_BIT(STACK_SESSION_ERR)
                                           : model_returns(userdata, line);
}

bool pam_sets_loginuid(struct doctor *d, const struct pam_service *s)
{
    struct model m = {.service = s->name,
                      .phase = STACK_SESSION,
                      .user = {.known = true, .uid = doctor_host_of(d)->gated_first, .gated = true},
                      .caller = ROOT,
                      .gate = WALK_BIT(STACK_SUCCESS),
                      .others = WALK_ANY_RETURN};
    cleanup_walk struct walk w = {0};
    int r = walk_all(&s->stack->phases[STACK_SESSION], LOGINUID, returns_with_loginuid, &m,
                     passing_of(STACK_SESSION), &w);

    if (r < 0)
        doctor_unseen(d, s->file, r);
    /* One that is too complex has been told. */
    return r < 0 || !w.complete || !w.open;
}

static void judge_phase(struct doctor *d, const struct pam_service *s, enum stack_phase phase)
{
    const struct stack_lines *lines = &s->stack->phases[phase];

    /* Without any line libpam refuses everybody. */
    if (lines->n == 0)
        return;
    if (has_gate(lines)) {
        judge_gated(d, s, phase);
        judge_others(d, s, phase);
        return;
    }
    doctor_find(d, s->severity, "pam-not-gated", s->file, _("the %s phase does not ask pam_hufu"),
                phase_name(phase));
    advise_stack(d, s);
}

void pam_judge_ways(struct doctor *d, const struct pam_service *s)
{
    static const enum stack_phase phases[] = {STACK_ACCOUNT, STACK_SESSION};

    for (size_t i = 0; i < ARRAY_SIZE(phases); i++)
        if (has_phase(s, phases[i]))
            judge_phase(d, s, phases[i]);
}
