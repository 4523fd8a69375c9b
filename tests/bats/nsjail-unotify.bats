#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# seccomp_unotify: what calls of a jail name is seen, told at the end, and changes nothing for the jail.
load helpers
load life
load nsjail

# The program has to be where an ordinary user can come to it.
setup_suite_file() {
	jailrt_for_users
}

# watched OPTIONS -- COMMAND: by nsjail's door, with the report in $T/report.
watched() {
	rm -f "$T/report"
	nj --chroot "$ROOTFS" -T /tmp --seccomp_unotify --seccomp_unotify_report "$T/report" "$@"
}

# entry KIND KEY VALUE: that entry of the report, on one line.
entry() {
	awk -v kind="$1" -v line="  $2: $3" '
		$0 == kind " {" { text = ""; mine = 0; on = 1 }
		on { text = text " " $0 }
		on && $0 == line { mine = 1 }
		$0 == "}" { if (on && mine) print text; on = 0 }' "$T/report" | tr -s ' '
}

# told KIND KEY VALUE WORDS…: there is such an entry, and it holds the words.
told() {
	local text word
	text=$(entry "$1" "$2" "$3")
	[ -n "$text" ] || { echo "no $1 with $2 $3 in:"; cat "$T/report"; return 1; }
	for word in "${@:4}"; do
		[[ "$text" == *"$word"* ]] || { echo "'$word' is not in: $text"; return 1; }
	done
}

not_told() {
	[ -z "$(entry "$1" "$2" "$3")" ] || { echo "told: $(entry "$1" "$2" "$3")"; return 1; }
}

@test "files: path, what it is here and there, how it is opened, by which calls" {
	watched -- /bin/sh -c 'cat /etc/passwd > /tmp/copy; chmod 640 /tmp/copy; cd /tmp; ln -s copy link; mv copy other
		mkdir dir; cat /etc/none; exit 3'
	ends 3
	same "$(stat -c %a report)" 644
	told fs_access path '"/bin/sh"' 'jail_type: LINK' 'exists_in_jail: true' 'name: "execve" args: "argv[0]=/bin/sh" args: "argv[1]=-c"'
	told fs_access path '"/etc/passwd"' 'jail_type: REGULAR main_type: REGULAR mode: RDONLY' 'exists_in_jail: true exists_in_main: true'
	told fs_access path '"/tmp/copy"' 'main_type: NONEXISTENT mode: WRONLY' 'O_CREAT' 'args: "mode=0666"' 'name: "chmod" args: "mode=0640"' 'exists_in_main: false'
	told fs_access path '"/tmp"' 'jail_type: DIR main_type: DIR' 'name: "chdir"'
	told fs_access path '"/tmp/link"' 'name: "symlink'
	told fs_access path '"/tmp/other"' 'name: "rename'
	told fs_access path '"/tmp/dir"' 'name: "mkdir" args: "mode=0777"'
	told fs_access path '"/etc/none"' 'jail_type: NONEXISTENT main_type: NONEXISTENT mode: RDONLY' 'exists_in_jail: false exists_in_main: false'
	# In order, and one entry a path.
	same "$(grep '^  path:' report)" "$(grep '^  path:' report | LC_ALL=C sort -u)"
}

@test "the log has it under nsjail's words, the report file the same, and only what it is asked for" {
	watched -- /bin/true
	ends 0
	grep -q '^\[I\]\[.*\] unotify report:$' "$T/log"
	same "$(sed -n '/unotify report:$/,$p' log | tail -n +2 | grep -v '^$')" "$(grep -v '^$' report)"
	nj --chroot "$ROOTFS" --seccomp_unotify -- /bin/true
	ends 0
	logged "] unotify report:"
	logged 'path: "/bin/true"'
	nj -q --chroot "$ROOTFS" --seccomp_unotify -- /bin/true
	not_logged "unotify"
	nj --chroot "$ROOTFS" --seccomp_unotify_report "$T/alone" -- /bin/true
	ends 0
	not_logged "unotify report:"
	logged "seccomp_unotify_report: nothing is watched without seccomp_unotify"
	[ ! -e alone ]
	# What was there is replaced.
	yes old | head -c 300000 > "$T/old"
	nj -q --chroot "$ROOTFS" --seccomp_unotify --seccomp_unotify_report "$T/old" -- /bin/true
	not grep -q '^old' old
	grep -q 'path: "/bin/true"' old
}

@test "peers: families, addresses, ports and unix sockets" {
	cat > net.py <<-'END'
		import socket
		def go(f, t, a):
		    s = socket.socket(f, t)
		    try: s.connect(a)
		    except OSError: pass
		go(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 99))
		go(socket.AF_INET6, socket.SOCK_STREAM, ("::1", 98))
		go(socket.AF_UNIX, socket.SOCK_STREAM, "/run/none")
		go(socket.AF_UNIX, socket.SOCK_DGRAM, "\0abstract")
		socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.2", 53))
		socket.socket(socket.AF_UNIX).bind("")
		s = socket.socket(socket.AF_INET); s.bind(("127.0.0.3", 8080))
		socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)
	END
	rm -f report
	nj -q --chroot / -T /tmp --seccomp_unotify --seccomp_unotify_report "$T/report" -- /usr/bin/python3 -I -S -c "$(cat net.py)"
	ends 0
	told net_access endpoint '"127.0.0.1"' 'type: IPV4' 'port: 99' 'name: "connect" args: "fd=' 'type=SOCK_STREAM (IPPROTO_TCP)'
	told net_access endpoint '"::1"' 'type: IPV6' 'port: 98'
	told net_access endpoint '"/run/none"' 'type: UNIX' 'socket_path: "/run/none"'
	told net_access endpoint '"@abstract"' 'type: UNIX' 'type=SOCK_DGRAM'
	told net_access endpoint '"127.0.0.2"' 'port: 53' 'name: "sendto"' 'type=SOCK_DGRAM (IPPROTO_UDP)'
	told net_access endpoint '"anonymous unix socket"' 'name: "bind"'
	told net_access endpoint '"127.0.0.3"' 'port: 8080' 'name: "bind"'
	told net_access type NETLINK 'name: "socket" args: "domain=AF_NETLINK" args: "type=SOCK_RAW'
}

@test "a policy holds beside it, and what it refuses is not seen" {
	watched --seccomp_string 'ERRNO(28) { mkdir, mkdirat } DEFAULT ALLOW' -- /bin/sh -c 'mkdir /tmp/x || rmdir /tmp/y; grep Seccomp: /proc/self/status | tr -dc 0-9'
	ends 0 2
	[[ "$log" == *"No space left on device"* ]]
	told fs_access path '"/tmp/y"' 'name: "rmdir"'
	not_told fs_access path '"/tmp/x"'
	watched --seccomp_string 'KILL_PROCESS { rmdir } DEFAULT ALLOW' -- /bin/sh -c 'sh -c "rmdir /tmp"; exit $?'
	ends 159
	# Who has no need of the privilege does without: it comes with no_new_privs, as in nsjail.
	watched --disable_no_new_privs -- /bin/grep NoNewPrivs /proc/self/status
	same "$(tr -dc 0-9 <<< "$output")" 1
}

@test "in our own door, too; and detached or as EXECVE, where nobody watches, it is refused" {
	cat > jail.cfg <<-EOF
		mount { src: "$ROOTFS" dst: "/" is_bind: true }
		seccomp_unotify: true
		seccomp_unotify_report: "$T/report"
	EOF
	run jr run --config jail.cfg "$ID" -- cat /etc/group
	says "root:x:0:"
	told fs_access path '"/etc/group"' 'mode: RDONLY'
	[[ "$output" != *"unotify report"* ]]
	run jr --log-level info run --config jail.cfg "$ID" -- cat /etc/group
	says "unotify report:"
	rm report
	run jr run -d --config jail.cfg "$ID" -- sleep 100
	fails_with 1 "seccomp_unotify (jail.cfg:2:"
	fails_with 1 "nobody is left to watch the system calls"
	run jr create --config jail.cfg "$ID" sleep 100
	fails_with 1 "nobody is left to watch the system calls"
	same "$(jr list -q)" ""
	echo 'mode: EXECVE' >> jail.cfg
	run jr run --config jail.cfg -- cat /etc/group
	fails_with 1 "to watch system calls: nobody is left to do that in mode EXECVE"
	nj -Me --chroot "$ROOTFS" --seccomp_unotify -- /bin/true
	ends 255
	logged "nobody is left to do that in mode EXECVE"
	[ ! -e report ]
}

@test "an ordinary user can watch a jail of its own" {
	chmod 755 "$T"
	install -d -o 54321 -g 54321 -m 700 "$T/own"
	run setpriv --reuid=54321 --regid=54321 --clear-groups --bounding-set=-all --inh-caps=-all \
		env XDG_RUNTIME_DIR="$T/own" "$BATS_FILE_TMPDIR/jailrt" --root "$T/own/states" nsjail -q --chroot "$ROOTFS" \
		--seccomp_unotify --seccomp_unotify_report "$T/own/report" -- /bin/cat /etc/passwd
	says root:x:0:0
	mv own/report report
	told fs_access path '"/bin/cat"' 'name: "execve"' 'argv[0]=/bin/cat'
	told fs_access path '"/etc/passwd"' 'jail_type: REGULAR' 'mode: RDONLY'
	not grep -q '^#' report
}

@test "a report that cannot be written is told before the jail starts, and a start that fails leaves none" {
	nj --chroot "$ROOTFS" --seccomp_unotify --seccomp_unotify_report "$T/none/report" -- /bin/sh -c 'echo ran'
	ends 255 ""
	logged "seccomp_unotify_report"
	logged "open '$T/none/report': No such file or directory"
	nj --chroot "$ROOTFS" --seccomp_unotify --seccomp_unotify_report "$T/report" -- /bin/nothing
	ends 255
	[ ! -e report ]
	echo kept > report
	nj --chroot "$ROOTFS" --seccomp_unotify --seccomp_unotify_report "$T/report" -- /bin/nothing
	ends 255
	same "$(cat report)" kept
}

@test "RERUN and LISTEN: of all jails together, at the end" {
	door -q -Mr --chroot "$ROOTFS" -B "$T:/tmp" --seccomp_unotify --seccomp_unotify_report "$T/report" -- \
		/bin/sh -c 'echo x >> /tmp/runs' &
	local pid=$! n
	later kill_and_wait $pid
	wait_for 20 eval '[ "$(wc -l 2>/dev/null < runs)" -ge 3 ]'
	kill -TERM $pid
	wait $pid && status=0 || status=$?
	same "$status" 143
	n=$(entry fs_access path '"/tmp/runs"' | sed 's/.*mode: WRONLY count: \([0-9]*\) .*/\1/')
	[ "$n" -ge 3 ]
	rm report
	serves --chroot "$ROOTFS" --seccomp_unotify --seccomp_unotify_report "$T/report" -- \
		/bin/sh -c 'read a; cat /etc/$a; echo; echo end'
	local words i
	for words in passwd group none; do
		exec 9<> "/dev/tcp/127.0.0.1/$PORT"
		echo "$words" >&9
		timeout 20 cat <&9 > "got.$words"
		exec 9>&-
	done
	grep -q root:x:0:0 got.passwd
	grep -q user:x:1000: got.group
	[ ! -s report ]
	kill -TERM $NJ
	wait $NJ
	told fs_access path '"/etc/passwd"' 'jail_type: REGULAR' 'count: 1'
	told fs_access path '"/etc/group"' 'count: 1'
	told fs_access path '"/etc/none"' 'jail_type: NONEXISTENT'
	grep -q 'unotify report:' listen
}

@test "many processes and threads at once, and signals in between: nothing is lost, nothing hangs" {
	watched -t 100 -T /dev -B /dev/null -- /bin/sh -c 'i=0
		while [ $i -lt 20 ]; do
			(j=0; while [ $j -lt 20 ]; do [ -e /tmp/f$i.$j ]; j=$((j + 1)); done) &
			i=$((i + 1))
		done; wait; echo all'
	ends 0 all
	same "$(grep -c '^  path: "/tmp/f[0-9]*\.[0-9]*"$' report)" 400
	cat > signals.py <<-'END'
		import os, signal
		n = 0
		def tick(*a):
		    global n
		    n += 1
		signal.signal(signal.SIGALRM, tick)
		signal.siginterrupt(signal.SIGALRM, False) # else the kernel ends a call that waits
		signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
		for i in range(500):
		    os.stat("/etc")
		    os.access("/none%d" % i, os.R_OK)
		signal.setitimer(signal.ITIMER_REAL, 0)
		print("through")
	END
	rm -f report
	nj -q -t 100 --chroot / --seccomp_unotify --seccomp_unotify_report "$T/report" -- /usr/bin/python3 -I -S -c "$(cat signals.py)"
	ends 0 through
	same "$(grep -c '^  path: "/none[0-9]*"$' report)" 500
}

@test "LISTEN: a hundred jails at once, each with few fds of its own, and none mixed up" {
	serves --chroot "$ROOTFS" -T /tmp --rlimit_nofile 8 --seccomp_unotify --seccomp_unotify_report "$T/report" -- \
		/bin/sh -c 'read a; [ -e "/tmp/f$a" ]; echo "got $a"'
	cat > many.py <<-'END'
		import socket, sys
		all = [socket.create_connection(("127.0.0.1", int(sys.argv[1]))) for i in range(100)]
		for i, s in enumerate(all):
		    s.settimeout(100)
		    s.sendall(b"%d\n" % i)
		for i, s in enumerate(all):
		    said = b""
		    while (more := s.recv(100)): said += more
		    assert said == b"got %d\n" % i, (i, said)
		print("served")
	END
	run python3 many.py "$PORT"
	same "$output" served
	kill -TERM $NJ
	wait $NJ
	same "$(grep -c '^  path: "/tmp/f[0-9]*"$' report)" 100
	same "$(ls -A "$STATES")" ""
	watched --rlimit_nofile 3 -- /bin/busybox echo hardly any
	ends 0 "hardly any"
}

@test "calls of the narrow architecture are seen, too" {
	[ "$(uname -m)" = x86_64 ] || skip "int 0x80 is x86's"
	cat > narrow.py <<-'END'
		import ctypes, mmap
		libc = ctypes.CDLL(None, use_errno=True)
		libc.mmap.restype = ctypes.c_void_p
		libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
		MAP_32BIT = 0x40
		at = libc.mmap(None, 4096, 7, 0x22 | MAP_32BIT, -1, 0)
		# mov eax, edi; mov ebx, esi; mov ecx, edx; xor edx, edx; int 0x80; ret, with rbx kept
		code = b"\x53\x89\xf8\x89\xf3\x89\xd1\x31\xd2\xcd\x80\x5b\xc3"
		ctypes.memmove(at, code, len(code))
		ctypes.memmove(at + 512, b"/narrow/path\0", 13)
		call = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.c_uint, ctypes.c_uint)(at)
		print(call(5, at + 512, 0))
		import struct
		ctypes.memmove(at + 600, struct.pack("<HH4s8s", 2, 0x5000, b"\x7f\0\0\x05", b""), 16)
		s = __import__("socket").socket()
		ctypes.memmove(at + 700, struct.pack("<III", s.fileno(), at + 600, 16), 12)
		call(102, 3, at + 700)
	END
	rm -f report
	nj -q --chroot / --seccomp_unotify --seccomp_unotify_report "$T/report" -- /usr/bin/python3 -I -S -c "$(cat narrow.py)"
	if [ "$status" -ge 128 ] || [ "$output" = -38 ]; then skip "this kernel has no 32-bit calls"; fi
	ends 0 -2
	told fs_access path '"/narrow/path"' 'name: "open"' 'mode: RDONLY'
	told net_access endpoint '"127.0.0.5"' 'name: "connect"' 'port: 80'
}

@test "what cannot be read or never ends does no harm: bad pointers, long texts, relative paths, a full list" {
	cat > odd.py <<-'END'
		import ctypes, os
		libc = ctypes.CDLL(None, use_errno=True)
		libc.open(ctypes.c_void_p(1), 0)
		libc.stat(b"/" + b"x" * 5000, ctypes.create_string_buffer(1000))
		libc.connect(0, ctypes.c_void_p(16), 16)
		libc.connect(0, b"", 0)
		libc.execve(b"/none", ctypes.c_void_p(8), None)
		os.chdir("/usr")
		d = os.open("lib", os.O_RDONLY)
		try: os.stat("./share/../bin//nowhere")
		except OSError: pass
		try: os.stat("below/it", dir_fd=d)
		except OSError: pass
		open("/proc/self/maps").read(1)
		for i in range(9000):
		    try: os.lstat("/many/%d" % i)
		    except OSError: pass
		print("done")
	END
	rm -f report
	nj -q -t 100 --chroot / --seccomp_unotify --seccomp_unotify_report "$T/report" -- /usr/bin/python3 -I -S -c "$(cat odd.py)"
	ends 0 done
	told fs_access path '"/usr/bin/nowhere"' 'jail_type: NONEXISTENT'
	told fs_access path '"/usr/lib/below/it"' 'args: "dirfd='
	told fs_access path '"/proc/self/maps"' 'jail_type: REGULAR' 'exists_in_jail: true'
	grep -q '^# [0-9]* further calls are not in this list: it is full$' report
	[ "$(grep -c '^fs_access' report)" -le 8192 ]
}

@test "the time limit ends a jail in the middle of its calls, and nothing stays behind" {
	watched -t 1 -- /bin/sh -c 'while :; do [ -e /tmp/f ]; done'
	ends 137
	told fs_access path '"/tmp/f"' 'jail_type: NONEXISTENT'
	same "$(jr list -q)" ""
}
