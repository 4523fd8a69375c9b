#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What exec runs, where, and how it ends. Its ids, capabilities and process files: exec-process.bats.
load helpers
load life

# container [FILTER]: one that runs and does nothing.
container() {
	bundle "$@"
	command_is sleep 1000
	started "$ID"
	PID=$(pid_of "$ID")
}

@test "exec runs a program in the container, with its output and its status" {
	container
	run jr exec "$ID" sh -c 'hostname; echo oops >&2; exit 42'
	same "$status" 42
	same "$output" "jailrt
oops"
	run jr exec "$ID" true
	same "$status" 0
	run jr exec "$ID" false
	same "$status" 1
}

@test "options end at the container's name, and -- may stand before or behind it" {
	container
	run jr exec "$ID" echo -d --cwd -- x
	same "$output" "-d --cwd -- x"
	run jr exec "$ID" -- echo -n x
	same "$output" x
	run jr exec -- "$ID" echo -n x
	same "$output" x
}

@test "stdin reaches the program, and large binary output comes back whole" {
	container
	head -c 3000000 /dev/urandom > in
	jr exec "$ID" cat < in > out
	cmp in out
	cat in | jr exec "$ID" cat | cmp - in
	same "$(printf 'a\0b' | jr exec "$ID" od -An -c | tr -s ' ')" ' a \0 b'
}

@test "own failures of exec are 255, with the reason" {
	container
	run jr exec "$ID" no-such-program
	fails_with 255 'exec: "no-such-program": executable file not found in $PATH'
	run jr exec "$ID" /no/such/program
	fails_with 255 'exec: "/no/such/program": stat /no/such/program: no such file or directory'
	run jr exec "$ID" /etc/passwd
	fails_with 255 'exec: "/etc/passwd": permission denied'
	run jr exec "$ID" /etc
	fails_with 255 'exec: "/etc": is a directory: permission denied'
	run jr exec "$ID" /etc/passwd/x
	fails_with 255 'not a directory'
	run jr exec "$ID" ""
	fails_with 255 'executable file not found'
	run jr exec "$ID"
	fails_with 255 "command is missing"
	run jr exec
	fails_with 255 "an argument is missing"
	run jr exec --nonsense "$ID" true
	fails_with 255 "unknown option '--nonsense'"
	run jr exec --cwd
	fails_with 255 "requires an argument"
	run jr exec "$ID-none" true
	fails_with 255 "container does not exist"
	run jr exec --cwd relative "$ID" true
	fails_with 255 "relative"
	run jr exec --process "$T/none" "$ID" true
	fails_with 255 "No such file"
	is_status "$ID" running
}

@test "a file that no kernel can execute is told as that, not as the program's own end" {
	container '.root.readonly = false'
	printf 'no program' > "$BUNDLE/rootfs/bin/odd"
	chmod 755 "$BUNDLE/rootfs/bin/odd"
	run jr exec "$ID" odd
	fails_with 255 'exec /bin/odd: exec format error'
	printf '#!/no/shell\n' > "$BUNDLE/rootfs/bin/odd"
	run jr exec "$ID" odd
	fails_with 255 'exec /bin/odd: no such file or directory'
}

@test "a program that ends by a signal gives 128 and the signal" {
	container
	local n e code
	for n in 1 2 3 6 9 11 13 14 15 31 34 64; do
		rm -f pid
		"$JAILRT" --root "$STATES" exec --pid-file pid "$ID" sleep 1000 3>&- &
		e=$! code=0
		wait_for 10 test -s pid
		wait_for 10 runs "$(cat pid)" sleep
		kill -"$n" "$(cat pid)"
		wait "$e" || code=$?
		same "$code" $((128 + n))
	done
}

@test "the program is in each of the container's namespaces and cgroups" {
	container '.linux.namespaces += [{type: "cgroup"}]'
	jr exec -d --pid-file pid "$ID" sleep 1000 3>&-
	local ns p
	p=$(cat pid)
	for ns in pid mnt uts ipc net cgroup user time; do
		same "$(readlink "/proc/$p/ns/$ns")" "$(readlink "/proc/$PID/ns/$ns")"
	done
	[ "$(readlink "/proc/$p/ns/pid")" != "$(readlink /proc/self/ns/pid)" ]
	same "$(cat "/proc/$p/cgroup")" "$(cat "/proc/$PID/cgroup")"
	grep -q "/$ID\$" "/proc/$p/cgroup"
	same "$(stat -L -c %i "/proc/$p/root")" "$(stat -L -c %i "/proc/$PID/root")"
	jr ps -f json "$ID" | jq -e --argjson p "$p" 'index($p) != null and length == 2'
}

@test "exec takes part in the container's limits" {
	no_san "limits of memory"
	container '.linux.resources.memory = {limit: 33554432, swap: 33554432}'
	run jr exec "$ID" tail /dev/zero
	same "$status" 137
	is_status "$ID" running
	same "$(jr exec "$ID" sh -c 'ulimit -n')" 1024
}

@test "exec in a container with a user namespace: its ids are mapped, and the files are its own" {
	bundle '.linux.namespaces += [{type: "user"}] | .root.readonly = false
		| .linux.uidMappings = [{containerID: 0, hostID: 200000, size: 1000}]
		| .linux.gidMappings = [{containerID: 0, hostID: 300000, size: 1000}]'
	chown -h -R 200000:300000 "$BUNDLE/rootfs"
	chmod 755 "$T"
	command_is sleep 1000
	started "$ID"
	run jr exec "$ID" sh -c 'id -u; id -g; cat /proc/self/uid_map | tr -s " "; touch /root/mine'
	same "$output" "0
0
 0 200000 1000"
	same "$(stat -c %u:%g "$BUNDLE/rootfs/root/mine")" 200000:300000
	jr exec -d --pid-file pid "$ID" sleep 1000 3>&-
	same "$(readlink "/proc/$(cat pid)/ns/user")" "$(readlink "/proc/$(pid_of "$ID")/ns/user")"
	same "$(awk '/^Uid/ { print $2, $3, $4, $5 }' "/proc/$(cat pid)/status")" "200000 200000 200000 200000"
	run jr exec -u 1000 "$ID" true
	fails_with 255 "1000"
}

@test "exec in a created container runs beside what waits for start" {
	bundle
	command_is sleep 1000
	jr create -b "$BUNDLE" "$ID"
	run jr exec "$ID" cat /proc/sys/kernel/hostname
	says jailrt
	is_status "$ID" created
	jr start "$ID"
	is_status "$ID" running
}

@test "exec is refused in a stopped container, and in one that is being created" {
	bundle
	command_is sleep 1000
	waiting_hook createRuntime
	jr create -b "$BUNDLE" "$ID" 3>&- &
	local creator=$!
	wait_for 10 there "$T/waiting"
	run jr exec "$ID" true
	fails_with 255 "cannot exec in a container that is being created"
	touch "$T/go"
	wait "$creator"
	jr kill "$ID" KILL
	wait_for 10 is_status "$ID" stopped
	run jr exec "$ID" true
	fails_with 255 "cannot exec in a stopped container"
}

@test "-d leaves the program running, writes its pid without a newline, and says nothing" {
	container
	jr exec -d --pid-file pid "$ID" sleep 1000 > out 2>&1 3>&-
	same "$(cat out)" ""
	same "$(od -An -c pid | tr -d ' ')" "$(cat pid)"
	local p
	p=$(cat pid)
	wait_for 10 runs "$p" sleep
	same "$(awk '/^NSpid/ { print NF }' "/proc/$p/status")" 3
	same "$(awk '/^PPid/ { print $2 }' "/proc/$p/status")" 1
	jr delete --force "$ID"
	wait_for 10 gone "$p"
}

@test "-d tells of a program that cannot be executed, and leaves no pid file" {
	container
	run jr exec -d --pid-file "$T/pid" "$ID" no-such-program
	fails_with 255 "executable file not found"
	[ ! -e pid ]
	same "$(jr ps -f json "$ID" | jq length)" 1
}

@test "signals to exec reach the program, and killing exec ends it" {
	container
	# Not jr: a function's $! is a shell's.
	"$JAILRT" --root "$STATES" exec "$ID" \
		sh -c 'trap "exit 7" USR1; echo ready; while :; do sleep 0.05; done' > out 3>&- &
	local e=$! code=0
	wait_for 10 grep -q ready out
	kill -USR1 "$e"
	wait "$e" || code=$?
	same "$code" 7
	"$JAILRT" --root "$STATES" exec --pid-file pid "$ID" sleep 1000 3>&- &
	e=$!
	wait_for 10 test -s pid
	wait_for 10 runs "$(cat pid)" sleep
	kill -KILL "$e"
	wait_for 10 gone "$(cat pid)"
	is_status "$ID" running
}

@test "the end of the container ends what exec runs" {
	container
	jr exec --pid-file pid "$ID" sleep 1000 3>&- &
	local e=$! code=0
	wait_for 10 test -s pid
	wait_for 10 runs "$(cat pid)" sleep
	jr kill "$ID" KILL
	wait "$e" || code=$?
	same "$code" 137
}

@test "exec works however late the middle process tells of the program's birth" {
	container
	traced
	run strace -f -o /dev/null -e trace=clone3 -e inject=clone3:delay_exit=100000 \
		"$JAILRT" --root "$STATES" exec "$ID" echo hello
	same "$status" 0
	same "$output" hello
}

@test "exec in a container whose pid namespace is the host's" {
	container 'del(.linux.namespaces[] | select(.type == "pid"))'
	jr exec -d --pid-file pid "$ID" sleep 1000 3>&-
	same "$(readlink "/proc/$(cat pid)/ns/pid")" "$(readlink /proc/self/ns/pid)"
	same "$(readlink "/proc/$(cat pid)/ns/mnt")" "$(readlink "/proc/$PID/ns/mnt")"
	jr delete --force "$ID"
	wait_for 10 gone "$(cat pid)"
}
