"""Logins, beside others: measured, and as docs/performance.md has it."""

import pictures
import setting
from measure import Harness, up_to_the_commit

AT_ONCE = (1, 2, 4, 8, 32)
LABELS = {
    "socket": "a bare round trip, no PAM",
    "permit": "pam_permit",
    "empty": "an empty module",
    "heavy": "an empty module, linked to libsystemd, libcrypto, libldap",
    "slim": "an empty module and one round trip (*slim*)",
    "known": "slim, which looks the account up first",
    **{f"access-{n}": f"pam_access, {n:,} lines" for n in setting.LINES},
    "nslcd": "nslcd, libpam-ldapd, `pam_authz_search`",
    "sssd": "sssd, `ldap_access_filter`",
}
COMMIT = ", up to the commit"
NEAREST = ("socket", "empty", "slim", "known")  # whom Hufu has to keep up with


def label(name):
    if not name.startswith("hufu-"):
        return LABELS[name]
    size, _, rest = name.removeprefix("hufu-").partition(",")
    return f"**Hufu, {int(size):,} grants{',' if rest else ''}{rest}**"


def plain(name):
    short = {"heavy": "an empty, heavy module", "slim": "an empty module + round trip", "known": "the same, account looked up", "nslcd": "nslcd", "sssd": "sssd"}
    return short.get(name, label(name).replace("*", "").replace("`", ""))


def begin(box, grants, only, say):
    setting.hurry(box)
    box.account(setting.PERSON, uid=setting.UID, group="hufu-gated")
    texts = setting.plain_contestants(box)
    if only is None:
        setting.serve_people(box)
        texts += setting.follow_people(box)
    else:
        texts = [text for text in texts if text.split("=")[0] in only]
    for size in grants:
        say(f"a hufud with {size:,} grants")
        texts.append(setting.begin_hufud(box, size))
        box.until(lambda text=texts[-1]: setting.granted(box, text), timeout=120)
        box.until(f"! hufuctl --socket /run/hufu-{size}/control status | grep -q 'still being taken in'", timeout=120, every=1)
    return Harness(box, texts)


def committed(harness, sizes, mode, plan):
    """All contestants, one question at a time; and each hufud's figures up to the commit."""
    marks = {size: harness.recorded(size)[0] for size in sizes}
    figures, samples = harness.figures(mode, *plan, 1)
    for size in sizes:
        instants = harness.recorded(size, marks[size])[1]
        figures[f"hufu-{size}{COMMIT}"] = up_to_the_commit(samples[f"hufu-{size}"], instants, samples["slim"])
    return figures


def measured(box, grants, plan, only, say):
    """Figures by name: alone, afresh; and rates by name, for each of AT_ONCE that the plan has."""
    harness = begin(box, grants, only, say)
    say("one process")
    alone = committed(harness, grants, "run", plan["alone"])
    say("a fresh process a login")
    fresh = committed(harness, grants, "fresh", plan["fresh"])
    rates = {name: [f.rate] for name, f in alone.items() if not name.endswith(COMMIT)}
    for processes in AT_ONCE[1:] if "at_once" in plan else ():
        say(f"{processes} at once")
        for name, figures in harness.figures("run", *plan["at_once"], processes)[0].items():
            rates[name].append(figures.rate)
    return alone, fresh, rates


# --- as text


def number(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def times(one, other, share):
    value = one.p(share) / other.p(share)
    return f"{value:.2f}" if value < 10 else f"{value:.0f}"


def table(alone, fresh, rates):
    print("| microseconds | p50 | p90 | p99 | p99.9 | × slim | fresh process: p50 | p99 | × round trip | × slim | a second, 1, 2, 4, 8, 32 at once |")
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    for name, f in alone.items():
        g = fresh[name]
        cells = [*(number(f.p(share)) for share in (0.5, 0.9, 0.99, 0.999)), times(f, alone["slim"], 0.5)]
        cells += [number(g.p(0.5)), number(g.p(0.99)), times(g, fresh["socket"], 0.5), times(g, fresh["slim"], 0.5)]
        cells.append(", ".join(f"{rate:,.0f}" for rate in rates[name]) if name in rates else "")
        print(f"| {label(name)} | {' | '.join(cells)} |")


def bounds(alone, fresh, sizes):
    least, most = f"hufu-{min(sizes)}{COMMIT}", f"hufu-{max(sizes)}{COMMIT}"
    rows = [
        (f"{max(sizes):,} grants, up to the commit, to slim: p50", times(alone[most], alone["slim"], 0.5), "1.2"),
        ("the same: p99", times(alone[most], alone["slim"], 0.99), "1.5"),
        (f"{max(sizes):,} grants to {min(sizes):,}, up to the commit: p50", times(alone[most], alone[least], 0.5), "1.1"),
        ("the same, with the commit: p50", times(alone[f"hufu-{max(sizes)}"], alone[f"hufu-{min(sizes)}"], 0.5), "1.1"),
        (f"fresh process, {max(sizes):,} grants, up to the commit, to slim: p50", times(fresh[most], fresh["slim"], 0.5), "1.3"),
        ("one process, to slim with the account looked up: p50", times(alone[most], alone["known"], 0.5), ""),
        ("fresh process, to slim with the account looked up: p50", times(fresh[most], fresh["known"], 0.5), ""),
    ]
    print("\n| ratio | measured | wanted, at most |\n|---|---|---|")
    for what, value, wanted in rows:
        print(f"| {what} | {value} | {wanted} |")


# --- as pictures

IN_RATES = ("empty", "slim", "access-1000", "access-100000", "nslcd", "sssd")


def draw(alone, fresh, rates, sizes, folder):
    def rows(figures):
        return [(plain(name), f, name.startswith("hufu-")) for name, f in figures.items()]

    (folder / "logins.svg").write_text(pictures.latencies("The account phase of a login, one process", rows(alone)))
    (folder / "logins-fresh.svg").write_text(pictures.latencies("The account phase of a login, a fresh process each", rows(fresh)))
    names = [*(name for name in IN_RATES if name in rates), *(f"hufu-{size}" for size in (min(sizes), max(sizes)))]
    series = [(plain(name), rates[name], name.startswith("hufu-")) for name in names]
    (folder / "logins-rate.svg").write_text(pictures.rates("Logins a second", AT_ONCE, series))


def show(box, grants, plan, only, folder, say):
    """`folder` gets the pictures; None: there are none, since there are not all to be in them."""
    sizes = list(grants)
    alone, fresh, rates = measured(box, grants, plan, only, say)
    if folder:
        draw(alone, fresh, rates, sizes, folder)
    table(alone, fresh, rates)
    bounds(alone, fresh, sizes)
