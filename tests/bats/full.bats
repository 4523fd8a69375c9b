#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A machine that has run out: of room for states, of inodes, of fds, of processes; and one that may not be
# written. Each is one clear failure, and nothing is left.
load helpers
load life

# tiny OPTIONS: the states' directory is a small filesystem.
tiny() {
	mkdir -p "$STATES"
	mount -t tmpfs -o "$1" none "$STATES"
	later release
}

# Containers are held by files there.
release() {
	local id
	mount -o remount,rw "$STATES"
	for id in $(jr list -q); do
		jr delete --force "$id"
	done
	umount "$STATES"
}

sleeper() {
	bundle "$@"
	command_is sleep 1000
}

# refused TEXT ARGUMENTS: jailrt fails so, in one line, and nothing is there.
refused() {
	run jr "${@:2}"
	fails_with 1 "$1"
	same "$(wc -l <<< "$output")" 1
	[ ! -e "$STATES/$ID" ] || { ls -lA "$STATES/$ID"; return 1; }
	same "$(find /sys/fs/cgroup -type d -name "$ID" 2> /dev/null)" ""
	not pgrep -f -- "--root $STATES .* $ID\$"
}

@test "a full state directory is a clear failure of create and run, and nothing is left" {
	sleeper
	tiny size=64k,nr_inodes=20
	head -c 65536 /dev/zero > "$STATES/.fill"
	refused "No space left on device" create -b "$BUNDLE" "$ID"
	refused "write the state of '$ID'" create -b "$BUNDLE" "$ID"
	refused "No space left on device" run -b "$BUNDLE" "$ID"
	refused "No space left on device" run -d -b "$BUNDLE" "$ID"
	rm "$STATES/.fill"
	jr create -b "$BUNDLE" "$ID"
	is_status "$ID" created
}

@test "room for the state but not for the config's copy is the same" {
	sleeper
	# The state is one page, the config with its many annotations more.
	config '.annotations = ([range(200) | {key: "a\(.)", value: "x"}] | from_entries)'
	tiny size=12k,nr_inodes=20
	head -c 4096 /dev/zero > "$STATES/.fill"
	refused "No space left on device" create -b "$BUNDLE" "$ID"
}

@test "without inodes for the state directory, its files or the start socket, create fails and leaves nothing" {
	sleeper
	local n
	# The first inode is the filesystem's own root.
	for n in 1 2 3 4; do
		rm -rf "$STATES"
		mkdir -p "$STATES"
		mount -t tmpfs -o size=1m,nr_inodes=$n none "$STATES"
		refused "No space left on device" create -b "$BUNDLE" "$ID"
		umount "$STATES"
	done
}

@test "no room for the state's last write: create fails, and all that was made is taken back" {
	sleeper
	tiny size=1m,nr_inodes=50
	# A hook fills it up between the two writes.
	printf '#!/bin/sh\ncat /dev/zero > "%s/.fill" 2>/dev/null\ntrue\n' "$STATES" > hook
	chmod 755 hook
	config '.hooks.createRuntime = [{path: $p}]' --arg p "$T/hook"
	refused "No space left on device" create -b "$BUNDLE" "$ID"
	rm "$STATES/.fill"
	refused "No space left on device" run -b "$BUNDLE" "$ID"
}

@test "a container on a filesystem that has become full can be started, killed, listed and deleted" {
	sleeper
	tiny size=64k,nr_inodes=50
	jr create -b "$BUNDLE" "$ID"
	head -c 65536 /dev/zero > "$STATES/.fill" || true
	jr start "$ID"
	is_status "$ID" running
	run jr exec "$ID" echo hello
	says hello
	same "$(jr list -q)" "$ID"
	jr kill "$ID" KILL
	wait_for 10 is_status "$ID" stopped
	jr delete "$ID"
	[ ! -e "$STATES/$ID" ]
}

@test "a state directory on a read-only filesystem: create fails, and what was there is shown" {
	sleeper
	tiny size=1m
	jr create -b "$BUNDLE" "$ID-old"
	jr start "$ID-old"
	mount -o remount,ro "$STATES"
	refused "Read-only file system" create -b "$BUNDLE" "$ID"
	refused "Read-only file system" run -b "$BUNDLE" "$ID"
	is_status "$ID-old" running
	same "$(jr list -q)" "$ID-old"
	run jr exec "$ID-old" echo hello
	says hello
	run jr delete --force "$ID-old"
	fails_with 1 "Read-only file system"
	mount -o remount,rw "$STATES"
	jr delete --force "$ID-old"
}

@test "a limit of file sizes that is too small for the state is told, and one that the program has does not touch jailrt" {
	sleeper
	local size
	for size in 0 1 100 1000 2000; do
		run prlimit --fsize=$size:$size "$JAILRT" --root "$STATES" create -b "$BUNDLE" "$ID"
		fails_with 1 "write: File too large. Fix: raise the limit of file sizes, ulimit -f"
		same "$(wc -l <<< "$output")" 1
		[ ! -e "$STATES/$ID" ]
	done
	# Less than jailrt's own code and data, which stay out of reach all the same.
	script 'head -c 40000 /dev/zero > /dev/shm/f; stat -c %s /dev/shm/f; readlink /proc/1/exe; echo $$'
	run prlimit --fsize=20000:20000 "$JAILRT" --root "$STATES" run -b "$BUNDLE" "$ID"
	same "$status ${lines[*]: -3}" "0 20000 /bin/busybox 1"
}

@test "a state directory that a plain user may not write to is told, with its path" {
	local home
	home=$(mktemp -d /tmp/jailrt-test.XXXXXX)
	later rm -rf "$home"
	chmod 755 "$home"
	cp -a "$ROOTFS" "$home/rootfs"
	"$JAILRT" spec --rootless -b "$home"
	jq '.process.terminal = false' "$home/config.json" > new
	cp new "$home/config.json"
	run setpriv --reuid 1000 --regid 1000 --clear-groups env -C "$home" \
		"$JAILRT" --root "$home/states" run "$ID"
	fails_with 1 "make '$home/states': Permission denied"
}

# limited N ARGUMENTS: jailrt with a limit of so many fds.
limited() {
	(
		ulimit -S -n "$1"
		"$JAILRT" --root "$STATES" "${@:2}" 3>&-
	)
}

@test "a limit of 8 fds is a clear failure, and nothing is left" {
	sleeper
	run limited 8 create -b "$BUNDLE" "$ID"
	fails_with 1 "Too many open files"
	same "$(wc -l <<< "$output")" 1
	[ ! -e "$STATES/$ID" ]
	same "$(cgroups_of "$ID")" ""
	run limited 8 run -b "$BUNDLE" "$ID"
	fails_with 1 "Too many open files"
	[ ! -e "$STATES/$ID" ]
	same "$(cgroups_of "$ID")" ""
	jr create -b "$BUNDLE" "$ID"
	jr start "$ID"
	run limited 8 exec "$ID" true
	[ "$status" -eq 0 ] || fails_with 255 "Too many open files"
	# Looking and removing needs fewer.
	same "$(limited 8 list -q)" "$ID"
	same "$(limited 8 state "$ID" | jq -r .status)" running
	limited 8 delete --force "$ID"
}

# bats test_tags=slow
@test "whatever the limit of fds is, create works or fails clearly, and nothing is left when it fails" {
	sleeper
	local n good=0 bad=0
	for ((n = 4; n < 70; n += 1)); do
		# Not with run: the container would hold its pipe.
		status=0
		limited "$n" create -b "$BUNDLE" "$ID" > out 2>&1 || status=$?
		if [ "$status" -eq 0 ]; then
			good=$((good + 1))
			is_status "$ID" created
			jr start "$ID"
			wait_for 10 runs "$(pid_of "$ID")" sleep
			jr delete --force "$ID"
			[ "$good" -lt 5 ] || break
			continue
		fi
		bad=$((bad + 1))
		same "$status" 1
		grep -q "Too many open files" out || { echo "$n: $(cat out)"; return 1; }
		[ ! -e "$STATES/$ID" ] || { echo "$n: state is left"; return 1; }
		same "$(cgroups_of "$ID")" ""
		not pgrep -f -- "--root $STATES"
	done
	[ "$good" -gt 0 ]
	[ "$bad" -gt 0 ]
}

@test "a limit of tasks of the caller is a clear failure" {
	traced
	local home
	home=$(mktemp -d /tmp/jailrt-test.XXXXXX)
	later rm -rf "$home"
	chown 12345 "$home"
	cp -a "$ROOTFS" "$home/rootfs"
	cd "$home"
	plain() { setpriv --reuid 12345 --regid 12345 --clear-groups env XDG_RUNTIME_DIR="$home" "$@"; }
	plain "$JAILRT" spec --rootless
	jq '.process.terminal = false | .process.args = ["true"]' config.json > "$T/new"
	cp "$T/new" config.json
	plain "$JAILRT" run "$ID"
	run plain prlimit --nproc=1 "$JAILRT" run "$ID"
	fails_with 1 "Resource temporarily unavailable"
	same "$(ls -A jailrt)" ""
}

@test "a pid file or report on a full filesystem is a failure, and nothing is left" {
	sleeper
	mkdir full
	mount -t tmpfs -o size=4k,nr_inodes=10 none full
	later umount "$T/full"
	head -c 4096 /dev/zero > full/fill
	refused "pid file '$T/full/pid'" create --pid-file "$T/full/pid" -b "$BUNDLE" "$ID"
	refused "No space left on device" run --pid-file "$T/full/pid" -b "$BUNDLE" "$ID"
	same "$(ls full)" fill
	# The log is only beside stderr: it stops nobody.
	jr --log full/log --log-format json state "$ID" 2> err || true
	grep -q "does not exist" err
}

@test "a bundle on a full or read-only filesystem runs, as its container writes nothing" {
	sleeper
	script 'echo hello'
	mkdir ro
	mount --bind "$BUNDLE" ro
	later umount "$T/ro"
	mount -o remount,bind,ro ro
	run jr run -b ro "$ID"
	says hello
}
