"""C source as tokens, and what of a file can be mutated: bodies of functions, and tables."""

import re
from dataclasses import dataclass

TOKEN = re.compile(r"""
    (?P<comment>/\*.*?\*/|//[^\n]*)
  | (?P<directive>(?<![^\n])[ \t]*\#(?:\\\n|[^\n])*)
  | (?P<string>"(?:\\.|[^"\\\n])*")
  | (?P<char>'(?:\\.|[^'\\\n])+')
  | (?P<number>\.?[0-9][0-9A-Za-z_.]*)
  | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
  | (?P<sign>->|\+\+|--|<<=|>>=|<=|>=|==|!=|&&|\|\||<<|>>|[-+*/%&|^]=|\.\.\.|[^\s])
""", re.VERBOSE | re.DOTALL)

OPENING = {"(": ")", "[": "]", "{": "}"}


@dataclass(frozen=True)
class Token:
    kind: str
    text: str
    start: int
    end: int


@dataclass(frozen=True)
class Region:
    """A function's body or a table's initialiser, from `{` to `}`: tokens[first] to tokens[last]."""
    name: str
    is_table: bool
    declared: int  # index of the first token of its declaration
    first: int
    last: int


class Source:
    def __init__(self, path, text):
        self.path = path
        self.text = text
        self.tokens = [Token(m.lastgroup, m.group(), m.start(), m.end()) for m in TOKEN.finditer(text)
                       if m.lastgroup not in ("comment", "directive")]
        self.partner = self._pair()
        self.regions = list(self._regions())

    def _pair(self):
        partner, stack = {}, []
        for i, token in enumerate(self.tokens):
            if token.kind != "sign":
                continue
            if token.text in OPENING:
                stack.append(i)
            elif token.text in OPENING.values():
                opening = stack.pop()
                partner[opening], partner[i] = i, opening
        return partner

    def _regions(self):
        i, declared = 0, 0
        while i < len(self.tokens):
            text = self.tokens[i].text
            if text == ";":
                declared = i + 1
            elif text == "{":
                before, last = self.tokens[i - 1].text, self.partner[i]
                if before == ")":
                    name = self.tokens[self.partner[i - 1] - 1].text
                    yield Region(name, False, declared, i, last)
                    declared = last + 1
                elif before == "=":
                    j = i - 2
                    while self.tokens[j].text == "]":
                        j = self.partner[j] - 1
                    yield Region(self.tokens[j].text, True, declared, i, last)
                i = last
            elif text == "(":
                i = self.partner[i]
            i += 1

    def line_of(self, offset):
        return self.text.count("\n", 0, offset) + 1


NUMBER_MACRO = re.compile(r"^#define[ \t]+([A-Z][A-Z0-9_]*)[ \t]+(?:\(\([a-z_]+\))?([0-9][0-9A-Fa-fxUuLl]*)\)?[ \t]*(?:/\*.*)?$",
                          re.MULTILINE)


def number_macros(text):
    return {m.group(1) for m in NUMBER_MACRO.finditer(text)}


def enumerators(text):
    """{enumerator: the next one of its enum}, the last one's next being the first."""
    following = {}
    source = Source("", text)
    tokens = source.tokens
    for i, token in enumerate(tokens):
        if token.text != "enum":
            continue
        opening = i + 1 if tokens[i + 1].text == "{" else i + 2
        if opening >= len(tokens) or tokens[opening].text != "{":
            continue
        names, j = [], opening + 1
        while j < source.partner[opening]:
            if tokens[j].kind == "name" and tokens[j - 1].text in "{,":
                names.append(tokens[j].text)
            j = source.partner[j] + 1 if tokens[j].text in OPENING else j + 1
        if len(names) > 1:
            following.update(zip(names, names[1:] + names[:1]))
    return following
