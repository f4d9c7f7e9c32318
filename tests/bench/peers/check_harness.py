"""The harness counts what it asks: over pam_permit, pam_deny, the empty module, a bare round trip and a module with one.

usage: check_harness.py HARNESS PAM_EMPTY PAM_SLIM
"""

import pathlib
import struct
import subprocess
import sys
import tempfile
import time

SAMPLE = struct.Struct("=qqqii")


def contestants(folder, empty, slim, known):
    stacks = {"permit": "pam_permit.so", "deny": "pam_deny.so", "empty": empty, "slim": f"{slim} {folder}/socket", "away": f"{slim} {folder}/none",
              "known": f"{known} {folder}/socket"}
    texts = [f"socket=socket:{folder}/socket"]
    for name, module in stacks.items():
        (folder / name).mkdir()
        (folder / name / "sshd").write_text(f"account required {module}\n")
        texts.append(f"{name}=pam:{folder}/{name}:sshd:root")
    return texts


def check(harness, mode, folder, texts, processes):
    """Every question is in the file and in the line of its slice, and what was granted is what had to be."""
    out = folder / f"{mode}-{processes}"
    out.mkdir()
    done = subprocess.run([harness, mode, out, "2", "20", str(processes), "100", *texts], check=True, capture_output=True, text=True, timeout=50)
    counted = {}
    for line in done.stdout.splitlines():
        name, _, n, refused, took = line.split()
        assert int(n) >= processes and int(took) > 0, line
        assert int(refused) == (int(n) if name in ("deny", "away") else 0), line
        counted[name] = counted.get(name, 0) + int(n)
    for name, n in counted.items():
        samples = list(SAMPLE.iter_unpack((out / name).read_bytes()))
        assert len(samples) == n, (name, len(samples), n)
        assert {sample[4] for sample in samples} == {0, 1}, name
        answered = name in ("socket", "slim", "known")
        # The clock is read twice, and a busy machine may do something else in between.
        assert all((began < heard < began + took + 1_000_000_000) if answered else heard == 0 for began, took, heard, *_ in samples), name
        assert all(0 < took < 50_000_000_000 and abs(began / 1e9 - time.time()) < 60 for began, took, *_ in samples), name
    assert len(counted) == len(texts), counted


def main():
    harness, *modules = sys.argv[1:]
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        texts = contestants(folder, *modules)
        server = subprocess.Popen([harness, "serve", folder / "socket"])
        try:
            while not (folder / "socket").exists():
                time.sleep(0.01)
            for mode, processes in (("run", 1), ("run", 4), ("fresh", 2)):
                check(harness, mode, folder, texts, processes)
        finally:
            server.kill()
            server.wait()


main()
