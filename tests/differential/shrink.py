"""A difference, made as small as it gets, and written as a case of tests/golden."""

from cases import Case, Put
from harness import both


def smaller(case):
    """Cases that say a little less."""
    for n in range(len(case.puts)):
        yield Case(case.puts[:n] + case.puts[n + 1:], case.ask, case.facts)
    for key in case.facts:
        yield Case(case.puts, case.ask, {k: v for k, v in case.facts.items() if k != key})
    for n, put in enumerate(case.puts):
        def instead(other):
            return Case(case.puts[:n] + [other] + case.puts[n + 1:], case.ask, case.facts)
        for key in put.lines:
            rest = {k: v for k, v in put.lines.items() if k != key}
            if key != "incident-level" and not (key == "class" and "incident-level" in rest):
                yield instead(Put(put.letter, rest, put.books))
            for value in put.lines[key] if len(put.lines[key]) > 1 else ():
                fewer = dict(put.lines, **{key: [v for v in put.lines[key] if v != value]})
                yield instead(Put(put.letter, fewer, put.books))
        if "incident-level" in put.lines:
            rest = {k: v for k, v in put.lines.items() if k not in ("class", "incident-level")}
            yield instead(Put(put.letter, rest, put.books))
        for key in put.books:
            yield instead(Put(put.letter, put.lines, {k: v for k, v in put.books.items() if k != key}))


def differs(harness, case):
    first, second = both(harness, case)
    return first != second


def shrink(make_harness, case, smaller=smaller, differs=differs):
    """The smallest case that `smaller` makes of it by steps, each of which `differs`."""
    harness, again = make_harness(), True
    while again:
        again = False
        for candidate in smaller(case):
            try:
                again = differs(harness, candidate)
            except Exception:  # it makes no sense: a grant that ends before it begins, none to ask about
                harness.kill()
                harness = make_harness()
            if again:
                case = candidate
                break
    harness.kill()
    return case


def golden(case, name, answer, puts):
    """Text for tests/golden; the answer is the one that is to be expected."""
    out = [f"case {name}"]
    for put, said in zip(case.puts, puts):
        out.append(f"    grant {put.letter}")
        out += [f"        {key}: {value}" for key, values in put.lines.items() for value in values]
        out += [f"        @{key}: {value}" for key, value in put.book_texts()]
        if said != "ok":
            out.append(f"        @put: {said}")
    out += [f"    {key}: {text}" for key, text in case.fact_texts()]
    if case.ask != "decide":
        out.append(f"    ask: {case.ask}")
    expect, trace = answer.split(" | ")
    out.append(f"    expect: {expect}")
    if trace != "-":
        out.append(f"    trace: {trace}")
    return "\n".join(out) + "\n"
