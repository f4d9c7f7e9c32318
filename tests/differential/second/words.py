"""Words that documents and questions are made of: instants, names, addresses. Each reader returns None for what is
not exactly such a word."""

import base64
import ipaddress
import re
import unicodedata

NEVER = (1 << 63) - 1
DAY = 86400

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
ACCOUNT = re.compile(r"[a-z_][a-z0-9_.-]{0,31}")
ID = re.compile(r"[0-9a-f]{32}")
NUMBER = re.compile(r"[1-9][0-9]{0,9}")
TIME = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})Z")
QUAD = re.compile(r"(?:0|[1-9][0-9]{0,2})(?:\.(?:0|[1-9][0-9]{0,2})){3}")
FINGERPRINT = re.compile(r"SHA256:([A-Za-z0-9+/]{43})")


# --- instants: whole seconds since 1970, no leap seconds, years 1970 to 9999 -----------------------------------------

def leap(year):
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def days_in(year, month):
    if month == 2:
        return 29 if leap(year) else 28
    return 30 if month in (4, 6, 9, 11) else 31


def days_before_year(year):
    """Days from 1970-01-01 to the first of January of a year."""
    before = year - 1
    return before * 365 + before // 4 - before // 100 + before // 400 - 719162


def instant(text):
    match = TIME.fullmatch(text)
    if not match:
        return None
    year, month, day, hour, minute, second = map(int, match.groups())
    if year < 1970 or not 1 <= month <= 12 or not 1 <= day <= days_in(year, month):
        return None
    if hour > 23 or minute > 59 or second > 59:
        return None
    days = days_before_year(year) + sum(days_in(year, m) for m in range(1, month)) + day - 1
    return days * DAY + hour * 3600 + minute * 60 + second


FIRST, LAST = 0, days_before_year(10000) * DAY - 1
_date_of_day = {}


def _date(day):
    year = 1970 + day // 366
    while days_before_year(year + 1) <= day:
        year += 1
    day -= days_before_year(year)
    month = 1
    while day >= days_in(year, month):
        day -= days_in(year, month)
        month += 1
    return f"{year:04}-{month:02}-{day + 1:02}T"


_clock = [f"{h:02}:{m:02}:" for h in range(24) for m in range(60)]


def text_of(t):
    """An instant as documents have it; `never` for one that no document can name."""
    if t < FIRST or t > LAST:
        return "never"
    day, second = divmod(t, DAY)
    date = _date_of_day.get(day)
    if date is None:
        date = _date_of_day[day] = _date(day)
    return f"{date}{_clock[second // 60]}{second % 60:02}Z"


# --- names and numbers ------------------------------------------------------------------------------------------------

def name(text):
    return text if NAME.fullmatch(text) else None


def account(text):
    return text if ACCOUNT.fullmatch(text) else None


def grant_id(text):
    return text if ID.fullmatch(text) else None


def number(text):
    return int(text) if NUMBER.fullmatch(text) and int(text) <= 2147483647 else None


def fingerprint(text):
    """Canonical: of the last of the 43 characters only four bits count, and the other two are zero."""
    match = FINGERPRINT.fullmatch(text)
    if not match:
        return None
    octets = base64.b64decode(match[1] + "=")
    return octets if base64.b64encode(octets).decode().rstrip("=") == match[1] else None


# --- addresses and networks -------------------------------------------------------------------------------------------

def address(text):
    """(family, number of that many bits); an IPv4 address that is written as IPv6 is an IPv4 address."""
    if QUAD.fullmatch(text):
        parts = [int(p) for p in text.split(".")]
        return (4, int.from_bytes(bytes(parts), "big")) if max(parts) < 256 else None
    if "%" in text or "/" in text or ":" not in text:
        return None
    try:
        there = int(ipaddress.IPv6Address(text))
    except ValueError:
        return None
    return (4, there & 0xFFFFFFFF) if there >> 32 == 0xFFFF else (6, there)


def network(text):
    """(family, prefix, number) of the one way in which a network can be written."""
    if text.count("/") != 1:
        return None
    there, length = text.split("/")
    found = address(there)
    if not found or not re.fullmatch(r"0|[1-9][0-9]{0,2}", length):
        return None
    family, value = found
    bits, prefix = (32 if family == 4 else 128), int(length)
    if prefix > bits or value & ((1 << (bits - prefix)) - 1):
        return None
    return (family, prefix, value) if there == canonical(found) else None


def canonical(found):
    """RFC 5952. None for an address of IPv6 that would be written with a dotted end, which no network may have."""
    family, value = found
    if family == 4:
        return ".".join(str(o) for o in value.to_bytes(4, "big"))
    return str(ipaddress.IPv6Address(value))


def holds(net, found):
    family, prefix, first = net
    shift = (32 if family == 4 else 128) - prefix
    return family == found[0] and found[1] >> shift == first >> shift


# --- text that an approver reads --------------------------------------------------------------------------------------

# Beside whole categories: letters and marks that leave nothing to be seen, what Unicode keeps for such,
# and characters that stand for something that is not there.
UNSEEN = (set([0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2065, 0x2800, 0x3164, 0xFFA0])
          | set(range(0x180B, 0x1810)) | set(range(0xFE00, 0xFE10)) | set(range(0xFFF0, 0xFFFE))
          | set(range(0xE0000, 0xE1000)) | set(range(0x13430, 0x13440)))  # the last are younger than some Pythons


def visible(text):
    for c in text:
        point = ord(c)
        if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp") or point in UNSEEN:
            return False
        if unicodedata.category(c) == "Zs" and c != " ":
            return False
        if point & 0xFFFE == 0xFFFE or 0xFDD0 <= point <= 0xFDEF:
            return False
    return True
