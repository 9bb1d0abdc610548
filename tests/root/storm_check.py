#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""storm_check.py STORM RECORDS EXE [--no-inode]

Holds what storm did (its output) against the records of the log (JSON lines):
for every thread the records must be exactly its opens, in order, with the
right flags, uid, program, inode and verdict. Exit 0 if all agree.
"""
import json
import os
import sys

FLAGS = {
    "O_WRONLY": os.O_WRONLY,
    "O_RDWR": os.O_RDWR,
    "O_APPEND": os.O_APPEND,
    "O_TRUNC": os.O_TRUNC,
    "O_NOFOLLOW": os.O_NOFOLLOW,
}
CARE = os.O_ACCMODE | os.O_APPEND | os.O_TRUNC | os.O_NOFOLLOW


def main():
    storm, records, exe = sys.argv[1:4]
    exe_ino = os.stat(exe).st_ino
    did = {}
    with open(storm, encoding="ascii") as f:
        for line in f:
            tid, _, flags, uid, ino, verdict = line.split()
            did.setdefault(int(tid), []).append(
                (int(flags, 16) & CARE, int(uid), int(ino), verdict)
            )
    seen = {}
    foreign = 0
    with open(records, encoding="utf-8") as f:
        for line in f:
            r = json.loads(line)
            if r.get("kind") != "event":
                continue
            process = r["process"]
            tid = process["tid"]
            if tid not in did:
                foreign += 1
                continue
            flags = 0
            for name in r.get("flags", []):
                flags |= FLAGS.get(name, 0)
            if process.get("exe") != exe or process.get("exe_ino") != exe_ino:
                print("wrong program:", line, file=sys.stderr)
                return 1
            seen.setdefault(tid, []).append(
                (flags, process.get("uid"), r.get("ino"), r["verdict"])
            )
    wrong = 0
    for tid, opens in did.items():
        got = seen.get(tid, [])
        if len(got) != len(opens):
            print(f"thread {tid}: {len(opens)} opens, {len(got)} records", file=sys.stderr)
            wrong += 1
        for i, (want, have) in enumerate(zip(opens, got)):
            if want != have:
                print(f"thread {tid} open {i}: did {want}, recorded {have}", file=sys.stderr)
                wrong += 1
                break
    total = sum(len(o) for o in did.values())
    print(f"{total} opens, {sum(len(s) for s in seen.values())} records, {wrong} threads wrong")
    return 0 if wrong == 0 and total > 0 else 1


sys.exit(main())
