#!/usr/bin/python3
"""Runs in a box as root: asks the gate, as sshd's stack would, whether somebody without a grant may come in: flood.py N, again and
again from as many addresses as there are; goes on when hufud is killed. Says how many were answered, and the references told."""

import json
import sys
import time

import gate_frames

PERSON, UID = sys.argv[2], int(sys.argv[3])
ADDRESSES = [f"10.7.{n // 200}.{n % 200 + 1}" for n in range(int(sys.argv[4]))]

answered, references, unanswered = 0, set(), 0
for n in range(int(sys.argv[1])):
    for _ in range(200):
        try:
            body = gate_frames.ask(gate_frames.ACCOUNT, gate_frames.pam(PERSON, UID, ADDRESSES[n % len(ADDRESSES)]))
        except OSError:
            body = b""
        if body:
            break
        unanswered += 1
        time.sleep(0.05)
    verdict, _, reference = gate_frames.reply(body)
    assert verdict == gate_frames.DENY
    answered += 1
    references.add(reference)
    if n % 100 == 99:
        print(json.dumps({"answered": answered}), flush=True)
print(json.dumps({"answered": answered, "unanswered": unanswered, "references": sorted(references)}), flush=True)
