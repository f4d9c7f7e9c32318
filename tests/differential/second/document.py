"""A grant, read from its text: hufu-grant(5)."""

import re

from . import hours, words


class Refused(Exception):
    pass


CLASSES = ["normal", "privileged", "emergency"]
CHANNELS = ["shell", "exec", "transfer", "forward"]
# Services that follow from a live session, names under which daemons are known that a grant calls otherwise, and what
# libpam takes for any service that has no file.
NEVER_GRANTED = {"su", "su-l", "sudo", "sudo-i", "runuser", "runuser-l", "polkit-1", "systemd-user", "atd", "crond",
                 "other"}
# An approver would take a host or an account of this name for something else.
MISREAD = {"any", "none"}
# Key, least and greatest count.
KEYS = [("hufu-grant", 1, 1), ("site", 1, 1), ("id", 1, 1), ("version", 1, 1), ("class", 1, 1),
        ("incident-level", 0, 1),
        ("vendor", 1, 1), ("employer", 1, 1), ("contract", 1, 1), ("staff", 1, 1), ("staff-key", 1, 8), ("host", 1, 64),
        ("service", 1, 8), ("channel", 1, 4), ("run-as", 1, 16), ("command", 1, 32), ("source", 1, 32),
        ("not-before", 1, 1), ("not-after", 1, 1), ("hours", 1, 16), ("uses", 1, 1), ("sessions", 1, 1),
        ("max-session", 1, 1), ("recording", 1, 1), ("requester", 1, 1), ("ticket", 1, 1), ("purpose", 1, 1)]
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
ORDER = {key: place for place, (key, _, _) in enumerate(KEYS)}


def need(value, what):
    if value is None or value is False:
        raise Refused(what)
    return value


class Grant:
    """The fields as they are decided on. What may be `any` or `unlimited` is None then."""


def lines_of(octets, keys=KEYS, size=16 * 1024, line_size=4096, free_text="purpose"):
    """Values by key, of a document with these keys in this order."""
    order = {key: place for place, (key, _, _) in enumerate(keys)}
    if not octets or len(octets) > size:
        raise Refused("size")
    if not octets.endswith(b"\n"):
        raise Refused("no last line feed")
    found = {}
    last_place, last_line = -1, b""
    for line in octets[:-1].split(b"\n"):
        if len(line) > line_size:
            raise Refused("line too long")
        try:
            text = line.decode("utf-8")
        except UnicodeDecodeError:
            raise Refused("not UTF-8")
        if CONTROL.search(text) or text.endswith(" "):
            raise Refused("control character or trailing blank")
        key, colon, value = text.partition(": ")
        if not colon or key not in order or not value:
            raise Refused("no key and value")
        place = order[key]
        if place < last_place or (place == last_place and not line > last_line):
            raise Refused("order")
        last_place, last_line = place, line
        if key != free_text and not text.isascii():
            raise Refused("not ASCII")
        found.setdefault(key, []).append(value)
    for key, least, most in keys:
        if not least <= len(found.get(key, [])) <= most:
            raise Refused("count of " + key)
    return found


def alone(values, word):
    """Whether the word is there; it must then be the only one."""
    if word not in values:
        return False
    need(len(values) == 1, word + " in company")
    return True


def command_is(text):
    words_of_it = text.split(" ")
    path = words_of_it[0]
    parts = path.split("/")
    if not path.startswith("/") or "*" in path or any(p in ("", ".", "..") for p in parts[1:]):
        return False
    for word in words_of_it:
        if not word or not all("!" <= c <= "~" for c in word):
            return False
    return all("*" not in w or w == "*" for w in words_of_it[1:])


def source(text):
    """Everything is called `any`, and in no other way."""
    if text == "local":
        return text
    found = words.network(text)
    return found if found and found[1] > 0 else None


def uses(text):
    if text == "unlimited":
        return ("unlimited", 0)
    count, _, scope = text.partition(" ")
    if scope not in ("per-host", "fleet") or words.number(count) is None:
        return None
    return (scope, words.number(count))


def bound(text):
    """(number,) or (None,) for unlimited; None: neither."""
    if text == "unlimited":
        return (None,)
    found = words.number(text)
    return None if found is None else (found,)


def purpose(text):
    return text if not text.startswith(" ") and words.visible(text) else None


def host(text):
    if text.startswith("@"):
        return text if words.name(text[1:]) else None
    return text if words.name(text) and text not in MISREAD else None


def service(text):
    return text if words.name(text) and text not in NEVER_GRANTED | MISREAD else None


def run_as(text):
    return text if words.account(text) and text not in MISREAD else None


def read(octets):
    found = lines_of(octets)
    one = {key: values[0] for key, values in found.items()}
    g = Grant()

    def each(key, reader):
        return [need(reader(value), key) for value in found[key]]

    need(one["hufu-grant"] == "1", "format")
    g.site = need(words.name(one["site"]), "site")
    g.id = need(words.grant_id(one["id"]), "id")
    g.version = need(words.number(one["version"]), "version")
    g.grant_class = need(one["class"] if one["class"] in CLASSES else None, "class")
    need(("incident-level" in one) == (g.grant_class == "emergency"), "incident-level")
    g.incident_level = 0
    if g.grant_class == "emergency":
        need(one["incident-level"] in ("1", "2", "3"), "incident-level")
        g.incident_level = int(one["incident-level"])
    g.vendor = need(words.name(one["vendor"]), "vendor")
    g.employer = need(words.name(one["employer"]), "employer")
    g.requester = need(words.name(one["requester"]), "requester")
    for key in ("contract", "ticket"):
        need(words.name(one[key]), key)
    g.staff = need(words.account(one["staff"]), "staff")
    g.keys = None if alone(found["staff-key"], "password") else each("staff-key", words.fingerprint)
    g.hosts = each("host", host)
    g.services = each("service", service)
    none = alone(found["channel"], "none")
    g.channels = set() if none else set(each("channel", lambda c: c if c in CHANNELS else None))
    g.run_as = [] if alone(found["run-as"], "none") else each("run-as", run_as)
    if alone(found["command"], "any"):
        g.commands = None
    elif alone(found["command"], "none"):
        g.commands = []
    else:
        g.commands = each("command", lambda c: c if command_is(c) else None)
    g.sources = None if alone(found["source"], "any") else each("source", source)
    g.begin = need(words.instant(one["not-before"]), "not-before")
    g.end = need(words.instant(one["not-after"]), "not-after")
    need(g.begin < g.end, "not-after")
    g.week = None if alone(found["hours"], "any") else hours.week_of(tuple(each("hours", hours.read)))
    g.scope, g.count = need(uses(one["uses"]), "uses")
    g.sessions = need(bound(one["sessions"]), "sessions")[0]
    g.max_session = need(bound(one["max-session"]), "max-session")[0]
    g.recording = need(one["recording"] in ("required", "none"), "recording") and one["recording"] == "required"
    need(purpose(one["purpose"]), "purpose")
    return g
