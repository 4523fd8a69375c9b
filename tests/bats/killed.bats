#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kill -9 of jailrt, or of a child of its, at any point of its work: what is left can be removed.
load helpers
load life

# points FILE [PID]: each system call of a trace as NAME ORDINAL, which is how strace can be told of it.
points() {
	awk -v pid="${2-}" '
		pid != "" { if ($1 != pid) next; $1 = ""; sub(/^ */, "") }
		/^[a-z_0-9]+\(/ { sub(/\(.*/, ""); if ($0 != "execve") print $0, ++n[$0] }' "$1"
}

# every N: each Nth line.
every() {
	awk -v n="$1" 'NR % n == 0'
}

nobody() {
	not pgrep -f -- "--root $STATES" > /dev/null
}

# Nothing of the container is on the machine.
nothing_left() {
	[ ! -e "$STATES/$ID" ] || { echo "state is left"; return 1; }
	wait_for 10 nobody
	same "$(cgroups_of "$ID")" ""
	same "$(grep -c -F "$T" /proc/self/mountinfo)" 0
}

# killed_at NAME ORDINAL ARGUMENTS: jailrt is killed when it makes that system call.
killed_at() {
	CODE=0
	timeout 60 strace -o /dev/null -e trace="$1" -e inject="$1:signal=KILL:when=$2" \
		"$JAILRT" --root "$STATES" "${@:3}" 2>> killed.err 3>&- || CODE=$?
}

# kill_create N: create is killed at each Nth of its system calls, and what is left is removed.
kill_create() {
	local name ordinal status hit=0 n=0
	strace -o calls "$JAILRT" --root "$STATES" create -b "$BUNDLE" "$ID"
	jr delete --force "$ID"
	points calls | every "$1" > list
	while read -r name ordinal; do
		killed_at "$name" "$ordinal" create -b "$BUNDLE" "$ID"
		n=$((n + 1))
		[ "$CODE" -eq 0 ] || hit=$((hit + 1))
		status=$(status_of "$ID" 2> /dev/null) || status=none
		case $status in
		created) ;;
		# Nobody goes on setting up what has no creator.
		stopped | none | "") wait_for 10 nobody || { echo "at $name $ordinal"; return 1; } ;;
		*) echo "at $name $ordinal: $status"; return 1 ;;
		esac
		jr delete --force "$ID" 2> delete.err || { cat delete.err; echo "at $name $ordinal"; return 1; }
		nothing_left || { echo "at $name $ordinal"; return 1; }
	done < list
	echo "$hit of $n were hit"
	[ "$hit" -gt $((n * 8 / 10)) ]
}

# bats test_tags=slow
@test "create that is killed at any of its system calls leaves what delete --force removes" {
	traced
	bundle
	command_is sleep 1000
	kill_create 3
}

# bats test_tags=slow
@test "so it is with another user, a user namespace and a cgroup namespace" {
	traced
	# A change of ids takes the signal of the parent's death off.
	bundle '.process.user = {uid: 1000, gid: 1000} | .root.readonly = false
		| .linux.namespaces += [{type: "user"}, {type: "cgroup"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 200000, size: 2000}]
		| .linux.gidMappings = [{containerID: 0, hostID: 200000, size: 2000}]'
	chown -h -R 200000:200000 "$BUNDLE/rootfs"
	chmod 755 "$T"
	command_is sleep 1000
	kill_create 6
}

# bats test_tags=slow
@test "so it is without a pid namespace, which would end all the others with the first" {
	traced
	bundle 'del(.linux.namespaces[] | select(.type == "pid"))
		| .hooks.createRuntime = [{path: "/bin/true"}] | .hooks.createContainer = [{path: "/bin/true"}]'
	command_is sleep 1000
	kill_create 6
}

# bats test_tags=slow
@test "when the child is killed at any of its system calls, create fails by itself and leaves nothing" {
	traced
	bundle
	command_is sleep 1000
	local tracer name ordinal hit=0 n=0
	strace -f -o calls "$JAILRT" --root "$STATES" create -b "$BUNDLE" "$ID" 3>&- &
	tracer=$!
	wait_for 60 is_status "$ID" created
	local p
	p=$(pid_of "$ID")
	jr delete --force "$ID"
	wait "$tracer" || true
	# An ordinal that the parent does not reach is the child's alone; what it does when create fails counts, too.
	points calls "$(head -n 1 calls | cut -d ' ' -f 1)" > parents
	command_is /no/such/program
	strace -f -o failed "$JAILRT" --root "$STATES" create -b "$BUNDLE" "$ID" 2> err 3>&- || true
	points failed "$(head -n 1 failed | cut -d ' ' -f 1)" >> parents
	command_is sleep 1000
	points calls "$p" | awk 'NR == FNR { if ($2 > most[$1] + 0) most[$1] = $2; next } $2 > most[$1] + 0' parents - | every 7 > list
	[ -s list ]
	while read -r name ordinal; do
		strace -f -o /dev/null -e trace="$name" -e inject="$name:signal=KILL:when=$ordinal" \
			"$JAILRT" --root "$STATES" create -b "$BUNDLE" "$ID" 2> err 3>&- &
		tracer=$!
		n=$((n + 1))
		settled() { ! kill -0 "$tracer" 2> /dev/null || is_status "$ID" created 2> /dev/null; }
		wait_for 30 settled
		if [ -e "$STATES/$ID" ]; then
			# It was past the end of create, whose word counts.
			[ ! -s err ] || { cat err; echo "at $name $ordinal"; return 1; }
			jr delete --force "$ID"
		else
			hit=$((hit + 1))
			grep -q "^jailrt: create $ID: " err || { cat err; echo "at $name $ordinal"; return 1; }
		fi
		wait "$tracer" || true
		nothing_left || { echo "at $name $ordinal"; return 1; }
	done < list
	echo "$hit of $n made create fail"
	[ "$hit" -gt $((n / 2)) ]
}

# bats test_tags=slow
@test "run that is killed at any of its system calls takes its program along, and delete --force the rest" {
	traced
	bundle
	command_is sleep 0.3
	local name ordinal
	strace -o calls "$JAILRT" --root "$STATES" run -b "$BUNDLE" "$ID"
	points calls | every 7 > list
	while read -r name ordinal; do
		killed_at "$name" "$ordinal" run -b "$BUNDLE" "$ID"
		wait_for 10 nobody || { echo "at $name $ordinal"; return 1; }
		jr delete --force "$ID" 2> delete.err || { cat delete.err; echo "at $name $ordinal"; return 1; }
		nothing_left || { echo "at $name $ordinal"; return 1; }
	done < list
}

# bats test_tags=slow
@test "start that is killed at any of its system calls leaves a container that can be deleted" {
	traced
	bundle
	command_is sleep 1000
	local name ordinal status
	jr create -b "$BUNDLE" "$ID"
	strace -o calls "$JAILRT" --root "$STATES" start "$ID"
	jr delete --force "$ID"
	points calls | every 4 > list
	while read -r name ordinal; do
		jr create -b "$BUNDLE" "$ID"
		killed_at "$name" "$ordinal" start "$ID"
		status=$(status_of "$ID")
		[[ $status == created || $status == running ]] || { echo "at $name $ordinal: $status"; return 1; }
		# Either it can still be started, or it was.
		[ "$status" = running ] || jr start "$ID" || is_status "$ID" running
		wait_for 10 runs "$(pid_of "$ID")" sleep || { echo "at $name $ordinal"; return 1; }
		jr delete --force "$ID"
		nothing_left || { echo "at $name $ordinal"; return 1; }
	done < list
}

@test "start that is killed as soon as it has let go: the program runs, though nobody hears of it" {
	traced
	bundle
	command_is sleep 1000
	jr create -b "$BUNDLE" "$ID"
	local pid
	pid=$(pid_of "$ID")
	kill -STOP "$pid"
	killed_at recvmsg 1 start "$ID"
	same "$CODE" 137
	kill -CONT "$pid"
	wait_for 10 runs "$pid" sleep
	is_status "$ID" running
	jr delete --force "$ID"
	nothing_left
}

# bats test_tags=slow
@test "delete --force that is killed at any of its system calls can be repeated" {
	traced
	bundle
	command_is sleep 1000
	local name ordinal
	started "$ID"
	strace -o calls "$JAILRT" --root "$STATES" delete --force "$ID"
	points calls | every 6 > list
	while read -r name ordinal; do
		started "$ID"
		killed_at "$name" "$ordinal" delete --force "$ID"
		jr delete --force "$ID" 2> delete.err || { cat delete.err; echo "at $name $ordinal"; return 1; }
		nothing_left || { echo "at $name $ordinal"; return 1; }
	done < list
}

# bats test_tags=slow
@test "create that is killed after any time leaves what delete --force removes" {
	traced
	bundle
	command_is sleep 1000
	local i creator
	for i in 0 1 2 3 4 5 6 7 8 9 10 12 14 16 18 20 24 28 32 40; do
		"$JAILRT" --root "$STATES" create -b "$BUNDLE" "$ID" 2> /dev/null 3>&- &
		creator=$!
		sleep "$(printf '0.%03d' "$i")"
		kill -KILL "$creator" 2> /dev/null || true
		wait "$creator" || true
		jr delete --force "$ID" 2> delete.err || { cat delete.err; return 1; }
		nothing_left || { echo "after $i ms"; return 1; }
	done
}
