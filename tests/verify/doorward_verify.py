#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""doorward_verify.py LOGDIR KEYFILE: an independent verifier, written from store/FORMAT.md alone.
Prints INTACT (exit 0), HOLE (2), TAMPERED and the smallest place it can name (3), KEY-MISMATCH (4)."""
import base64
import glob
import hashlib
import os
import sqlite3
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

COLUMNS = "idx,ts,kind,act,verdict,rule,actor,uid,auid,pid,path,dev,ino,mode,size,hnew,hold,ext"


def verdict(code, word, text):
    print(word, text)
    sys.exit(code)


def tampered(text):
    verdict(3, "TAMPERED", text)


def sha(data):
    return hashlib.sha256(data).digest()


def head(major, n):
    if n < 24:
        return bytes([major << 5 | n])
    for extra, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if n < 1 << 8 * size:
            return bytes([major << 5 | extra]) + n.to_bytes(size, "big")
    raise ValueError(n)


def cbor(value):
    if value is None:
        return b"\xf6"
    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    raise ValueError(f"a {type(value).__name__} is in no record")


def fold(frontier, h, node):
    """Adds a complete subtree of 2^h leaves to {height: hash}."""
    while h in frontier:
        node = sha(b"\1" + frontier.pop(h) + node)
        h += 1
    frontier[h] = node


def root(frontier):
    node = None
    for h in sorted(frontier):
        node = frontier[h] if node is None else sha(b"\1" + frontier[h] + node)
    return sha(b"") if node is None else node


def signed(public, signature, text):
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, text)
        return True
    except InvalidSignature:
        return False


def open_note(note, name, public):
    """The text of a signed note, if this key signed it."""
    text, _, lines = note.partition(b"\n\n")
    text += b"\n"
    for line in lines.decode().splitlines():
        dash, who, blob = line.split(" ")
        raw = base64.b64decode(blob, validate=True)
        key_id = sha(name.encode() + b"\n\1" + public)[:4]
        if dash == "\u2014" and who == name and raw[:4] == key_id:
            return text if signed(public, raw[4:], text) else None
    return None


def key_blocks(db, origin, genesis):
    """Proved public keys: {block: 131072 bytes}."""
    blocks, signer, name = {}, genesis, origin + "/genesis"
    for b, (n, note) in enumerate(db.execute("SELECT n, body FROM note WHERE kind=2 ORDER BY n")):
        text = open_note(note, name, signer)
        lines = (text or b"").decode().split("\n")
        if n != b or lines[:2] != [origin + "/keys", str(b)]:
            tampered(f"key note {b}")
        signer, name = base64.b64decode(lines[3]), f"{origin}/cert/{b}"
        row = db.execute("SELECT pks FROM keyblk WHERE b=?", (b,)).fetchone()
        if row is None:
            continue
        frontier = {}
        for i in range(0, 4096 * 32, 32):
            fold(frontier, 0, sha(b"\0" + row[0][i:i + 32]))
        if len(row[0]) != 4096 * 32 or root(frontier) != base64.b64decode(lines[2]):
            tampered(f"key block {b}")
        blocks[b] = row[0]
    return blocks


def verify(path, origin, genesis, size, expected):
    db = sqlite3.connect(f"file:{path}?immutable=1", uri=True)
    db.text_factory = str
    vkey = db.execute("SELECT body FROM note WHERE kind=1").fetchone()[0].decode()
    if vkey != sys.modules["__main__"].VKEY:
        verdict(4, "KEY-MISMATCH", vkey)
    blocks, frontier, good = key_blocks(db, origin, genesis), {}, size
    seals = {size: (n, sig) for n, size, sig in db.execute("SELECT n, size, sig FROM seal")}
    if size:
        tampered("more than one segment: give the first one")
    for row in db.execute(f"SELECT {COLUMNS} FROM rec NOT INDEXED ORDER BY idx"):
        if row[0] != size:
            tampered(f"rows {size}..{row[0] - 1} missing")
        try:
            fold(frontier, 0, sha(b"\0" + b"\x92\x01" + b"".join(map(cbor, row[1:]))))
        except ValueError as e:
            tampered(f"row {row[0]}: {e}")
        size += 1
        if size not in seals:
            continue
        n, sig = seals.pop(size)
        text = f"{origin}\n{size}\n{base64.b64encode(root(frontier)).decode()}\n".encode()
        key = blocks.get(n // 4096, b"")[n % 4096 * 32:n % 4096 * 32 + 32]
        own = row[2] == 2 and row[17][1:].startswith(b"\1" + cbor(n))
        if len(key) != 32 or not own or not signed(key, sig, text):
            tampered(f"rows {good}..{size - 1} or seal {n}")
        if n != expected:
            verdict(2, "HOLE", f"seals {expected}..{n - 1}")
        expected, good = n + 1, size
    if seals:
        tampered(f"rows {size}..{max(seals) - 1} sealed and missing")
    return size, good, expected


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    with open(sys.argv[2], encoding="ascii") as key_file:
        VKEY = key_file.read().strip()
    key_name, key_id_hex, key_blob = VKEY.split("+", 2)
    KEY = base64.b64decode(key_blob)[1:]
    if sha(key_name.encode() + b"\n\1" + KEY)[:4].hex() != key_id_hex:
        verdict(4, "KEY-MISMATCH", "the key's id is not its own")
    rows, sealed, next_seal = 0, 0, 0
    for segment in sorted(glob.glob(os.path.join(sys.argv[1], "seg-" + "[0-9]" * 8 + ".db"))):
        rows, sealed, next_seal = verify(segment, key_name[:-len("/genesis")], KEY, rows, next_seal)
    verdict(0 if rows == sealed and sealed else 1, "INTACT" if rows == sealed and sealed else "UNSEALED-TAIL",
            f"{rows} records, {next_seal} seals")
