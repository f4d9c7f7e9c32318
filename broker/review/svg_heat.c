#include "broker/review/svg_heat.h"

#include "broker/common/i18n.h"

#include <stdio.h>

#define LABEL 216
#define CELL  27
#define HIGH  26
#define TOP   26
#define TOTAL 90

/* Five steps, each twice the one before as to what it stands for: one cell of a flood does not make all
 * others pale. */
static unsigned step_of(int64_t count, int64_t most)
{
    unsigned step = 5;

    for (int64_t bound = most; step > 1 && count <= bound / 3; bound /= 3)
        step--;
    return step;
}

/* What a cell has room for: four digits; of more the thousands or millions. */
static void short_number(int64_t count, char text[static 24])
{
    if (count < 10000)
        (void)snprintf(text, 24, "%lld", (long long)count);
    else if (count < 1000000)
        (void)snprintf(text, 24, "%lldk", (long long)count / 1000);
    else
        (void)snprintf(text, 24, "%lldM", (long long)count / 1000000);
}

static void put_cell(struct html_page *p, int x, int y, int64_t count, int64_t most)
{
    char class[16], text[24];
    unsigned step;

    if (count <= 0) {
        svg_rect(p, x + 1, y + 1, CELL - 2, HIGH - 2, "h0");
        return;
    }
    step = step_of(count, most);
    (void)snprintf(class, sizeof(class), "h%u", step);
    svg_rect(p, x + 1, y + 1, CELL - 2, HIGH - 2, class);
    short_number(count, text);
    (void)snprintf(class, sizeof(class), "c%u%s", step, count > 999 ? " s" : "");
    svg_text(p, x + CELL / 2, y + HIGH / 2 + 4, SVG_MIDDLE, class, text);
}

static void put_row(struct html_page *p, const struct svg_heat_row *row, int y, int64_t most)
{
    cleanup_buf struct buf total = BUF_INIT;
    cleanup_free char *text = NULL;

    svg_text_fit(p, LABEL - 10, y + HIGH / 2 + 5, SVG_END, "l", row->label, LABEL - 14);
    for (int hour = 0; hour < SVG_HEAT_HOURS; hour++)
        put_cell(p, LABEL + hour * CELL, y, row->hours[hour], most);
    html_number_text(row->total, &total);
    text = buf_steal_text(&total);
    svg_text_fit(p, SVG_WIDTH - 6, y + HIGH / 2 + 5, SVG_END, "v", text ? text : "", TOTAL);
}

void svg_heat(struct html_page *p, const char *title, const char *description,
              const struct svg_heat_row *rows, size_t n)
{
    int64_t most = 1;
    bool rounded = false;

    n = n < SVG_HEAT_ROWS ? n : SVG_HEAT_ROWS;
    for (size_t i = 0; i < n; i++) {
        for (size_t hour = 0; hour < SVG_HEAT_HOURS; hour++)
            most = rows[i].hours[hour] > most ? rows[i].hours[hour] : most;
    }
    rounded = most > 9999;
    svg_begin(p, title, description, TOP + (int)n * HIGH + 6);
    for (int hour = 0; hour < SVG_HEAT_HOURS; hour++) {
        char text[16];

        (void)snprintf(text, sizeof(text), "%02d", hour);
        svg_text(p, LABEL + hour * CELL + CELL / 2, TOP - 8, SVG_MIDDLE, "a", text);
    }
    svg_text(p, SVG_WIDTH - 6, TOP - 8, SVG_END, "a", _("Total"));
    for (size_t i = 0; i < n; i++)
        put_row(p, &rows[i], TOP + (int)i * HIGH, most);
    svg_end(
        p, rounded
               ? _("By local hour of the day. An empty cell is none; k stands for thousands, M for millions, "
                   "rounded down. The totals are exact.")
               : _("By local hour of the day. An empty cell is none."));
}
