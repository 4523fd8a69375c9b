#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The far ends of terminals, for terminal.bats.

receive SOCKET OUT STEP...	listens, takes one terminal's master, plays the steps on it; what it says
				goes to OUT, and what was sent with it to OUT.name
play STEP... -- COMMAND...	runs the command on a terminal of its own, plays the steps on it, prints
				what it said and exits with the command's status

Steps: expect:TEXT, send:TEXT, size:ROWSxCOLUMNS, modes:FILE (writes the terminal's modes), touch:FILE.
In TEXT Python's escapes stand for control characters. expect waits for what comes after the last one.
"""
import array
import fcntl
import os
import select
import signal
import socket
import struct
import sys
import termios
import time

PATIENCE = int(os.environ.get("PATIENCE", "30"))


class Far:
    def __init__(self, fd):
        self.fd = fd
        self.said = b""
        self.at = 0

    def take(self, deadline):
        ready, _, _ = select.select([self.fd], [], [], max(0, deadline - time.monotonic()))
        if not ready:
            sys.exit("gave up; it said: %r" % self.said)
        try:
            data = os.read(self.fd, 65536)
        except OSError:  # nobody holds the other end any more
            data = b""
        self.said += data
        return bool(data)

    def expect(self, text):
        deadline = time.monotonic() + PATIENCE
        while (found := self.said.find(text, self.at)) < 0:
            if not self.take(deadline):
                sys.exit("ended without %r; it said: %r" % (text, self.said))
        self.at = found + len(text)

    def play(self, steps):
        for step in steps:
            word, _, rest = step.partition(":")
            text = rest.encode().decode("unicode_escape").encode()
            if word == "expect":
                self.expect(text)
            elif word == "send":
                os.write(self.fd, text)
            elif word == "size":
                rows, columns = map(int, rest.split("x"))
                fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
            elif word == "modes":
                with open(rest, "w") as f:
                    print(termios.tcgetattr(self.fd), file=f)
            elif word == "touch":
                open(rest, "w").close()
            else:
                sys.exit("no such step: %s" % step)

    def rest(self):
        deadline = time.monotonic() + PATIENCE
        while self.take(deadline):
            pass


def receive(path, out, steps):
    s = socket.socket(socket.AF_UNIX)
    s.bind(path)
    s.listen()
    s.settimeout(PATIENCE)
    peer, _ = s.accept()
    fds = array.array("i")
    name, control, _, _ = peer.recvmsg(4096, socket.CMSG_SPACE(4 * fds.itemsize))
    for level, kind, data in control:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            fds.frombytes(data)
    with open(out + ".name", "wb") as f:
        f.write(name)
    if len(fds) != 1 or not os.isatty(fds[0]):
        sys.exit("%d descriptors, and no terminal" % len(fds))
    far = Far(fds[0])
    try:
        far.play(steps)
        far.rest()
    finally:
        with open(out, "wb") as f:
            f.write(far.said)


def play(steps, command):
    master, slave = os.openpty()
    far = Far(master)
    while steps and steps[0].partition(":")[0] in ("size", "modes"):
        far.play([steps.pop(0)])
    pid = os.fork()
    if pid == 0:
        os.setsid()
        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
        for fd in range(3):
            os.dup2(slave, fd)
        os.closerange(3, 256)
        os.execvp(command[0], command)
    try:
        far.play(steps)
        # Kept open until now, so that its modes can be looked at when the command has ended.
        while (ended := os.waitpid(pid, os.WNOHANG))[0] == 0:
            if select.select([master], [], [], 0.05)[0]:
                far.take(time.monotonic() + 1)
    except SystemExit:
        os.kill(pid, signal.SIGKILL)
        raise
    while select.select([master], [], [], 0)[0]:
        far.take(time.monotonic() + 1)
    after = os.environ.get("MODES_AFTER")
    if after:
        far.play(["modes:" + after])
    sys.stdout.buffer.write(far.said)
    sys.stdout.flush()
    sys.exit(os.waitstatus_to_exitcode(ended[1]) % 256)


if sys.argv[1] == "receive":
    receive(sys.argv[2], sys.argv[3], sys.argv[4:])
else:
    dashes = sys.argv.index("--")
    play(sys.argv[2:dashes], sys.argv[dashes + 1 :])
