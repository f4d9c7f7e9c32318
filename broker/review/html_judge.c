#include "broker/review/html_judge.h"

#include "broker/review/html_page.h"
#include "broker/review/svg_latency.h"

#define BURST 20 /* refusals of one source or person that are more than a mistake */
#define SOON  30 /* days */
#define DAY   86400

bool html_is_row(const json_t *row)
{
    return json_is_object(row);
}

bool html_is_unproven(const json_t *row)
{
    return json_is_false(json_object_get(row, "proven"));
}

bool html_is_slow(const json_t *row)
{
    return html_count(row, "took_us") > SVG_LATENCY_BOUND_US;
}

bool html_is_unverified(const json_t *row)
{
    return !json_is_true(json_object_get(row, "verified"));
}

bool html_is_burst(const json_t *row)
{
    return html_count(row, "count") >= BURST;
}

bool html_was_outside(const json_t *row)
{
    const json_t *seen = html_rows(row, "seen");
    const json_t *one;
    size_t i;

    html_foreach(seen, i, one)
    {
        if (json_is_false(json_object_get(one, "inside")))
            return true;
    }
    return false;
}

bool html_is_unused(const json_t *row)
{
    return json_is_false(json_object_get(row, "used"));
}

bool html_is_wide(const json_t *row)
{
    return !html_is_unused(row) && json_array_size(html_rows(row, "wider")) > 0;
}

bool html_is_lapsed_and_live(const json_t *row)
{
    return json_is_true(json_object_get(row, "lapsed")) && html_count(row, "grants_live") > 0;
}

bool html_is_lapsed(const json_t *row)
{
    return json_is_true(json_object_get(row, "lapsed")) && html_count(row, "grants_live") <= 0;
}

bool html_is_over(const json_t *row)
{
    return json_is_integer(json_object_get(row, "days")) && html_count(row, "days") < 0;
}

bool html_is_soon(const json_t *row)
{
    return json_is_integer(json_object_get(row, "days")) && html_count(row, "days") >= 0 &&
           html_count(row, "days") <= SOON;
}

bool html_is_gone(const json_t *row)
{
    return json_is_false(json_object_get(row, "there"));
}

bool html_is_long_open(const json_t *row)
{
    return !json_is_string(json_object_get(row, "ended")) && html_count(row, "seconds") >= DAY;
}

bool html_is_refused(const json_t *row)
{
    return json_is_false(json_object_get(row, "allowed"));
}
