"""Pictures for docs/pictures: SVG that needs no colour to be read."""

import math

WIDTH = 860
FONT = 'font-family="DejaVu Sans, Arial, sans-serif"'
OURS, THEIRS, FAINT = "#0b5394", "#555555", "#cccccc"
SHARES = ((0.5, "p50", "circle"), (0.9, "p90", "diamond"), (0.99, "p99", "square"), (0.999, "p99.9", "triangle"))


def text(x, y, words, size=13, anchor="start", colour="#111111", weight="normal"):
    words = words.replace("&", "&amp;").replace("<", "&lt;")
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="{colour}" font-weight="{weight}">{words}</text>'


def line(x1, y1, x2, y2, colour=FAINT, width=1.0, dash=""):
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" stroke-width="{width}"{dashes}/>'


def mark(shape, x, y, colour, r=4.5):
    if shape == "circle":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{r}" fill="{colour}"/>'
    if shape == "square":
        return f'<rect x="{x - r + 0.5:.1f}" y="{y - r + 0.5:.1f}" width="{2 * r - 1}" height="{2 * r - 1}" fill="white" stroke="{colour}" stroke-width="1.6"/>'
    points = {"diamond": ((0, -r), (r, 0), (0, r), (-r, 0)), "triangle": ((0, -r), (r, r * 0.8), (-r, r * 0.8))}[shape]
    path = " ".join(f"{x + dx:.1f},{y + dy:.1f}" for dx, dy in points)
    fill = colour if shape == "diamond" else "white"
    return f'<polygon points="{path}" fill="{fill}" stroke="{colour}" stroke-width="1.6"/>'


def drawing(height, title, parts):
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" {FONT} role="img">'
    return "\n".join([head, f"<title>{title}</title>", f'<rect width="{WIDTH}" height="{height}" fill="white"/>', *parts, "</svg>"]) + "\n"


def duration(microseconds):
    for unit, name in ((1e6, "s"), (1e3, "ms"), (1, "µs")):
        if microseconds >= unit:
            return f"{microseconds / unit:g} {name}"
    return f"{microseconds:g} µs"


def latencies(title, rows):
    """`rows` are (label, Figures, whether it is ours): from the median to one in a thousand, on a logarithmic scale."""
    left, right, top, step = 320, WIDTH - 30, 84, 26
    bottom = top + step * len(rows)
    values = [figures.p(share) for _, figures, _ in rows for share, *_ in SHARES]
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))

    def at(value):
        return left + (math.log10(value) - low) / (high - low) * (right - left)

    parts = [text(20, 28, title, 16, weight="bold")]
    for i, (_, name, shape) in enumerate(SHARES):
        parts += [mark(shape, left + 10 + i * 90, 50, "#111111"), text(left + 20 + i * 90, 54.5, name, 12)]
    for power in range(low, high + 1):
        for factor in range(1, 10 if power < high else 2):
            x = at(factor * 10**power)
            parts.append(line(x, top - 8, x, bottom, FAINT if factor == 1 else "#eeeeee"))
        parts.append(text(at(10**power), bottom + 18, duration(10**power), 12, "middle"))
    for i, (label, figures, ours) in enumerate(rows):
        y, colour = top + step * i + 8, OURS if ours else THEIRS
        parts.append(text(left - 12, y + 4.5, label, 12.5, "end", colour if ours else "#111111", "bold" if ours else "normal"))
        parts.append(line(at(figures.p(0.5)), y, at(figures.p(0.999)), y, colour, 2.6 if ours else 1.6))
        parts += [mark(shape, at(figures.p(share)), y, colour) for share, _, shape in reversed(SHARES)]
    return drawing(bottom + 34, title, parts)


LINES = (("", "circle"), ("8 4", "square"), ("2 3", "triangle"), ("10 3 2 3", "diamond"))


def spread(wanted, least):
    """Heights as wanted, in order, but at least so far from one another."""
    order, placed = sorted(range(len(wanted)), key=lambda i: wanted[i]), list(wanted)
    for before, i in zip(order, order[1:]):
        placed[i] = max(placed[i], placed[before] + least)
    return placed


def curves(title, caption, numbers, rows, name):
    """`rows` are (label, a value for each of `numbers`, whether it is ours), on a logarithmic scale whose lines `name` names."""
    left, right, top, bottom = 80, WIDTH - 250, 60, 440
    values = [value for _, series, _ in rows for value in series]
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))

    def across(i):
        return left + i / (len(numbers) - 1) * (right - left)

    def up(value):
        return bottom - (math.log10(value) - low) / (high - low) * (bottom - top)

    parts = [text(20, 28, title, 16, weight="bold")]
    for power in range(low, high + 1):
        parts += [line(left, up(10**power), right, up(10**power)), text(left - 10, up(10**power) + 4.5, name(10**power), 12, "end")]
    for i, number in enumerate(numbers):
        parts += [line(across(i), top, across(i), bottom, "#eeeeee"), text(across(i), bottom + 20, f"{number:,}", 12, "middle")]
    parts.append(text((left + right) / 2, bottom + 42, caption, 12.5, "middle"))
    heights = spread([up(series[-1]) for _, series, _ in rows], 16)
    for n, (label, series, ours) in enumerate(rows):
        colour, (dash, shape) = OURS if ours else THEIRS, LINES[n % len(LINES)]
        points = [(across(i), up(value)) for i, value in enumerate(series)]
        parts += [line(*a, *b, colour, 2.6 if ours else 1.5, dash) for a, b in zip(points, points[1:])]
        parts += [mark(shape, x, y, colour, 4) for x, y in points]
        parts.append(line(points[-1][0] + 6, points[-1][1], right + 24, heights[n], FAINT))
        parts.append(text(right + 28, heights[n] + 4.5, label, 12, "start", colour if ours else "#111111", "bold" if ours else "normal"))
    return drawing(bottom + 60, title, parts)


def rates(title, numbers, rows):
    """`rows` as in curves(): logins a second over how many ask at once."""
    return curves(title, "processes that ask at once", numbers, rows, lambda value: f"{value:,}")
