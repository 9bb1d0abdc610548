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


def line(name, public, signature):
    key_id = sha(name.encode() + b"\n\1" + public)[:4]
    return f"\u2014 {name} {base64.b64encode(key_id + signature).decode()}\n".encode()


def open_note(note, *signers):
    """The text of a signed note and its signatures, if these (name, key) signed it, in this order, and it holds nothing else."""
    text, _, lines = note.partition(b"\n\n")
    text += b"\n"
    found = lines.split(b"\n")
    if len(found) != len(signers) + 1 or found.pop() != b"":
        return None, []
    signatures = []
    for (name, public), given in zip(signers, found):
        try:
            signature = base64.b64decode(given.split(b" ")[-1], validate=True)[4:]
        except ValueError:
            return None, []
        if line(name, public, signature) != given + b"\n" or not signed(public, signature, text):
            return None, []
        signatures.append(signature)
    return text, signatures


def key_blocks(db, origin, genesis):
    """Proved public keys: {block: 131072 bytes}."""
    blocks, signer, name = {}, genesis, origin + "/genesis"
    for b, (n, note) in enumerate(db.execute("SELECT n, body FROM note WHERE kind=2 ORDER BY n")):
        text, _ = open_note(note, (name, signer))
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


def check_notes(db, origin, blocks):
    """All that lies in table note, and the published checkpoints among it."""
    seen, gone = set(), []
    first = db.execute("SELECT body FROM note WHERE kind=2 AND n=0").fetchone()[0]
    identity = base64.b64decode(first.split(b"\n")[4])
    for ident, kind, n, body in db.execute("SELECT id, kind, n, body FROM note"):
        once = (kind, n) if kind in (2, 3) else kind
        if kind not in (1, 2, 3, 4, 5) or once in seen or (n is None) != (kind == 1) or not isinstance(body, bytes):
            tampered(f"note {ident}")
        seen.add(once)
        if kind != 3:
            continue
        key = blocks.get(n // 4096, b"")[n % 4096 * 32:n % 4096 * 32 + 32]
        text, signatures = open_note(body, (f"{origin}/seal/{n}", key), (origin, identity)) if len(key) == 32 else (None, [])
        seal = db.execute("SELECT size, sig FROM seal WHERE n=?", (n,)).fetchone()
        if text is None or text.split(b"\n")[0] != origin.encode():
            tampered(f"note {ident}: checkpoint of seal {n}")
        if seal is None:  # a well-signed checkpoint of what is gone
            gone.append(n)
        elif seal[1] != signatures[0] or text.split(b"\n")[1] != b"%d" % seal[0]:
            tampered(f"note {ident}: checkpoint of seal {n}")
    if (4 in seen) != (5 in seen):
        tampered("a base without its frontier")
    if gone:
        verdict(2, "HOLE", f"seals {gone} were published and are missing")


def verify(path, origin, genesis, size, expected):
    db = sqlite3.connect(f"file:{path}?immutable=1", uri=True)
    db.text_factory = str
    vkey = db.execute("SELECT body FROM note WHERE kind=1").fetchone()[0].decode(errors="replace")
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
    check_notes(db, origin, blocks)
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
