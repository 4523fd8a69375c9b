#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# net-servers.py LOG KIND/ADDRESS/PORT/NAME...: servers for the tests of networks, each a thread; what
# proxies are asked for is written to LOG, and "ready" when all listen.
#   tcp, udp   answer "NAME got TEXT from ADDRESS"
#   socks5     a proxy of TCP (CONNECT) and UDP (ASSOCIATE) without authentication
#   connect    a proxy of HTTP's CONNECT; refuse: one that says no
import os, socket, struct, sys, threading

log_lock = threading.Lock()


def log(text):
    with log_lock, open(sys.argv[1], "a") as f:
        f.write(text + "\n")


def opened(kind, address, port):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    s = socket.socket(family, socket.SOCK_DGRAM if kind == "udp" else socket.SOCK_STREAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((address, int(port)))
    if kind != "udp":
        s.listen(64)
    return s


def serve_udp(s, name):
    while True:
        data, peer = s.recvfrom(65536)
        s.sendto(b"%s got %s from %s" % (name.encode(), data, peer[0].encode()), peer)


def serve_tcp(c, peer, name):
    data = b""
    while not data.endswith(b"\n"):
        data += exact(c, 1)
    data = data.strip()
    if data.startswith(b"send "):
        c.sendall(b"x" * int(data[5:]))
    else:
        c.sendall(b"%s got %s from %s" % (name.encode(), data, peer[0].encode()))
    c.close()


def exact(c, n):
    data = b""
    while len(data) < n:
        part = c.recv(n - len(data))
        if not part:
            raise EOFError
        data += part
    return data


def pump(a, b):
    try:
        while part := a.recv(65536):
            b.sendall(part)
        b.shutdown(socket.SHUT_WR)
    except OSError:
        a.close()


def relay(a, b):
    t = threading.Thread(target=pump, args=(a, b), daemon=True)
    t.start()
    pump(b, a)
    t.join()


def socks_address(kind, take):
    if kind == 1:
        return socket.inet_ntop(socket.AF_INET, take(4))
    if kind == 4:
        return socket.inet_ntop(socket.AF_INET6, take(16))
    return take(take(1)[0]).decode()


def associate(c):
    u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    u.bind((c.getsockname()[0], 0))
    c.sendall(b"\5\0\0\1" + socket.inet_aton("0.0.0.0") + struct.pack(">H", u.getsockname()[1]))

    def datagrams():
        out = {}
        while True:
            data, peer = u.recvfrom(65536)
            at = 4

            def take(n):
                nonlocal at
                at += n
                return data[at - n:at]
            host = socks_address(data[3], take)
            port = struct.unpack(">H", take(2))[0]
            log("socks5 datagram %s %d" % (host, port))
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            o = socket.socket(family, socket.SOCK_DGRAM)
            o.settimeout(2)
            o.sendto(data[at:], (host, port))
            try:
                u.sendto(data[:at] + o.recv(65536), peer)
            except OSError:
                pass
    threading.Thread(target=datagrams, daemon=True).start()
    c.recv(1)
    log("socks5 association ended")


def serve_socks5(c, peer, name):
    version, n = exact(c, 2)
    exact(c, n)
    c.sendall(b"\5\0")
    version, command, _, kind = exact(c, 4)
    host = socks_address(kind, lambda n: exact(c, n))
    port = struct.unpack(">H", exact(c, 2))[0]
    log("socks5 %s %s %d" % ({1: "connect", 3: "associate"}[command], host, port))
    if command == 3:
        return associate(c)
    try:
        o = socket.create_connection((host, port))
    except OSError:
        return c.sendall(b"\5\5\0\1\0\0\0\0\0\0")
    c.sendall(b"\5\0\0\1\0\0\0\0\0\0")
    relay(c, o)


def serve_connect(c, peer, name):
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += exact(c, 1)
    target = head.split()[1].decode()
    log("connect %s" % target)
    host, port = target.rsplit(":", 1)
    try:
        o = socket.create_connection((host.strip("[]"), int(port)))
    except OSError:
        return c.sendall(b"HTTP/1.1 502 Bad Gateway\r\n\r\n")
    c.sendall(b"HTTP/1.1 200 Connection established\r\nServer: test\r\n\r\n")
    relay(c, o)


def serve_refuse(c, peer, name):
    while not exact(c, 1) == b"\n":
        pass
    log("refused")
    c.sendall(b"HTTP/1.1 403 Forbidden\r\n\r\n")


def serve(s, fn, name):
    def one(c, peer):
        try:
            fn(c, peer, name)
        except (OSError, EOFError):
            pass
        c.close()
    while True:
        c, peer = s.accept()
        threading.Thread(target=one, args=(c, peer), daemon=True).start()


for word in sys.argv[2:]:
    kind, address, port, name = word.split("/")
    s = opened(kind, address, port)
    fn = globals()["serve_" + kind]
    args = (s, name) if kind == "udp" else (s, fn, name)
    threading.Thread(target=fn if kind == "udp" else serve, args=args, daemon=True).start()
log("ready")
threading.Event().wait()
