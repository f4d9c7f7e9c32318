#include "broker/review/svg.h"

#include "broker/review/html_escape.h"
#include "broker/review/html_measure.h"

#include <string.h>

void svg_begin(struct html_page *p, const char *title, const char *description, int height)
{
    unsigned id = ++p->figures;

    html_rawf(p,
              "<figure><div class=\"wide\"><svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" "
              "role=\"img\" "
              "aria-labelledby=\"f%ut f%ud\">\n<title id=\"f%ut\">",
              SVG_WIDTH, height, id, id, id);
    html_text(p, title);
    html_rawf(p, "</title>\n<desc id=\"f%ud\">", id);
    html_text(p, description);
    html_raw(p, "</desc>\n");
}

void svg_end(struct html_page *p, const char *caption)
{
    html_raw(p, "</svg></div>");
    if (caption) {
        html_raw(p, "<figcaption>");
        html_text(p, caption);
        html_raw(p, "</figcaption>");
    }
    html_raw(p, "</figure>\n");
}

void svg_rect(struct html_page *p, int x, int y, int width, int height, const char *class)
{
    html_rawf(p, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" class=\"%s\"/>", x, y, width, height,
              class);
}

void svg_line(struct html_page *p, int x1, int y1, int x2, int y2, const char *class)
{
    html_rawf(p, "<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" class=\"%s\"/>", x1, y1, x2, y2, class);
}

void svg_circle(struct html_page *p, int x, int y, int radius, const char *class)
{
    html_rawf(p, "<circle cx=\"%d\" cy=\"%d\" r=\"%d\" class=\"%s\"/>", x, y, radius, class);
}

void svg_polygon(struct html_page *p, const int *corners, size_t n, const char *class)
{
    html_raw(p, "<polygon points=\"");
    for (size_t i = 0; i < n; i++)
        html_rawf(p, "%s%d,%d", i > 0 ? " " : "", corners[2 * i], corners[2 * i + 1]);
    html_rawf(p, "\" class=\"%s\"/>", class);
}

static void open_text(struct html_page *p, int x, int y, enum svg_anchor anchor, const char *class)
{
    html_rawf(p, "<text x=\"%d\" y=\"%d\" class=\"%s%s\">", x, y,
              anchor == SVG_END      ? "e "
              : anchor == SVG_MIDDLE ? "m "
                                     : "",
              class);
}

void svg_text(struct html_page *p, int x, int y, enum svg_anchor anchor, const char *class, const char *text)
{
    open_text(p, x, y, anchor, class);
    html_text(p, text);
    html_raw(p, "</text>\n");
}

void svg_text_fit(struct html_page *p, int x, int y, enum svg_anchor anchor, const char *class,
                  const char *text, int width)
{
    int tenths = width * 10 / SVG_LETTER;

    if (html_measure(text) <= tenths) {
        svg_text(p, x, y, anchor, class, text);
        return;
    }
    open_text(p, x, y, anchor, class);
    html_escape(p->out, text, html_measure_fits(text, tenths - 10));
    html_raw(p, "…<title>");
    html_text(p, text);
    html_raw(p, "</title></text>\n");
}

void svg_group_begin(struct html_page *p, const char *tip)
{
    html_raw(p, "<g><title>");
    html_text(p, tip);
    html_raw(p, "</title>");
}

void svg_group_end(struct html_page *p)
{
    html_raw(p, "</g>\n");
}
