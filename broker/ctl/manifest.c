#include "broker/ctl/manifest.h"

#include "policy/base/buf.h"
#include "policy/base/cleanup.h"
#include "policy/base/ident.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* No other name is ever opened in a backup, whatever its manifest says. */
static const char *const names[] = {"hufu.db", "hufud.conf", "reaper.conf",
                                    "trust",   "ldapd.conf", "ledger.pub"};

static bool is_name(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

const struct manifest_file *manifest_find(const struct manifest *m, const char *name)
{
    for (size_t i = 0; i < m->n_files; i++)
        if (strcmp(m->files[i].name, name) == 0)
            return &m->files[i];
    return NULL;
}

int manifest_add(struct manifest *m, const char *name, uint64_t size, const uint8_t sha256[static 32])
{
    struct manifest_file *f = &m->files[m->n_files];

    if (m->n_files == MANIFEST_FILES_MAX)
        return -ENOSPC;
    if (!is_name(name) || manifest_find(m, name))
        return -EINVAL;
    (void)snprintf(f->name, sizeof(f->name), "%s", name);
    f->size = size;
    ident_format_hex(sha256, 32, f->sha256);
    m->n_files++;
    return 0;
}

/* ---- writing ---- */

static const char *or_dash(const char *text)
{
    return text[0] != '\0' ? text : "-";
}

char *manifest_format(const struct manifest *m)
{
    cleanup_buf struct buf b = BUF_INIT;
    char time[WHEN_TEXT_SIZE];

    when_format(m->time, time);
    buf_printf(&b, "hufu-backup: 1\nhost: %s\nmachine-id: %s\nledger: %s\n", or_dash(m->host),
               or_dash(m->machine_id), or_dash(m->ledger));
    buf_printf(&b, "sequence: %" PRIu64 "\nhash: %s\ntime: %s\nversion: %s\ncheckpoint: %s\n", m->sequence,
               m->hash, time, or_dash(m->version), or_dash(m->checkpoint));
    for (size_t i = 0; i < m->n_files; i++)
        buf_printf(&b, "file: %s %" PRIu64 " %s\n", m->files[i].name, m->files[i].size, m->files[i].sha256);
    buf_printf(&b, "end: %zu\n", m->n_files);
    return buf_steal_text(&b);
}

/* ---- reading ---- */

struct reader {
    const char *at;
    size_t left;
    unsigned line; /* that was looked at last, from 1 */
    unsigned taken;
    char value[1024];
    bool failed;
};

/* The next line, if it has this name: its value. */
static bool next(struct reader *r, const char *name)
{
    const char *end = memchr(r->at, '\n', r->left);
    size_t length = end ? (size_t)(end - r->at) : 0, n = strlen(name);

    r->line = r->taken + 1;
    if (!end || length < n + 3 || memcmp(r->at, name, n) != 0 || memcmp(r->at + n, ": ", 2) != 0)
        return false;
    length -= n + 2;
    if (length >= sizeof(r->value) || memchr(r->at, '\0', length + n + 2))
        return false;
    memcpy(r->value, r->at + n + 2, length);
    r->value[length] = '\0';
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)r->value[i] < ' ' || (unsigned char)r->value[i] > '~')
            return false;
    r->left -= (size_t)(end - r->at) + 1;
    r->at = end + 1;
    r->taken++;
    return true;
}

static void want(struct reader *r, const char *name, char *value, size_t size)
{
    if (r->failed || !next(r, name) || strlen(r->value) >= size) {
        r->failed = true;
        return;
    }
    (void)snprintf(value, size, "%s", strcmp(r->value, "-") == 0 ? "" : r->value);
}

static bool is_hex(const char *text, size_t digits)
{
    return strlen(text) == digits && strspn(text, "0123456789abcdef") == digits;
}

static void want_hex(struct reader *r, const char *name, char *value, size_t size, bool needed)
{
    want(r, name, value, size);
    if (!r->failed && (needed || value[0] != '\0') && !is_hex(value, size - 1))
        r->failed = true;
}

static bool read_number(const char *text, uint64_t *ret)
{
    char again[24];

    *ret = strtoull(text, NULL, 10);
    (void)snprintf(again, sizeof(again), "%" PRIu64, *ret);
    return strcmp(again, text) == 0;
}

static void want_number(struct reader *r, const char *name, uint64_t *ret)
{
    char text[24];

    want(r, name, text, sizeof(text));
    if (!r->failed && !read_number(text, ret))
        r->failed = true;
}

static void read_file(struct reader *r, struct manifest *m)
{
    struct manifest_file f = {.size = 0};
    char *save = NULL, *name = strtok_r(r->value, " ", &save), *size = strtok_r(NULL, " ", &save),
         *sha256 = strtok_r(NULL, "", &save);

    r->failed = true;
    if (!name || !size || !sha256 || m->n_files == MANIFEST_FILES_MAX || !is_name(name) ||
        manifest_find(m, name) || !read_number(size, &f.size) || !is_hex(sha256, MANIFEST_DIGEST - 1))
        return;
    (void)snprintf(f.name, sizeof(f.name), "%s", name);
    memcpy(f.sha256, sha256, sizeof(f.sha256));
    m->files[m->n_files++] = f;
    r->failed = false;
}

static void want_time(struct reader *r, when_t *ret)
{
    char text[WHEN_TEXT_SIZE];

    want(r, "time", text, sizeof(text));
    if (!r->failed && when_parse(text, strlen(text), ret) < 0)
        r->failed = true;
}

int manifest_parse(const char *octets, size_t size, struct manifest *m, unsigned *line)
{
    struct reader r = {.at = octets, .left = size};
    char kind[2] = "";
    uint64_t n = 0;

    *m = (struct manifest){.n_files = 0};
    want(&r, "hufu-backup", kind, sizeof(kind));
    if (kind[0] != '1')
        r.failed = true;
    want(&r, "host", m->host, sizeof(m->host));
    want_hex(&r, "machine-id", m->machine_id, sizeof(m->machine_id), false);
    want_hex(&r, "ledger", m->ledger, sizeof(m->ledger), false);
    want_number(&r, "sequence", &m->sequence);
    want_hex(&r, "hash", m->hash, sizeof(m->hash), true);
    want_time(&r, &m->time);
    want(&r, "version", m->version, sizeof(m->version));
    want(&r, "checkpoint", m->checkpoint, sizeof(m->checkpoint));
    while (!r.failed && next(&r, "file"))
        read_file(&r, m);
    want_number(&r, "end", &n);
    *line = r.line + (!r.failed && r.left != 0);
    return r.failed || r.left != 0 || n != m->n_files || !manifest_find(m, "hufu.db") ? -EBADMSG : 0;
}
