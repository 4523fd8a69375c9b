#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What a service manager hands to jailrt, and jailrt to the container: sockets (LISTEN_FDS), and the ear that
# hears when it is ready (NOTIFY_SOCKET).
load helpers
load life

# with_sockets N COMMAND...: as a service manager starts it, with N listening sockets from fd 3 on.
with_sockets() {
	cat > "$T/with.py" <<-'EOF'
		import os, socket, sys
		n = int(sys.argv[1])
		kept = []
		for i in range(n):
		    s = socket.socket(socket.AF_UNIX)
		    s.bind(f"\0{os.getpid()}-{i}")
		    s.listen()
		    kept.append(s)
		for i in range(n):
		    os.dup2(kept[i].fileno(), 100 + i)
		for i in range(n):
		    os.dup2(100 + i, 3 + i)
		    os.set_inheritable(3 + i, True)
		os.closerange(3 + n, 60)
		os.closerange(100, 200)
		os.environ["LISTEN_PID"] = os.environ.get("WRONG_PID") or str(os.getpid())
		os.environ["LISTEN_FDS"] = str(n)
		os.execvp(sys.argv[2], sys.argv[2:])
	EOF
	python3 "$T/with.py" "$@"
}

LOOK='echo "fds $LISTEN_FDS pid $LISTEN_PID names $LISTEN_FDNAMES"; for f in /proc/self/fd/*; do case "$(readlink $f)" in socket*) echo "${f##*/}";; esac; done | paste -sd" "'

@test "listening sockets of the service manager are the program's, from 3 on" {
	bundle
	script "$LOOK"
	LISTEN_FDNAMES=a:b run with_sockets 2 "$JAILRT" --root "$STATES" run -b "$BUNDLE" "$ID" < /dev/null
	says ""
	same "${lines[0]}" "fds 2 pid 1 names a:b"
	same "${lines[1]}" "3 4"
}

@test "create keeps them for start" {
	bundle '.root.readonly = false'
	script "{ $LOOK; } > /tmp/seen; mv /tmp/seen /tmp/done; sleep 1000"
	with_sockets 2 "$JAILRT" --root "$STATES" create -b "$BUNDLE" "$ID"
	jr start "$ID"
	wait_for 10 test -e "$BUNDLE/rootfs/tmp/done"
	same "$(head -1 "$BUNDLE/rootfs/tmp/done")" "fds 2 pid 1 names "
	same "$(tail -1 "$BUNDLE/rootfs/tmp/done")" "3 4"
}

@test "those meant for another process are left alone" {
	bundle
	script "$LOOK"
	WRONG_PID=1 run with_sockets 1 "$JAILRT" --root "$STATES" run -b "$BUNDLE" "$ID" < /dev/null
	says ""
	same "${lines[0]}" "fds  pid  names "
	same "${lines[1]}" ""
}

@test "fds of --preserve-fds stand behind the sockets" {
	bundle
	script 'readlink /proc/self/fd/3 | cut -c1-6; readlink /proc/self/fd/4; readlink /proc/self/fd/5; echo $LISTEN_FDS'
	echo x > file
	cat > more <<-EOF
		#!/bin/bash
		exec "$JAILRT" --root "$STATES" run --preserve-fds 1 -b "$BUNDLE" "$ID" 4< "$T/file" 5< "$T/file"
	EOF
	chmod 755 more
	run with_sockets 1 "$T/more" < /dev/null
	# bash has the pid that the sockets are meant for, and jailrt after it.
	same "${lines[0]}" "socket"
	[[ "${lines[1]}" == */file ]]
	same "${lines[2]}" "1"
}

# manager: listens on $T/ear as systemd does; what it hears is in $T/heard, a line each.
manager() {
	cat > manager.py <<-'EOF'
		import os, socket
		s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
		s.bind("ear")
		open("listening", "w").close()
		while True:
		    text, fds, _, _ = socket.recv_fds(s, 4096, 4)
		    with open("heard", "a") as f:
		        f.write(text.decode().rstrip("\n").replace("\n", ";") + "\n")
		    for fd in fds:
		        os.close(fd)
	EOF
	python3 manager.py 3>&- 2> manager.err &
	later kill $!
	wait_for 10 test -e listening
	: > heard
}

# program TEXT: a bundle that runs the host's Python; tell() speaks to $NOTIFY_SOCKET.
program() {
	bundle '.mounts += ["/usr", "/lib", "/lib64"] | .mounts |= map(if type == "string" then
		{destination: ., source: ., type: "bind", options: ["rbind", "ro"]} else . end) | .root.readonly = false'
	cat > "$BUNDLE/rootfs/say.py" <<-EOF
		import os, socket, time
		def tell(text):
		    s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
		    s.connect(os.environ["NOTIFY_SOCKET"])
		    s.send(text)
		$1
	EOF
	command_is /usr/bin/python3 /say.py
}

@test "start returns when the program is ready, and the manager hears so and who it is" {
	manager
	program 'tell(b"STATUS=soon\nX=1"); time.sleep(0.3); open("/tmp/marked", "w").close(); tell(b"STATUS=up\nREADY=1\nX_Y=2"); time.sleep(1000)'
	NOTIFY_SOCKET="$T/ear" jr create -b "$BUNDLE" "$ID"
	NOTIFY_SOCKET="$T/ear" timeout 60 "$JAILRT" --root "$STATES" start "$ID"
	[ -e "$BUNDLE/rootfs/tmp/marked" ]
	same "$(paste -sd' ' heard)" "READY=1 MAINPID=$(pid_of "$ID") BARRIER=1"
	jr delete --force "$ID"
	[ ! -e "$STATES/$ID" ]
}

@test "other commands do not wait for a program that is not ready yet" {
	manager
	program 'time.sleep(1000)'
	NOTIFY_SOCKET="$T/ear" jr create -b "$BUNDLE" "$ID"
	NOTIFY_SOCKET="$T/ear" jr start "$ID" 3>&- &
	local starter=$!
	wait_for 10 is_status "$ID" running
	jr delete --force "$ID"
	# The end of the program is the end of the wait.
	wait "$starter"
	same "$(cat heard)" ""
}

@test "run relays it while it runs, also through a user namespace as another user" {
	manager
	program 'tell(b"READY=1"); print(open("/proc/self/mountinfo").read())'
	config '.linux.namespaces += [{type: "user"}] | .process.user = {uid: 7, gid: 7}
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 1000}]
		| .linux.gidMappings = [{containerID: 0, hostID: 100000, size: 1000}]'
	chown -R 100000:100000 "$BUNDLE/rootfs"
	NOTIFY_SOCKET="$T/ear" run jr run -b "$BUNDLE" "$ID"
	says ""
	wait_for 10 test -s heard
	same "$(cat heard)" "READY=1"
	# The folder in the container is closed to all but its use.
	[[ "$(grep ' /run/notify ' <<< "$output")" == *" ro,nosuid,nodev,noexec"* ]]
}

@test "run --detach waits, too" {
	manager
	program 'tell(b"READY=1"); time.sleep(1000)'
	NOTIFY_SOCKET="$T/ear" timeout 60 "$JAILRT" --root "$STATES" run --detach -b "$BUNDLE" "$ID"
	same "$(head -2 heard | paste -sd' ')" "READY=1 MAINPID=$(pid_of "$ID")"
}

@test "a manager that is gone does not harm the container, and without one there is no socket" {
	program 'tell(b"READY=1"); print("went on")'
	NOTIFY_SOCKET="$T/none" run jr run -b "$BUNDLE" "$ID"
	says "went on"
	program 'print(os.environ.get("NOTIFY_SOCKET"), os.path.exists("/run/notify"))'
	run jr run -b "$BUNDLE" "$ID"
	same "$output" "None False"
}
