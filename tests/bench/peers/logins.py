"""Logins, beside others."""

import setting
from measure import Harness, up_to_the_commit

AT_ONCE = (2, 4, 8, 32)


def begin(box, sizes, say):
    setting.hurry(box)
    box.account(setting.PERSON, uid=setting.UID, group="hufu-gated")
    setting.serve_people(box)
    texts = [*setting.plain_contestants(box), *setting.follow_people(box)]
    for size in sizes:
        say(f"a hufud with {size} grants")
        texts.append(setting.begin_hufud(box, size))
        box.until(lambda text=texts[-1]: setting.granted(box, text), timeout=60)
    return Harness(box, texts)


def committed(harness, sizes, mode, plan):
    """All contestants, one question at a time; and each hufud's figures up to the commit."""
    marks = {size: harness.recorded(size)[0] for size in sizes}
    figures, samples = harness.figures(mode, *plan, 1)
    for size in sizes:
        instants = harness.recorded(size, marks[size])[1]
        figures[f"hufu-{size}, up to the commit"] = up_to_the_commit(samples[f"hufu-{size}"], instants, samples["slim"])
    return figures


def show(box, sizes, plan, pictures, say):
    harness = begin(box, sizes, say)
    say("one process")
    alone = committed(harness, sizes, "run", plan["alone"])
    say("a fresh process a request")
    fresh = committed(harness, sizes, "fresh", plan["fresh"])
    at_once = {1: alone}
    for processes in AT_ONCE:
        say(f"{processes} at once")
        at_once[processes] = harness.figures("run", *plan["at_once"], processes)[0]
    for name, f in alone.items():
        g = fresh[name]
        rates = " ".join(f"{at_once[n][name].rate:.0f}" for n in AT_ONCE if name in at_once[n])
        print(f"{name:<30} {f.p(.5):9.1f} {f.p(.9):9.1f} {f.p(.99):9.1f} {f.p(.999):9.1f} x{f.p(.5)/alone['slim'].p(.5):6.2f} x{f.p(.99)/alone['slim'].p(.99):6.2f} | {g.p(.5):9.1f} {g.p(.99):9.1f} x{g.p(.5)/fresh['slim'].p(.5):6.2f}  x{g.p(.5)/fresh['socket'].p(.5):6.2f}| {f.rate:.0f} {rates}")
