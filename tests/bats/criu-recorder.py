#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# In place of criu, where the kernel has no checkpoints: reads the request as criu does, writes what it asks
# for to $CRIU_RECORD as lines "FIELD VALUE", and answers that it failed. A file descriptor is shown by what
# it leads to. It stands in for nothing but the question whether a flag gets there: tests/vm has criu itself.
import os, socket, sys

def varint(data, at):
    value = shift = 0
    while True:
        c = data[at]
        value |= (c & 127) << shift
        at, shift = at + 1, shift + 7
        if c < 128:
            return value, at

def fields(data):
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        value, at = varint(data, at)
        if key & 7 == 2:
            value, at = data[at:at + value], at + value
        yield key >> 3, value

def text(number, value):
    if number in (1, 17, 49):  # images_dir_fd, work_dir_fd, status_fd
        return os.readlink(f"/proc/self/fd/{value}")
    if isinstance(value, int):
        return str(value)
    if number in (11, 23, 25, 27, 39):  # messages of two fields
        inner = dict(fields(value))
        words = [inner.get(1, b"").decode(), inner[2]]
        if number == 27:
            words[1] = os.readlink(f"/proc/self/fd/{words[1]}")
        return " ".join(w.decode() if isinstance(w, bytes) else str(w) for w in words)
    return value.decode()

assert sys.argv[1:] == ["swrk", "3"], sys.argv
sock = socket.socket(fileno=3)
request = dict(fields(sock.recv(1 << 20)))
with open(os.environ["CRIU_RECORD"], "w") as out:
    print("action", request[1], file=out)
    print("stdin", os.readlink("/proc/self/fd/0"), file=out)
    print("own session", os.getsid(0) == os.getpid(), file=out)
    for number, value in fields(request[2]):
        print(number, text(number, value), file=out)
# type, success: false, cr_errno: EREMOTE
sock.send(bytes([8, request[1], 16, 0, 56, 66]))
