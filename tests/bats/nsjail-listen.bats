#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers
load life
load nsjail

# talk PYTHON: with connect() and rest() of talk.py.
talk() {
	PORT=$PORT STATES=$STATES python3 "$BATS_TEST_DIRNAME/talk.py" <<< "$1"
}

@test "LISTEN: each connection has a jail, stdio on it, by IPv4 and IPv6" {
	serves --chroot "$ROOTFS" -- /bin/sh -c 'read a; echo "$$ $a"; echo err >&2; cat'
	run talk "
	for host in '127.0.0.1', '::1':
	    s = connect(host)
	    s.sendall(b'hello\nmore')
	    s.shutdown(socket.SHUT_WR)
	    print(rest(s))"
	same "$output" "$(printf "b'1 hello\\\\nerr\\\\nmore'\nb'1 hello\\\\nerr\\\\nmore'")"
	grep -q "New connection from: \[::ffff:127.0.0.1\]:[0-9]* on: \[::\]:$PORT" listen
	grep -Eq "pid=[0-9]+ \(\[::1\]:[0-9]+\) exited with status: 0, \(PIDs left: 0\)" listen
	kill -TERM $NJ
	wait $NJ && status=0 || status=$?
	same "$status" 0
	grep -q "Server stops due to fatal signal (15) caught. Exiting" listen
	same "$(jr list -q)" ""
}

@test "LISTEN: the jails are seen by list, and go with the service" {
	serves --chroot "$ROOTFS" -- /bin/sleep 80
	exec 8<> "/dev/tcp/127.0.0.1/$PORT"
	exec 9<> "/dev/tcp/127.0.0.1/$PORT"
	wait_for 10 eval '[ "$(jr list -q | wc -l)" = 2 ]'
	local id
	id=$(jr list -q | head -1)
	wait_for 10 is_status "$id" running
	run jr exec "$id" /bin/cat /proc/1/comm
	says sleep
	kill -USR1 $NJ
	wait_for 10 grep -q 'Total number of spawned namespaces: 2' listen
	grep -Eq 'pid=[0-9]+, Remote host: \[::ffff:127.0.0.1\]:[0-9]+, Run time: [0-9]+ sec. \(time left: [0-9]+ s.\)' listen
	kill -INT $NJ
	wait $NJ
	exec 8>&- 9>&-
	same "$(jr list -q)" ""
}

@test "LISTEN: what is said last arrives whole, also to a slow reader and with bytes unread" {
	serves --chroot "$ROOTFS" -- /bin/sh -c 'head -c 300000 /bin/busybox'
	run talk "
	for late in 0, 0.5:
	    s = connect()
	    s.sendall(b'never read by anybody' * 100)
	    time.sleep(late)
	    print(len(rest(s)))"
	same "$output" "$(printf '300000\n300000')"
}

@test "LISTEN: a half-closed client is served to the end" {
	serves --chroot "$ROOTFS" -- /bin/sh -c 'cat > /tmp/none; while read x; do :; done; sleep 0.5; echo late'
	run talk "
	s = connect()
	s.sendall(b'q\n')
	s.shutdown(socket.SHUT_WR)
	print(rest(s)[-5:])"
	[[ "$output" == *"late"* ]]
}

@test "LISTEN: a client that resets takes its jail along, one that is silent is ended by the time limit" {
	serves -t 2 --chroot "$ROOTFS" -- /bin/sleep 81
	talk "
	s = connect()
	time.sleep(0.3)
	s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
	s.close()"
	wait_for 1 grep -q 'terminated with signal: SIGKILL (9), (PIDs left: 0)' listen
	run talk "
	s = connect()
	print(rest(s))"
	same "$output" "b''"
	grep -q 'run time >= time limit (2 >= 2) (\[::ffff:127.0.0.1\]:[0-9]*). Killing it' listen
}

@test "LISTEN: limits of connections, in all and from one address" {
	serves --max_conns 2 --chroot "$ROOTFS" -- /bin/cat
	run talk "
	a = connect(); b = connect()
	a.sendall(b'x'); a.recv(1); b.sendall(b'x'); b.recv(1)
	print(rest(connect()))
	a.close()
	time.sleep(0.5)
	c = connect(); c.sendall(b'y'); print(c.recv(1))"
	same "$output" "$(printf "b''\nb'y'")"
	grep -q "Rejecting connection from '\[::ffff:127.0.0.1\]:[0-9]*', max_conns limit reached: 2" listen
	kill_and_wait $NJ
	serves -i 1 --chroot "$ROOTFS" -- /bin/cat
	run talk "
	a = connect(); a.sendall(b'x'); a.recv(1)
	print(rest(connect()))
	d = connect('::1'); d.sendall(b'z'); print(d.recv(1))"
	same "$output" "$(printf "b''\nb'z'")"
	grep -q "max_conns_per_ip limit reached: 1" listen
}

@test "LISTEN: a flood in, and one out that nobody reads, do not stop it" {
	serves --chroot "$ROOTFS" -- /bin/sh -c 'read a; case $a in out) while :; do echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; done;; in) sleep 82;; *) echo fine;; esac'
	run talk "
	out = connect(); out.sendall(b'out\n')
	flood = connect(); flood.sendall(b'in\n'); flood.setblocking(False)
	sent = 0
	for i in range(200):
	    try:
	        sent += flood.send(b'x' * 65536)
	    except BlockingIOError:
	        time.sleep(0.002)
	idle = [connect() for i in range(20)]
	s = connect(); s.sendall(b'hi\n'); print(rest(s))"
	same "$output" "b'fine\\n'"
	kill -TERM $NJ
	wait $NJ
	same "$(jr list -q)" ""
}

@test "LISTEN: a jail that cannot start costs its connection alone" {
	serves --chroot "$ROOTFS" -- /bin/nothing
	run talk "
	print(rest(connect())); print(rest(connect()))"
	same "$output" "$(printf "b''\nb''")"
	grep -q "Couldn't launch the child process" listen
	grep -q '/bin/nothing' listen
	kill -TERM $NJ
	wait $NJ
}

@test "LISTEN: what cannot be listened on is told, with 255" {
	serves --chroot "$ROOTFS" -- /bin/cat
	nj -Ml --port "$PORT" --chroot "$ROOTFS" -- /bin/cat
	ends 255
	logged "listen on [::]:$PORT: Address already in use"
	nj -Ml --port 0 --bindhost localhost --chroot "$ROOTFS" -- /bin/cat
	ends 255
	logged "'localhost' is no IPv6 or IPv4 address"
	nj -Ml --port 70000 --chroot "$ROOTFS" -- /bin/cat
	ends 255
}

@test "LISTEN: two hundred at once, none mixed up" {
	serves --chroot "$ROOTFS" -- /bin/cat
	run talk "
	def one(i, good):
	    s = connect()
	    data = b'%d,' % i * 3000
	    threading.Thread(target=lambda: (s.sendall(data), s.shutdown(socket.SHUT_WR))).start()
	    good[i] = rest(s) == data
	good = {}
	all = [threading.Thread(target=one, args=(i, good)) for i in range(200)]
	[t.start() for t in all]; [t.join() for t in all]
	print(sum(good.values()))"
	same "$output" 200
	wait_for 10 eval '[ -z "$(jr list -q)" ]'
	[ "$(ls "/proc/$NJ/fd" | wc -l)" -lt 20 ]
}

# bats test_tags=slow
@test "LISTEN: a thousand idle jails at once in one process" {
	serves --chroot "$ROOTFS" -- /bin/cat
	run talk "
	resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
	all = [connect() for i in range(1000)]
	for i, s in enumerate(all):
	    s.settimeout(120); s.sendall(b'%d\n' % i)
	good = sum(s.recv(16) == b'%d\n' % i for i, s in enumerate(all))
	print(good)
	print(len(os.listdir(os.environ['STATES'])))"
	same "$output" "$(printf '1000\n1000')"
	wait_for 60 eval '[ -z "$(jr list -q)" ]'
	same "$(pgrep -P $NJ | wc -l)" 0
}

@test "clients that leave while their jails are being made do not bring the listener down" {
	serves --chroot "$ROOTFS" -- /bin/echo served
	python3 - "$PORT" <<-'EOP'
		import random, socket, sys, threading, time
		def client():
		    try:
		        s = socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=20)
		        time.sleep(random.choice([0, 0, 0.01, 0.03, 0.1]))
		        s.close()
		    except OSError:
		        pass
		for _ in range(20):
		    threads = [threading.Thread(target=client) for _ in range(10)]
		    [t.start() for t in threads]
		    [t.join() for t in threads]
	EOP
	kill -0 $NJ
	same "$(socat -t 20 - "TCP:127.0.0.1:$PORT" < /dev/null)" served
}
