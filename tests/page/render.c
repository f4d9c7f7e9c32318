/*
 * A review (JSON) on standard input, its page on standard output: the shipped renderer alone, for the tests
 * of the page. The language is that of the environment; usage: render [LOCALEDIR].
 */
#include "broker/review/html.h"

#include <libintl.h>
#include <locale.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    const struct html_options options = {
        .digest = "3f2a7c9e51d04b86a1c3e5f7091b2d4f6a8c0e2143658799abcdef0123456789",
        .sign_command =
            "hufuctl review sign review-2026-11.json --note \"read with the head of operations\""};
    struct buf out = BUF_INIT;
    json_t *review = json_loadf(stdin, JSON_REJECT_DUPLICATES, NULL);
    int r;

    (void)setlocale(LC_ALL, "");
    (void)bindtextdomain("hufu", argc > 1 ? argv[1] : "");
    (void)textdomain("hufu");
    r = html_write(review, &options, &out);
    if (r == 0 && fwrite(out.data, 1, out.size, stdout) != out.size)
        r = -1;
    buf_done(&out);
    json_decref(review);
    return r == 0 && fflush(stdout) == 0 ? 0 : 1;
}
