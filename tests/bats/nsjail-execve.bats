#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers
load life
load nsjail

@test "EXECVE: the process itself becomes the program, as root with a user namespace too" {
	local pid
	door -Me -q --chroot "$ROOTFS" --disable_clone_newpid --disable_proc -u 9 -g 9 -- \
		/bin/sh -c 'echo $$; id -u; exit 6' > out &
	pid=$!
	wait "$pid" && status=0 || status=$?
	same "$status $(tr '\n' ' ' < out)" "6 $pid 9 "
	nj -Me -q --chroot "$ROOTFS" --disable_clone_newuser -- /bin/echo without
	ends 0 without
	nj -Me -q --chroot "$ROOTFS" -- /bin/sh -c 'kill -9 $$'
	ends 137
	same "$(jr list -q 2>/dev/null)" ""
}

@test "EXECVE: the pid namespace has a first process of its own, and its procfs" {
	nj -Me -q --chroot "$ROOTFS" -- /bin/sh -c 'cat /proc/1/comm; sleep 0; sh -c "echo \$\$"; readlink /proc/1/exe || echo closed'
	ends 0
	[[ "$output" == ns-init* ]]
	[[ "$output" == *closed ]]
	# It takes care of orphans, and ends with the program.
	door -Me -q --chroot "$ROOTFS" -- /bin/sh -c '(sleep 71 &) < /bin/busybox; sleep 72' &
	local pid=$!
	later kill_and_wait $pid
	wait_for 10 pgrep -f 'sleep 71' > /dev/null
	kill -KILL $pid
	wait $pid || true
	wait_for 10 eval '! pgrep -f "sleep 71"'
}

@test "EXECVE: the first process ends with a program of another user, too" {
	nj -Me -q --chroot "$ROOTFS" -u 9:9 -g 9:9 -- /bin/true
	ends 0
	wait_for 10 eval '! pgrep -f -- "--root $STATES nsjail"'
}

@test "EXECVE: a failure is 255, with its words before the end" {
	nj -Me --chroot "$ROOTFS" -- /bin/nothing
	ends 255
	logged "/bin/nothing"
	logged "Couldn't launch the child process"
	nj -Me -- /bin/nothing
	ends 255
	nj -Me --chroot "$T/missing" -- /bin/true
	ends 255
	logged "$T/missing"
	nj -Me --chroot "$ROOTFS" -t 5 -- /bin/true
	ends 0
	logged "time_limit: nobody is left to keep it"
}

@test "EXECVE: as a plain user" {
	chmod 755 "$T" "$BATS_FILE_TMPDIR" "$BATS_RUN_TMPDIR"
	cp "$JAILRT" "$T/nsjail"
	run setpriv --reuid=1234 --regid=1234 --clear-groups "$T/nsjail" -Me -q --chroot / --disable_proc -- /bin/echo by a user
	says "by a user"
	run setpriv --reuid=1234 --regid=1234 --clear-groups "$T/nsjail" -Mo -q --chroot / -- /bin/cat /proc/1/comm
	says cat
}

@test "EXECVE: from our own door, by the config" {
	cat > jail.cfg <<-EOF
		mode: EXECVE clone_newpid: false
		mount { src: "$ROOTFS" dst: "/" is_bind: true }
	EOF
	run jr run --config jail.cfg -- sh -c 'echo "it is $$"; exit 3'
	same "$status" 3
	[[ "$output" == *"it is "* ]]
	run jr run --config jail.cfg -- /bin/nothing
	fails_with 255 "/bin/nothing"
}
