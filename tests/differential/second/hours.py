"""Hours of a grant as a week of 10080 minutes, each open or closed: no arithmetic on spans at all."""

import functools
import re

DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEK = 7 * 24 * 60
# 1970-01-01 was a Thursday, so the Monday of its week lies three days before.
MONDAY = 3 * 24 * 60
LINE = re.compile(r"([a-z]{3})(?:-([a-z]{3}))? ([0-9]{2}):([0-9]{2})-([0-9]{2}):([0-9]{2}) ([+-])([0-9]{2}):([0-9]{2})")


def read(text):
    """(days, start, end, offset) in minutes, or None."""
    match = LINE.fullmatch(text)
    if not match:
        return None
    first, last = match[1], match[2] or match[1]
    if first not in DAYS or last not in DAYS:
        return None
    if match[2] and not DAYS.index(first) < DAYS.index(last):
        return None
    start_hour, start_minute, end_hour, end_minute, hours, minutes = (int(match[i]) for i in (3, 4, 5, 6, 8, 9))
    if start_hour > 23 or max(start_minute, end_minute, minutes) > 59:
        return None
    if end_hour > 24 or (end_hour == 24 and end_minute):
        return None
    start, end = start_hour * 60 + start_minute, end_hour * 60 + end_minute
    offset = hours * 60 + minutes
    if match[7] == "-":
        if offset == 0:
            return None
        offset = -offset
    if start == end or not -12 * 60 <= offset <= 14 * 60:
        return None
    return range(DAYS.index(first), DAYS.index(last) + 1), start, end, offset


@functools.lru_cache(512)
def week_of(lines):
    """One octet a minute of the week in UTC, Monday first: 1 where it is open."""
    weeks = bytearray(3 * WEEK)  # the one before and the one after, for what runs over their ends
    for days, start, end, offset in lines:
        length = end - start if end > start else end + 24 * 60 - start
        for day in days:
            begin = WEEK + day * 24 * 60 + start - offset
            weeks[begin:begin + length] = b"\1" * length
    parts = (int.from_bytes(weeks[i * WEEK:(i + 1) * WEEK], "big") for i in range(3))
    return functools.reduce(int.__or__, parts).to_bytes(WEEK, "big")


def open_until(week, t):
    """None if closed at t; else the first instant after t at which it is closed, or "never"."""
    minute = t // 60
    here = (minute + MONDAY) % WEEK
    if not week[here]:
        return None
    closed = week.find(0, here)
    if closed < 0:
        closed = week.find(0)
        if closed < 0:
            return "never"
        closed += WEEK
    return (minute + closed - here) * 60


def next_opening(week, t):
    minute = t // 60
    here = (minute + MONDAY) % WEEK
    if week[here]:
        return t
    opens = week.find(1, here)
    if opens < 0:
        opens = week.find(1) + WEEK
    return (minute + opens - here) * 60
