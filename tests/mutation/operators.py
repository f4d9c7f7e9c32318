"""The mutants of one file. What is no check and no result is left alone: text, types, sizes of arrays, what gives back
memory and descriptors, and the step of a `for`, which any test sees."""

import re
from dataclasses import dataclass

SWAPS = {
    "<": ["<="], "<=": ["<"], ">": [">="], ">=": [">"], "==": ["!="], "!=": ["=="],
    "&&": ["||"], "||": ["&&"], "+": ["-"], "-": ["+"], "&": ["|"], "|": ["&"], "<<": [">>"], ">>": ["<<"],
    "++": ["--"], "--": ["++"], "+=": ["-="], "-=": ["+="], "|=": ["&=", "="], "&=": ["|="],
}
ALSO_UNARY = {"+", "-", "&"}
WORDS = {"true": "false", "false": "true"}
TYPE_WORDS = {"const", "struct", "enum", "union", "unsigned", "signed", "int", "char", "bool", "long", "short", "void",
              "static", "size_t", "ssize_t", "double", "cleanup", "static_assert", "_Static_assert", "typedef", "extern"}
CONTROL = {"return", "if", "for", "while", "do", "switch", "case", "default", "else", "goto", "sizeof"}
GIVES_BACK = re.compile(r"(^|_)(free|clear|unref|destroy|close|cleanup)(_|$)|^[A-Z0-9]+_.*free$|^CRYPTO_free$|^va_end$")
LEAVES_TO_NEXT = {";", "{", "}", "else", ":"}


@dataclass(frozen=True)
class Mutant:
    """`start` to `end` of the file's text become `text`."""
    path: str
    function: str
    is_table: bool
    operator: str
    start: int
    end: int
    text: str
    before: str  # the line, or the statement, without the mutation and with it: how a survivor is known
    after: str


class Mutator:
    def __init__(self, source, following, macros):
        self.source = source
        self.tokens = source.tokens
        self.following = following
        self.macros = macros
        self.mutants = []
        self.texts = set()

    def all(self):
        for region in self.source.regions:
            self.region = region
            self.texts = set()
            self._region()
        return self.mutants

    # --- one mutant

    def _add(self, operator, start, end, text):
        whole = self.source.text
        begin = whole.rfind("\n", 0, start) + 1
        finish = whole.find("\n", end)
        finish = len(whole) if finish < 0 else finish
        before = " ".join(whole[begin:finish].split())
        after = " ".join((whole[begin:start] + text + whole[end:finish]).split())
        key = (begin, after)
        if key in self.texts:
            return
        self.texts.add(key)
        self.mutants.append(Mutant(self.source.path, self.region.name, self.region.is_table, operator, start, end, text,
                                   before, after))

    def _swap(self, operator, i, text):
        self._add(operator, self.tokens[i].start, self.tokens[i].end, text)

    # --- where they are

    def _region(self):
        quiet = self._quiet()
        for i in range(self.region.first + 1, self.region.last):
            if i in quiet:
                continue
            self._token(i)
            if not self.region.is_table:
                self._condition(i)
                self._statement(i)

    def _quiet(self):
        """What is not looked at: steps of `for`, array sizes of declarations, sizeof, static_assert, casts."""
        quiet = set()
        for i in range(self.region.first + 1, self.region.last):
            text, partner = self.tokens[i].text, self.source.partner
            if text == "for":
                semicolons = [j for j in range(i + 2, partner[i + 1]) if self.tokens[j].text == ";"]
                quiet.update(range(semicolons[-1] + 1, partner[i + 1]))
            elif text in ("static_assert", "_Static_assert", "sizeof", "offsetof", "ARRAY_SIZE", "cleanup") and self.tokens[i + 1].text == "(":
                quiet.update(range(i, partner[i + 1] + 1))
            elif text == "[" and self._declares(i):
                quiet.update(range(i, partner[i] + 1))
        return quiet

    def _declares(self, i):
        start = i
        while self.tokens[start - 1].text not in (";", "{", "}"):
            start -= 1
        return self._is_declaration(start) and not any(self.tokens[j].text == "=" for j in range(start, i))

    def _is_declaration(self, start):
        first, second = self.tokens[start], self.tokens[start + 1]
        if first.kind != "name":
            return False
        if first.text in TYPE_WORDS:
            return True
        if first.text in CONTROL:
            return False
        return second.kind == "name" or (second.text == "*" and self.tokens[start + 2].kind == "name" and
                                         self.tokens[start + 3].text in ("=", ";", ",", "["))

    def _is_binary(self, i):
        before = self.tokens[i - 1]
        if before.text in CONTROL:
            return False
        if before.text == ")":
            # A cast ends in one, too: `(size_t)-1`, `(const char *)&x`.
            opening = self.source.partner[i - 1]
            inside = self.tokens[opening + 1:i - 1]
            if inside and all(t.kind == "name" or t.text == "*" for t in inside) and \
                    (inside[-1].text == "*" or inside[0].text in TYPE_WORDS or inside[-1].text.endswith("_t")):
                return False
            return True
        return before.kind in ("name", "number", "char") or before.text == "]"

    def _is_type_star(self, i):
        return self.tokens[i].text == "*"

    def _token(self, i):
        token = self.tokens[i]
        if token.kind == "sign":
            self._sign(i)
        elif token.kind == "number":
            self._number(i)
        elif token.kind == "char":
            self._char(i)
        elif token.kind == "name":
            self._name(i)

    def _sign(self, i):
        text = self.tokens[i].text
        if text == "!":
            self._swap("negation", i, "")
        if text not in SWAPS or (text in ALSO_UNARY and not self._is_binary(i)):
            return
        for other in SWAPS[text]:
            self._swap("logical" if text in ("&&", "||") else "relational" if text[0] in "<>=!" and len(text) < 3
                       and text not in ("<<", ">>") else "arithmetic", i, other)

    def _number(self, i):
        match = re.fullmatch(r"(0[xX][0-9A-Fa-f]+|[0-9]+)([uUlL]*)", self.tokens[i].text)
        if not match:
            return
        value, suffix = int(match.group(1), 0) if match.group(1) == "0" or not re.fullmatch(
            "0[0-7]+", match.group(1)) else int(match.group(1), 8), match.group(2)
        other = 0 if value == 1 else value + 1
        self._swap("constant", i, f"{other}{suffix}")

    def _char(self, i):
        text = self.tokens[i].text
        if len(text) == 3 and text[1].isalnum():
            self._swap("constant", i, f"({text} + 1)")

    def _name(self, i):
        text = self.tokens[i].text
        if self.tokens[i - 1].text in (".", "->"):
            return
        if text in WORDS:
            self._swap("truth", i, WORDS[text])
        elif text.startswith("REASON_"):
            self._swap("enumerator", i, "REASON_REVOKED" if text == "REASON_OK" else "REASON_OK")
        elif text in self.following:
            self._swap("enumerator", i, self.following[text])
        elif text in self.macros:
            self._swap("constant", i, f"({text} + 1)")

    def _condition(self, i):
        if self.tokens[i].text not in ("if", "while") or self.tokens[i + 1].text != "(":
            return
        first, last = i + 2, self.source.partner[i + 1] - 1
        signs = [t.text for t in self.tokens[first:last + 1]]
        simple = "&&" not in signs and "||" not in signs
        if simple and (signs[0] == "!" or "==" in signs or "!=" in signs):
            return  # the operator itself is turned
        start, end = self.tokens[first].start, self.tokens[last].end
        self._add("negation", start, end, f"!({self.source.text[start:end]})")

    def _statement(self, i):
        if not self._begins_statement(i):
            return
        text = self.tokens[i].text
        end = i
        while self.tokens[end].text != ";":
            end = self.source.partner[end] + 1 if self.tokens[end].text in ("(", "[", "{") else end + 1
            if self.tokens[end].text == "}":
                return  # a macro that ends without one
        if text == "return":
            self._return(i, end)
            return
        if text in ("break", "continue"):
            self._add("deletion", self.tokens[i].start, self.tokens[end].end, ";")
            return
        if text in CONTROL or self._is_declaration(i):
            return
        called = next((self.tokens[j].text for j in range(i, end)
                       if self.tokens[j].kind == "name" and self.tokens[j + 1].text == "("), "")
        assigns = any(re.fullmatch(r"[-+*/%&|^]?=|\+\+|--", self.tokens[j].text) for j in range(i, end))
        if called and not assigns and GIVES_BACK.search(called):
            return
        if called or assigns:
            self._add("deletion", self.tokens[i].start, self.tokens[end].end, ";")

    def _begins_statement(self, i):
        token, before = self.tokens[i], self.tokens[i - 1]
        if not (token.kind == "name" or token.text in ("*", "(", "++", "--")):
            return False
        if before.text in LEAVES_TO_NEXT:
            return not self._in_parentheses(i)
        if before.text == ")":
            return self.tokens[self.source.partner[i - 1] - 1].text in ("if", "while", "for", "switch")
        return False

    def _in_parentheses(self, i):
        j = i - 1
        while j > self.region.first:
            if self.tokens[j].text in (")", "]", "}"):
                j = self.source.partner[j]
            elif self.tokens[j].text in ("(", "["):
                return True
            elif self.tokens[j].text in ("{", ";"):
                # `for (a; b; c)` has semicolons of its own.
                if self.tokens[j].text == "{":
                    return False
            j -= 1
        return False

    def _return(self, i, end):
        if end == i + 1 or (end == i + 2 and self.tokens[i + 1].text in ("0", "true", "false", "NULL")):
            return
        self._add("result", self.tokens[i + 1].start, self.tokens[end].start, "0")


def mutants_of(source, following, macros):
    return Mutator(source, following, macros).all()
