#include "broker/doctor/stack.h"

#include "policy/base/buf.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define LINE_MAX_OCTETS  1023 /* libpam 1.5.2 breaks longer ones in two */
#define DEPTH_MAX        16   /* of includes, PAM_SUBSTACK_MAX_LEVEL */
#define STACK_LINES_MAX  2000
#define STACK_FILES_MAX  1000 /* read for one service: files that take each other in multiply */
#define STACK_SEPARATORS " \n\t"

struct reading {
    struct stack *stack;
    struct stack_lines *phases; /* where lines go */
    stack_open *open;
    void *userdata;
    int error;
};

/* Where lines of a file go. */
struct place {
    const char *file;
    int phase; /* only lines of this one; -1: any */
    unsigned level, depth;
};

static void read_text(struct reading *r, char *text, const struct place *place);

static void line_done(struct stack_line *l)
{
    for (size_t i = 0; i < l->argc; i++)
        free(l->argv[i]);
    free((void *)l->argv);
    free(l->control);
    free(l->module);
}

static void lines_done(struct stack_lines *lines)
{
    for (size_t i = 0; i < lines->n; i++)
        line_done(&lines->items[i]);
    free(lines->items);
    *lines = (struct stack_lines){.n = 0};
}

static void texts_done(char **texts, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(texts[i]);
    free((void *)texts);
}

struct stack *stack_free(struct stack *s)
{
    if (!s)
        return NULL;
    for (size_t i = 0; i < STACK_PHASES; i++)
        lines_done(&s->phases[i]);
    texts_done(s->files, s->n_files);
    texts_done(s->included, s->n_included);
    free(s->broken);
    free(s);
    return NULL;
}

/* Appends a text that it takes over. */
static int add_text(char ***texts, size_t *n, char *text)
{
    char **grown = text ? reallocarray((void *)*texts, *n + 1, sizeof(*grown)) : NULL;

    if (!grown) {
        free(text);
        return -ENOMEM;
    }
    *texts = grown;
    grown[(*n)++] = text;
    return 0;
}

/* The whole service is given up; the first reason stands. */
__attribute__((format(printf, 2, 3))) static void break_off(struct reading *r, const char *format, ...)
{
    va_list arguments;

    if (r->stack->broken)
        return;
    va_start(arguments, format);
    if (vasprintf(&r->stack->broken, format, arguments) < 0) {
        r->stack->broken = NULL;
        r->error = -ENOMEM;
    }
    va_end(arguments);
}

static bool stopped(const struct reading *r)
{
    return r->error < 0 || r->stack->broken;
}

/* ---- words ---- */

/* The next word; `[...]` is one, without its brackets, and `\]` in it a bracket. NULL: none. As libpam's, the
 * word is ended in place. */
static char *next_word(char **rest)
{
    char *from = *rest, *end, *to;

    if (!from)
        return NULL;
    from += strspn(from, STACK_SEPARATORS);
    if (*from == 0) {
        *rest = NULL;
        return NULL;
    }
    end = from + strcspn(from, STACK_SEPARATORS);
    if (*from == '[') {
        from++;
        for (to = end = from; *end && *end != ']'; end++) {
            if (end[0] == '\\' && end[1] == ']')
                end++;
            *to++ = *end;
        }
        if (to != end)
            *to = 0;
    }
    if (*end)
        *end++ = 0;
    *rest = *end ? end : NULL;
    return from;
}

/* ---- one line ---- */

static struct stack_line *add_line(struct reading *r, int phase, struct stack_line *line)
{
    struct stack_lines *lines = &r->phases[phase];
    struct stack_line *grown;

    if (lines->n >= STACK_LINES_MAX) {
        break_off(r, "%s", "too many lines");
        return NULL;
    }
    grown = reallocarray(lines->items, lines->n + 1, sizeof(*grown));
    if (!grown) {
        r->error = -ENOMEM;
        return NULL;
    }
    lines->items = grown;
    grown[lines->n] = *line;
    *line = (struct stack_line){.kind = STACK_MODULE};
    return &grown[lines->n++];
}

static int read_arguments(struct stack_line *line, char *rest)
{
    for (char *word; (word = next_word(&rest)) != NULL;) {
        char **grown = reallocarray((void *)line->argv, line->argc + 2, sizeof(*grown));

        if (!grown)
            return -ENOMEM;
        line->argv = grown;
        grown[line->argc] = strdup(word);
        if (!grown[line->argc])
            return -ENOMEM;
        grown[++line->argc] = NULL;
    }
    return 0;
}

static int phase_of(const char *word)
{
    static const char *const names[STACK_PHASES] = {"auth", "account", "session", "password"};

    for (int i = 0; i < STACK_PHASES; i++)
        if (strcasecmp(word, names[i]) == 0)
            return i;
    return -1;
}

/* Another file's lines in place of this one. false: libpam cannot take it in. */
static bool read_included(struct reading *r, const char *name, const struct place *place)
{
    cleanup_free char *text = NULL;
    char *path = NULL;
    int result;

    if (r->stack->n_included >= STACK_FILES_MAX) {
        break_off(r, "%s", "too many files are taken in");
        return false;
    }
    if (!name || place->depth >= DEPTH_MAX ||
        add_text(&r->stack->included, &r->stack->n_included, strdup(name)) < 0)
        return false;
    result = r->open(r->userdata, name, &text, &path);
    if (result == -ENOMEM)
        r->error = result;
    if (result < 0 || add_text(&r->stack->files, &r->stack->n_files, path) < 0)
        return false;
    read_text(
        r, text,
        &(struct place){.file = path, .phase = place->phase, .level = place->level, .depth = place->depth});
    return !stopped(r);
}

/* `@include` at the place of a phase, and `include` and `substack` at that of a control. */
static void include(struct reading *r, const char *name, const struct place *place, struct stack_line *line)
{
    struct place inner = *place;

    inner.depth++;
    if (line->kind == STACK_SUBSTACK) {
        struct stack_line mark = {
            .kind = STACK_SUBSTACK, .level = place->level, .file = place->file, .number = line->number};

        if (!add_line(r, place->phase, &mark))
            return;
        inner.level++;
    }
    if (read_included(r, name, &inner) || stopped(r))
        return;
    if (place->phase < 0) {
        break_off(r, "%s:%u: %s", place->file, line->number, name ? name : "?");
        return;
    }
    line->kind = STACK_MUST_FAIL;
    stack_parse_control("[", line->actions);
    (void)add_line(r, place->phase, line);
}

/* Control, module and arguments of a line whose phase is known. */
static void read_rest(struct reading *r, char *rest, const struct place *place, struct stack_line *line)
{
    const char *control = next_word(&rest);
    const char *module = control ? next_word(&rest) : NULL;
    bool substack = control && strcasecmp(control, "substack") == 0;

    if (substack || (control && strcasecmp(control, "include") == 0)) {
        line->kind = substack ? STACK_SUBSTACK : STACK_MODULE;
        include(r, module, place, line);
        return;
    }
    if (!control || !module)
        line->kind = STACK_MUST_FAIL;
    stack_parse_control(control ? control : "[", line->actions);
    line->control = strdup(control ? control : "");
    line->module = module ? strdup(module) : NULL;
    if (!line->control || (module && !line->module) || read_arguments(line, rest) < 0)
        r->error = -ENOMEM;
    else
        (void)add_line(r, place->phase, line);
}

static void read_line(struct reading *r, char *text, const struct place *place, unsigned number)
{
    char *rest = text;
    const char *word = next_word(&rest);
    struct stack_line line = {
        .kind = STACK_MODULE, .level = place->level, .file = place->file, .number = number};
    struct place here = *place;

    if (word && strcasecmp(word, "@include") == 0) {
        include(r, next_word(&rest), place, &line);
        line_done(&line);
        return;
    }
    here.phase = word ? phase_of(word + (*word == '-')) : -1;
    if (here.phase < 0) {
        line.kind = STACK_MUST_FAIL;
        here.phase = place->phase < 0 ? STACK_AUTH : place->phase;
    }
    if (place->phase < 0 || place->phase == here.phase) {
        enum stack_kind kind = line.kind;

        read_rest(r, rest, &here, &line);
        if (kind == STACK_MUST_FAIL && !stopped(r) && r->phases[here.phase].n > 0)
            r->phases[here.phase].items[r->phases[here.phase].n - 1].kind = kind;
    }
    line_done(&line);
}

/* ---- lines of a file ---- */

/* Takes one physical line into `line`. Returns whether the line goes on in the next one. */
static bool take_physical(struct buf *line, const char *from, size_t length)
{
    size_t blanks = 0;
    const char *comment;

    while (blanks < length && strchr(" \n\t", from[blanks]))
        blanks++;
    if (blanks == length || from[blanks] == '#')
        return line->size > 0; /* an empty line inside of a continued one is nothing */
    comment = memchr(from + blanks, '#', length - blanks);
    if (comment) {
        buf_put(line, from, (size_t)(comment - from));
        return false;
    }
    while (length > blanks && strchr(" \n\t", from[length - 1]))
        length--;
    if (from[length - 1] != '\\') {
        buf_put(line, from, length);
        return false;
    }
    buf_put(line, from, length - 1);
    buf_puts(line, " ");
    return true;
}

static void read_text(struct reading *r, char *text, const struct place *place)
{
    unsigned number = 0, first = 0;
    bool more = false;
    cleanup_buf struct buf line = BUF_INIT;

    for (const char *from = text; *from && !stopped(r);) {
        size_t length = strcspn(from, "\n");
        bool was_empty = line.size == 0;

        number++;
        more = take_physical(&line, from, length);
        from += length + (from[length] == '\n');
        if (was_empty)
            first = number;
        if (line.size > LINE_MAX_OCTETS)
            break_off(r, "%s:%u: the line is too long", place->file, number);
        if (!more && line.size > 0 && !stopped(r)) {
            cleanup_free char *assembled = buf_steal_text(&line);

            if (!assembled)
                r->error = -ENOMEM;
            else
                read_line(r, assembled, place, first);
        }
    }
    if (more && !stopped(r))
        break_off(r, "%s:%u: the line goes on, and the file does not", place->file, number);
}

/* ---- a service ---- */

/* A service's own file, or `other`. 1: read; 0: absent. */
static int read_file(struct reading *r, const char *name)
{
    cleanup_free char *text = NULL;
    char *path = NULL;
    int result = r->open(r->userdata, name, &text, &path);

    if (result == -ENOENT)
        return 0;
    if (result < 0)
        return result;
    if (add_text(&r->stack->files, &r->stack->n_files, path) < 0)
        return -ENOMEM;
    read_text(r, text, &(struct place){.file = path, .phase = -1});
    return r->error < 0 ? r->error : 1;
}

int stack_read(const char *service, stack_open *open, void *userdata, struct stack **ret)
{
    cleanup(stack_free_p) struct stack *s = calloc(1, sizeof(*s));
    struct stack_lines others[STACK_PHASES] = {{.n = 0}};
    struct reading r = {.stack = s, .open = open, .userdata = userdata};
    int own, other = 0;

    *ret = NULL;
    if (!s)
        return -ENOMEM;
    r.phases = s->phases;
    own = read_file(&r, service);
    if (own >= 0 && !s->broken && strcasecmp(service, "other") != 0) {
        r.phases = others;
        other = read_file(&r, "other");
    }
    for (size_t i = 0; i < STACK_PHASES; i++)
        if (own >= 0 && other >= 0 && s->phases[i].n == 0)
            s->phases[i] = others[i];
        else
            lines_done(&others[i]);
    if (own < 0 || other < 0)
        return own < 0 ? own : other;
    if (own == 0 && other == 0)
        return -ENOENT;
    *ret = steal_pointer(&s);
    return 0;
}

bool stack_is_module(const struct stack_line *line, const char *name)
{
    const char *slash = line->module ? strrchr(line->module, '/') : NULL;

    return line->kind == STACK_MODULE && line->module && strcmp(slash ? slash + 1 : line->module, name) == 0;
}
