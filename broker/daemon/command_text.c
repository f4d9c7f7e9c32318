#include "broker/daemon/command_text.h"

#include "policy/base/doubt.h"
#include "policy/base/unicode.h"

#include <string.h>

/* One character of UTF-8 that can be seen, other than ASCII: its octets, or 0. */
static size_t take_seen(const char *text, size_t length)
{
    uint32_t code_point;
    size_t n = unicode_take(text, length, &code_point);

    return n > 1 && unicode_is_visible(code_point) ? n : 0;
}

static bool is_plain(unsigned char c)
{
    return c > ' ' && c <= '~' && c != '\'' && c != '\\';
}

static void put_word(struct buf *b, const char *word, size_t length)
{
    if (length == 0)
        buf_puts(b, "''");
    for (size_t i = 0; i < length;) {
        unsigned char c = (unsigned char)word[i];
        size_t n = take_seen(word + i, length - i);

        if (n == 0 && !is_plain(c))
            buf_printf(b, "\\%03o", (unsigned)c);
        else
            buf_put(b, word + i, n > 0 ? n : 1);
        i += n > 0 ? n : 1;
    }
}

/* Text that holds blanks of its own. */
static void put_visible(struct buf *b, const char *text)
{
    for (size_t left = strlen(text), n; left > 0; text += n, left -= n) {
        size_t seen = take_seen(text, left);

        n = seen > 0 ? seen : 1;
        if (seen > 0 || (*text >= ' ' && *text <= '~'))
            buf_put(b, text, n);
        else
            buf_put_u8(b, '?');
    }
}

void command_text_folder(const struct gate_command *m, struct buf *b)
{
    if (m->cwd[0] == '\0')
        return;
    buf_puts(b, ", in ");
    put_word(b, m->cwd, strlen(m->cwd));
}

void command_text_line(const struct gate_command *m, struct buf *b)
{
    const char *at = m->arguments, *end;

    put_word(b, m->path, strlen(m->path));
    for (; (end = strchr(at, '\n')) != NULL; at = end + 1) {
        buf_puts(b, " ");
        put_word(b, at, (size_t)(end - at));
    }
}

void command_text_doubts(const struct gate_command *m, struct buf *b)
{
    const char *before = "";

    for (uint32_t bit = 1; bit <= DOUBT_ALL; bit <<= 1) {
        if ((m->doubts & bit) == 0)
            continue;
        buf_printf(b, "%s%s", before, doubt_name((enum doubt)bit));
        before = ", ";
    }
    if (m->doubts == 0 || m->concern[0] == '\0')
        return;
    buf_puts(b, " (");
    put_visible(b, m->concern);
    buf_puts(b, ")");
}

void command_text_outcome(const struct gate_command_end *m, struct buf *b)
{
    const char *error;

    switch ((enum gate_command_outcome)m->outcome) {
    case GATE_COMMAND_EXITED:
        buf_printf(b, "exit %u", (unsigned)m->status);
        break;
    case GATE_COMMAND_SIGNALLED:
        buf_printf(b, "signal %u%s", (unsigned)m->status, m->core ? ", core dumped" : "");
        break;
    case GATE_COMMAND_NOT_STARTED:
        error = m->status <= INT32_MAX ? strerrordesc_np((int)m->status) : NULL;
        buf_printf(b, "not started: %s", error ? error : "unknown error");
        break;
    case GATE_COMMAND_FAILED:
        buf_puts(b, "sudo failed");
        break;
    case GATE_COMMAND_REFUSED:
        buf_puts(b, "refused by sudo");
        break;
    }
    if (m->detail[0] != '\0') {
        buf_puts(b, ": ");
        put_visible(b, m->detail);
    }
}
