#include "tests/crash/archive.h"

#include "broker/common/files.h"
#include "policy/base/ident.h"
#include "tests/crash/known.h"
#include "tests/crash/lane.h"
#include "tests/crash/ledger.h"

#include <dirent.h>
#include <jansson.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *read_file(const struct lane *l, const char *name, size_t *size)
{
    char path[200];
    char *text;

    (void)snprintf(path, sizeof(path), "%s/%s", lane_path(l, ARCHIVE_FOLDER), name);
    return files_read(path, 0, (size_t)64 * 1024 * 1024, &text, size) == 0 ? text : NULL;
}

/* ---- its lines ---- */

static const char *text_of(json_t *line, const char *member)
{
    const char *text = json_string_value(json_object_get(line, member));

    return text ? text : "";
}

static void add(struct lane *l, json_t *line, uint64_t sequence)
{
    const struct known_record r = {
        .sequence = sequence,
        .event = text_of(line, "event"),
        .result = text_of(line, "result"),
        .tty = text_of(line, "tty"),
        .grant = text_of(line, "grant"),
        .reference = text_of(line, "reference"),
        .detail = text_of(line, "detail"),
        .version = (unsigned)json_integer_value(json_object_get(line, "version")),
        .count = (uint64_t)json_integer_value(json_object_get(line, "count")),
        .first = text_of(line, "first"),
    };

    known_add(l, &r);
    atomic_fetch_add(&l->totals->records, 1);
}

/* Files of attempts that were killed may say the same again. */
static void judge(struct lane *l, struct chain *c, json_t *line, uint64_t upto)
{
    uint64_t sequence = (uint64_t)json_integer_value(json_object_get(line, "sequence"));
    char previous[65];

    if (sequence != c->sequence + 1 || sequence > upto || !json_object_get(line, "previous"))
        return;
    ident_format_hex(c->hash, sizeof(c->hash), previous);
    if (strcmp(text_of(line, "previous"), previous) != 0)
        lane_violation(l, "record %llu of the archive does not go on from the record before",
                       (unsigned long long)sequence);
    must(ident_parse_hex(text_of(line, "hash"), 2 * sizeof(c->hash), c->hash, sizeof(c->hash)) == 0);
    c->sequence = sequence;
    add(l, line, sequence);
}

static void follow_file(struct lane *l, struct chain *c, const char *name, uint64_t upto)
{
    size_t size;
    cleanup_free char *text = read_file(l, name, &size);
    char *rest = text, *line;

    must(text != NULL);
    while ((line = strsep(&rest, "\n")) && line[0] != '\0') {
        json_t *object = json_loads(line, 0, NULL);

        if (!object)
            lane_violation(l, "%s has a line that is none: %.80s", name, line);
        judge(l, c, object, upto);
        json_decref(object);
    }
}

static int is_archive(const struct dirent *e)
{
    return strncmp(e->d_name, "ledger-", 7) == 0;
}

void archive_follow(struct lane *l, struct chain *c, uint64_t upto)
{
    struct dirent **files;
    int n = scandir(lane_path(l, ARCHIVE_FOLDER), &files, is_archive, alphasort);

    must(n >= 0);
    for (int i = 0; i < n; i++) {
        follow_file(l, c, files[i]->d_name, upto);
        free(files[i]);
    }
    free(files);
    if (c->sequence < upto)
        lane_violation(l, "record %llu has left the store, and is not in the archive",
                       (unsigned long long)c->sequence + 1);
}

/* ---- what is said of it ---- */

void archive_check(struct lane *l, const char *detail)
{
    const char *archive = strstr(detail, " archive="), *told = strstr(detail, " sha256=");
    cleanup_free char *text = NULL;
    uint8_t hash[32];
    char name[200], hex[65];
    size_t size;

    if (!archive || !told || sscanf(archive, " archive=%199s", name) != 1)
        lane_violation(l, "a segment is sealed by \"%s\"", detail);
    text = read_file(l, name, &size);
    if (!text)
        lane_violation(l, "%s is on record as written, and is not there", name);
    must(EVP_Digest(text, size, hash, NULL, EVP_sha256(), NULL) == 1);
    ident_format_hex(hash, sizeof(hash), hex);
    if (strcmp(told + 8, hex) != 0)
        lane_violation(l, "%s is another file than the one on record", name);
    atomic_fetch_add(&l->totals->segments, 1);
}
