#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers
load attack

# System calls that are not there: on an old kernel (ENOSYS), or behind a filter that does not know them
# (EPERM). A container is the same without them, or is refused.

DENY="$(dirname "$JAILRT")/deny"
CALLS="openat2 clone3 fsopen mount_setattr close_range pidfd_open"
# All that came after 4.18, together.
OLD=openat2,clone3,fsopen,fsmount,open_tree,move_mount,mount_setattr,close_range,pidfd_open
OLD+=,pidfd_send_signal,faccessat2,statx

# What a container can see of how it was made.
REPORT='awk "{ print \$4, \$5, \$6 }" /proc/self/mountinfo; ls /proc/self/fd | wc -l
	grep -E "^(Cap|NoNewPrivs|Seccomp:|Groups|Uid|SigBlk|SigIgn|SigCgt)" /proc/self/status; stat -c "%n %F %t:%T" /proc/uptime /dev/null
	ls -A /masked; touch /masked/x /readonly/x /x; pwd; umask; cat /proc/self/oom_score_adj; ulimit -n
	readlink /proc/self/exe; cat /etc/hostname-of-host | wc -c; ls /copied; hostname; exit 7'

report_bundle() {
	bundle '.linux.maskedPaths += ["/masked", "/proc/uptime"] | .linux.readonlyPaths += ["/readonly"]
		| .process.cwd = "/home/new" | .process.user.umask = 23 | .root.readonly = false
		| .mounts += [{destination: "/etc/hostname-of-host", source: "/etc/hostname", options: ["bind", "ro", "nosuid"]},
			{destination: "/copied", type: "tmpfs", source: "x", options: ["tmpcopyup", "ro"]},
			{destination: "/tmp", type: "tmpfs", source: "x", options: ["noexec", "mode=1777", "size=1m"]}]
		| .linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW",
			syscalls: [{names: ["mkdirat"], action: "SCMP_ACT_ERRNO"}]}'
	mkdir -p "$BUNDLE/rootfs"/{masked,readonly,copied}
	touch "$BUNDLE/rootfs/masked/secret" "$BUNDLE/rootfs/copied/file"
	script "$REPORT"
}

# report ERRNO CALLS: what the container says of itself when it is made without the calls.
report() {
	local before=("$DENY" "$1" "$2")
	[ "$1" != - ] || before=()
	"${before[@]}" "$JAILRT" --root "$STATES" run -b "$BUNDLE" "$ID" 2>&1
}

@test "the launcher does deny the calls, and jailrt does make them" {
	traced
	local call code detach
	bundle
	command_is true
	for call in $CALLS; do
		for code in ENOSYS EPERM; do
			detach=
			[ $call != pidfd_open ] || detach=-d
			run strace -f -e trace=$call "$DENY" $code $call "$JAILRT" --root "$STATES" run $detach -b "$BUNDLE" "$ID"
			[[ "$output" == *"$call("*" = -1 $code "* ]] || { echo "$call $code: $output"; return 1; }
			not grep -E "$call\(.*\) = [0-9]" <<< "$output"
		done
	done
	# The others are not made by every run; that they fail is enough.
	for call in ${OLD//,/ }; do
		run strace -f -e trace=$call "$DENY" ENOSYS $call "$JAILRT" --root "$STATES" run -b "$BUNDLE" "$ID"
		not grep -E "$call\(.*\) = [0-9]" <<< "$output"
	done
}

@test "run: with any one call missing the container is the same" {
	local call code with
	report_bundle
	with=$(report - -) && false || [ $? -eq 7 ]
	[[ "$with" == *"/proc/uptime character special file 1:3"* && "$with" != *secret* ]]
	for call in $CALLS; do
		for code in ENOSYS EPERM; do
			rm -rf "$BUNDLE/rootfs/x" "$BUNDLE/rootfs/home/new"
			run report $code $call
			[ "$status" -eq 7 ] || { echo "$call $code: $output"; return 1; }
			diff <(echo "$with") <(echo "$output") || { echo "with $call $code"; return 1; }
		done
	done
}

@test "run in a user namespace: with any one call missing the container is the same, or is refused" {
	local call code with
	report_bundle
	with_user
	with=$(report - -) && false || [ $? -eq 7 ]
	for call in $CALLS; do
		for code in ENOSYS EPERM; do
			rm -rf "$BUNDLE/rootfs/x" "$BUNDLE/rootfs/home/new"
			run report $code $call
			if [ "$status" -eq 1 ]; then
				[[ "$output" == "jailrt: run $ID: "* ]]
				echo "# $call $code: $output"
				continue
			fi
			[ "$status" -eq 7 ] || { echo "$call $code: $output"; return 1; }
			diff <(echo "$with") <(echo "$output") || { echo "with $call $code"; return 1; }
		done
	done
}

@test "run: with all calls missing that came after 4.18 the container is the same" {
	local with
	report_bundle
	with=$(report - -) && false || [ $? -eq 7 ]
	rm -rf "$BUNDLE/rootfs/x" "$BUNDLE/rootfs/home/new"
	run report ENOSYS $OLD
	[ "$status" -eq 7 ] || { echo "$output"; return 1; }
	diff <(echo "$with") <(echo "$output")
}

# life ERRNO CALL: the commands one by one, each without the call.
life() {
	local d=("$DENY" "$1" "$2" "$JAILRT" --root "$STATES")
	"${d[@]}" create -b "$BUNDLE" "$ID" > out 2>&1 < /dev/null
	[ "$("${d[@]}" state "$ID" | jq -r .status)" = created ]
	"${d[@]}" start "$ID"
	[ "$("${d[@]}" exec "$ID" sh -c 'ls /proc/self/fd | wc -l; readlink /proc/self/ns/pid')" = \
		$'4\n'"$(readlink "/proc/$(pid_of "$ID")/ns/pid")" ]
	not "${d[@]}" delete "$ID" 2> err
	grep -q "cannot delete container $ID that is not stopped" err
	"${d[@]}" kill "$ID" KILL
	wait_for 10 is_status "$ID" stopped
	"${d[@]}" delete "$ID"
	[ -z "$("${d[@]}" list -q)" ]
}

@test "create, start, exec, kill, delete: each works with any one call missing but pidfd_open" {
	local call code
	bundle
	command_is sleep 1000
	for call in ${CALLS/pidfd_open/} ${OLD/,pidfd_open,pidfd_send_signal/}; do
		for code in ENOSYS EPERM; do
			# No kernel and no filter that is known does this to half of them.
			[ "$call $code" != "${OLD/,pidfd_open,pidfd_send_signal/} EPERM" ] || continue
			life $code $call || { echo "with $call $code: $(cat out)"; return 1; }
		done
	done
}

@test "a terminal, pause, resume, update and ps: each works with any one call missing" {
	local call code
	for call in ${CALLS/pidfd_open/}; do
		for code in ENOSYS EPERM; do
			local d=("$DENY" $code $call "$JAILRT" --root "$STATES")
			bundle '.process.terminal = true'
			script 'tty; stat -c %F /dev/console'
			run env script -qec "$(printf '%q ' "${d[@]}" run -b "$BUNDLE" "$ID")" /dev/null
			[[ "$output" == */dev/*"character special file"* ]] || { echo "$call $code: $output"; return 1; }
			bundle
			command_is sleep 1000
			"${d[@]}" run -d -b "$BUNDLE" "$ID" > out 2>&1
			"${d[@]}" pause "$ID"
			is_status "$ID" paused
			"${d[@]}" resume "$ID"
			"${d[@]}" update --pids-limit 33 "$ID"
			"${d[@]}" ps "$ID" | grep -q "sleep 1000"
			"${d[@]}" delete --force "$ID"
		done
	done
}

@test "an nsjail config: with any one call missing the jail is the same, or is refused" {
	local call code with
	cat > jail.cfg <<-'END'
		mount { src: "/" dst: "/" is_bind: true }
		mount { dst: "/tmp" fstype: "tmpfs" rw: true options: "size=1048576" }
		mount { dst: "/proc" fstype: "proc" }
		cwd: "/tmp"
		clone_newnet: true
	END
	local in_it='pwd; touch /etc/x; touch x && ls; awk "{ print \$5, \$6 }" /proc/self/mountinfo | grep -E "^/(tmp|proc)? "
		ls /proc/self/fd | wc -l; grep -E "^(CapEff|NoNewPrivs|Uid)" /proc/self/status; exit 9'
	with=$("$JAILRT" --root "$STATES" run --config jail.cfg -- /bin/sh -c "$in_it" 2>&1) && false || [ $? -eq 9 ]
	[[ "$with" == */tmp*"Read-only"* ]] || { echo "$with"; return 1; }
	for call in $CALLS; do
		for code in ENOSYS EPERM; do
			run "$DENY" $code $call "$JAILRT" --root "$STATES" run --config jail.cfg -- /bin/sh -c "$in_it"
			# Nothing else makes what is mounted beneath the root read-only.
			if [ $call = mount_setattr ]; then
				fails_with 1 "mount_setattr(2)"
				[[ "$output" != *Read-only* ]]
				continue
			fi
			[ "$status" -eq 9 ] || { echo "$call $code: $output"; return 1; }
			diff <(echo "$with") <(echo "$output") || { echo "with $call $code"; return 1; }
		done
	done
}

@test "without pidfd_open(2) no container is made that nobody could end, and one that is there stays" {
	local code
	bundle
	command_is sleep 1000
	jr create -b "$BUNDLE" "$ID" > out 2>&1
	for code in ENOSYS EPERM; do
		local d=("$DENY" $code pidfd_open "$JAILRT" --root "$STATES")
		run "${d[@]}" create -b "$BUNDLE" "$ID-2"
		fails_with 1 "pidfd_open(2)"
		run "${d[@]}" run -d -b "$BUNDLE" "$ID-2"
		fails_with 1 "pidfd_open(2)"
		[ "$(jr list -q)" = "$ID" ]
		[ -z "$(cgroups_of "$ID-2")" ]
		run "${d[@]}" start "$ID"
		fails_with 1 "pidfd_open(2)"
		run "${d[@]}" kill "$ID" KILL
		fails_with 1 "pidfd_open(2)"
		run "${d[@]}" delete --force "$ID"
		fails_with 1 "pidfd_open(2)"
		[ "$(status_of "$ID")" = created ]
	done
	jr start "$ID"
	jr delete --force "$ID"
}

@test "what only a missing call can do is refused and never done by half" {
	local code
	mkdir -p "$T/volume/sub"
	mount -t tmpfs x "$T/volume/sub"
	later umount "$T/volume/sub"
	for code in ENOSYS EPERM; do
		bundle '.mounts += [{destination: "/v", source: $v, options: ["rbind", "rro"]}]' --arg v "$T/volume"
		script 'echo the program ran; touch /v/sub/x'
		run "$DENY" $code mount_setattr "$JAILRT" --root "$STATES" run -b "$BUNDLE" "$ID"
		fails_with 1 "mount_setattr(2)"
		[[ "$output" == *"mounts[7]"* && "$output" != *"the program ran"* ]]
		[ ! -e "$T/volume/sub/x" ]

		bundle '.mounts += [{destination: "/v", source: $v, options: ["bind", "idmap"],
			uidMappings: [{containerID: 0, hostID: 1, size: 1}],
			gidMappings: [{containerID: 0, hostID: 1, size: 1}]}]' --arg v "$T/volume"
		script 'echo the program ran'
		run "$DENY" $code mount_setattr "$JAILRT" --root "$STATES" run -b "$BUNDLE" "$ID"
		fails_with 1 "mounts[7]"
		[[ "$output" != *"the program ran"* ]]
		run "$DENY" $code open_tree "$JAILRT" --root "$STATES" run -b "$BUNDLE" "$ID"
		fails_with 1 "mounts[7]"
		[[ "$output" != *"the program ran"* ]]
	done
}

@test "without memfd_create(2) there is no way to keep jailrt out of reach, and no start" {
	local code
	for code in ENOSYS EPERM; do
		bundle
		script 'echo the program ran'
		run "$DENY" $code memfd_create "$JAILRT" --root "$STATES" run -b "$BUNDLE" "$ID"
		fails_with 1 "memory"
		[[ "$output" != *"the program ran"* ]]
	done
}

@test "symlinks that lead out are followed inside of the root without openat2, too" {
	local code
	marker "$T/marker"
	for code in ENOSYS EPERM; do
		bundle '.root.readonly = false | .linux.maskedPaths = ["/out/masked"] | .process.cwd = "/out/cwd"
			| .mounts += [{destination: "/out/a/b", type: "tmpfs", source: "x"},
				{destination: "/up/c", source: "/etc", options: ["bind"]}]'
		ln -s "$MARKER" "$BUNDLE/rootfs/out"
		ln -s "../../../../../../../../../../..$MARKER" "$BUNDLE/rootfs/up"
		script 'ls /out'
		run "$DENY" $code openat2 "$JAILRT" --root "$STATES" run -b "$BUNDLE" "$ID"
		says a
		unmarked
		[ -d "$BUNDLE/rootfs$MARKER/a/b" ] && [ -d "$BUNDLE/rootfs$MARKER/c" ]
		bundle
		rm -r "$BUNDLE/rootfs/proc"
		ln -s "$MARKER" "$BUNDLE/rootfs/proc"
		run "$DENY" $code openat2 "$JAILRT" --root "$STATES" run -b "$BUNDLE" "$ID"
		fails_with 1 "'/proc' is a symlink"
		unmarked
	done
}
