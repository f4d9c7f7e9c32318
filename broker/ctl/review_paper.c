#include "broker/ctl/review_paper.h"

#include "broker/ctl/papers.h"
#include "broker/ipc/varlink.h"
#include "broker/review/html.h"
#include "broker/trust/digest.h"
#include "policy/base/cleanup.h"
#include "policy/base/ident.h"

#include <errno.h>
#include <string.h>

#define PAPER_MAX ((size_t)256 * 1024 * 1024)

static int digest_text(const void *octets, size_t size, char sha256[static SIGN_OFF_SHA256_SIZE])
{
    uint8_t digest[32];

    if (digest_sha256(octets, size, digest) < 0)
        return -ENOMEM;
    ident_format_hex(digest, sizeof(digest), sha256);
    return 0;
}

int review_paper_octets(const json_t *review, char **ret, char sha256[static SIGN_OFF_SHA256_SIZE])
{
    cleanup_free char *text = json_dumps(review, JSON_INDENT(1));
    char *line = NULL;

    *ret = NULL;
    if (!text || asprintf(&line, "%s\n", text) < 0)
        return -ENOMEM;
    if (digest_text(line, strlen(line), sha256) < 0) {
        free(line);
        return -ENOMEM;
    }
    *ret = line;
    return 0;
}

static int take_time(const char *text, when_t *ret)
{
    return text ? when_parse(text, strlen(text), ret) : -EINVAL;
}

static int read_json(const char *octets, size_t size, struct sign_off *ret)
{
    cleanup_json json_t *review = json_loadb(octets, size, JSON_REJECT_DUPLICATES, NULL);
    const json_t *period = json_object_get(review, "period");

    if (json_integer_value(json_object_get(review, "hufu-review")) != 1 ||
        take_time(json_string_value(json_object_get(period, "from")), &ret->from) < 0 ||
        take_time(json_string_value(json_object_get(period, "until")), &ret->until) < 0)
        return -EINVAL;
    return digest_text(octets, size, ret->sha256);
}

/* The content of one of the page's own elements, which stand before anything that the review says. */
static bool read_meta(const char *page, const char *name, char *text, size_t length)
{
    const char *head = strstr(page, "</head>");
    cleanup_free char *element = NULL;
    const char *at;

    if (!head || asprintf(&element, "<meta name=\"%s\" content=\"", name) < 0)
        return false;
    at = strstr(page, element);
    if (!at || at > head || strcspn(at + strlen(element), "\"") != length)
        return false;
    memcpy(text, at + strlen(element), length);
    text[length] = '\0';
    return true;
}

static int read_page(const char *page, struct sign_off *ret)
{
    char from[WHEN_TEXT_SIZE], until[WHEN_TEXT_SIZE];
    uint8_t digest[32];

    if (!read_meta(page, HTML_DIGEST, ret->sha256, SIGN_OFF_SHA256_SIZE - 1) ||
        ident_parse_hex(ret->sha256, SIGN_OFF_SHA256_SIZE - 1, digest, sizeof(digest)) < 0 ||
        !read_meta(page, HTML_FROM, from, WHEN_TEXT_SIZE - 1) || take_time(from, &ret->from) < 0 ||
        !read_meta(page, HTML_UNTIL, until, WHEN_TEXT_SIZE - 1) || take_time(until, &ret->until) < 0)
        return -EINVAL;
    return 0;
}

enum exit_code review_paper_read(const struct cli *cli, const char *path, struct sign_off *ret)
{
    cleanup_free char *octets = NULL;
    size_t size;
    enum exit_code code = papers_read(cli, path, PAPER_MAX, &octets, &size);
    int r;

    *ret = (struct sign_off){.note = ""};
    if (code != EXIT_DONE)
        return code;
    r = octets[0] == '<' ? read_page(octets, ret) : read_json(octets, size, ret);
    if (r == -ENOMEM)
        return cli_fail(cli, EXIT_REFUSED, _("out of memory"));
    if (r < 0)
        return cli_fail(cli, EXIT_REFUSED,
                        _("%s is no review: give the file that `hufuctl review --json` or --html wrote"),
                        path);
    return EXIT_DONE;
}
