"""One file with all its mutants in it: a switch in each function, and a table's other versions behind the table. So the tests
are compiled and linked once, and a mutant costs no more than the tests that look at it."""

import re
import subprocess

HEAD = ("extern int hufu_mutant;\nextern unsigned char *hufu_mutation_seen;\n"
        "extern void *memcpy(void *restrict, const void *restrict, __SIZE_TYPE__);\n")
NAMED = re.compile(r"\bmutant-([0-9]+)\b")


def mutated(text, mutant, start, end):
    """The octets `start` to `end` of the file with the mutation in them."""
    return text[start:mutant.start] + mutant.text + text[mutant.end:end]


def _function(source, region, number, mutants):
    start, end = source.tokens[region.first].start, source.tokens[region.last].end
    cases = [f'case {n}:\n#line 1 "mutant-{n}"\n{mutated(source.text, m, start, end)}\nbreak;\n' for n, m in mutants]
    line = source.line_of(start)
    return (f"{{ if (hufu_mutation_seen) hufu_mutation_seen[{number}] = 1;\nswitch (hufu_mutant) {{\n{''.join(cases)}default:\n"
            f'#line {line} "{source.path}"\n{source.text[start:end]}\n}} }}')


def _table(source, region, mutants):
    """The declaration loses its `const`, so that a constructor may put a mutant in the table's place."""
    tokens, text = source.tokens, source.text
    start, end = tokens[region.first].start, tokens[region.last].end
    copies = "".join(f';\n#line 1 "mutant-{n}"\nstatic const __typeof__({region.name}) {region.name}_mutant_{n} = '
                     f"{mutated(text, m, start, end)}" for n, m in mutants)
    cases = "".join(f"case {n}: memcpy((void *)&{region.name}, &{region.name}_mutant_{n}, sizeof {region.name}); break;\n"
                    for n, m in mutants)
    return (f"{text[start:end]}{copies};\n__attribute__((constructor(102))) static void {region.name}_choose(void)\n"
            f"{{ switch (hufu_mutant) {{\n{cases}default: break;\n}} }}\nextern int hufu_mutant")


def writable(source, region):
    return source.tokens[region.declared].text == "static"


def _without_const(source, region):
    """Spans to leave out of a table's declaration: its own `const`, not that of what it points to."""
    tokens = source.tokens
    spans = []
    for i in range(region.declared, region.first):
        if tokens[i].text == "const" and (tokens[i - 1].text == "static" or tokens[i + 1].text == region.name):
            spans.append((tokens[i].start, tokens[i].end))
    return spans


def schemata(source, numbered, numbers):
    """`numbered`: [(number, mutant)] of this file; `numbers`: {function: its number}."""
    edits = []
    for region in source.regions:
        of_region = [(n, m) for n, m in numbered if source.tokens[region.first].start <= m.start < source.tokens[region.last].end]
        span = source.tokens[region.first].start, source.tokens[region.last].end
        if not region.is_table:
            edits.append((*span, _function(source, region, numbers[source.path, region.name], of_region)))
        elif of_region:
            edits.append((*span, _table(source, region, of_region)))
            edits += [(a, b, "") for a, b in _without_const(source, region)]
    text = source.text
    for start, end, new in sorted(edits, reverse=True):
        text = text[:start] + new + text[end:]
    return f'{HEAD}#line 1 "{source.path}"\n{text}'


def refused(command, folder, text):
    """Numbers of the mutants that are no C, and what the compiler says."""
    done = subprocess.run(command, cwd=folder, input=text, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return set(), ""
    # A mutant in a macro's argument is named in a note below the error.
    return {int(n) for n in NAMED.findall(done.stderr)}, done.stderr
