#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""flip_byte.py LOGDIR [INDEX]

Changes one byte of a copied log, the way a bad disk or a careful hand would:
in the file of the newest segment, inside the path of an event (the last one, or
the record INDEX). Says what it changed. Never to be pointed at a log in use.
"""
import glob
import os
import sqlite3
import sys


def settle(path):
    """Brings what is in the write-ahead file home, so that one file is all."""
    db = sqlite3.connect(path)
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.execute("PRAGMA journal_mode=DELETE")
    db.close()


def path_of(path, index):
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return db.execute("SELECT path FROM rec NOT INDEXED WHERE idx=?", (index,)).fetchone()[0]
    finally:
        db.close()


def choose(path, wanted):
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return db.execute(
            "SELECT idx, path FROM rec WHERE kind=1 AND length(path)>1"
            " AND (?1 IS NULL OR idx=?1) ORDER BY idx DESC LIMIT 1",
            (wanted,),
        ).fetchone()
    finally:
        db.close()


def flip(path, wanted):
    row = choose(path, wanted)
    if row is None:
        return None
    index, name = row
    with open(path, "r+b") as f:
        data = f.read()
        at = data.find(name)
        while at != -1:
            where = at + len(name) - 1
            old = data[where]
            f.seek(where)
            f.write(bytes([old ^ 1]))
            f.flush()
            if path_of(path, index) != name:
                return index, name, where, old, old ^ 1
            # The same path in another record: put it back.
            f.seek(where)
            f.write(bytes([old]))
            f.flush()
            at = data.find(name, at + 1)
    return None


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    wanted = int(sys.argv[2]) if len(sys.argv) == 3 else None
    for path in sorted(glob.glob(os.path.join(sys.argv[1], "*.db")), reverse=True):
        settle(path)
        done = flip(path, wanted)
        if done is not None:
            index, name, where, old, new = done
            print(
                f"changed byte {where} of {os.path.basename(path)}"
                f" from 0x{old:02x} to 0x{new:02x}: record {index},"
                f" path {os.fsdecode(name)!r}"
            )
            return
    sys.exit("flip_byte.py: no event with a path in " + sys.argv[1])


main()
