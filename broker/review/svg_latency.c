#include "broker/review/svg_latency.h"

#include "broker/common/i18n.h"

#include <stdio.h>

/* From 1 ms to 1000 s, four columns a factor of ten; what lies outside stands in the first or the last. */
#define DECADES 6
#define COLUMNS 24
#define LEFT    30
#define COLUMN  37
#define TOP     50
#define HIGH    110
#define BOTTOM  (TOP + HIGH)

/* Where column i begins, in microseconds. */
static int64_t begin_of(int i)
{
    static const int64_t quarter[] = {1000, 1778, 3162, 5623};
    int64_t us = quarter[i % 4];

    for (int decade = 0; decade < i / 4; decade++)
        us *= 10;
    return us;
}

static int column_of(int64_t us)
{
    int i = 0;

    while (i < COLUMNS - 1 && us >= begin_of(i + 1))
        i++;
    return i;
}

static int place_of(int64_t us)
{
    int i = column_of(us);
    int64_t begin = begin_of(i), length = begin_of(i + 1) - begin;
    int64_t within = us < begin ? 0 : us - begin > length ? length : us - begin;

    return LEFT + i * COLUMN + (int)(within * COLUMN / length);
}

static void put_axis(struct html_page *p)
{
    static const char *const labels[] = {"1 ms", "10 ms", "100 ms", "1 s", "10 s", "100 s", "1000 s"};

    svg_line(p, LEFT, BOTTOM, LEFT + COLUMNS * COLUMN, BOTTOM, "axis");
    for (int decade = 0; decade <= DECADES; decade++) {
        int x = LEFT + decade * 4 * COLUMN;

        svg_line(p, x, BOTTOM, x, BOTTOM + 6, "axis");
        svg_text(p, x, BOTTOM + 22, SVG_MIDDLE, "a", labels[decade]);
    }
}

static void put_column(struct html_page *p, int i, size_t count, size_t most)
{
    int height = (int)((double)count / (double)most * (HIGH - 24));
    char text[24];

    height = height > 4 ? height : 4;
    svg_rect(p, LEFT + i * COLUMN + 3, BOTTOM - height, COLUMN - 6, height,
             begin_of(i) >= SVG_LATENCY_BOUND_US ? "bar late" : "bar");
    (void)snprintf(text, sizeof(text), "%zu", count);
    svg_text(p, LEFT + i * COLUMN + COLUMN / 2, BOTTOM - height - 5, SVG_MIDDLE, "s", text);
}

/* The words of a mark stand above the columns: the median's low, the bound's high, so that they never meet.
 */
static void put_mark(struct html_page *p, int64_t us, int y, const char *class, const char *text)
{
    int x = place_of(us);
    bool left = x > SVG_WIDTH / 2;

    svg_line(p, x, y - 12, x, BOTTOM, class);
    svg_text(p, left ? x - 6 : x + 6, y, left ? SVG_END : SVG_START, "l", text);
}

void svg_latency(struct html_page *p, const char *title, const int64_t *us, size_t n)
{
    size_t counts[COLUMNS] = {0}, most = 1, over = 0;
    int64_t median = us[(n - 1) / 2];
    cleanup_buf struct buf value = BUF_INIT, b = BUF_INIT;
    cleanup_free char *value_text = NULL, *median_text = NULL;

    for (size_t i = 0; i < n; i++) {
        size_t *count = &counts[column_of(us[i])];

        most = ++*count > most ? *count : most;
        over += us[i] > SVG_LATENCY_BOUND_US;
    }
    html_microseconds_text(median, &value);
    value_text = buf_steal_text(&value);
    buf_printf(&b, _("median %s"), value_text ? value_text : "");
    median_text = buf_steal_text(&b);
    svg_begin(p, title, _("Number of endings by the time they took; the scale is logarithmic."), BOTTOM + 32);
    put_axis(p);
    for (int i = 0; i < COLUMNS; i++) {
        if (counts[i] > 0)
            put_column(p, i, counts[i], most);
    }
    put_mark(p, SVG_LATENCY_BOUND_US, 18, "bound", _("bound 10 s"));
    put_mark(p, median, 38, "median", median_text ? median_text : "");
    svg_end(p, over > 0 ? _("Columns right of the dashed line took longer than 10 s.")
                        : _("None took longer than 10 s, the dashed line."));
}
