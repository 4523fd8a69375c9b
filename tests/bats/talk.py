# SPDX-License-Identifier: Apache-2.0
# Runs the script on stdin, for a port of this machine in $PORT: connect() and rest() are what it talks by.
import os
import resource
import socket
import struct
import sys
import textwrap
import threading
import time


def connect(host="127.0.0.1"):
    return socket.create_connection((host, int(os.environ["PORT"])), timeout=60)


def rest(s):
    data = b""
    while True:
        more = s.recv(65536)
        if not more:
            return data
        data += more


exec(textwrap.dedent(sys.stdin.read()))
