#include "broker/review/svg_bars.h"

#define LABEL  370 /* units for the labels */
#define VALUE  150 /* and for the values */
#define HEIGHT 26

void svg_bars(struct html_page *p, const char *title, const char *description, const char *caption,
              const struct svg_bar *bars, size_t n)
{
    const int room = SVG_WIDTH - LABEL - VALUE;
    int64_t most = 1;
    int y = 6;

    n = n < SVG_BARS_MOST ? n : SVG_BARS_MOST;
    for (size_t i = 0; i < n; i++)
        most = bars[i].value > most ? bars[i].value : most;
    svg_begin(p, title, description, (int)n * HEIGHT + 12);
    for (size_t i = 0; i < n; i++, y += HEIGHT) {
        int width = (int)((double)bars[i].value / (double)most * room);

        svg_text_fit(p, LABEL - 12, y + 18, SVG_END, "l", bars[i].label, LABEL - 16);
        svg_rect(p, LABEL, y + 4, width > 2 ? width : 2, HEIGHT - 8, "bar");
        svg_text_fit(p, LABEL + (width > 2 ? width : 2) + 10, y + 18, SVG_START, "v", bars[i].value_text,
                     VALUE - 14);
    }
    svg_line(p, LABEL, 4, LABEL, (int)n * HEIGHT + 8, "axis");
    svg_end(p, caption);
}
