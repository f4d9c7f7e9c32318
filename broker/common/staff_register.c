#include "broker/common/staff_register.h"

#include "broker/common/files.h"
#include "broker/common/i18n.h"
#include "policy/base/buf.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* A person's section is read as a small file of its own, whose one section has a fixed name: conf_parse()
 * then finds all faults that it finds elsewhere. */
#define SECTION "person"

struct staff_register *staff_register_free(struct staff_register *r)
{
    if (!r)
        return NULL;
    for (size_t i = 0; i < r->n; i++)
        free(r->entries[i].vendor);
    free(r->entries);
    free(r);
    return NULL;
}

/* ---- values ---- */

static int set_vendor(void *target, const char *value, char *reason)
{
    struct staff_entry *e = target;

    if (!ident_is_name(value, strlen(value)))
        return conf_refuse(reason, _("\"%.60s\" is no vendor's name"), value);
    return conf_set_text(&e->vendor, value);
}

static int read_date(const char *value, when_t *ret, char *reason)
{
    char text[WHEN_TEXT_SIZE];

    (void)snprintf(text, sizeof(text), "%.10sT00:00:00Z", value);
    if (strlen(value) != 10 || when_parse(text, strlen(text), ret) < 0)
        return conf_refuse(reason, _("\"%.60s\" is no date such as 2026-12-31"), value);
    *ret += (when_t)86400;
    return 0;
}

static int set_agreement(void *target, const char *value, char *reason)
{
    return read_date(value, &((struct staff_entry *)target)->agreement, reason);
}

static int set_training(void *target, const char *value, char *reason)
{
    return read_date(value, &((struct staff_entry *)target)->training, reason);
}

static int set_vetting(void *target, const char *value, char *reason)
{
    return read_date(value, &((struct staff_entry *)target)->vetting, reason);
}

static const struct conf_key keys[] = {
    {SECTION, "vendor", set_vendor, 1},
    {SECTION, "agreement-until", set_agreement, 0},
    {SECTION, "training-until", set_training, 0},
    {SECTION, "vetting-until", set_vetting, 0},
    {NULL, NULL, NULL, 0},
};
/* Before the first person: comments. */
static const struct conf_key no_keys[] = {{NULL, NULL, NULL, 0}};

/* ---- sections ---- */

struct parsing {
    struct staff_register *r;
    struct conf_error *error;
    unsigned line; /* of the section's header; 0: before the first */
};

static int refuse(struct parsing *p, const char *text, int length, const char *format)
{
    p->error->line = p->line;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    (void)snprintf(p->error->reason, sizeof(p->error->reason), format, length < 60 ? length : 60, text);
#pragma GCC diagnostic pop
    /* What is quoted was not looked at before. */
    for (char *c = p->error->reason; *c != '\0'; c++)
        if ((unsigned char)*c < ' ' || *c == '\x7f')
            *c = '?';
    return -EINVAL;
}

static int add_entry(struct parsing *p, const char *name, size_t length, struct staff_entry **ret)
{
    struct staff_entry *more;

    if (!ident_is_account(name, length))
        return refuse(p, name, (int)length, _("\"%.*s\" is no login account"));
    for (size_t i = 0; i < p->r->n; i++)
        if (strlen(p->r->entries[i].staff) == length && memcmp(p->r->entries[i].staff, name, length) == 0)
            return refuse(p, name, (int)length, _("[%.*s] is there twice"));
    more = reallocarray(p->r->entries, p->r->n + 1, sizeof(*more));
    if (!more)
        return -ENOMEM;
    p->r->entries = more;
    *ret = &more[p->r->n++];
    **ret = (struct staff_entry){.vendor = NULL};
    memcpy((*ret)->staff, name, length);
    return 0;
}

/* One section, from its header on, or what is before the first. */
static int take_section(struct parsing *p, const char *text, size_t size)
{
    cleanup_buf struct buf b = BUF_INIT;
    struct staff_entry *e = NULL;
    size_t header = 0;
    int r = 0;

    if (p->line > 0) {
        const char *end = memchr(text, '\n', size);
        size_t length = end ? (size_t)(end - text) : size;

        if (length < 2 || text[length - 1] != ']')
            return refuse(p, text, (int)length, _("\"%.*s\" is no [account]"));
        r = add_entry(p, text + 1, length - 2, &e);
        header = length;
        buf_puts(&b, "[" SECTION "]");
    }
    buf_put(&b, text + header, size - header);
    buf_put_u8(&b, 0);
    if (r == 0)
        r = buf_error(&b);
    if (r < 0)
        return r;
    r = conf_parse((const char *)b.data, b.size - 1, p->line > 0 ? keys : no_keys, e, p->error);
    if (r < 0 && p->line > 0)
        p->error->line = p->error->line > 0 ? p->error->line + p->line - 1 : p->line;
    return r;
}

/* The next line that begins with `[`, or the end. */
static size_t section_length(const char *text, size_t size)
{
    const char *at = text;

    while ((at = memchr(at, '\n', size - (size_t)(at - text))) != NULL && (size_t)(++at - text) < size)
        if (*at == '[')
            return (size_t)(at - text);
    return size;
}

static unsigned count_lines(const char *text, size_t size)
{
    unsigned n = 0;

    for (size_t i = 0; i < size; i++)
        n += text[i] == '\n';
    return n;
}

int staff_register_parse(const char *text, size_t size, struct staff_register **ret, struct conf_error *error)
{
    cleanup(staff_register_free_p) struct staff_register *r = calloc(1, sizeof(*r));
    struct parsing p = {.r = r, .error = error};
    unsigned lines = 0;

    *ret = NULL;
    *error = (struct conf_error){0};
    if (!r)
        return -ENOMEM;
    while (size > 0) {
        size_t length = section_length(text, size);
        int e;

        p.line = *text == '[' ? lines + 1 : 0;
        e = take_section(&p, text, length);
        if (e < 0)
            return e;
        lines += count_lines(text, length);
        text += length;
        size -= length;
    }
    *ret = steal_pointer(&r);
    return 0;
}

int staff_register_load(const char *path, uid_t owner, struct staff_register **ret, struct conf_error *error)
{
    cleanup_free char *text = NULL;
    size_t size;
    int r = files_read(path, owner, STAFF_REGISTER_MAX, &text, &size);

    *ret = NULL;
    *error = (struct conf_error){0};
    if (r < 0) {
        (void)snprintf(error->reason, sizeof(error->reason), "%s",
                       r == -EPERM ? _("must be a regular file of root that nobody else can write")
                                   : strerror(-r));
        return r;
    }
    return staff_register_parse(text, size, ret, error);
}
