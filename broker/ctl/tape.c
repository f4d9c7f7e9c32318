#include "broker/ctl/tape.h"

#include "broker/common/i18n.h"
#include "broker/ipc/varlink.h"
#include "policy/base/cleanup.h"
#include "policy/base/recorder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_MAX_OCTETS \
    ((ssize_t)1024 * 1024) /* hufu-recorder has tlog write 2048 octets of text a message */
#define MS_MAX ((json_int_t)1000 * 1000 * 1000 * 1000) /* 31 years */

static int open_below(const char *root, const char *name)
{
    cleanup_free char *path = NULL;

    if (asprintf(&path, "%s" RECORDER_FOLDER "/%s", root, name) < 0)
        return -ENOMEM;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);

    return fd < 0 ? -errno : fd;
}

int tape_open(struct tape *t, const char *root, const char *name)
{
    struct stat st;
    int fd = open_below(root, name);

    *t = (struct tape){0};
    if (fd < 0)
        return fd == -ELOOP ? -EINVAL : fd;
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
        (void)close(fd);
        return -EINVAL;
    }
    t->size = st.st_size;
    t->file = fdopen(fd, "re");
    if (!t->file) {
        (void)close(fd);
        return -ENOMEM;
    }
    return 0;
}

void tape_close(struct tape *t)
{
    if (t->file)
        (void)fclose(t->file);
    json_decref(t->first);
    *t = (struct tape){0};
}

static bool is_text(const json_t *message, const char *member)
{
    return json_is_string(json_object_get(message, member));
}

static bool is_optional(const json_t *message, const char *member, json_type type)
{
    const json_t *value = json_object_get(message, member);

    return !value || json_typeof(value) == type;
}

static bool is_form_2(const json_t *message)
{
    const char *version = json_string_value(json_object_get(message, "ver"));
    json_int_t pos = json_integer_value(json_object_get(message, "pos"));

    return version && version[0] == '2' && (version[1] == '\0' || version[1] == '.') &&
           is_text(message, "rec") && is_text(message, "host") && is_text(message, "user") &&
           is_text(message, "timing") && json_is_integer(json_object_get(message, "id")) &&
           json_is_integer(json_object_get(message, "pos")) && pos >= 0 && pos <= MS_MAX &&
           is_optional(message, "in_txt", JSON_STRING) && is_optional(message, "out_txt", JSON_STRING) &&
           is_optional(message, "in_bin", JSON_ARRAY) && is_optional(message, "out_bin", JSON_ARRAY);
}

static bool is_of_the_same(const json_t *first, const json_t *message)
{
    static const char *const members[] = {"ver", "host", "rec", "user", "term", "session"};

    for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
        const json_t *a = json_object_get(first, members[i]), *b = json_object_get(message, members[i]);

        if (a != b && !json_equal(a, b))
            return false;
    }
    return true;
}

/* What is wrong with it, or NULL. */
static const char *judge(const struct tape *t, const json_t *message, const char *user)
{
    int64_t ms = json_integer_value(json_object_get(message, "pos"));

    if (!json_is_object(message) || !is_form_2(message))
        return _("is no message of tlog's");
    if (strcmp(json_string_value(json_object_get(message, "user")), user) != 0)
        return _("is of another account");
    if (t->first && !is_of_the_same(t->first, message))
        return _("is of another recording");
    if (json_integer_value(json_object_get(message, "id")) != (json_int_t)t->line)
        return _("is not the next message: lines were taken out, or put in");
    if (tape_pieces(message, &ms, NULL, NULL) < 0)
        return _("has times that do not fit its text");
    return NULL;
}

static void note_start(struct tape *t, const json_t *message)
{
    double seconds = json_number_value(json_object_get(message, "time"));
    int64_t ms = json_integer_value(json_object_get(message, "pos"));

    if (seconds > 0 && seconds < 1e11)
        t->start_ms = (int64_t)(seconds * 1000) - ms;
}

static enum tape_end take(struct tape *t, json_t *message, const char *user, tape_heard *heard,
                          void *userdata)
{
    t->fault = judge(t, message, user);
    if (t->fault)
        return TAPE_DAMAGED;
    if (!t->first) {
        t->first = json_incref(message);
        note_start(t, message);
    }
    t->length_ms = json_integer_value(json_object_get(message, "pos"));
    (void)tape_pieces(message, &t->length_ms, heard, userdata);
    return TAPE_WHOLE;
}

static enum tape_end take_line(struct tape *t, const char *line, ssize_t size, const char *user,
                               tape_heard *heard, void *userdata)
{
    cleanup_json json_t *message = NULL;

    t->line++;
    if (line[size - 1] != '\n') {
        t->fault = _("is cut off");
        return TAPE_CUT;
    }
    if (size <= LINE_MAX_OCTETS)
        message = json_loadb(line, (size_t)size, JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, NULL);
    return take(t, message, user, heard, userdata);
}

enum tape_end tape_read(struct tape *t, const char *user, tape_heard *heard, void *userdata)
{
    cleanup_free char *line = NULL;
    enum tape_end end = TAPE_WHOLE;
    size_t capacity = 0;
    ssize_t size;

    while (end == TAPE_WHOLE && (size = getline(&line, &capacity, t->file)) > 0)
        end = take_line(t, line, size, user, heard, userdata);
    if (end == TAPE_WHOLE && ferror(t->file)) {
        t->line++;
        t->fault = _("cannot be read");
        return TAPE_CUT;
    }
    return end == TAPE_WHOLE && !t->first ? TAPE_EMPTY : end;
}
