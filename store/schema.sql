CREATE TABLE rec(idx INTEGER PRIMARY KEY, ts INTEGER NOT NULL, kind INTEGER NOT NULL, act INTEGER, verdict INTEGER, rule INTEGER, actor INTEGER, uid INTEGER, auid INTEGER, pid INTEGER, path BLOB, dev INTEGER, ino INTEGER, mode INTEGER, size INTEGER, hnew BLOB, hold BLOB, ext BLOB) STRICT;
CREATE TABLE seal(n INTEGER PRIMARY KEY, size INTEGER NOT NULL, sig BLOB NOT NULL) STRICT;
CREATE TABLE node(h INTEGER, i INTEGER, hash BLOB NOT NULL, PRIMARY KEY(h,i)) STRICT, WITHOUT ROWID;
CREATE TABLE keyblk(b INTEGER PRIMARY KEY, pks BLOB NOT NULL) STRICT;
CREATE TABLE note(id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, n INTEGER, body BLOB NOT NULL) STRICT;
CREATE VIEW v_event AS SELECT r.idx, r.ts, r.act, r.verdict, r.rule, r.uid, r.auid, r.pid, CAST(r.path AS TEXT) AS path, r.dev, r.ino, r.mode, r.size, r.ext, r.actor, a.ext AS actor_ext FROM rec r LEFT JOIN rec a ON a.idx = r.actor AND a.kind = 8 WHERE r.kind = 1;
CREATE VIEW v_gap AS SELECT idx, ts, act AS source, ext FROM rec WHERE kind = 5;
CREATE VIEW v_seal AS SELECT r.idx, r.ts, s.n, s.size, hex(s.sig) AS sig, r.ext FROM seal s JOIN rec r ON r.idx = s.size - 1;
