"""tests/mutation/survivors.txt: mutants that no test can notice, and why. An entry is three lines and an empty one:

    policy/base/buf.c buf_reserve
    if (a < b) => if (a <= b)
    equal: why it makes no difference

The reason begins with `equal:` (it computes the same), `unreachable:` (what would tell them apart cannot come about),
`cost:` (the same result, more work) or `accepted:` (a difference that is not worth a test).
"""

KINDS = ("equal:", "unreachable:", "cost:", "accepted:")


class Survivors:
    def __init__(self, path):
        self.reasons = {}
        blocks = [b for b in path.read_text().split("\n\n") if b.strip() and not b.startswith("#")] if path.exists() else []
        for block in blocks:
            lines = [line.strip() for line in block.strip().splitlines()]
            if len(lines) != 3 or not lines[2].startswith(KINDS):
                raise SystemExit(f"{path}: no entry: {block}")
            self.reasons[lines[0], lines[1]] = lines[2]

    @staticmethod
    def key(mutant):
        return f"{mutant.path} {mutant.function}", f"{mutant.before} => {mutant.after}"

    def entry(self, mutant):
        return "\n".join(self.key(mutant)) + "\n"

    def reason(self, mutant):
        return self.reasons.get(self.key(mutant), "")

    def without_mutant(self, mutants):
        """Entries whose code has changed since they were written."""
        there = {self.key(m) for m in mutants}
        return [key for key in self.reasons if key not in there]

    def also_alive(self, mutant, mutants, killed):
        """Whether another place with the same words is alive, which the entry then speaks of."""
        return any(n not in killed and self.key(m) == self.key(mutant) for n, m in mutants.items())
