#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""rawclient.py SOCKET WHAT

Speaks to the control socket without doorwardctl; each WHAT is one kind of client:
  ask JSON        sends one line, prints the replies up to the first complete one
  huge            a request of 64 KiB and one byte
  half            half a line, then the sending side is closed
  binary          bytes that are no JSON, then a good request
  many N          N clients at once, each asking for the status; prints how many
                  were answered, then asks once more with them gone
  deaf N          N times the whole log, without reading any of it, until stdin ends
  silent          connects and says nothing until stdin ends
"""
import json
import socket
import sys


def connect():
    s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    s.settimeout(20)
    s.connect(sys.argv[1])
    return s


def replies(s):
    data = b""
    while True:
        try:
            part = s.recv(65536)
        except ConnectionResetError:
            return
        if not part:
            return
        data += part
        while b"\n" in data:
            line, data = data.split(b"\n", 1)
            yield json.loads(line)


def ask(s, text):
    s.sendall(text.encode() + b"\n")
    for r in replies(s):
        print(json.dumps(r))
        if "ok" in r or "end" in r:
            if r.get("ok") is not True or "query" not in text or "end" in r:
                return


def huge():
    s = connect()
    try:
        s.sendall(b'{"do":"status","pad":"' + b"x" * 65536 + b'"}\n')
    except (BrokenPipeError, ConnectionResetError):
        pass
    print(json.dumps(next(replies(s), {"closed": True})))


def half():
    s = connect()
    s.sendall(b'{"do":"sta')
    s.shutdown(socket.SHUT_WR)
    print(json.dumps(next(replies(s), {"closed": True})))


def binary():
    s = connect()
    s.sendall(bytes(range(256)).replace(b"\n", b"") + b"\n")
    print(json.dumps(next(replies(s), {"closed": True})))


def many(n):
    clients, answered = [], 0
    for _ in range(n):
        try:
            clients.append(connect())
        except OSError:
            pass
    for s in clients:
        try:
            s.sendall(b'{"do":"status"}\n')
            answered += next(replies(s), {}).get("ok") is True
        except OSError:
            pass
    print(answered)


def deaf(n):
    s = connect()
    for _ in range(n):
        s.sendall(b'{"do":"query"}\n')
    print("up", flush=True)
    sys.stdin.read()


def silent():
    s = connect()
    print("up", flush=True)
    sys.stdin.read()
    s.close()


def main():
    what = sys.argv[2]
    if what == "ask":
        ask(connect(), sys.argv[3])
    elif what == "many":
        many(int(sys.argv[3]))
    elif what == "deaf":
        deaf(int(sys.argv[3]))
    else:
        {"huge": huge, "half": half, "binary": binary, "silent": silent}[what]()


main()
