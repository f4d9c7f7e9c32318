"""What a grant has to satisfy, and which grant answers: docs/rules.md, "How a question is decided"."""

from . import hours, words
from .words import NEVER

# A state of the host or of the person is named as it is. These say that somebody is let in, and are no state.
ADMITTED = {"ok", "session-live"}
OVER = ["revoked", "vendor-revoked", "vendor-locked", "withdrawn", "closed", "expired"]
# In the order of asking.
REASONS = ["wrong-site", "wrong-host", *OVER, "approval-missing", "class-limit", "not-yet-valid", "approval-expired",
           "wrong-service", "wrong-source", "key-required", "wrong-key", "password-required", "outside-hours",
           "incident-missing", "recorder-missing", "uses-exhausted", "claim-unavailable", "sessions-limit",
           "run-as-not-granted", "channel-not-granted", "command-not-granted", "command-unsafe", "command-not-asked"]
HOW_FAR = {reason: OVER.index("expired") + 2 if reason in OVER else place for place, reason in enumerate(REASONS)}

# The table of docs/rules.md: which questions ask what. A channel is asked for inside a session, as su and sudo are.
ALL = {"login", "job", "switch", "channel", "live", "valid", "standing"}
ASKED = {reason: ALL for reason in REASONS[:REASONS.index("wrong-service")]}
ASKED.update({
    "wrong-service": {"login", "job", "live"},
    "wrong-source": {"login", "live"}, "key-required": {"login", "live"}, "wrong-key": {"login", "live"},
    "password-required": {"login", "live"},
    "outside-hours": ALL - {"standing"}, "incident-missing": ALL - {"standing"},
    "recorder-missing": ALL - {"standing", "valid"},
    "uses-exhausted": {"login"}, "claim-unavailable": {"login"}, "sessions-limit": {"login"},
    "run-as-not-granted": {"switch"},
    "command-not-granted": {"switch"}, "command-unsafe": {"switch"}, "command-not-asked": {"switch"},
    "channel-not-granted": {"login", "channel", "live"},
})

UNITS = "units"
LOGINS = {"sshd", "login", "gdm-password", "lightdm", "sddm"}
JOBS = {"cron", "at"}
SWITCHES = {"su", "su-l", "sudo", "sudo-i", "runuser", "runuser-l", "polkit-1"}
OTHER_NAMES = {"atd": "at", "crond": "cron"}


def kind_of(service):
    service = OTHER_NAMES.get(service, service)
    if service == "(own uid)":
        return "locker"
    if service in LOGINS:
        return "login"
    if service in JOBS:
        return "job"
    if service in SWITCHES:
        return "switch"
    return "user-manager" if service == "systemd-user" else "other"


# --- each rule: whether the grant satisfies it ------------------------------------------------------------------------

def site(e, f):
    return e.grant.site == f["site"]


def host(e, f):
    return any(h[1:] in f["groups"] if h.startswith("@") else h == f["host"] for h in e.grant.hosts)


def not_taken(reason):
    return lambda e, f: e.taken_away != reason


def not_revoked(e, f):
    """Nothing was ever taken away for another reason than these; what says so is a fault, and counts as revoked."""
    known = e.taken_away in ("ok", "vendor-revoked", "vendor-locked", "withdrawn")
    return known and e.by_status in ("ok", "approval-missing")


def not_closed(e, f):
    return not e.closed


def not_expired(e, f):
    return f["now"] < e.grant.end


def approved(e, f):
    """Why the quorum is not met may have a name of its own: too wide for its class, or certificates that ended."""
    return e.standing in ("ok", "class-limit", "approval-expired") and e.by_status == "ok"


def within_class(e, f):
    return e.standing != "class-limit"


def begun(e, f):
    return e.grant.begin <= f["now"]


def certificates(e, f):
    return e.standing != "approval-expired" and f["now"] < min(e.votes_until, e.by_status_until)


def service(e, f):
    return OTHER_NAMES.get(f["service"], f["service"]) in e.grant.services


def source(e, f):
    there = f["source"]
    if there in ("none", "ignored", "not-address"):
        return False
    if e.grant.sources is None:
        return True
    if there == "local":
        return "local" in e.grant.sources
    return any(s != "local" and words.holds(s, there) for s in e.grant.sources)


def key_used(e, f):
    return f["key"] != "none" or e.grant.keys is None


def key_listed(e, f):
    return f["key"] in ("none", "not-asked") or e.grant.keys is None or f["key"] in e.grant.keys


def no_key_beside_password(e, f):
    return f["key"] in ("none", "not-asked") or e.grant.keys is not None


def within_hours(e, f):
    return e.grant.week is None or hours.open_until(e.grant.week, f["now"]) is not None


def incident(e, f):
    return e.grant.grant_class != "emergency" or 1 <= f["incident"] <= e.grant.incident_level


def recorder(e, f):
    return not e.grant.recording or f["recorder"]


def uses_left(e, f):
    own = 1 if f["reserved"] == e.letter else 0
    return e.grant.scope == "unlimited" or e.uses_taken - own < e.grant.count


def claim(e, f):
    return e.grant.scope != "fleet" or f["claim"] or f["reserved"] == e.letter


def sessions_left(e, f):
    own = 1 if f["reserved"] == e.letter else 0
    return e.grant.sessions is None or e.sessions_live - own < e.grant.sessions


def run_as(e, f):
    if f["target"] is None:
        return f["phase"] == "account"
    return f["target"] in e.grant.run_as


def given(e):
    return e.grant.channels | ({UNITS} if e.grant.channels & {"shell", "exec"} else set())


def channels(e, f):
    return f["channels"] <= given(e)


def argument_matches(granted, argument):
    if granted != "*":
        return granted == argument
    return (argument not in ("", ".", "..") and argument[0] not in "-+" and "/" not in argument
            and all("!" <= c <= "~" for c in argument))


def command_matches(line, run):
    granted = line.split(" ")
    return (len(granted) == len(run) and granted[0] == run[0]
            and all(map(argument_matches, granted[1:], run[1:])))


NO_COMMAND = {"sudoedit", "shell", "login-shell", "relative-path"}


def command_granted(e, f):
    """Of a run that is no run of one known program at all it is said that it is unsafe."""
    run = f["run"]
    if e.grant.commands is None or run in ("judged", "not-asked"):
        return True
    if run == "free":
        return False
    if run == "unknown":
        return bool(e.grant.commands)
    return bool(NO_COMMAND & f["doubts"]) or any(command_matches(line, run) for line in e.grant.commands)


def command_safe(e, f):
    return e.grant.commands is None or isinstance(f["run"], str) or not f["doubts"]


def command_asked(e, f):
    return e.grant.commands is None or f["run"] != "not-asked"


RULE = {
    "wrong-site": site, "wrong-host": host, "revoked": not_revoked, "vendor-revoked": not_taken("vendor-revoked"),
    "vendor-locked": not_taken("vendor-locked"), "withdrawn": not_taken("withdrawn"), "closed": not_closed,
    "expired": not_expired, "approval-missing": approved, "class-limit": within_class, "not-yet-valid": begun,
    "approval-expired": certificates, "wrong-service": service, "wrong-source": source, "key-required": key_used,
    "wrong-key": key_listed, "password-required": no_key_beside_password, "outside-hours": within_hours,
    "incident-missing": incident, "recorder-missing": recorder, "uses-exhausted": uses_left,
    "claim-unavailable": claim, "sessions-limit": sessions_left, "run-as-not-granted": run_as,
    "channel-not-granted": channels, "command-not-granted": command_granted, "command-unsafe": command_safe,
    "command-not-asked": command_asked,
}
OF_QUESTION = {question: [(reason, RULE[reason]) for reason in REASONS if question in ASKED[reason]]
               for question in ALL}


def judge(question, e, f):
    """ok, or the first rule of this question that the grant fails."""
    for reason, satisfied in OF_QUESTION[question]:
        if not satisfied(e, f):
            return reason
    return "ok"


# --- before any grant -------------------------------------------------------------------------------------------------

def state(f):
    """ok, or why the host, then the person, is refused whatever the grants say."""
    if f["host-state"] != "ok":
        return f["host-state"] if f["host-state"] not in ADMITTED else "broker-error"
    if f["now"] >= f["status-until"]:
        return "status-stale"
    if f["person-state"] != "ok":
        return f["person-state"] if f["person-state"] not in ADMITTED else "broker-error"
    return "ok"


# --- until when -------------------------------------------------------------------------------------------------------

def valid_until(e, f):
    ends = [e.grant.end, e.votes_until, e.by_status_until, f["status-until"]]
    if e.grant.week is not None:
        closes = hours.open_until(e.grant.week, f["now"])
        if closes != "never":
            ends.append(f["now"] if closes is None else closes)
    return min(ends)


def session_bound(e):
    return e.session_max if e.grant.max_session is None else min(e.grant.max_session, e.session_max)


def next_warning(deadline, now):
    return min((deadline - m * 60 for m in (15, 5, 1) if deadline - m * 60 > now), default=NEVER)


# --- the questions ----------------------------------------------------------------------------------------------------

def deny(reason, e=None):
    return f"deny {reason} {e.letter if e else '-'}"


def instant(word, t, now):
    return f" {word} {'now' if t == now else words.text_of(t)}"


def allow(e, until, now, reason="ok"):
    return f"allow {reason} {e.letter if e else '-'}" + instant("until", until, now)


def preferred(e):
    """Of grants that admit the first: unlimited before counted, the later end, the smaller id."""
    return (e.grant.scope != "unlimited", -e.grant.end, e.letter)


def closest(judged):
    """Of grants that do not: which came furthest; of those that are over the one that would have lasted longest."""
    return min(judged, key=lambda j: (-HOW_FAR[j[1]], -j[0].grant.end if j[1] in OVER else 0, j[0].letter))


def decide(index, f):
    """(answer, trace)."""
    reason = state(f)
    if reason != "ok":
        return deny(reason), "-"
    kind = kind_of(f["service"])
    if kind == "other":
        return deny("service-unknown"), "-"
    if kind in ("user-manager", "locker"):
        if not f["session-live"]:
            return deny("no-session"), "-"
        if kind == "user-manager" and UNITS not in f["channels"]:
            return deny("channel-not-granted"), "-"
        return allow(None, f["now"], f["now"], "session-live"), "-"
    mine = [e for e in index.of(f["staff"])]
    if kind == "switch":
        if not f["session-live"] or f["session-grant"] is None:
            return deny("no-session"), "-"
        mine = [e for e in mine if e.letter == f["session-grant"]]
    if kind == "login" and f["source"] == "not-address":
        return deny("source-not-address"), "-"
    judged = [(e, judge(kind, e, f)) for e in mine]
    trace = " ".join(f"{e.letter}={r}" for e, r in judged) or "-"
    fit = [e for e, r in judged if r == "ok"]
    if fit:
        best = min(fit, key=preferred)
        until = valid_until(best, f)
        if kind == "login":
            until = min(until, f["now"] + session_bound(best))
        return allow(best, until, f["now"]), trace
    if judged:
        e, reason = closest(judged)
        return deny(reason, e), trace
    return deny("no-grant"), trace


def of_session(index, f):
    """The grant of the session, which is this person's or nobody's."""
    return next((e for e in index.of(f["staff"]) if e.letter == f["session-grant"]), None)


def channel(index, f, which):
    reason = state(f)
    if reason != "ok":
        return deny(reason), "-"
    if f["session-grant"] is None or not index.knows(f["session-grant"]):
        return deny("no-session"), "-"
    e = of_session(index, f)
    if not e:
        return deny("no-grant"), "-"
    reason = judge("channel", e, dict(f, channels={which}))
    return (allow(e, valid_until(e, f), f["now"]) if reason == "ok" else deny(reason, e)), "-"


def key(index, f):
    named = [e for e in index.of(f["staff"]) if e.grant.keys and f["key"] in e.grant.keys]
    valid = [e for e in named if judge("valid", e, f) == "ok"]
    forward = bool(valid) and all("forward" in e.grant.channels for e in valid)
    return ("known" if named else "unknown") + (" forward" if forward else ""), "-"


def live(index, f, opened):
    reason = state(f)
    e = of_session(index, f)
    job = kind_of(f["service"]) == "job"
    if reason == "ok":
        reason = judge("job" if job else "live", e, f) if e else "no-grant"
    if reason == "ok" and not job and f["now"] >= opened + session_bound(e):
        reason = "max-session"
    if reason != "ok":
        return f"end {reason}", "-"
    deadline = valid_until(e, f)
    if not job:
        deadline = min(deadline, min(opened, f["now"]) + session_bound(e))
    return (f"keep ok{instant('until', deadline, f['now'])}"
            f"{instant('warn', next_warning(deadline, f['now']), f['now'])}"), "-"


def opening(index, f):
    mine = index.of(f["staff"])
    if not mine:
        return "-", "-"
    week = mine[0].grant.week
    opens = f["now"] if week is None else hours.next_opening(week, f["now"])
    return "opens" + instant("at", opens, f["now"]), "-"


def standing(index, f):
    """What a list says of each grant of the person."""
    return " ".join(f"{e.letter}={judge('standing', e, f)}" for e in index.of(f["staff"])) or "-", "-"


def answer(index, f, ask):
    """(answer, trace) in the words of tests/golden."""
    word, _, argument = ask.partition(" ")
    if word == "channel":
        return channel(index, f, argument)
    if word == "live":
        return live(index, f, words.instant(argument))
    return {"decide": decide, "key": key, "opening": opening, "standing": standing}[word](index, f)
