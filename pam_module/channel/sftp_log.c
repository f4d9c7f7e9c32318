#include "pam_module/channel/sftp_log.h"

#include "policy/base/cleanup.h"

#include <stdint.h>
#include <string.h>

static const char *skip(const char *text, const char *word)
{
    size_t length = strlen(word);

    return text && strncmp(text, word, length) == 0 ? text + length : NULL;
}

/* The last place of `word` in `text`. */
static const char *find_last(const char *text, const char *word)
{
    const char *last = NULL;

    for (const char *at = strstr(text, word); at; at = strstr(at + 1, word))
        last = at;
    return last;
}

static void copy_cut(char *array, size_t size, const char *from, const char *end)
{
    size_t length = (size_t)(end - from) < size - 1 ? (size_t)(end - from) : size - 1;

    memcpy(array, from, length);
    array[length] = '\0';
}

static const char *take_number(const char *text, uint64_t *ret)
{
    const char *at = text;

    *ret = 0;
    for (; at && *at >= '0' && *at <= '9'; at++) {
        unsigned digit = (unsigned)(*at - '0');

        if (*ret > (UINT64_MAX - digit) / 10)
            return NULL;
        *ret = *ret * 10 + digit;
    }
    return at == text ? NULL : at;
}

/* close "PATH" bytes read N written N */
static bool parse_close(const char *name, struct gate_transfer *m)
{
    const char *end = find_last(name, "\" bytes read ");
    const char *at = end ? take_number(end + strlen("\" bytes read "), &m->read) : NULL;

    at = take_number(skip(at, " written "), &m->written);
    if (!at || *at != '\0')
        return false;
    copy_cut(m->path, sizeof(m->path), name, end);
    return true;
}

/* PATH" and whatever is behind it */
static bool parse_name(const char *name, struct gate_transfer *m)
{
    const char *end = strrchr(name, '"');

    if (!end)
        return false;
    copy_cut(m->path, sizeof(m->path), name, end);
    return true;
}

/* OLD" new "NEW" */
static bool parse_two(const char *name, struct gate_transfer *m)
{
    static const char between[] = "\" new \"";
    const char *middle = find_last(name, between), *target = middle ? middle + sizeof(between) - 1 : NULL;
    const char *end = target ? strrchr(target, '"') : NULL;

    if (!end || end == target)
        return false;
    copy_cut(m->path, sizeof(m->path), name, middle);
    copy_cut(m->target, sizeof(m->target), target, end);
    return true;
}

static const struct {
    const char *beginning;
    enum gate_transfer_kind kind;
    bool (*parse)(const char *name, struct gate_transfer *m);
} lines[] = {
    {"close \"", GATE_TRANSFER_FILE, parse_close},
    {"forced close \"", GATE_TRANSFER_CUT, parse_close},
    {"rename old \"", GATE_TRANSFER_RENAME, parse_two},
    {"posix-rename old \"", GATE_TRANSFER_RENAME, parse_two},
    {"symlink old \"", GATE_TRANSFER_LINK, parse_two},
    {"hardlink old \"", GATE_TRANSFER_LINK, parse_two},
    {"remove name \"", GATE_TRANSFER_REMOVE, parse_name},
    {"opendir \"", GATE_TRANSFER_LIST, parse_name},
    {"mkdir name \"", GATE_TRANSFER_MAKE_FOLDER, parse_name},
    {"rmdir name \"", GATE_TRANSFER_REMOVE_FOLDER, parse_name},
    {"set \"", GATE_TRANSFER_ATTRIBUTES, parse_name},
};

bool sftp_log_parse(const char *line, struct gate_transfer *ret)
{
    *ret = (struct gate_transfer){0};
    for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
        const char *name = skip(line, lines[i].beginning);

        if (!name)
            continue;
        if (lines[i].parse(name, ret) && ret->path[0] != '\0') {
            ret->kind = (uint8_t)lines[i].kind;
            return true;
        }
        break;
    }
    *ret = (struct gate_transfer){0};
    return false;
}
