#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# net-ask.py QUESTION...: a line of answer to each.
#   tcp/ADDRESS/PORT/TEXT, udp/ADDRESS/PORT/TEXT   what the server says, or the name of the error
#   half/ADDRESS/PORT/TEXT                         likewise of tcp, and says that no more will come
#   fetch/ADDRESS/PORT/N                           asks a tcp server for N bytes; says how many came
#   serve-tcp/ADDRESS/PORT/N, serve-udp/…          is a server for N questions
import errno, socket, sys


def opened(kind, address):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return socket.socket(family, socket.SOCK_DGRAM if "udp" in kind else socket.SOCK_STREAM)


# A datagram may be lost, as on a link that has just come up.
def ask_again(s, text):
    for left in 2, 1, 0:
        s.sendall(text)
        try:
            return s.recv(65536).decode()
        except socket.timeout:
            if not left:
                raise


def ask(kind, address, port, text):
    s = opened(kind, address)
    s.settimeout(1 if kind == "udp" else 5)
    s.connect((address, int(port)))
    if kind == "udp":
        return ask_again(s, text.encode())
    s.sendall(b"send " + text.encode() + b"\n" if kind == "fetch" else text.encode() + b"\n")
    if kind == "half":
        s.shutdown(socket.SHUT_WR)
    data = b""
    while part := s.recv(65536):
        data += part
    return str(len(data)) if kind == "fetch" else data.decode() or "closed"


def serve(kind, address, port, n):
    s = opened(kind, address)
    s.bind((address, int(port)))
    s.settimeout(20)
    if "tcp" in kind:
        s.listen(8)
    print("serving", flush=True)
    for _ in range(int(n)):
        if "udp" in kind:
            data, peer = s.recvfrom(65536)
            s.sendto(b"jail got " + data + b" from " + peer[0].encode(), peer)
            continue
        c, peer = s.accept()
        data = b""
        while not data.endswith(b"\n"):
            data += c.recv(65536)
        c.sendall(b"jail got " + data.strip() + b" from " + peer[0].encode())
        c.close()
    return "served"


for word in sys.argv[1:]:
    kind, address, port, text = word.split("/", 3)
    try:
        print((serve if kind.startswith("serve") else ask)(kind, address, port, text), flush=True)
    except socket.timeout:
        print("silence", flush=True)
    except OSError as e:
        print(errno.errorcode.get(e.errno, str(e)), flush=True)
